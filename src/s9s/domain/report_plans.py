"""What is asked for when a report is, and what a worker is told of it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from s9s.domain.periods import Period
from s9s.domain.queries import Visibility
from s9s.domain.reports import ReportFormat, ReportType

Method = Literal["none", "email", "webhook"]


class Delivery(Struct, frozen=True):
    """Where a report goes when it is done."""

    method: Method = "none"
    target: str | None = None
    """The e-mail address or the URL."""
    secret: str | None = None
    """What a webhook is signed with; sealed as soon as it is kept."""


class ReportRequest(Struct, frozen=True, kw_only=True):
    """A report as it is asked for."""

    type: ReportType
    format: ReportFormat
    period: str = "month"
    """One of `periods.CALENDAR`, the last full one; it does not matter where there are dates."""
    start_date: date | None = None
    end_date: date | None = None
    """The last day that belongs to it."""
    time_zone: str = "UTC"
    partitions: tuple[str, ...] | None = None
    """``None`` for all."""
    include_charts: bool = True
    delivery: Delivery = Delivery()


class ReportPlan(Struct, frozen=True, kw_only=True):
    """All that a worker needs; what the caller may see is written down here, as it was at the request."""

    request: ReportRequest
    period: Period
    key: str
    """The cluster's name in the database."""
    cluster: str
    """The cluster's name for people."""
    scope: str
    """Of what and whom it tells."""
    partitions: frozenset[str] | None = None
    visibility: Visibility | None = None
    has_totals: bool = True
    """Whether the caller may know how long the queue of everybody was."""
    gpu_types: dict[str, list[str]] = {}
    """By partition."""
    filename: str
    credential: str
    """Public id of the one that asked for it."""
    schedule_id: str | None = None
