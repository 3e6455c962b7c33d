"""Whose secrets are known, without asking the database again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Final

from msgspec import Struct

from s9s.services.access import Caller
from s9s.storage.database import DatabaseUnavailable
from s9s.storage.tokens import TokenRecords

#: How often revocations by other processes are looked for: they hold within a second.
POLL_SECONDS: Final = 0.5
#: A credential's last use is recorded at most that often ...
LAST_USED_SECONDS: Final = 60
#: ... and all that are due are written together.
FLUSH_SECONDS: Final = 10.0
#: Secrets whose callers are kept in memory.
MAX_KNOWN: Final = 10_000

_log = logging.getLogger(__name__)


class Known(Struct):
    """A secret that stood for somebody when it was looked at; `KnownCallers.holds` tells if it still does."""

    caller: Caller
    expires_at: float
    recorded_at: float
    """The last use that is, or is about to be, in the database; infinity: none ever is."""
    generation: int
    """Of `KnownCallers`."""


class KnownCallers:
    """Callers by the SHA-256 of what they presented, until anything at all is revoked.

    `start` keeps it true to the database; before it, and after `stop`, nothing is kept.

    Args:
        records: Which credentials there are.
        clock: Epoch seconds.
        look: Called each half second: whoever else may have a reason for `forget` looks for it.
    """

    def __init__(
        self,
        records: TokenRecords,
        clock: Callable[[], float] = time.time,
        look: Callable[[], None] = lambda: None,
    ) -> None:
        self._look = look
        self._records = records
        self._clock = clock
        self._known: dict[bytes, Known] = {}
        self._used: dict[str, int] = {}
        self._revision: int | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self.generation = 0
        """Another one after every revocation. Whoever looks something up asks for it before, for `keep`."""

    def get(self, secret: str | bytes) -> Caller | None:
        """The caller whom a secret, or a certificate, is known to stand for; ``None``: look it up."""
        known = self.find(secret)
        return None if known is None else known.caller

    def find(self, secret: str | bytes) -> Known | None:
        """As `get`, for whoever asks `holds` from then on."""
        key = hash_of(secret)
        known = self._known.get(key)
        if known is None or self.holds(known):
            return known
        del self._known[key]
        return None

    def holds(self, known: Known) -> bool:
        """Whether a secret still stands for whom it was known to stand for; if so, that is a use of it."""
        now = self._clock()
        if known.generation != self.generation or now >= known.expires_at:
            return False
        if now - known.recorded_at >= LAST_USED_SECONDS:
            known.recorded_at = now
            self._used[known.caller.token_id] = int(now)
        return True

    def keep(
        self,
        secret: str | bytes,
        caller: Caller,
        generation: int,
        *,
        expires_at: float | None,
        used_at: int | None,
    ) -> None:
        """Remember what a secret was found to stand for.

        Args:
            secret: As it was presented.
            caller: For whom it stands.
            generation: As it was before the look-up: a revocation meanwhile would be missed.
            expires_at: Epoch seconds; ``None``: never.
            used_at: The last use that is recorded, epoch seconds; ``None``: none is.
        """
        now = self._clock()
        if used_at is None or now - used_at >= LAST_USED_SECONDS:
            self._used[caller.token_id] = int(now)
        if self._revision is not None and generation == self.generation:
            if len(self._known) >= MAX_KNOWN:
                del self._known[next(iter(self._known))]
            until = float("inf") if expires_at is None else float(expires_at)
            self._known[hash_of(secret)] = Known(caller, until, now, generation)

    def forget(self) -> None:
        """Know nobody any more."""
        self.generation += 1
        self._known.clear()

    async def refresh(self) -> None:
        """Forget everybody if anything has been revoked, by whichever process."""
        try:
            revision = await self._records.revision()
        except DatabaseUnavailable:
            # Nobody can tell what has been revoked meanwhile: trust nothing.
            self.forget()
            self._revision = None
            raise
        if revision != self._revision:
            self.forget()
            self._revision = revision

    async def flush(self) -> None:
        """Write down which credentials have been used since the last time."""
        if self._used:
            used, self._used = self._used, {}
            try:
                await self._records.touch(used)
            except DatabaseUnavailable:
                self._used = used | self._used
                raise

    async def start(self) -> None:
        """Begin to remember, and to keep it true. Raises `DatabaseUnavailable`."""
        await self.refresh()
        self._stopping.clear()
        self._task = asyncio.create_task(self._watch(), name="credentials")

    async def stop(self) -> None:
        """End what `start` began. Stopping twice is harmless."""
        if self._task is not None:
            # Not cancelled: a transaction that is cut short leaves a connection in nobody's hands.
            self._stopping.set()
            await self._task
            self._task = None
        self._revision = None
        self.forget()
        try:
            await self.flush()
        except DatabaseUnavailable as error:
            _log.warning("the last uses of credentials are not recorded: %s", error)

    async def _watch(self) -> None:
        flushed_at = time.monotonic()
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), POLL_SECONDS)
                return
            self._look()
            try:
                await self.refresh()
                if time.monotonic() - flushed_at >= FLUSH_SECONDS:
                    flushed_at = time.monotonic()
                    await self.flush()
            except DatabaseUnavailable as error:
                _log.warning("credentials cannot be checked: %s", error)


def hash_of(secret: str | bytes) -> bytes:
    """What is kept of a secret. With 256 random bits in it, a fast hash is as safe as a slow one.

    Bytes are a certificate, which TLS has verified: no text that a client sends may be taken for one.
    """
    if isinstance(secret, bytes):
        return sha256(b"\xff" + secret).digest()  # no UTF-8 begins with that
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
