"""Schedules of reports: made, changed, paused, removed. The scheduler (`running`) makes the reports."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct, structs

from s9s.domain.errors import (
    PermissionDenied,
    ResourceConflict,
    ResourceNotFound,
    ServiceUnavailable,
    ValidationError,
)
from s9s.domain.periods import zone
from s9s.domain.queries import Page
from s9s.domain.report_plans import Delivery, ReportRequest
from s9s.domain.schedules import RunStatus, Schedule
from s9s.domain.work import WorkItem
from s9s.services.access import Caller, Role, may_see_made
from s9s.services.clusters import Cluster
from s9s.services.paging import page_of
from s9s.services.reports.cron import cron, next_due
from s9s.services.reports.sealing import opened
from s9s.services.reports.service import READ, Reports
from s9s.services.work.queue import WorkQueue
from s9s.storage.schedules import ScheduleRecords, TooManySchedules
from s9s.storage.sealing import Seal, Unsealable

#: How often a change is tried again that others come between.
_TRIES: Final = 5


class Wish(Struct, frozen=True, kw_only=True):
    """A schedule as it is asked for; in a change ``None`` is what stays as it is."""

    name: str | None = None
    cron: str | None = None
    time_zone: str | None = None
    is_enabled: bool | None = None
    change: Callable[[ReportRequest], ReportRequest] | None = None
    """What the report is to be, made of what it was."""


class Schedules:
    """The schedules of one cluster.

    Args:
        records: Where they are kept.
        cluster: Which cluster.
        key: Its name in the database.
        reports: Knows what may be reported on, and delivered.
        queue: With the reports.
        seal: For what posts are signed with.
        maximum: Schedules of one user.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        records: ScheduleRecords,
        cluster: Cluster,
        key: str,
        reports: Reports,
        queue: WorkQueue,
        seal: Seal,
        *,
        maximum: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records = records
        self._cluster = cluster
        self._key = key
        self._reports = reports
        self._queue = queue
        self._seal = seal
        self._maximum = maximum
        self._clock = clock

    async def create(
        self, name: str, expression: str, time_zone: str, request: ReportRequest, caller: Caller, *,
        is_enabled: bool = True,
    ) -> tuple[Schedule, str | None]:  # fmt: skip
        """Have a report made whenever the expression is due.

        Returns:
            The schedule, and what its webhook is signed with, which is told this once.

        Raises:
            ValidationError: What is asked for could not be reported on or delivered now, or is never due.
            PermissionDenied: The caller may not have such a report.
            ResourceConflict: The caller has too many.
        """
        expression = _due("cron", expression, time_zone)
        plan = await self._reports.plan(request, caller)
        now = int(self._clock())
        schedule = Schedule(
            schedule_id=f"sch_{secrets.token_hex(8)}",
            cluster=self._key,
            name=name,
            cron=expression,
            time_zone=time_zone,
            is_enabled=is_enabled,
            request=await self._reports.sealed_request(plan.request),
            owner=caller.user,
            caller=kept(caller),
            is_known=self._is_known(caller.user),
            created_at=now,
            updated_at=now,
            next_run_at=next_due(expression, time_zone, now) if is_enabled else None,
        )
        try:
            await self._records.add(schedule, self._maximum)
        except TooManySchedules:
            raise ResourceConflict(
                f"You have {self._maximum} schedules; no more are taken",
                resource_type="schedule",
                maximum=self._maximum,
            ) from None
        return schedule, plan.request.delivery.secret

    async def get(self, schedule_id: str, caller: Caller) -> Schedule:
        """One schedule. Raises `ResourceNotFound`."""
        schedule = await self._records.get(self._key, schedule_id)
        if schedule is None or not self._may_see(schedule, caller):
            raise ResourceNotFound.of("schedule", schedule_id)
        return schedule

    async def page(
        self, caller: Caller, *, user: str | None = None, limit: int = 100, offset: int = 0
    ) -> Page[Schedule]:
        """The caller's schedules, for administrators everybody's, or those of `user`; the newest first."""
        owner = user if caller.role is Role.ADMIN else caller.user
        if user is not None and owner != user:
            return Page(items=[], total=0, limit=limit, offset=offset)
        found = await self._records.all(self._key, owner)
        return page_of([one for one in found if self._may_see(one, caller)], limit=limit, offset=offset)

    async def change(self, schedule_id: str, wish: Wish, caller: Caller) -> tuple[Schedule, str | None]:
        """Pause, resume or change a schedule; result as of `create`.

        What it makes, once changed or resumed, is made with the rights of whoever does that. What was due
        while it was paused is not made up.

        Raises:
            ResourceNotFound: There is none that the caller may see.
            PermissionDenied: It is somebody else's: administrators may pause those, and no more.
            ValidationError: As `create`.
            ResourceConflict: Others change it all the time.
        """
        for _ in range(_TRIES):
            before = await self.get(schedule_id, caller)
            after, secret = await self._changed(before, wish, caller)
            if await self._records.change(before, after):
                return structs.replace(after, version=before.version + 1), secret
        raise ResourceConflict(
            "The schedule is being changed by others", resource_type="schedule", resource_id=schedule_id
        )

    async def _changed(self, before: Schedule, wish: Wish, caller: Caller) -> tuple[Schedule, str | None]:
        is_enabled = before.is_enabled if wish.is_enabled is None else wish.is_enabled
        is_only_paused = (wish.name, wish.cron, wish.time_zone, wish.change) == (None,) * 4 and not is_enabled
        if caller.user != before.owner and not is_only_paused:
            raise PermissionDenied(f"Only {before.owner} may change or resume this schedule")
        time_zone = wish.time_zone or before.time_zone
        expression = _due("cron", wish.cron or before.cron, time_zone)
        now = int(self._clock())
        after = structs.replace(
            before,
            name=wish.name or before.name,
            cron=expression,
            time_zone=time_zone,
            is_enabled=is_enabled,
            updated_at=now,
        )
        secret = None
        if wish.change is not None or (is_enabled and not before.is_enabled):
            request = await self.request_of(before)
            if wish.change is not None:
                request = _with_secret(request, wish.change(request))
            plan = await self._reports.plan(request, caller)
            if plan.request.delivery.secret != (await self.request_of(before)).delivery.secret:
                secret = plan.request.delivery.secret
            after = structs.replace(
                after,
                request=await self._reports.sealed_request(plan.request),
                caller=kept(caller),
                is_known=self._is_known(caller.user),
            )
        if not is_enabled:
            return structs.replace(after, next_run_at=None), secret
        if not before.is_enabled or (expression, time_zone) != (before.cron, before.time_zone):
            after = structs.replace(after, next_run_at=following(after, now))
            if before.last_status in (RunStatus.STOPPED, RunStatus.WAITING):
                after = structs.replace(after, last_status=None, last_error=None)
        return after, secret

    async def remove(self, schedule_id: str, caller: Caller) -> Schedule:
        """Make no more reports; those that were made stay. Raises `ResourceNotFound`."""
        schedule = await self.get(schedule_id, caller)
        await self._records.remove(schedule_id)
        return schedule

    async def last_report(self, schedule: Schedule) -> WorkItem | None:
        """The report that was asked for the last time; ``None``: there is none, or none any more."""
        return None if schedule.last_report_id is None else await self._queue.get(schedule.last_report_id)

    async def request_of(self, schedule: Schedule) -> ReportRequest:
        """What a schedule asks for, with its secret. Raises `ServiceUnavailable`."""
        delivery = schedule.request.delivery
        if delivery.secret is None:
            return schedule.request
        try:
            secret = await asyncio.to_thread(opened, self._seal, delivery.secret)
        except Unsealable as error:
            raise ServiceUnavailable("The secret of the webhook cannot be opened") from error
        return structs.replace(schedule.request, delivery=structs.replace(delivery, secret=secret))

    def _is_known(self, user: str) -> bool:
        return self._cluster.snapshot.users.get(user) is not None

    @staticmethod
    def _may_see(schedule: Schedule, caller: Caller) -> bool:
        return may_see_made(caller, schedule.owner, caller_of(schedule).token_id, READ)


