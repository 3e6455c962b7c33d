"""Making the reports of schedules when they are due: each time once, whatever is killed.

Any number of servers may look. A run is taken in the transaction that queues its report: whoever finds the
schedule as it was, moves it on to the next time. The report's id is made of the schedule and the time, so
that no second one can ever be queued for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Final

import msgspec
from msgspec import structs

from s9s.domain.credentials import Kind
from s9s.domain.errors import (
    AuthenticationFailed,
    S9SError,
    ServiceUnavailable,
    SlurmUnavailable,
)
from s9s.domain.schedules import RunStatus, Schedule
from s9s.domain.work import REPORT
from s9s.services.access import Caller
from s9s.services.clusters import Cluster
from s9s.services.identity.roles import Roles
from s9s.services.identity.standing import Standing
from s9s.services.reports.cron import last_due
from s9s.services.reports.schedules import Schedules, caller_of, following
from s9s.services.reports.service import Reports
from s9s.services.work.queue import WorkQueue, too_much
from s9s.storage.database import DatabaseUnavailable
from s9s.storage.schedules import ScheduleRecords
from s9s.storage.work_bounds import QueueFull

#: How often is looked for what is due.
LOOK_SECONDS: Final = 5.0
#: Credentials that stand for a person who has logged in: they end, and what the person wants does not.
_PERSONAL: Final = frozenset({Kind.LOGIN, Kind.OIDC})

_log = logging.getLogger(__name__)


class Scheduler:
    """Looks for what is due, and has it made. Several may run on one database.

    Args:
        records: The schedules.
        schedules: Know what a schedule asks for.
        reports: Plan the reports.
        queue: Takes them.
        cluster: Whose reports.
        key: Its name in the database.
        standing: Says what has become of credentials.
        roles: Say what has become of users.
        look_seconds: See `LOOK_SECONDS`.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        records: ScheduleRecords,
        schedules: Schedules,
        reports: Reports,
        queue: WorkQueue,
        cluster: Cluster,
        key: str,
        standing: Standing,
        roles: Roles,
        *,
        look_seconds: float = LOOK_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records = records
        self._schedules = schedules
        self._reports = reports
        self._queue = queue
        self._cluster = cluster
        self._key = key
        self._standing = standing
        self._roles = roles
        self._look_seconds = look_seconds
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run(), name="schedules")

    async def stop(self) -> None:
        """Look no more. What has been taken is in the queue."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except DatabaseUnavailable as error:
                _log.warning("schedules wait: %s", error)
            await asyncio.sleep(self._look_seconds)

    async def look(self) -> None:
        """Have made what is due. Raises `DatabaseUnavailable`."""
        if not self._is_ready():
            return
        for schedule in await self._records.due(self._key, int(self._clock())):
            await self._take(schedule)

    def _is_ready(self) -> bool:
        """Whether it can be said who may see what: not before accounting has told of its users."""
        snapshot = self._cluster.snapshot
        info = snapshot.info
        if info is None or not snapshot.is_loaded:
            return False
        return len(snapshot.users) > 0 or not (info.has_accounting and "list users" in info.routes)

    async def _take(self, schedule: Schedule) -> None:
        now = int(self._clock())
        assert schedule.next_run_at is not None
        # What was missed is made up once, for the time that was missed last.
        due = last_due(schedule.cron, schedule.time_zone, schedule.next_run_at, now)
        moved = structs.replace(schedule, last_run_at=due)
        moved = structs.replace(moved, next_run_at=following(moved, now))
        try:
            caller = await self._caller(schedule)
        except AuthenticationFailed as error:
            await self._stop(schedule, due, error.message)
            return
        try:
            request = await self._schedules.request_of(schedule)
            plan = await self._reports.plan(request, caller, schedule_id=schedule.schedule_id, at=due)
            plan = await self._reports.sealed(plan)
            payload = msgspec.to_builtins(plan)
            item = self._queue.item(REPORT, schedule.owner, payload, item_id=report_id(schedule, due))
            after = structs.replace(
                moved, last_status=RunStatus.REQUESTED, last_error=None, last_report_id=item.item_id
            )
            if await self._records.change(schedule, after, item, self._queue.records.bounds):
                self._queue.on_put()
        except DatabaseUnavailable:
            raise
        except QueueFull as full:
            await self._wait(schedule, too_much(full))
        except (SlurmUnavailable, ServiceUnavailable) as error:
            await self._wait(schedule, error)
        except S9SError as error:
            await self._fail(schedule, moved, error.message)
        except Exception:
            _log.exception("%s of %s cannot be made", schedule.schedule_id, schedule.owner)
            await self._fail(
                schedule, moved, "An unexpected error happened; the server's log has the details"
            )

    async def _caller(self, schedule: Schedule) -> Caller:
        """Whose report it is, with the rights of the moment. Raises `AuthenticationFailed`."""
        caller = caller_of(schedule)
        if schedule.is_known and self._cluster.snapshot.users.get(caller.user) is None:
            raise AuthenticationFailed(f"Slurm knows no user {caller.user} any more")
        if caller.kind in _PERSONAL:
            role = self._roles.within(caller.user, caller.limit)
            return structs.replace(caller, role=role, expires_at=None)
        # An access token has an end of its own; what counts is its client.
        return await self._standing.of(structs.replace(caller, expires_at=None))

    async def _stop(self, schedule: Schedule, due: int, reason: str) -> None:
        _log.warning("%s of %s is stopped: %s", schedule.schedule_id, schedule.owner, reason)
        stopped = structs.replace(
            schedule,
            is_enabled=False,
            next_run_at=None,
            last_run_at=due,
            last_status=RunStatus.STOPPED,
            last_error=reason,
        )
        await self._records.change(schedule, stopped)

    async def _fail(self, schedule: Schedule, moved: Schedule, reason: str) -> None:
        failed = structs.replace(moved, last_status=RunStatus.FAILED, last_error=reason)
        await self._records.change(schedule, failed)

    async def _wait(self, schedule: Schedule, error: S9SError) -> None:
        """Try again with the next look; say why, once."""
        waiting = structs.replace(schedule, last_status=RunStatus.WAITING, last_error=error.message)
        if waiting != schedule:
            await self._records.change(schedule, waiting)


def report_id(schedule: Schedule, due: int) -> str:
    """The id of the report of one run: the same, whoever makes it."""
    return f"rep_{sha256(f'{schedule.schedule_id} {due}'.encode()).hexdigest()[:16]}"
