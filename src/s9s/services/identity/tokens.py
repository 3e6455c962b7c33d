"""Credentials that this server keeps: issue, verify, revoke."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct

from s9s.domain.credentials import NO_RESTRICTIONS, SECRET_PREFIX, Kind, Restrictions, Token, parse_network
from s9s.domain.errors import AuthenticationFailed, ResourceConflict, ResourceNotFound, ValidationError
from s9s.services.access import SCOPES, Caller, Role
from s9s.services.audit import observe
from s9s.services.identity.known import KnownCallers, hash_of
from s9s.services.identity.roles import AUTO, Roles, role_or_none
from s9s.storage.tokens import TokenRecords

#: Of the rate limits, the narrowest first.
TIERS: Final = ("free", "pro", "enterprise")
#: Accounts, partitions or networks of one credential.
MAX_LISTED: Final = 100

#: Kinds that a request can be made with directly; a client's secret buys tokens, and no more.
_BEARERS: Final = frozenset({Kind.TOKEN, Kind.API_KEY, Kind.LOGIN})
_SECRET: Final = re.compile(r"s9[skl]_[A-Za-z0-9_-]{43}", re.ASCII)
_ID_PREFIX: Final = {
    Kind.TOKEN: "tok",
    Kind.API_KEY: "key",
    Kind.LOGIN: "log",
    Kind.CLIENT: "cli",
    Kind.CERTIFICATE: "crt",
}
# What useradd makes, and the names of directory services (alice@EXAMPLE.COM, EXAMPLE\alice). Digits alone
# would be taken for a uid here and there, and "0" for root.
_USER: Final = re.compile(r"(?!\d+\Z)[A-Za-z0-9_][A-Za-z0-9_.@+\\-]{0,254}\$?", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,254}", re.ASCII)


class Wish(Struct, frozen=True, kw_only=True):
    """What a new credential is to be."""

    user: str
    """The Slurm user as whom its holder acts."""
    role: Role | None = None
    """How much its holder sees at most; ``None``: as much as Slurm says, now and later."""
    kind: Kind = Kind.TOKEN
    scopes: frozenset[str] = frozenset()
    """What it may be used for, of `access.SCOPES`; none means all that the role may."""
    restrictions: Restrictions = NO_RESTRICTIONS
    name: str | None = None
    """For its owner to tell it from others."""
    expires_in: int | None = None
    """Seconds; ``None``: never expires."""
    tier: str = "free"
    created_by: str | None = None
    """Id of the credential that it is made with."""


class Tokens:
    """The credentials of this server. `known` remembers those that were verified.

    Args:
        records: Where they are kept.
        clock: Epoch seconds.
        roles: What Slurm says of users; by default nothing.
    """

    def __init__(
        self, records: TokenRecords, clock: Callable[[], float] = time.time, roles: Roles | None = None
    ) -> None:
        self._records = records
        self._clock = clock
        self.roles = roles or Roles()
        self.known = KnownCallers(records, clock, self.roles.refresh)

    async def create(self, wish: Wish) -> tuple[str, Token]:
        """Issue a credential; its secret is returned this once and kept nowhere.

        Returns:
            The secret (``s9s_``, ``s9k_``, ... and 43 characters: 256 random bits) and the credential.

        Raises:
            ValidationError: A user name that is none, an unknown scope, an expiry that is not in the future,
                a restriction that is none.
        """
        secret = f"{SECRET_PREFIX[wish.kind]}{secrets.token_urlsafe(32)}"
        return secret, await self._add(wish, hash_of(secret))

    async def register(self, wish: Wish, fingerprint: bytes) -> Token:
        """Let a certificate stand for a user. `fingerprint` is the SHA-256 of its DER form.

        Raises `ValidationError` as `create`, and `ResourceConflict` for one that is registered already.
        """
        if kept := await self._records.by_hash(fingerprint):
            raise ResourceConflict(
                f"The certificate is registered already, as {kept.token_id}",
                resource_type="token",
                resource_id=kept.token_id,
            )
        return await self._add(wish, fingerprint)

    async def _add(self, wish: Wish, secret_hash: bytes) -> Token:
        check_user(wish.user)
        if unknown := sorted(wish.scopes.difference(SCOPES)):
            raise ValidationError.of("scopes", unknown[0], list(SCOPES))
        if wish.expires_in is not None and wish.expires_in <= 0:
            raise ValidationError.of("expires_in", wish.expires_in, "at least one second")
        if wish.name is not None and not (0 < len(wish.name) <= 256 and wish.name.isprintable()):
            raise ValidationError.of("name", wish.name, "up to 256 printable characters")
        if wish.tier not in TIERS:
            raise ValidationError.of("tier", wish.tier, list(TIERS))
        now = int(self._clock())
        token = Token(
            token_id=f"{_ID_PREFIX[wish.kind]}_{secrets.token_hex(8)}",
            kind=wish.kind,
            user=wish.user,
            role=AUTO if wish.role is None else wish.role.value,
            scopes=wish.scopes,
            restrictions=wish.restrictions,
            name=wish.name,
            tier=wish.tier,
            created_at=now,
            expires_at=None if wish.expires_in is None else now + wish.expires_in,
            created_by=wish.created_by,
        )
        await self._records.add(token, secret_hash)
        observe(f"tokens/{token.token_id}", after=_audited(token))
        return token

    async def verify(self, secret: str) -> Caller:
        """The caller whom a secret stands for. Raises `AuthenticationFailed`."""
        if caller := self.known.get(secret):
            return caller
        # What cannot be a token costs no look-up.
        if not _SECRET.fullmatch(secret):
            raise AuthenticationFailed("Unknown token")
        generation = self.known.generation
        token = self.valid(await self._records.by_hash(hash_of(secret)), *_BEARERS)
        caller = self.caller_of(token)
        self.known.keep(secret, caller, generation, expires_at=token.expires_at, used_at=token.last_used_at)
        return caller

    async def client(self, client_id: str, secret: str) -> Token:
        """The OAuth client of that id and secret. Raises `AuthenticationFailed`."""
        token = await self._records.by_hash(hash_of(secret))
        if token is not None and token.token_id != client_id:
            token = None
        return self.valid(token, Kind.CLIENT)

    async def by_id(self, token_id: str, kind: Kind) -> Token:
        """A credential of one kind that is valid now. Raises `AuthenticationFailed`."""
        return self.valid(await self._records.by_id(token_id), kind)

    async def by_fingerprint(self, fingerprint: bytes) -> Token | None:
        """The certificate with this SHA-256 of its DER form, as far as one is registered.

        Raises `AuthenticationFailed` when it is registered and revoked or expired.
        """
        token = await self._records.by_hash(fingerprint)
        return None if token is None else self.valid(token, Kind.CERTIFICATE)

    def valid(self, token: Token | None, *kinds: Kind) -> Token:
        """The credential if it may be used now, and in this way. Raises `AuthenticationFailed`."""
        if token is None or token.kind not in kinds:
            raise AuthenticationFailed("Unknown token")
        if token.revoked_at is not None:
            raise AuthenticationFailed(f"Token {token.token_id} is revoked", token_id=token.token_id)
        if not token.is_valid(self._clock()):
            raise AuthenticationFailed(f"Token {token.token_id} has expired", token_id=token.token_id)
        return token

    async def revoke(self, token_id: str) -> Token:
        """Make a credential invalid: at once here, within a second in other processes.

        One that is revoked already stays so since then. Raises `ResourceNotFound`.
        """
        token = await self._records.revoke(token_id, int(self._clock()))
        self.known.forget()
        if token is None:
            raise ResourceNotFound.of("token", token_id)
        observe(f"tokens/{token_id}", after=_audited(token))
        return token

    async def get(self, token_id: str) -> Token:
        """One credential, valid or not. Raises `ResourceNotFound`."""
        token = await self._records.by_id(token_id)
        if token is None:
            raise ResourceNotFound.of("token", token_id)
        return token

    async def list(self) -> list[Token]:
        """All credentials, the revoked and expired ones too, oldest first."""
        return await self._records.all()

    async def count_valid(self, user: str) -> int:
        """How many of a user's are neither revoked nor expired."""
        return await self._records.count_valid(user, int(self._clock()))

    def caller_of(self, token: Token) -> Caller:
        """Whoever makes a request with a credential that this server keeps."""
        limit = role_or_none(token.role)
        return Caller(
            token.user,
            self.roles.within(token.user, limit),
            token.scopes,
            token.token_id,
            token.tier,
            token.kind,
            token.restrictions,
            token.expires_at,
            limit,
        )

    async def announce(self) -> None:
        """Let this and all other processes verify everybody anew."""
        await self._records.announce()
        self.known.forget()


