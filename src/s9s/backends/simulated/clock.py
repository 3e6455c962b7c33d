"""Simulated time: the wall clock's, or faster, or standing still."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Tells the simulated cluster's time.

    Args:
        start: Epoch seconds at which simulated time begins; ``None`` is now.
        speed: Simulated seconds that pass in a real one; 0 stops time, which then moves by `step` alone.
        wall: Where real time comes from, epoch seconds.
    """

    def __init__(
        self, start: float | None = None, *, speed: float = 1.0, wall: Callable[[], float] = time.time
    ) -> None:
        if speed < 0:
            raise ValueError("time runs forwards: speed must not be negative")
        self._wall = wall
        self._wall_origin = wall()
        self._origin = self._wall_origin if start is None else start
        self._speed = speed
        self._latest = self._origin

    def now(self) -> float:
        """Simulated epoch seconds; never less than it said before."""
        self._latest = max(self._latest, self._origin + (self._wall() - self._wall_origin) * self._speed)
        return self._latest

    @property
    def speed(self) -> float:
        """Simulated seconds in a real one."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if speed < 0:
            raise ValueError("time runs forwards: speed must not be negative")
        self._origin, self._wall_origin = self.now(), self._wall()
        self._speed = speed

    def step(self, seconds: float) -> None:
        """Let simulated seconds pass at once."""
        if seconds < 0:
            raise ValueError("time runs forwards: a step must not be negative")
        self._origin += seconds

    def real_seconds_until(self, instant: float) -> float | None:
        """Real seconds until a simulated instant, 0 if it has come; ``None`` while time stands still."""
        left = instant - self.now()
        if left <= 0:
            return 0.0
        return left / self._speed if self._speed else None
