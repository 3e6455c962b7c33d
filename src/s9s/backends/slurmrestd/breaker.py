"""Failing fast while something is out of reach."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from s9s.domain.errors import SlurmUnavailable

#: Between two looks whether it is back.
PAUSE_SECONDS: Final = 1.0


class Breaker:
    """Closed while calls succeed; open after an outage, until a probe finds that it is over.

    While slurmctld is out, slurmrestd blocks each call for 9 to 10 s; an open breaker answers at once.

    Args:
        name: What is guarded: ``slurmctld``.
        probe: Cheaply finds out whether it is back.
        clock: Monotonic seconds.
    """

    def __init__(
        self, name: str, probe: Callable[[], Awaitable[bool]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._probe = probe
        self._clock = clock
        self._reason: str | None = None
        self._probe_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls fail without being made."""
        return self._reason is not None

    def open(self, reason: str) -> None:
        """Fail all calls from now on, for `reason`."""
        self._reason = reason
        self._probe_at = self._clock() + PAUSE_SECONDS

    def close(self) -> None:
        """Let calls through again."""
        self._reason = None

    async def check(self) -> None:
        """Let the caller pass, or raise `SlurmUnavailable`; now and then a caller probes first."""
        if self._reason is None:
            return
        if self._clock() >= self._probe_at:
            # Moved before the probe, so that one caller probes and the others fail at once.
            self._probe_at = self._clock() + PAUSE_SECONDS
            if await self._probe():
                self.close()
                return
        raise SlurmUnavailable(self._reason or f"{self._name} is out of reach", never_sent=True)
