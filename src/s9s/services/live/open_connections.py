"""Connections that stay: whose they are, how many there may be, and that they end with their credential.

A request is checked when it comes. Whoever stays connected is checked again whenever anything at all is
revoked, and at the credential's own end; what the caller may see is looked at again as well.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from s9s.domain.errors import AuthenticationFailed, RateLimitExceeded, S9SError, ServiceUnavailable
from s9s.services.access import Caller
from s9s.services.identity.known import KnownCallers

#: How often it is looked whether something has expired or been revoked.
_TICK_SECONDS: Final = 0.5
#: Who cannot be verified for so long, because the database is out of reach, has to come again.
_PATIENCE_SECONDS: Final = 60.0

Verify = Callable[[], Awaitable[Caller]]

_log = logging.getLogger(__name__)


class OpenConnection:
    """One connection that stays.

    Args:
        caller: Whose.
        verify: Says who presented the credential, if it is still good. Raises `AuthenticationFailed`.
        end: Called once when it must end, with why.
        changed: Called when its caller has other rights than before.
    """

    def __init__(
        self,
        caller: Caller,
        verify: Verify,
        end: Callable[[S9SError], None],
        changed: Callable[[Caller], None] | None = None,
    ) -> None:
        self.caller = caller
        self.verify = verify
        self.end = end
        self.changed = changed


class OpenConnections:
    """All of them.

    Args:
        known: Says when anything is revoked.
        maximum: Of one credential.
        review: Called now and then, to look at what everybody may see.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        known: KnownCallers,
        *,
        maximum: int,
        review: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._known = known
        self._maximum = maximum
        self._review = review
        self._clock = clock
        self._by_credential: dict[str, dict[OpenConnection, None]] = {}
        self._generation = known.generation
        self._task: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._by_credential.values()))

    def add(self, one: OpenConnection) -> None:
        """Let it stay. Raises `RateLimitExceeded` when the credential has too many."""
        key = _key(one.caller)
        others = self._by_credential.setdefault(key, {})
        if len(others) >= self._maximum:
            raise RateLimitExceeded(
                f"This credential has {len(others)} open connections already",
                5,
                max_connections=self._maximum,
            )
        others[one] = None

    def remove(self, one: OpenConnection) -> None:
        """It has ended. Removing twice is harmless."""
        key = _key(one.caller)
        others = self._by_credential.get(key)
        if others is not None:
            others.pop(one, None)
            if not others:
                del self._by_credential[key]

    def start(self) -> None:
        """Begin to look."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._run(), name="open connections")

    async def stop(self) -> None:
        """Look no more. Stopping twice is harmless."""
        if self._task is not None:
            # Not cancelled: a transaction that is cut short leaves a connection in nobody's hands.
            self._stopping.set()
            await self._task
            self._task = None

    async def check(self) -> None:
        """End what has expired and, if anything has been revoked, what is not good any more."""
        self._end_expired()
        while self._generation != self._known.generation:
            generation = self._known.generation
            if await self._verify_all(generation):
                self._generation = generation
            self._review()
            if self._generation != generation:
                return

    def _end_expired(self) -> None:
        now = self._clock()
        for others in tuple(self._by_credential.values()):
            for one in tuple(others):
                if one.caller.expires_at is not None and now >= one.caller.expires_at:
                    self._end(one, AuthenticationFailed("The credential has expired"))

    async def _verify_all(self, generation: int) -> bool:
        """Whether everybody was verified, before anything else was revoked."""
        for key in tuple(self._by_credential):
            deadline = time.monotonic() + _PATIENCE_SECONDS
            for one in tuple(self._by_credential.get(key, ())):
                try:
                    await self._verify(one)
                except ServiceUnavailable as error:
                    if time.monotonic() > deadline:
                        self._end(one, error)
                    return False
            if generation != self._known.generation:
                return False
        return True

    async def _verify(self, one: OpenConnection) -> None:
        try:
            caller = await one.verify()
        except AuthenticationFailed as error:
            self._end(one, error)
            return
        except RateLimitExceeded:
            return  # too many failures from that address; it is asked again
        if caller != one.caller:
            self.remove(one)
            one.caller = caller
            self._by_credential.setdefault(_key(caller), {})[one] = None
            if one.changed is not None:
                one.changed(caller)

    def _end(self, one: OpenConnection, error: S9SError) -> None:
        self.remove(one)
        one.end(error)

    async def _run(self) -> None:
        reviewed_at = time.monotonic()
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _TICK_SECONDS)
                return
            try:
                await self.check()
                if time.monotonic() - reviewed_at >= 2.0:
                    reviewed_at = time.monotonic()
                    self._review()
            except Exception:  # others are looked at the next time
                _log.exception("open connections could not be checked")


def _key(caller: Caller) -> str:
    return caller.token_id or f"user:{caller.user}"