def check_user(user: str) -> str:
    """The name if a user can have it. Raises `ValidationError`."""
    if not _USER.fullmatch(user):
        raise ValidationError.of("user", user, "a user name")
    return user


def restrictions_of(
    accounts: Iterable[str] = (),
    partitions: Iterable[str] = (),
    networks: Iterable[str] = (),
    own_jobs_only: bool = False,
) -> Restrictions:
    """Restrictions as people write them. Raises `ValidationError`."""
    return Restrictions(
        accounts=_names("accounts", (account.lower() for account in accounts)),
        partitions=_names("partitions", partitions),
        networks=_networks(networks),
        own_jobs_only=own_jobs_only,
    )


def _names(field: str, values: Iterable[str]) -> frozenset[str]:
    names = frozenset(values)
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValidationError.of(field, name, "names as Slurm knows them")
    if len(names) > MAX_LISTED:
        raise ValidationError.of(field, len(names), f"at most {MAX_LISTED} names")
    return names


def _networks(values: Iterable[str]) -> frozenset[str]:
    networks = set()
    for value in values:
        try:
            networks.add(parse_network(value))
        except ValueError as error:
            allowed = "networks such as 192.0.2.0/24 or 2001:db8::/32, or single addresses"
            raise ValidationError.of("networks", value, allowed) from error
    if len(networks) > MAX_LISTED:
        raise ValidationError.of("networks", len(networks), f"at most {MAX_LISTED} networks")
    return frozenset(networks)


def _audited(token: Token) -> dict[str, object]:
    """What of a credential belongs into the audit log: whose it is and what it is good for."""
    return {
        "kind": token.kind.value,
        "user": token.user,
        "role": token.role,
        "scopes": sorted(token.scopes),
        "restrictions": token.restrictions,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }
