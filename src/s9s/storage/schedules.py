"""Schedules of reports, and taking a run: of several servers one, with the report, in one transaction."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import structs
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from s9s.domain.report_plans import ReportRequest
from s9s.domain.schedules import RunStatus, Schedule
from s9s.domain.work import WorkItem
from s9s.storage import work_bounds
from s9s.storage.database import Database
from s9s.storage.tables import schedules
from s9s.storage.work_bounds import Bounds

_c: Final = schedules.c


class TooManySchedules(Exception):
    """The owner has as many as there may be."""


class ScheduleRecords:
    """The schedules. Every method is one transaction and raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, schedule: Schedule, maximum: int) -> None:
        """Keep a new one. Raises `TooManySchedules` where its owner has `maximum` already."""
        own = select(func.count()).where(_c.cluster == schedule.cluster, _c.owner == schedule.owner)

        def write(connection: Connection) -> None:
            if connection.execute(own).scalar_one() >= maximum:
                raise TooManySchedules
            connection.execute(insert(schedules).values(**_row(schedule)))

        await self._database.commit(write)

    async def get(self, cluster: str, schedule_id: str) -> Schedule | None:
        """One schedule."""
        one = select(schedules).where(_c.schedule_id == schedule_id, _c.cluster == cluster)
        async with self._database.read() as connection:
            row = (await connection.execute(one)).one_or_none()
        return None if row is None else _schedule(row._mapping)

    async def all(self, cluster: str, owner: str | None = None) -> list[Schedule]:
        """The schedules of one owner, or of everybody; the newest first."""
        terms = [_c.cluster == cluster, *([] if owner is None else [_c.owner == owner])]
        rows = select(schedules).where(*terms).order_by(_c.created_at.desc(), _c.schedule_id)
        async with self._database.read() as connection:
            return [_schedule(row._mapping) for row in await connection.execute(rows)]

    async def due(self, cluster: str, now: int, limit: int = 100) -> list[Schedule]:
        """Those whose time has come, longest ago first."""
        over = (_c.cluster == cluster, _c.is_enabled.is_(True), _c.next_run_at <= now)
        rows = select(schedules).where(*over).order_by(_c.next_run_at, _c.schedule_id).limit(limit)
        async with self._database.read() as connection:
            return [_schedule(row._mapping) for row in await connection.execute(rows)]

    async def change(
        self, before: Schedule, after: Schedule, item: WorkItem | None = None, bounds: Bounds | None = None
    ) -> bool:
        """Put `after` in the place of `before`, and queue an item with it: all of it or nothing.

        False, and nothing is done, when somebody has changed or removed it since it was `before`. Raises
        `QueueFull`.
        """
        own = (_c.schedule_id == before.schedule_id, _c.version == before.version)
        values = _row(structs.replace(after, version=before.version + 1))

        def write(connection: Connection) -> bool:
            if not connection.execute(update(schedules).where(*own).values(**values)).rowcount:
                return False
            if item is not None:
                work_bounds.add(connection, item, bounds or Bounds())
            return True

        return await self._database.commit(write)

    async def remove(self, schedule_id: str) -> bool:
        """Forget one; False when there was none."""
        gone = delete(schedules).where(_c.schedule_id == schedule_id)
        return await self._database.commit(lambda connection: bool(connection.execute(gone).rowcount))


def _row(schedule: Schedule) -> dict[str, Any]:
    values = structs.asdict(schedule)
    return values | {
        "request": msgspec.json.encode(schedule.request).decode(),
        "last_status": None if schedule.last_status is None else schedule.last_status.value,
    }


def _schedule(row: RowMapping) -> Schedule:
    values = {name: row[name] for name in Schedule.__struct_fields__}
    return Schedule(
        **values
        | {
            "request": msgspec.json.decode(values["request"], type=ReportRequest),
            "last_status": None if values["last_status"] is None else RunStatus(values["last_status"]),
        }
    )
