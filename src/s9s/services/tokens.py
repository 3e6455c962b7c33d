"""Bearer tokens: issue, verify, revoke."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Final

from msgspec import Struct

from s9s.domain.errors import AuthenticationFailed, ResourceNotFound, ValidationError
from s9s.services.access import SCOPES, Caller, Role
from s9s.storage.database import DatabaseUnavailable
from s9s.storage.tokens import Token, TokenRecords

#: How often revocations by other processes are looked for: they hold within a second.
POLL_SECONDS: Final = 0.5
#: A token's last use is recorded at most that often ...
LAST_USED_SECONDS: Final = 60
#: ... and all that are due are written together.
FLUSH_SECONDS: Final = 10.0
#: Tokens whose callers are kept in memory.
MAX_CACHED: Final = 10_000

_SECRET: Final = re.compile(r"s9s_[A-Za-z0-9_-]{43}", re.ASCII)
# What useradd makes, and the names of directory services (alice@EXAMPLE.COM, EXAMPLE\alice). Digits alone
# would be taken for a uid here and there, and "0" for root.
_USER: Final = re.compile(r"(?!\d+\Z)[A-Za-z0-9_][A-Za-z0-9_.@+\\-]{0,254}\$?", re.ASCII)

_log = logging.getLogger(__name__)


class _Known(Struct):
    """A token that was valid when it was looked up."""

    caller: Caller
    expires_at: float
    recorded_at: float
    """The last use that is, or is about to be, in the database."""


class Tokens:
    """The tokens of this server.

    `start` keeps the cache true to the database; before it, and after `stop`, every `verify` looks there.
    """

    def __init__(self, records: TokenRecords, clock: Callable[[], float] = time.time) -> None:
        self._records = records
        self._clock = clock
        self._known: dict[bytes, _Known] = {}
        self._ephemeral: dict[bytes, Caller] = {}
        self._used: dict[str, int] = {}
        self._revision: int | None = None
        self._generation = 0
        self._task: asyncio.Task[None] | None = None

    async def create(
        self,
        user: str,
        role: Role,
        scopes: Iterable[str] = (),
        name: str | None = None,
        expires_in: int | None = None,
        tier: str = "free",
    ) -> tuple[str, Token]:
        """Issue a token; its secret is returned this once and kept nowhere.

        Args:
            user: The Slurm user as whom its holder acts.
            role: How much its holder sees.
            scopes: What it may be used for, of `access.SCOPES`; none means all that the role may.
            name: For its owner to tell it from others.
            expires_in: Seconds; ``None``: never expires.
            tier: Of the rate limits.

        Returns:
            The secret (``s9s_`` and 43 characters) and the token.

        Raises:
            ValidationError: A user name that is none, an unknown scope, an expiry that is not in the future.
        """
        if not _USER.fullmatch(user):
            raise ValidationError.of("user", user, "a user name")
        scopes = frozenset(scopes)
        if unknown := sorted(scopes.difference(SCOPES)):
            raise ValidationError.of("scopes", unknown[0], list(SCOPES))
        if expires_in is not None and expires_in <= 0:
            raise ValidationError.of("expires_in", expires_in, "at least one second")
        if name is not None and not (0 < len(name) <= 256 and name.isprintable()):
            raise ValidationError.of("name", name, "up to 256 printable characters")
        now = int(self._clock())
        secret = f"s9s_{secrets.token_urlsafe(32)}"
        token = Token(
            token_id=f"tok_{secrets.token_hex(8)}",
            user=user,
            role=role.value,
            scopes=scopes,
            name=name,
            tier=tier,
            created_at=now,
            expires_at=None if expires_in is None else now + expires_in,
        )
        await self._records.add(token, _hash(secret))
        return secret, token

    def ephemeral(self, secret: str, caller: Caller) -> None:
        """Let a secret of any form stand for a caller, in this process and until it ends."""
        self._ephemeral[_hash(secret)] = caller

    def cached(self, secret: str) -> Caller | None:
        """The caller whom a secret is known to stand for, without any waiting; ``None``: ask `verify`."""
        key = _hash(secret)
        known = self._known.get(key)
        if known is None:
            return self._ephemeral.get(key)
        now = self._clock()
        if now >= known.expires_at:
            del self._known[key]
            return None
        if now - known.recorded_at >= LAST_USED_SECONDS:
            known.recorded_at = now
            self._used[known.caller.token_id] = int(now)
        return known.caller

    async def verify(self, secret: str) -> Caller:
        """The caller whom a secret stands for. Raises `AuthenticationFailed`."""
        if caller := self.cached(secret):
            return caller
        # What cannot be a token costs no look-up.
        if not _SECRET.fullmatch(secret):
            raise AuthenticationFailed("Unknown token")
        key, generation = _hash(secret), self._generation
        token = await self._records.by_hash(key)
        now = self._clock()
        if token is None:
            raise AuthenticationFailed("Unknown token")
        if token.revoked_at is not None:
            raise AuthenticationFailed(f"Token {token.token_id} is revoked", token_id=token.token_id)
        if not token.is_valid(now):
            raise AuthenticationFailed(f"Token {token.token_id} has expired", token_id=token.token_id)
        caller = Caller(token.user, Role(token.role), token.scopes, token.token_id, token.tier)
        if token.last_used_at is None or now - token.last_used_at >= LAST_USED_SECONDS:
            self._used[token.token_id] = int(now)
        # A revocation that was noticed while the database answered would be missed in the cache.
        if self._revision is not None and generation == self._generation:
            if len(self._known) >= MAX_CACHED:
                del self._known[next(iter(self._known))]
            expires_at = float("inf") if token.expires_at is None else float(token.expires_at)
            self._known[key] = _Known(caller, expires_at, now)
        return caller

    async def revoke(self, token_id: str) -> Token:
        """Make a token invalid: at once here, within a second in other processes.

        One that is revoked already stays so since then. Raises `ResourceNotFound`.
        """
        token = await self._records.revoke(token_id, int(self._clock()))
        self._forget()
        if token is None:
            raise ResourceNotFound.of("token", token_id)
        return token

    async def list(self) -> list[Token]:
        """All tokens, the revoked and expired ones too, oldest first."""
        return await self._records.all()

    async def refresh(self) -> None:
        """Forget what is cached if any token has been revoked, by whichever process."""
        try:
            revision = await self._records.revision()
        except DatabaseUnavailable:
            # Nobody can tell what has been revoked meanwhile: trust nothing.
            self._forget()
            self._revision = None
            raise
        if revision != self._revision:
            self._forget()
            self._revision = revision

    async def flush(self) -> None:
        """Write down which tokens have been used since the last time."""
        if self._used:
            used, self._used = self._used, {}
            try:
                await self._records.touch(used)
            except DatabaseUnavailable:
                self._used = used | self._used
                raise

    async def start(self) -> None:
        """Begin to cache, and to keep the cache true. Raises `DatabaseUnavailable`."""
        await self.refresh()
        self._task = asyncio.create_task(self._keep(), name="tokens")

    async def stop(self) -> None:
        """End what `start` began. Stopping twice is harmless."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._revision = None
        self._forget()
        try:
            await self.flush()
        except DatabaseUnavailable as error:
            _log.warning("the last uses of tokens are not recorded: %s", error)

    async def _keep(self) -> None:
        flushed_at = time.monotonic()
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self.refresh()
                if time.monotonic() - flushed_at >= FLUSH_SECONDS:
                    flushed_at = time.monotonic()
                    await self.flush()
            except DatabaseUnavailable as error:
                _log.warning("tokens cannot be checked: %s", error)

    def _forget(self) -> None:
        self._generation += 1
        self._known.clear()


def _hash(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
