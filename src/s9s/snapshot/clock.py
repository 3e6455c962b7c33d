"""Waiting: for time, which tests turn by hand, and for each other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol


class Clock(Protocol):
    """A clock that can be waited on."""

    def now(self) -> float:
        """Epoch seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The host's clock, or that of a cluster with a time of its own.

    Args:
        now: Epoch seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now

    def now(self) -> float:
        return self._now()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Pulse:
    """Wakes everyone who waits for the next beat."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def beat(self) -> None:
        """Now."""
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def next(self) -> None:
        """Wait for the next beat."""
        await self._event.wait()


async def within(seconds: float, what: Coroutine[Any, Any, object], clock: Clock) -> None:
    """Wait for `what`, and give it up when it takes longer than this."""
    task, patience = asyncio.ensure_future(what), asyncio.ensure_future(clock.sleep(max(0.0, seconds)))
    try:
        await asyncio.wait((task, patience), return_when=asyncio.FIRST_COMPLETED)
    finally:
        task.cancel()
        patience.cancel()
