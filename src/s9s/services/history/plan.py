"""How a history is to be kept, and how it is getting on."""

from __future__ import annotations

from msgspec import Struct


class Plan(Struct, frozen=True, kw_only=True):
    """How a history is kept; see the settings of the same names."""

    since: int | None = None
    days: int = 365
    interval_seconds: float = 10.0
    reread_days: int = 7
    jobs_per_second: int = 2000
    keep_days: int = 0
    """0: for ever."""


class HistoryStatus(Struct, frozen=True, kw_only=True):
    """How a history is getting on."""

    source: str
    """``accounting``; or ``slurmctld``, which tells only what ends while it is watched, and of no usage."""
    since: int | None
    until: int | None
    wanted_since: int | None
    """The first fill goes back so far."""
    last_error: str | None
    runaway_jobs: int | None
    """Jobs that run according to accounting, and that slurmctld does not know; ``None``: not known."""

    @property
    def fraction(self) -> float | None:
        """The part of the first fill that is done; ``None`` where there is none to be done."""
        if self.since is None or self.until is None or self.wanted_since is None:
            return None
        whole = self.until - self.wanted_since
        return 1.0 if whole <= 0 or self.since <= self.wanted_since else (self.until - self.since) / whole
