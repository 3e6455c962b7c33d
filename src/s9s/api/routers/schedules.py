"""Routes of schedules of reports."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import Parameter

from s9s.api.schemas.schedules import (
    ScheduleAnswer,
    ScheduleBody,
    ScheduleChangeBody,
    ScheduleDocument,
    ScheduleList,
    ScheduleListParameters,
    schedule_document,
    schedule_wish,
    scheduled_request,
)
from s9s.services.access import Caller
from s9s.services.reports.schedules import Schedules

ScheduleId = Annotated[str, Parameter(description="Schedule id: `sch_...`")]


@post(
    "/reports/schedules",
    scope="reports:write",
    payload=ScheduleBody,
    tags=["Reports"],
    summary="Schedule a report",
    status_code=201,
)
async def create_schedule(
    payload: NamedDependency[ScheduleBody],
    caller: NamedDependency[Caller],
    schedules: NamedDependency[Schedules],
) -> Response[ScheduleDocument]:
    """Have a report made, and delivered, whenever a cron expression is due.

    Each report is of what the caller may see at that time. What is missed while no server runs is made up
    once.
    """
    schedule, secret = await schedules.create(
        payload.name,
        payload.cron,
        payload.time_zone,
        scheduled_request(payload),
        caller,
        is_enabled=payload.enabled,
    )
    headers = {"location": f"/v1/reports/schedules/{schedule.schedule_id}"}
    return Response(schedule_document(schedule, None, secret=secret), status_code=201, headers=headers)


@get(
    "/reports/schedules",
    scope="reports:read",
    parameters=ScheduleListParameters,
    tags=["Reports"],
    summary="List schedules",
)
async def list_schedules(
    parameters: NamedDependency[ScheduleListParameters],
    caller: NamedDependency[Caller],
    schedules: NamedDependency[Schedules],
) -> ScheduleList:
    """The caller's schedules, the newest first; administrators see everybody's."""
    page = await schedules.page(
        caller, user=parameters.user, limit=parameters.limit, offset=parameters.offset
    )
    documents = [schedule_document(one, await schedules.last_report(one)) for one in page.items]
    return ScheduleList(page.total, page.limit, page.offset, page.has_more, documents)


@get("/reports/schedules/{schedule_id:str}", scope="reports:read", tags=["Reports"], summary="Get a schedule")
async def get_schedule(
    schedule_id: ScheduleId, caller: NamedDependency[Caller], schedules: NamedDependency[Schedules]
) -> ScheduleDocument:
    """When it is due next, and what became of its last report."""
    schedule = await schedules.get(schedule_id, caller)
    return schedule_document(schedule, await schedules.last_report(schedule))


@patch(
    "/reports/schedules/{schedule_id:str}",
    scope="reports:write",
    payload=ScheduleChangeBody,
    tags=["Reports"],
    summary="Change a schedule",
)
async def update_schedule(
    schedule_id: ScheduleId,
    payload: NamedDependency[ScheduleChangeBody],
    caller: NamedDependency[Caller],
    schedules: NamedDependency[Schedules],
) -> ScheduleDocument:
    """Pause (`"enabled": false`), resume or change a schedule.

    Who changes what it makes, or resumes it, is from then on the one whose rights it has. Administrators may
    pause the schedules of others. What was due during a pause is not made up.
    """
    schedule, secret = await schedules.change(schedule_id, schedule_wish(payload), caller)
    return schedule_document(schedule, await schedules.last_report(schedule), secret=secret)


@delete(
    "/reports/schedules/{schedule_id:str}",
    scope="reports:write",
    tags=["Reports"],
    summary="Delete a schedule",
    status_code=200,
)
async def delete_schedule(
    schedule_id: ScheduleId, caller: NamedDependency[Caller], schedules: NamedDependency[Schedules]
) -> ScheduleAnswer:
    """Make no more of its reports; those that were made stay."""
    await schedules.remove(schedule_id, caller)
    return ScheduleAnswer(schedule_id, "Schedule deleted")


ROUTES = [create_schedule, list_schedules, get_schedule, update_schedule, delete_schedule]
