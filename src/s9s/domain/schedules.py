"""Reports that are made again and again."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from s9s.domain.report_plans import ReportRequest


class RunStatus(StrEnum):
    """What came of the last time that a schedule was due."""

    REQUESTED = "requested"
    """A report is being made, or was; what became of it is the report's own status."""
    WAITING = "waiting"
    """It could not be requested yet; it is tried again and again."""
    FAILED = "failed"
    """It could not be requested; the next time it is due, it is tried again."""
    STOPPED = "stopped"
    """Whoever made it may not have it any more: it is paused until somebody resumes it."""


class Schedule(Struct, frozen=True, kw_only=True):
    """A report with the times at which it is made. Instants are epoch seconds."""

    schedule_id: str
    cluster: str
    """The cluster's name in the database."""
    name: str
    cron: str
    """Five fields: minute, hour, day of month, month, day of week."""
    time_zone: str
    """IANA name of the clock that the expression is about."""
    is_enabled: bool
    request: ReportRequest
    """What is made each time; the secret in it is sealed."""
    owner: str
    caller: str
    """Whose permissions hold, as JSON: the owner with the credential that made it, or that changed what it
    makes or resumed it last."""
    is_known: bool = False
    """Whether accounting knew the owner then."""
    created_at: int
    updated_at: int
    next_run_at: int | None = None
    """When it is due; ``None`` while it is paused."""
    last_run_at: int | None = None
    """When it was due the last time; ``None``: never yet."""
    last_status: RunStatus | None = None
    last_error: str | None = None
    """Why no report was requested the last time, for whoever made the schedule."""
    last_report_id: str | None = None
    version: int = 1
    """Grows with every change."""
