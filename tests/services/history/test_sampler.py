"""Samples each minute, under outages, restarts, fast clocks and a database that fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from s9s.domain.samples import Sample
from s9s.services.clusters import Cluster
from s9s.services.history.sampler import Sampler
from s9s.snapshot.snapshot import Snapshot
from s9s.snapshot.watcher import Watcher
from s9s.storage.database import Database, DatabaseUnavailable
from s9s.storage.samples import SampleRecords
from tests.snapshot.making import NOON, job, node
from tests.snapshot.scripted import ManualClock, ScriptedCluster

#: The first five minutes after the tests' noon begin then.
MINUTE = NOON - NOON % 300 + 300
KEPT = {60: 7 * 86400, 300: 86400 * 30, 3600: 86400 * 300, 86400: 86400 * 3000}


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[SampleRecords]:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        yield SampleRecords(database)


class Running:
    """A server's watcher, and a sampler that a test makes tick."""

    def __init__(self, scripted: ScriptedCluster, clock: ManualClock, records: SampleRecords) -> None:
        self._clock = clock
        snapshot = Snapshot()
        self._watcher = Watcher(scripted, snapshot, clock=clock)  # type: ignore[arg-type]
        cluster = Cluster(scripted, snapshot, self._watcher, None)  # type: ignore[arg-type]
        self.sampler = Sampler(cluster, "one", records, kept_seconds=KEPT, clock=_Never(clock))
        self._records = records

    async def start(self) -> Running:
        await self._watcher.start()
        await self.sampler.start()
        return self

    async def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            await self._clock.advance(1)
            await self.sampler.tick()

    async def stop(self) -> None:
        await self.sampler.stop()
        await self._watcher.stop()

    async def die(self) -> None:
        """Without any farewell, as kill -9 does it."""
        await self._watcher.stop()
        task = self.sampler._task
        assert task is not None
        task.cancel()

    async def samples(self, step: int = 60, partition: str | None = None) -> list[Sample]:
        return await self._records.series("one", step, 0, 2**40, partition)


