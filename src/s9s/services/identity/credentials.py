"""Who makes a request: whatever was presented to a caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from s9s.domain.errors import AuthenticationFailed
from s9s.services.access import Caller
from s9s.services.identity.failed_logins import FailedLogins
from s9s.services.identity.known import Known, KnownCallers, hash_of
from s9s.services.identity.tokens import Tokens

#: Longer than any credential of ours; what is longer is not even looked at.
MAX_SECRET_BYTES: Final = 8192
_NEVER: Final = float("inf")


class Signatures(Protocol):
    """Verifies one issuer's signed tokens."""

    def takes(self, secret: str) -> bool:
        """Whether a token claims to be this issuer's; nothing is verified yet."""
        ...

    async def verify(self, secret: str) -> Caller:
        """The caller of a token that is signed and valid. Raises `AuthenticationFailed`."""
        ...


class Certificates(Protocol):
    """Knows the users of certificates that TLS has verified."""

    async def verify(self, certificate: bytes) -> Caller:
        """The caller of a certificate (DER). Raises `AuthenticationFailed`."""
        ...


class Credentials:
    """Every way in.

    Args:
        tokens: What this server keeps.
        signatures: Signed tokens, our own and of other issuers.
        certificates: TLS client certificates; ``None`` where there are none.
        failures: Who has failed too often to try again at once.
        published: Secrets that everybody knows, and for whom each stands if the request is local: comes
            from whoever runs this server, on its host.
    """

    def __init__(
        self,
        tokens: Tokens,
        signatures: tuple[Signatures, ...] = (),
        certificates: Certificates | None = None,
        failures: FailedLogins | None = None,
        published: Mapping[str, Caller] | None = None,
    ) -> None:
        self._known: KnownCallers = tokens.known
        self._roles = tokens.roles
        self._tokens = tokens
        self._signatures = signatures
        self._certificates = certificates
        self._failures = failures or FailedLogins()
        self._published = dict(published or {})
        self._under_way: dict[tuple[bytes, str | None, int], asyncio.Task[Caller]] = {}

    def cached(
        self, secret: str, address: str | None, is_local: Callable[[], bool] | None = None
    ) -> Caller | None:
        """The caller whom a secret is known to stand for, at once; ``None``: ask `verify`.

        Args:
            secret: Of any kind.
            address: Where the request comes from; ``None``: nobody knows.
            is_local: Whether it comes from whoever runs this server; asked for published secrets only.
        """
        known = self.known(secret, address, is_local)
        return None if known is None else known.caller

    def known(
        self, secret: str, address: str | None, is_local: Callable[[], bool] | None = None
    ) -> Known | None:
        """As `cached`, for whoever goes on asking with the same secret from the same place: see `holds`."""
        self._roles.refresh()  # forgets everybody when somebody's role is another one
        known = self._known.find(secret)
        if known is None:
            published = self._published.get(secret) if self._published else None
            if published is None or is_local is None or not is_local():
                return None
            return Known(published, _NEVER, _NEVER, self._known.generation)
        narrow = known.caller.restrictions
        return None if narrow.networks and not narrow.admits(address) else known

    def holds(self, known: Known) -> bool:
        """Whether what `known` found is so still: nothing was revoked, nobody's role is another one."""
        self._roles.refresh()
        return self._known.holds(known)

    async def verify(
        self, secret: str, address: str | None, is_local: Callable[[], bool] | None = None
    ) -> Caller:
        """The caller whom a secret stands for, if it may come from there; arguments as of `cached`.

        Raises `AuthenticationFailed`, and `RateLimitExceeded` after too many failures from that address.
        """
        self._roles.refresh()
        if secret in self._published:
            with self._failures.attempt(address, secret):
                return self._of_published(secret, is_local)
        # Thousands of connections that come back at once with one secret are one login.
        key = hash_of(secret), address, self._known.generation
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._verify(secret, address))
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)

    def _forget(self, key: tuple[bytes, str | None, int], done: asyncio.Task[Caller]) -> None:
        self._under_way.pop(key, None)
        if not done.cancelled():
            done.exception()  # whoever asked may be gone

    async def _verify(self, secret: str, address: str | None) -> Caller:
        with self._failures.attempt(address, secret):
            if not secret or len(secret) > MAX_SECRET_BYTES:
                raise AuthenticationFailed("The credential is empty or too long")
            caller = self._known.get(secret)
            if caller is None:
                issuer = next((one for one in self._signatures if one.takes(secret)), self._tokens)
                caller = await issuer.verify(secret)
            return _admitted(caller, address)

    async def verify_certificate(self, certificate: bytes, address: str | None) -> Caller:
        """The caller whom a certificate that TLS has verified stands for. Raises as `verify`."""
        self._roles.refresh()
        if self._certificates is None:
            raise AuthenticationFailed("Client certificates are not accepted here")
        with self._failures.attempt(address, certificate):
            return _admitted(await self._certificates.verify(certificate), address)

    def _of_published(self, secret: str, is_local: Callable[[], bool] | None) -> Caller:
        if is_local is None or not is_local():
            raise AuthenticationFailed(
                "Everybody knows this token: it works only for whoever started the server, on the same host "
                "and by the name localhost; `s9s token create` makes one that works elsewhere"
            )
        return self._published[secret]


def _admitted(caller: Caller, address: str | None) -> Caller:
    if not caller.restrictions.admits(address):
        raise AuthenticationFailed(
            f"Credential {caller.token_id} may not be used from this address", token_id=caller.token_id
        )
    return caller
