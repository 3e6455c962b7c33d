"""How often something happened and how long it took, in plain numbers: a few tenths of a microsecond each."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

#: Upper bounds in seconds, from a cached page to a listing of 100,000 jobs.
BOUNDS: Final = (
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0,
)  # fmt: skip


class Times:
    """A histogram of durations. For one thread.

    Args:
        bounds: Upper bounds of its buckets, in seconds, ascending; what is longer counts beyond the last.
    """

    __slots__ = ("bounds", "counts", "seconds")

    def __init__(self, bounds: Sequence[float] = BOUNDS) -> None:
        self.bounds: Final = tuple(bounds)
        self.counts: Final = [0] * (len(self.bounds) + 1)
        """How many fell into each bucket and none before it."""
        self.seconds = 0.0
        """The sum of all."""

    def observe(self, seconds: float) -> None:
        """One more."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.seconds += seconds

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.counts)


class Tally:
    """Outcomes and durations of one kind of thing."""

    __slots__ = ("outcomes", "times")

    def __init__(self) -> None:
        self.outcomes: Final[defaultdict[str, int]] = defaultdict(int)
        self.times: Final = Times()

    def observe(self, outcome: str, seconds: float) -> None:
        """One more that came out like this and took so long."""
        self.outcomes[outcome] += 1
        self.times.observe(seconds)