class _Never:
    """The clock without the sampler's own rhythm: tests call `tick`."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.now, self.monotonic = clock.now, clock.monotonic

    async def sleep(self, seconds: float) -> None:
        await ManualClock().sleep(1)


@pytest.fixture
def clock() -> ManualClock:
    clock = ManualClock()
    clock.seconds = MINUTE - NOON
    return clock


@pytest.fixture
def scripted(clock: ManualClock) -> ScriptedCluster:
    scripted = ScriptedCluster(clock)
    scripted.nodes = {
        "n1": node("n1", "MIXED", partitions=("normal",), cpu_total=8, cpu_allocated=6, memory_total_mib=100),
        "n2": node("n2", "IDLE", cpu_total=8, memory_total_mib=100, memory_allocated_mib=50),
    }
    return scripted


@pytest.fixture
async def running(
    scripted: ScriptedCluster, clock: ManualClock, records: SampleRecords
) -> AsyncIterator[Running]:
    running = await Running(scripted, clock, records).start()
    yield running
    await running.stop()


def times(samples: list[Sample]) -> list[int]:
    """The minutes, counted from the first."""
    return [(one.at - MINUTE) // 60 for one in samples]


async def test_a_minute_has_its_gauges_and_its_counts(running: Running, scripted: ScriptedCluster) -> None:
    scripted.jobs = {
        1: job(1, "COMPLETED", submit_time=MINUTE - 50, start_time=MINUTE + 10, end_time=MINUTE + 59),
        2: job(2, "FAILED", submit_time=MINUTE, start_time=MINUTE, end_time=MINUTE + 60),
        3: job(3, "PENDING", submit_time=MINUTE + 59),
        4: job(4, "TIMEOUT", submit_time=0, start_time=1, end_time=MINUTE),
        5: job(5, "CANCELLED", submit_time=0, end_time=MINUTE),
        6: job(6, "RUNNING", submit_time=0, start_time=1, partition="other"),
    }
    await running.pass_time(70)
    (whole,) = await running.samples()
    assert whole == Sample(
        at=MINUTE,
        cpus_total=16,
        cpus_allocated=6,
        memory_total_mib=200,
        memory_allocated_mib=50,
        jobs={"PENDING": 1, "RUNNING": 1},
        nodes={"IDLE": 1, "MIXED": 1},
        pending_max=1,
        submitted=2,
        started=2,
        completed=1,
        failed=1,
        cancelled=1,
        wait_seconds_sum=60,
        wait_count=2,
        wait_seconds_max=60,
    )
    (normal,) = await running.samples(partition="normal")
    assert (normal.cpus_total, normal.cpus_allocated, normal.jobs) == (8, 6, {"PENDING": 1})
    await running.pass_time(60)
    assert [(one.failed, one.submitted) for one in await running.samples()] == [(1, 2), (1, 0)]
    (five,) = await running.samples(300)
    assert (five.covered_seconds, five.completed, five.failed) == (120, 1, 2)


async def test_a_start_within_a_minute_covers_a_part_of_it(
    scripted: ScriptedCluster, clock: ManualClock, records: SampleRecords
) -> None:
    clock.seconds += 40
    running = await Running(scripted, clock, records).start()
    await running.pass_time(90)
    assert [(one.at - MINUTE, one.covered_seconds) for one in await running.samples()] == [(0, 20), (60, 60)]
    await running.stop()


@pytest.mark.parametrize(("lived", "down"), [(90, 5), (90, 20), (119, 4), (130, 50), (121, 0)])
async def test_a_quick_restart_neither_doubles_nor_loses_a_minute(
    scripted: ScriptedCluster, clock: ManualClock, records: SampleRecords, lived: int, down: int
) -> None:
    first = await Running(scripted, clock, records).start()
    scripted.jobs = {1: job(1, "COMPLETED", submit_time=MINUTE + lived - 1, end_time=MINUTE + lived - 1)}
    await first.pass_time(lived)
    await first.die()
    await clock.advance(down)
    second = await Running(scripted, clock, records).start()
    await second.pass_time(240 - lived - down + 5)
    found = await second.samples()
    assert times(found) == [0, 1, 2, 3]
    assert sum(one.completed for one in found) == sum(one.submitted for one in found) == 1
    await second.stop()


async def test_minutes_in_which_no_server_ran_are_a_gap(
    scripted: ScriptedCluster, clock: ManualClock, records: SampleRecords
) -> None:
    first = await Running(scripted, clock, records).start()
    await first.pass_time(65)
    await first.stop()
    await clock.advance(300)
    second = await Running(scripted, clock, records).start()
    await second.pass_time(120)
    found = await second.samples()
    assert times(found) == [0, 6, 7]
    assert found[1].covered_seconds == 55
    await second.stop()


async def test_minutes_in_which_slurm_was_out_of_reach_are_a_gap(
    running: Running, scripted: ScriptedCluster
) -> None:
    await running.pass_time(70)
    scripted.break_down()
    await running.pass_time(120)
    scripted.recover()
    await running.pass_time(180)
    found = await running.samples()
    assert 1 not in times(found)
    assert 2 not in times(found)
    assert times(found)[0] == 0
    assert times(found)[-1] == 5
    partial = found[1]
    assert 0 < partial.covered_seconds < 60, "the one in which it came back"


async def test_an_outage_of_seconds_is_none(running: Running, scripted: ScriptedCluster) -> None:
    await running.pass_time(50)
    scripted.break_down()
    await running.pass_time(12)
    scripted.recover()
    await running.pass_time(150)
    found = await running.samples()
    assert times(found) == [0, 1, 2]
    assert all(one.covered_seconds == 60 for one in found)


async def test_nodes_that_cannot_be_read_are_a_gap_too(running: Running, scripted: ScriptedCluster) -> None:
    await running.pass_time(70)
    scripted.failing["nodes"] = RuntimeError("unreadable")
    await running.pass_time(240)
    assert times(await running.samples()) == [0]


async def test_a_clock_that_is_set_back_doubles_nothing(
    running: Running, scripted: ScriptedCluster, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await running.pass_time(250)
    before = await running.samples()
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() - 200)
    scripted.jobs = {1: job(1, "PENDING")}
    await running.pass_time(200)
    found = await running.samples()
    assert found[: len(before)] == before
    assert times(found) == list(range(len(found)))


async def test_a_clock_that_runs_faster_leaves_no_gaps(
    running: Running, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: MINUTE + (real() - MINUTE) * 600)
    await running.pass_time(12)
    found = times(await running.samples())
    assert found == list(range(len(found)))
    assert len(found) > 90


async def test_a_database_that_is_out_of_reach_costs_no_sample(
    running: Running, records: SampleRecords, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> int:
        raise DatabaseUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(records, "add", fail)
        await running.pass_time(200)
        assert await running.samples() == []
    await running.pass_time(1)
    assert times(await running.samples()) == [0, 1, 2]


async def test_old_samples_are_forgotten_each_by_its_length(
    scripted: ScriptedCluster, clock: ManualClock, records: SampleRecords
) -> None:
    old = [Sample(at=MINUTE - KEPT[60] - 86400)]
    await records.add("one", old)
    running = await Running(scripted, clock, records).start()
    await running.pass_time(2)
    async with asyncio.timeout(20):
        while await running.samples(60):
            await asyncio.sleep(0.01)
    assert len(await running.samples(300)) == 1
    await running.stop()
