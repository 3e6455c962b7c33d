"""Reports on the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from s9s.api.parameters import Parameters
from s9s.api.schemas.exports import STATES, ExportStatus, Wait, export_status
from s9s.api.schemas.paging import PageInfo
from s9s.domain.instants import format_instant
from s9s.domain.report_plans import Delivery, ReportPlan, ReportRequest
from s9s.domain.reports import ReportFormat, ReportType
from s9s.domain.work import WorkItem, WorkState

__all__ = ["STATES"]

TypeName = Literal["utilization", "efficiency", "usage", "queue"]
FormatName = Literal["pdf", "html", "csv", "json", "xlsx"]
PeriodName = Literal["day", "week", "month", "quarter", "year", "custom"]


class ReportWaitParameters(Parameters, frozen=True):
    """How long to wait."""

    wait: Wait = 0


class ReportListParameters(Parameters, frozen=True):
    """Filters and page of the list of reports."""

    type: (
        Annotated[str, Meta(description="utilization, efficiency, usage, queue, as a comma list")] | None
    ) = None
    status: (
        Annotated[str, Meta(description="processing, completed, failed, cancelled, as a comma list")] | None
    ) = None
    user: Annotated[str, Meta(description="Reports of this user, for administrators")] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="Maximum results")] = 100
    offset: Annotated[int, Meta(ge=0, le=10**12, description="Pagination offset")] = 0


class ReportParametersBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What of, and when."""

    period: Annotated[
        PeriodName,
        Meta(description="The last full one; `start_date` and `end_date` win over it"),
    ] = "month"
    start_date: Annotated[date, Meta(description="First day", examples=["2023-12-01"])] | None = None
    end_date: (
        Annotated[date, Meta(description="Last day, which belongs to it", examples=["2023-12-31"])] | None
    ) = None
    partitions: (
        Annotated[list[str], Meta(max_length=1000, description="Only these; without it all")] | None
    ) = None
    include_charts: Annotated[bool, Meta(description="Whether PDF and HTML have charts")] = True
    time_zone: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=64,
                description="IANA name, of the days; UTC without it, in a schedule that of the schedule",
                examples=["Europe/Berlin"],
            ),
        ]
        | None
    ) = None


class DeliveryBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the report goes when it is done; it can be fetched in any case."""

    method: Literal["none", "email", "webhook"] = "none"
    email: (
        Annotated[str, Meta(max_length=320, description="One address", examples=["admin@example.com"])] | None
    ) = None
    url: Annotated[str, Meta(max_length=2048, description="Where a webhook posts to")] | None = None
    secret: (
        Annotated[
            str,
            Meta(
                min_length=16,
                max_length=256,
                description="What a webhook is signed with; without it one is made",
            ),
        ]
        | None
    ) = None


class ReportBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A report that is to be made."""

    type: TypeName
    format: FormatName = "pdf"
    parameters: ReportParametersBody = ReportParametersBody()
    delivery: DeliveryBody = DeliveryBody()


class ReportParametersDocument(Struct, frozen=True):
    """What of, and when."""

    period: Annotated[str, Meta(description="day, week, month, quarter, year, custom")]
    start_date: str
    end_date: str
    time_zone: str
    partitions: Annotated[list[str] | None, Meta(description="null: all")]
    include_charts: bool


class DeliveryDocument(Struct, frozen=True):
    """Where the report goes."""

    method: str
    email: str | None
    url: str | None
    status: Annotated[str | None, Meta(description="pending, delivered, failed; null without delivery")]
    error: Annotated[str | None, Meta(description="Why it failed, or why it is being tried again")]
    secret: Annotated[
        str | None, Meta(description="What a webhook is signed with; in the answer to the request only")
    ]


