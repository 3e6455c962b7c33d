"""What a caller can prove who they are with, and to what it is narrowed."""

from __future__ import annotations

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from msgspec import Struct


class Kind(StrEnum):
    """Kinds of credentials. Those that this server keeps are told apart by their secret's first letters."""

    TOKEN = "token"  # noqa: S105
    """A bearer token, ``s9s_...``."""
    API_KEY = "api_key"
    """The same for a program, ``s9k_...``."""
    LOGIN = "login"
    """A short-lived token for a user name and password, ``s9l_...``."""
    CLIENT = "client"
    """An OAuth 2.0 client, whose secret ``s9c_...`` only buys signed access tokens."""
    CERTIFICATE = "certificate"
    """A TLS client certificate."""
    OIDC = "oidc"
    """A token that an OpenID Connect provider signed; kept nowhere."""


#: First letters of a kind's secret.
SECRET_PREFIX: Final = {
    Kind.TOKEN: "s9s_",
    Kind.API_KEY: "s9k_",
    Kind.LOGIN: "s9l_",
    Kind.CLIENT: "s9c_",
}


class Restrictions(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What narrows a credential besides its scopes. Empty means not narrowed; hashable."""

    accounts: frozenset[str] = frozenset()
    """Lower case, as Slurm keeps them. Only jobs of these."""
    partitions: frozenset[str] = frozenset()
    """Only jobs in, or waiting for, any of these."""
    own_jobs_only: bool = False
    networks: frozenset[str] = frozenset()
    """Where it may come from: ``192.0.2.0/24``, ``2001:db8::/32``."""

    def __bool__(self) -> bool:
        return self != NO_RESTRICTIONS

    @property
    def narrows_jobs(self) -> bool:
        """Whether some jobs are beyond the credential."""
        return bool(self.accounts or self.partitions or self.own_jobs_only)

    def admits(self, address: str | None) -> bool:
        """Whether the credential may come from an address; an unknown one only where any may."""
        if not self.networks:
            return True
        found = None if address is None else parse_address(address)
        return found is not None and any(found in ip_network(one) for one in self.networks)

    def is_within(self, other: Restrictions) -> bool:
        """Whether whatever these allow is allowed by the others too."""
        return (
            _is_subset(self.accounts, other.accounts)
            and _is_subset(self.partitions, other.partitions)
            and self.own_jobs_only >= other.own_jobs_only
            and (
                not other.networks
                or (
                    bool(self.networks)
                    and all(
                        any(_is_subnet(ip_network(one), ip_network(wider)) for wider in other.networks)
                        for one in self.networks
                    )
                )
            )
        )


NO_RESTRICTIONS: Final = Restrictions()


class Token(Struct, frozen=True, kw_only=True):
    """A credential as its owner and administrators see it. Instants are epoch seconds."""

    token_id: str
    """Public: three letters of its kind, ``_`` and 16 hexadecimal digits. An OAuth client's ``client_id``."""
    kind: Kind = Kind.TOKEN
    user: str
    """The Slurm user as whom its holder acts."""
    role: str
    """``user``, ``operator`` or ``admin``, as far as Slurm says no less; ``auto``: what it says."""
    scopes: frozenset[str] = frozenset()
    """Empty: all that the role may."""
    name: str | None = None
    """What its owner calls it."""
    tier: str = "free"
    created_at: int
    expires_at: int | None = None
    """``None``: never."""
    revoked_at: int | None = None
    last_used_at: int | None = None
    """To the minute; ``None``: never."""
    restrictions: Restrictions = NO_RESTRICTIONS
    created_by: str | None = None
    """Id of the credential that it was made with; ``None``: on the command line."""

    def is_valid(self, now: float) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """An IP address, an IPv4 one in IPv6's clothes as itself; ``None`` for what is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def parse_network(text: str) -> str:
    """A network, or a single address, in its usual spelling. Raises `ValueError`."""
    return str(ip_network(text.strip(), strict=False))


def _is_subset(narrow: frozenset[str], wide: frozenset[str]) -> bool:
    """Of sets of which the empty one means everything."""
    return not wide or (bool(narrow) and narrow <= wide)


def _is_subnet(one: IPv4Network | IPv6Network, wider: IPv4Network | IPv6Network) -> bool:
    return one.version == wider.version and one.subnet_of(wider)  # type: ignore[arg-type]
