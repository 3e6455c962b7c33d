"""Schedules at rest: of several who take one run, one gets it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from s9s.domain.report_plans import Delivery, ReportRequest
from s9s.domain.reports import ReportFormat, ReportType
from s9s.domain.schedules import RunStatus, Schedule
from s9s.domain.work import WorkItem
from s9s.storage.database import Database
from s9s.storage.schedules import ScheduleRecords, TooManySchedules
from s9s.storage.work import WorkRecords
from s9s.storage.work_bounds import Bounds, QueueFull

ONE = Schedule(
    schedule_id="sch_1",
    cluster="hpc",
    name="use",
    cron="0 6 * * *",
    time_zone="Europe/Berlin",
    is_enabled=True,
    request=ReportRequest(
        type=ReportType.USAGE,
        format=ReportFormat.PDF,
        partitions=("gpu", "cpu"),
        delivery=Delivery("webhook", "https://example.com", "sealed:x"),
    ),
    owner="alice",
    caller="{}",
    is_known=True,
    created_at=10,
    updated_at=10,
    next_run_at=100,
)


def report(number: int) -> WorkItem:
    return WorkItem(item_id=f"rep_{number}", kind="report", owner="alice", payload={}, created_at=100)


async def test_a_schedule_is_kept_as_it_is(database: Database) -> None:
    records = ScheduleRecords(database)
    await records.add(ONE, 2)
    await records.add(replace(ONE, schedule_id="sch_2", created_at=11, next_run_at=None, is_enabled=False), 2)
    with pytest.raises(TooManySchedules):
        await records.add(replace(ONE, schedule_id="sch_3"), 2)
    await records.add(replace(ONE, schedule_id="sch_4", owner="bob", next_run_at=99), 2)
    assert await records.get("hpc", "sch_1") == ONE
    assert await records.get("other", "sch_1") is None
    assert [one.schedule_id for one in await records.all("hpc", "alice")] == ["sch_2", "sch_1"]
    assert [one.schedule_id for one in await records.due("hpc", 100)] == ["sch_4", "sch_1"]
    assert await records.due("hpc", 98) == []
    assert await records.remove("sch_1")
    assert not await records.remove("sch_1")


async def test_of_several_servers_one_takes_a_run(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s9s.db"
    async with await Database.open(url) as first, await Database.open(url) as second:
        servers = [ScheduleRecords(first), ScheduleRecords(second)]
        await servers[0].add(ONE, 9)
        for run in range(20):
            [seen] = await servers[0].due("hpc", 10_000)
            taken = replace(seen, next_run_at=200 + run, last_status=RunStatus.REQUESTED)
            # Each would queue a report of its own.
            items = [report(2 * run + which) for which in (0, 1)]
            won = await asyncio.gather(
                *(one.change(seen, taken, item) for one, item in zip(servers, items, strict=True))
            )
            assert sorted(won) == [False, True]
            kept = [await WorkRecords(first).get(f"rep_{2 * run + which}") for which in (0, 1)]
            assert [item is not None for item in kept] == won
            for item in kept:
                if item is not None:
                    await WorkRecords(first).cancel(item.item_id, 0, 0)


async def test_a_run_for_which_there_is_no_room_is_not_taken(database: Database) -> None:
    records = ScheduleRecords(database)
    await records.add(ONE, 9)
    await WorkRecords(database).add(report(1))
    taken = replace(ONE, next_run_at=200)
    with pytest.raises(QueueFull):
        await records.change(ONE, taken, report(2), Bounds(waiting_per_owner=1))
    assert await records.get("hpc", "sch_1") == ONE
    assert await records.change(ONE, taken, report(2), Bounds(waiting_per_owner=2))