def following(schedule: Schedule, now: float) -> int | None:
    """When a schedule is due next. A clock that was set back makes nothing due again."""
    return next_due(schedule.cron, schedule.time_zone, max(now, schedule.last_run_at or 0))


def kept(caller: Caller) -> str:
    """A caller as it stands in the database."""
    return msgspec.json.encode(caller).decode()


def caller_of(schedule: Schedule) -> Caller:
    """Whose permissions held when it was made, or changed or resumed last."""
    return msgspec.json.decode(schedule.caller, type=Caller)


def _with_secret(before: ReportRequest, after: ReportRequest) -> ReportRequest:
    """The new request; a webhook that stays where it is keeps its secret, unless another one is given."""
    old, new = before.delivery, after.delivery
    if new.secret is None and (new.method, new.target) == (old.method, old.target):
        return structs.replace(after, delivery=Delivery(new.method, new.target, old.secret))
    return after


def _due(parameter: str, expression: str, time_zone: str) -> str:
    """Raises `ValidationError` for what is no expression, or never due."""
    allowed = "five fields as in crontab(5), such as 0 6 1 * *, or @hourly, @daily, @weekly, @monthly"
    try:
        zone(time_zone)
    except ValueError:
        raise ValidationError.of(
            "time_zone", time_zone, "an IANA time zone like UTC or Europe/Berlin"
        ) from None
    try:
        return cron(expression, time_zone)
    except ValueError as error:
        raise ValidationError.of(parameter, expression, allowed, f"Not a cron expression: {error}") from None
