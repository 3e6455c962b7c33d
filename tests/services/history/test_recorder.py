"""The recorder on a scripted accounting, a real database, and a clock that is always ahead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from s9s.backends.base import Unsupported
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import SlurmUnavailable
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobState, JobUsage
from s9s.domain.queries import JobQuery
from s9s.services.clusters import Cluster
from s9s.services.history.asking import count_runaways, runaways
from s9s.services.history.plan import Plan
from s9s.services.history.recorder import Recorder
from s9s.snapshot.snapshot import Snapshot, Update
from s9s.snapshot.store import JobChange
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords
from tests.snapshot.making import NOON, everything, job

USED = JobUsage(cpu_seconds=30.0, max_memory_mib=100.0)
DAY = 86_400


class HastyClock:
    """Whoever waits has waited at once, and time has passed all the same."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.offset = 0.0

    def now(self) -> float:
        return NOON + self.seconds + self.offset

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += max(0.0, seconds)
        await asyncio.sleep(0.002)


class Accounting:
    """Tells of jobs by their end, when it is there."""

    def __init__(self) -> None:
        self.jobs: dict[int, FinishedJob] = {}
        self.calls: list[tuple[int, int]] = []
        self.is_down = False

    async def finished_with_usage(self, start: int, end: int) -> list[FinishedJob]:
        self.calls.append((start, end))
        if self.is_down:
            raise SlurmUnavailable("slurmdbd is down")
        return [one for one in self.jobs.values() if start <= (one.job.end_time or 0) < end]


