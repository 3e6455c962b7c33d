"""How long a stretch of time to ask accounting for at once."""

from __future__ import annotations

from typing import Final

_FIRST_SECONDS: Final = 3_600
_SHORTEST_SECONDS: Final = 60
_LONGEST_SECONDS: Final = 30 * 86_400
_FASTEST_GROWTH: Final = 4.0


class Stretches:
    """Fits stretches of time to the number of jobs in them, which nobody knows before asking.

    Args:
        wanted_jobs: About so many at once.
    """

    def __init__(self, wanted_jobs: int = 4_000) -> None:
        self.wanted_jobs: Final = wanted_jobs
        self.seconds = _FIRST_SECONDS
        """The next one's length."""

    def fit(self, jobs: int) -> None:
        """The last one had so many jobs."""
        fit = min(self.wanted_jobs / max(1, jobs), _FASTEST_GROWTH)
        self.seconds = min(max(_SHORTEST_SECONDS, int(self.seconds * fit)), _LONGEST_SECONDS)
