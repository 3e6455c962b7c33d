"""Schedules of reports on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, structs

from s9s.api.parameters import Parameters
from s9s.api.schemas.exports import export_status
from s9s.api.schemas.paging import PageInfo
from s9s.api.schemas.reports import (
    DeliveryBody,
    FormatName,
    ReportBody,
    ReportParametersBody,
    TypeName,
    report_request,
)
from s9s.domain.instants import format_instant
from s9s.domain.report_plans import ReportRequest
from s9s.domain.schedules import RunStatus, Schedule
from s9s.domain.work import WorkItem
from s9s.services.reports.schedules import Wish

Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[^\x00-\x1f\x7f-\x9f]+$",
        description="What people call it",
        examples=["Usage for the board"],
    ),
]
CronText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        description="When: minute, hour, day of month, month, day of week as in crontab(5), or `@hourly`, "
        "`@daily`, `@weekly`, `@monthly`",
        examples=["0 6 1 * *"],
    ),
]
ZoneName = Annotated[
    str,
    Meta(min_length=1, max_length=64, description="IANA name of the clock", examples=["Europe/Berlin"]),
]
Enabled = Annotated[bool, Meta(description="Whether reports are made; false is a pause")]


class ScheduleListParameters(Parameters, frozen=True):
    """Filters and page of the list of schedules."""

    user: Annotated[str, Meta(description="Schedules of this user, for administrators")] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="Maximum results")] = 100
    offset: Annotated[int, Meta(ge=0, le=10**12, description="Pagination offset")] = 0


class ScheduleBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A report, and when it is to be made."""

    name: Name
    cron: CronText
    type: TypeName
    time_zone: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=64,
            description="IANA name of the clock that `cron` is about, and of the report's days unless "
            "`parameters` says otherwise",
            examples=["Europe/Berlin"],
        ),
    ] = "UTC"
    enabled: Enabled = True
    format: FormatName = "pdf"
    parameters: ReportParametersBody = ReportParametersBody()
    delivery: DeliveryBody = DeliveryBody()


class ScheduleChangeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be changed; what is left out stays. `parameters` and `delivery` are replaced as a whole."""

    name: Name | None = None
    cron: CronText | None = None
    time_zone: ZoneName | None = None
    enabled: Annotated[bool, Meta(description="false pauses, true resumes")] | None = None
    type: TypeName | None = None
    format: FormatName | None = None
    parameters: ReportParametersBody | None = None
    delivery: DeliveryBody | None = None


class ScheduleParametersDocument(Struct, frozen=True):
    """What of, and when."""

    period: Annotated[
        str, Meta(description="day, week, month, quarter, year: the last full one before each run; custom")
    ]
    start_date: Annotated[str | None, Meta(description="First day; null: as `period` has it")]
    end_date: Annotated[str | None, Meta(description="Last day, which belongs to it")]
    time_zone: str
    partitions: Annotated[list[str] | None, Meta(description="null: all")]
    include_charts: bool


class ScheduleDeliveryDocument(Struct, frozen=True):
    """Where each report goes."""

    method: str
    email: str | None
    url: str | None
    secret: Annotated[
        str | None,
        Meta(description="What a webhook is signed with; only in the answer to the request that set it"),
    ]


class ScheduleDocument(Struct, frozen=True):
    """A report that is made again and again."""

    schedule_id: Annotated[str, Meta(examples=["sch_5d199840dc600403"])]
    name: str
    cron: str
    time_zone: str
    enabled: bool
    type: TypeName
    format: FormatName
    parameters: ScheduleParametersDocument
    delivery: ScheduleDeliveryDocument
    next_run_at: Annotated[str | None, Meta(description="When it is due; null while it is paused")]
    last_run_at: Annotated[str | None, Meta(description="When it was due the last time")]
    last_status: Annotated[
        str | None,
        Meta(
            description="Of the last report: processing, completed, failed, cancelled, deleted. Else waiting "
            "(it is tried again), failed (it could not be asked for), stopped (it is paused until its owner "
            "resumes it); null: none yet"
        ),
    ]
    last_error: Annotated[str | None, Meta(description="Why it waits, failed or was stopped")]
    last_report_id: str | None
    created_at: str
    updated_at: str
    user: Annotated[str, Meta(description="Whose it is")]


class ScheduleList(PageInfo, frozen=True):
    """A page of schedules."""

    schedules: list[ScheduleDocument]


class ScheduleAnswer(Struct, frozen=True):
    """What became of a schedule."""

    schedule_id: str
    message: str


def scheduled_request(body: ScheduleBody) -> ReportRequest:
    """The report that is asked for."""
    wanted = ReportBody(body.type, body.format, body.parameters, body.delivery)
    return report_request(wanted, time_zone=body.time_zone)


def schedule_wish(body: ScheduleChangeBody) -> Wish:
    """What is to be changed."""
    changes = any(one is not None for one in (body.type, body.format, body.parameters, body.delivery))

    def change(before: ReportRequest) -> ReportRequest:
        wanted = ReportBody(
            body.type or before.type.value,
            body.format or before.format.value,
            body.parameters or ReportParametersBody(),
            body.delivery or DeliveryBody(),
        )
        after = report_request(wanted, time_zone=before.time_zone)
        if body.parameters is None:
            after = structs.replace(before, type=after.type, format=after.format, delivery=after.delivery)
        return after if body.delivery is not None else structs.replace(after, delivery=before.delivery)

    return Wish(
        name=body.name,
        cron=body.cron,
        time_zone=body.time_zone,
        is_enabled=body.enabled,
        change=change if changes else None,
    )


def schedule_document(
    schedule: Schedule, last: WorkItem | None, *, secret: str | None = None
) -> ScheduleDocument:
    """A schedule as it stands.

    Args:
        schedule: It.
        last: The last report; ``None``: there is none, or none any more.
        secret: What its webhook is signed with, in the one answer that has it.
    """
    request, delivery = schedule.request, schedule.request.delivery
    return ScheduleDocument(
        schedule_id=schedule.schedule_id,
        name=schedule.name,
        cron=schedule.cron,
        time_zone=schedule.time_zone,
        enabled=schedule.is_enabled,
        type=request.type.value,
        format=request.format.value,
        parameters=ScheduleParametersDocument(
            period=request.period if request.start_date is None else "custom",
            start_date=None if request.start_date is None else str(request.start_date),
            end_date=None if request.end_date is None else str(request.end_date),
            time_zone=request.time_zone,
            partitions=None if request.partitions is None else list(request.partitions),
            include_charts=request.include_charts,
        ),
        delivery=ScheduleDeliveryDocument(
            method=delivery.method,
            email=delivery.target if delivery.method == "email" else None,
            url=delivery.target if delivery.method == "webhook" else None,
            secret=secret,
        ),
        next_run_at=_instant(schedule.next_run_at),
        last_run_at=_instant(schedule.last_run_at),
        last_status=_status(schedule, last),
        last_error=schedule.last_error or (last.error if last is not None else None),
        last_report_id=schedule.last_report_id,
        created_at=format_instant(schedule.created_at),
        updated_at=format_instant(schedule.updated_at),
        user=schedule.owner,
    )


def _instant(epoch: int | None) -> str | None:
    return None if epoch is None else format_instant(epoch)


def _status(schedule: Schedule, last: WorkItem | None) -> str | None:
    if schedule.last_status is not RunStatus.REQUESTED:
        return None if schedule.last_status is None else schedule.last_status.value
    return "deleted" if last is None else export_status(last)