class Followed:
    """The watcher's side that the recorder uses."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[Update], None]] = []

    def subscribe(self, callback: Callable[[Update], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def tell(self, *changes: tuple[Job | None, Job | None]) -> None:
        update = Update(generation=1, jobs=[JobChange(*change) for change in changes])
        for callback in self.callbacks:
            callback(update)


class World:
    def __init__(self, database: Database) -> None:
        self.accounting, self.watcher, self.clock = Accounting(), Followed(), HastyClock()
        self.snapshot = Snapshot()
        self.info(has_accounting=True)
        self.records = HistoryRecords(database)
        self.recorder: Recorder | None = None

    def info(self, *, has_accounting: bool) -> None:
        self.snapshot.info = ClusterInfo(
            name="one", slurm_version="26.05", routes={}, has_accounting=has_accounting,
            private_data=frozenset(), min_job_age_seconds=300, acts_as="anyone", notes=(),
        )  # fmt: skip

    async def start(self, **plan: Any) -> Recorder:
        cluster: Any = Cluster(self.accounting, self.snapshot, self.watcher, None)
        self.recorder = Recorder(cluster, "one", self.records, Plan(**({"days": 0} | plan)), self.clock)
        await self.recorder.start()
        return self.recorder

    async def stop(self) -> None:
        if self.recorder is not None:
            await self.recorder.stop()
            self.recorder = None

    async def recorded(self) -> dict[int, FinishedJob]:
        walk = self.records.walk("one", JobQuery())
        return {one.job.numeric_id: one async for piece in walk for one in piece}

    def end(self, numeric_id: int, *, at: int | None = None, **more: Any) -> Job:
        """A job ends, and accounting will tell of it."""
        end = int(self.clock.now()) - 1 if at is None else at
        ended = job(numeric_id, "COMPLETED", submit_time=end - 100, end_time=end, **more)
        self.accounting.jobs[numeric_id] = FinishedJob(ended, USED)
        return ended


async def until(look: Callable[[], Any], seconds: float = 20.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        answer = look()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        made = World(database)
        yield made
        await made.stop()


async def test_jobs_that_end_are_read_together_and_keep_what_slurmctld_knew(world: World) -> None:
    await world.start()
    await until(lambda: world.accounting.calls)
    ended = [world.end(number) for number in range(1, 301)]
    calls = len(world.accounting.calls)
    for one in ended:
        live = structs.replace(one, command="/run.sh")
        world.watcher.tell((structs.replace(live, state=JobState.RUNNING, end_time=None), live))
    await until(lambda: len(world.accounting.calls) > calls)

    async def all_there() -> bool:
        return len(await world.recorded()) == 300

    await until(all_there)
    assert len(world.accounting.calls) - calls < 30
    assert {one.job.command for one in (await world.recorded()).values()} == {"/run.sh"}
    assert {one.usage for one in (await world.recorded()).values()} == {USED}


async def test_what_ended_while_nobody_looked_is_read_after_a_restart_exactly_once(world: World) -> None:
    recorder = await world.start()
    await until(lambda: recorder.status().until)
    await world.stop()
    for number in range(1, 50):
        world.end(number, at=int(world.clock.now()) + number * 3600)
    world.clock.seconds += 3 * DAY
    recorder = await world.start()
    await until(lambda: recorder.status().until and recorder.status().until > NOON + 3 * DAY - 60)
    assert {number: one.usage for number, one in (await world.recorded()).items()} == dict.fromkeys(
        range(1, 50), USED
    )
    assert await world.records.add("one", list(world.accounting.jobs.values())) == 0


async def test_the_past_is_filled_newest_first_and_goes_on_after_an_end(world: World) -> None:
    for number in range(1, 400):
        world.end(number, at=NOON - number * 3600)
    recorder = await world.start(since=NOON - 500 * 3600)
    await until(lambda: (recorder.status().fraction or 0) > 0.05)
    await world.stop()
    reached = await world.records.progress("one")
    assert reached is not None
    # All that is younger is there.
    younger = {number for number in range(1, 400) if NOON - number * 3600 >= reached.since}
    assert younger <= set(await world.recorded())
    calls = len(world.accounting.calls)
    recorder = await world.start(since=NOON - 500 * 3600)
    await until(lambda: recorder.status().fraction == 1.0)
    assert set(await world.recorded()) == set(range(1, 400))
    starts = [start for start, end in world.accounting.calls[calls:] if end <= reached.since]
    assert starts == sorted(starts, reverse=True)
    assert starts[-1] == NOON - 500 * 3600


async def test_an_outage_of_accounting_is_told_and_loses_nothing(world: World) -> None:
    recorder = await world.start()
    await until(lambda: recorder.status().until)
    world.accounting.is_down = True
    one = world.end(7)
    world.watcher.tell((None, one))
    await until(lambda: recorder.status().last_error == "slurmdbd is down")
    reached = recorder.status().until
    world.clock.seconds += 1000
    assert recorder.status().until == reached
    world.accounting.is_down = False
    await until(lambda: recorder.status().last_error is None)
    await until(world.recorded)
    assert (await world.recorded())[7].usage == USED


async def test_a_late_record_holds_what_counts_as_complete(world: World) -> None:
    recorder = await world.start()
    await until(lambda: recorder.status().until)
    late = world.end(7)
    told = world.accounting.jobs.pop(7)
    world.watcher.tell((None, late))
    calls = len(world.accounting.calls)
    await until(lambda: len(world.accounting.calls) > calls + 3)
    assert (recorder.status().until or 0) <= (late.end_time or 0)
    world.accounting.jobs[7] = told
    await until(world.recorded)
    assert (await world.recorded())[7] == told
    await until(lambda: (recorder.status().until or 0) > (late.end_time or 0))


async def test_what_accounting_never_tells_is_taken_from_slurmctld(world: World) -> None:
    recorder = await world.start()
    await until(lambda: recorder.status().until)
    lost = job(7, "FAILED", end_time=int(world.clock.now()))
    world.watcher.tell((None, lost))
    await until(world.recorded)
    assert await world.recorded() == {7: FinishedJob(lost)}


async def test_changes_after_the_end_are_found(world: World) -> None:
    ended = world.end(7, at=NOON - 7200)
    await world.start(days=1)
    await until(world.recorded)
    world.accounting.jobs[7] = FinishedJob(structs.replace(ended, comment="by sacctmgr"), USED)

    async def changed() -> bool:
        return (await world.recorded())[7].job.comment == "by sacctmgr"

    await until(changed)


async def test_a_clock_that_was_put_back_loses_nothing(world: World) -> None:
    recorder = await world.start()
    world.clock.offset = 10 * DAY
    await until(lambda: (recorder.status().until or 0) > NOON + 9 * DAY)
    world.clock.offset = 0
    world.watcher.tell((None, world.end(7)))
    await until(world.recorded)
    await until(lambda: (recorder.status().until or 0) < NOON + 9 * DAY)


async def test_without_accounting_what_slurmctld_shows_is_kept(world: World) -> None:
    world.info(has_accounting=False)
    seen = job(5, "COMPLETED")
    world.snapshot.jobs.apply(everything([seen, job(6)]))
    recorder = await world.start()
    ended = job(6, "FAILED", exit_code=3)
    await until(world.recorded)
    world.watcher.tell((job(6), ended))

    async def both() -> bool:
        return await world.recorded() == {5: FinishedJob(seen), 6: FinishedJob(ended)}

    await until(both)
    assert not world.accounting.calls
    assert recorder.status().source == "slurmctld"


async def test_what_is_older_than_it_is_to_be_kept_goes_and_does_not_come_back(world: World) -> None:
    for number in range(1, 3000):
        world.end(number, at=NOON - number * 3600)
    recorder = await world.start(since=NOON - 4000 * 3600)
    await until(lambda: recorder.status().fraction == 1.0)
    await world.stop()
    assert len(await world.recorded()) == 2999
    recorder = await world.start(since=NOON - 4000 * 3600, keep_days=20)

    async def gone() -> bool:
        kept = await world.recorded()
        return min(one.job.end_time or 0 for one in kept.values()) >= int(world.clock.now()) - 20 * DAY - 3600

    await until(gone)
    assert set(range(1, 300)) <= set(await world.recorded())
    status = recorder.status()
    assert status.since is not None
    assert status.since >= int(world.clock.now()) - 20 * DAY - 2 * 3600
    assert status.fraction == 1.0
    calls = len(world.accounting.calls)
    await until(lambda: len(world.accounting.calls) > calls + 5)
    assert all(start > NOON - 21 * DAY for start, _ in world.accounting.calls[calls:])


async def test_runaway_jobs_are_counted_and_not_recorded(world: World) -> None:
    long_ago, lately = NOON - 5000, NOON - 5
    unended = [
        job(1, start_time=long_ago), job(2, start_time=long_ago), job(3, start_time=lately),
        job(4, start_time=long_ago),
    ]  # fmt: skip
    world.snapshot.jobs.apply(everything([unended[0], job(2, "COMPLETED")]))

    async def unended_jobs() -> list[Job]:
        return unended

    world.accounting.unended_jobs = unended_jobs  # type: ignore[attr-defined]
    lost = runaways(unended, world.snapshot.jobs.get, NOON)
    assert [one.numeric_id for one in lost] == [2, 4], "job 1 is alive, and job 3 perhaps too new to be seen"
    recorder = await world.start()
    await until(lambda: recorder.status().runaway_jobs == 3)  # this clock hurries: job 3 is no longer new
    assert not await world.recorded()


async def test_where_nobody_can_tell_of_runaway_jobs_the_history_goes_on(world: World) -> None:
    async def unended_jobs() -> list[Job]:
        raise Unsupported("only Slurm's commands tell")

    world.accounting.unended_jobs = unended_jobs  # type: ignore[attr-defined]
    assert await count_runaways(world.accounting, world.snapshot.jobs.get, NOON) is None
    recorder = await world.start()
    await until(lambda: recorder.status().fraction == 1.0)
    assert recorder.status().runaway_jobs is None
