"""Reading something again and again, not more often than it can bear."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from s9s.domain.errors import S9SError
from s9s.domain.tallies import Times
from s9s.snapshot.clock import Clock, Pulse, within

log = structlog.get_logger(__name__)

#: Of the time, no more than this is spent reading.
_SHARE: Final = 0.25
#: The same while somebody waits for the next read.
_HURRIED_SHARE: Final = 0.5
_FIRST_RETRY_SECONDS: Final = 1.0


class Round:
    """A read that is repeated until cancelled.

    A failed one is tried again after 1, 2, 4, ... seconds, and `probe` must succeed before it.

    Args:
        name: For the log.
        read: Raises when it fails; what it raises never ends the round.
        interval_seconds: From the begin of one read to the begin of the next; longer where reads take long.
        clock: To wait on.
        probe: Something cheap that fails while `read` has no prospect.
        longest_retry_seconds: The longest pause between two attempts.
        failed: Told of every failure.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], Awaitable[None]],
        *,
        interval_seconds: float,
        clock: Clock,
        probe: Callable[[], Awaitable[None]] | None = None,
        longest_retry_seconds: float = 30.0,
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        self.name = name
        self.interval_seconds = interval_seconds
        """As it is kept at present."""
        self.begun = 0
        """How many reads have begun."""
        self.done = 0
        """The number of the latest read that succeeded."""
        self.failures = 0
        """How many attempts have failed since the last success."""
        self.failed = 0
        """How many attempts have failed in all."""
        self.times: Final = Times()
        """How long the reads took that succeeded."""
        self._read = read
        self._wanted_seconds = interval_seconds
        self._clock = clock
        self._probe = probe
        self._longest_retry_seconds = longest_retry_seconds
        self._failed = failed
        self._hurry = asyncio.Event()
        self._tries = Pulse()

    def soon(self) -> int:
        """Have it read at once, and say which read that will be (see `reached`)."""
        self._hurry.set()
        return self.begun + 1

    def has_reached(self, number: int) -> bool:
        """Whether the read of this number, or a later one, has succeeded. True while reads fail."""
        return self.done >= number or self.failures > 0

    async def reached(self, number: int) -> None:
        """Wait until `has_reached`."""
        while not self.has_reached(number):
            await self._tries.next()

    async def tried(self) -> None:
        """Wait until the first attempt has ended, well or not."""
        await self.reached(1)

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            # Whoever asks from here on is served by the next read: this one has already begun.
            self._hurry.clear()
            began = self._clock.monotonic()
            try:
                if self.failures and self._probe is not None:
                    await self._probe()
                self.begun += 1
                await self._read()
            except Exception as error:  # the round outlives everything
                self._note(error)
            else:
                if self.failures:
                    log.info("reads again", what=self.name)
                self.done, self.failures = self.begun, 0
                self.times.observe(self._clock.monotonic() - began)
            self._tries.beat()
            await self._pause(self._clock.monotonic() - began)

    def _note(self, error: Exception) -> None:
        self.failures += 1
        self.failed += 1
        if self.failures == 1:
            expected = isinstance(error, S9SError)
            log.warning("cannot read", what=self.name, error=str(error), exc_info=None if expected else error)
        if self._failed is not None:
            self._failed(error)

    async def _pause(self, took: float) -> None:
        if self.failures:
            retry = _FIRST_RETRY_SECONDS * 2 ** min(self.failures - 1, 10)
            least, whole = _FIRST_RETRY_SECONDS, min(retry, self._longest_retry_seconds)
        else:
            self.interval_seconds = max(self._wanted_seconds, took / _SHARE)
            least, whole = took / _HURRIED_SHARE - took, self.interval_seconds - took
        await self._clock.sleep(least)
        if whole > least:
            await within(whole - least, self._hurry.wait(), self._clock)