class ReportDocument(Struct, frozen=True):
    """A report."""

    report_id: Annotated[str, Meta(examples=["rep_abc123"])]
    status: ExportStatus
    type: TypeName
    format: FormatName
    parameters: ReportParametersDocument
    delivery: DeliveryDocument
    download_url: Annotated[str | None, Meta(description="Where the file is, once it is completed")]
    file_size: Annotated[int | None, Meta(description="Bytes")]
    filename: str
    checksum: Annotated[str | None, Meta(description="Of the file", examples=["sha256:9f86d081884c7d65..."])]
    summary: Annotated[list[str] | None, Meta(description="What it says, in a few sentences")]
    progress: Annotated[float, Meta(description="0 to 1")]
    created_at: str
    completed_at: Annotated[str | None, Meta(description="When it was finished, in whatever way")]
    expires_at: Annotated[str, Meta(description="When the file is deleted")]
    error: Annotated[str | None, Meta(description="Why it failed, or why it is being tried again")]
    user: Annotated[str, Meta(description="Who asked for it")]
    schedule_id: Annotated[str | None, Meta(description="The schedule that asked for it")]


class ReportList(PageInfo, frozen=True):
    """A page of reports."""

    reports: list[ReportDocument]


class ReportAnswer(Struct, frozen=True):
    """What became of a report that was to be deleted."""

    report_id: str
    status: ExportStatus
    message: str


def report_request(body: ReportBody, time_zone: str = "UTC") -> ReportRequest:
    """What is asked for; `time_zone` is that of the days where none is given."""
    given, delivery = body.parameters, body.delivery
    target = {"email": delivery.email, "webhook": delivery.url}.get(delivery.method)
    return ReportRequest(
        type=ReportType(body.type),
        format=ReportFormat(body.format),
        period=given.period,
        start_date=given.start_date,
        end_date=given.end_date,
        time_zone=given.time_zone or time_zone,
        partitions=None if given.partitions is None else tuple(given.partitions),
        include_charts=given.include_charts,
        delivery=Delivery(delivery.method, target, delivery.secret if delivery.method == "webhook" else None),
    )


def report_document(
    item: WorkItem,
    expires_at: int,
    url: str,
    delivered: tuple[str | None, str | None],
    *,
    secret: str | None = None,
) -> ReportDocument:
    """A report as it stands.

    Args:
        item: The work.
        expires_at: When its file will be deleted, or was to be.
        url: Where the file will be.
        delivered: How far the delivery is, and what was in its way.
        secret: What its webhook is signed with, in the one answer that has it.
    """
    plan = msgspec.convert(item.payload, ReportPlan)
    is_there = item.status is WorkState.COMPLETED and item.result is not None
    result: dict[str, Any] = item.result if is_there and item.result else {}
    period = plan.period
    return ReportDocument(
        report_id=item.item_id,
        status=export_status(item),
        type=plan.request.type.value,
        format=plan.request.format.value,
        parameters=ReportParametersDocument(
            period=period.kind,
            start_date=str(period.first),
            end_date=str(period.last),
            time_zone=period.time_zone,
            partitions=None if plan.partitions is None else sorted(plan.partitions),
            include_charts=plan.request.include_charts,
        ),
        delivery=delivery_document(plan.request.delivery, delivered, secret),
        download_url=url if is_there else None,
        file_size=result.get("file_size"),
        filename=plan.filename,
        checksum=f"sha256:{result['sha256']}" if result else None,
        summary=result.get("summary"),
        progress=round(item.progress, 4),
        created_at=format_instant(item.created_at),
        completed_at=None if item.finished_at is None else format_instant(item.finished_at),
        expires_at=format_instant(expires_at),
        error=item.error,
        user=item.owner,
        schedule_id=plan.schedule_id,
    )


def delivery_document(
    delivery: Delivery, delivered: tuple[str | None, str | None], secret: str | None
) -> DeliveryDocument:
    """Where a report goes."""
    return DeliveryDocument(
        method=delivery.method,
        email=delivery.target if delivery.method == "email" else None,
        url=delivery.target if delivery.method == "webhook" else None,
        status=delivered[0],
        error=delivered[1],
        secret=secret,
    )
