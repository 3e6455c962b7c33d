"""Running jobs among finished ones: measured where Slurm tells, summed up, in their place on every page."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from s9s.domain.clusters import ClusterInfo
from s9s.domain.efficiency import (
    EFFICIENCY_SORT_FIELDS,
    GROUPS,
    Efficiency,
    EfficiencyQuery,
    added_up,
    efficiency_of,
    sort_value,
)
from s9s.domain.errors import SlurmUnavailable, ValidationError
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobUsage
from s9s.services.access import Caller, Role
from s9s.services.clusters import Cluster
from s9s.services.efficiency.service import MOST_BEFORE_MERGED, Efficiencies
from s9s.services.efficiency.usage import MOST_MEASURED
from s9s.snapshot.snapshot import Snapshot
from s9s.storage.database import Database
from s9s.storage.efficiency import EfficiencyRecords
from s9s.storage.history import HistoryRecords
from tests.snapshot.making import NOON, everything, job

NOW = NOON + 10_000
ALICE = Caller("alice", Role.USER)
QUERY = EfficiencyQuery(start_time=NOON - 1000, end_time=NOW, limit=1000)
BOTH = frozenset({"RUNNING", "COMPLETED"})


class Watching:
    async def settled(self) -> None:
        pass

    def now(self) -> float:
        return NOW


class Measuring:
    """Tells of a job's owner only, as sstat does."""

    def __init__(self, usage: dict[int, JobUsage]) -> None:
        self.usage = usage
        self.asked: list[int] = []
        self.is_down = False

    async def usage_of_running(self, jobs: Sequence[Job], actor: str) -> dict[int, JobUsage]:
        assert {one.user for one in jobs} == {actor}
        self.asked.append(len(jobs))
        if self.is_down:
            raise SlurmUnavailable("no slurmd answers")
        return {one.numeric_id: self.usage[one.numeric_id] for one in jobs if one.numeric_id in self.usage}


class World:
    def __init__(self, database: Database, running: int = 30, finished: int = 30) -> None:
        dice = random.Random(7)

        def one(number: int, **fields: Any) -> Job:
            return job(
                number, user=dice.choice(("alice", "alice", "bob")), job_name=f"kind{dice.randrange(3)}",
                account=dice.choice((None, "research", "physics")), cpu_count=dice.choice((1, 2, 8)),
                partition=dice.choice(("normal", "gpu")), gpus=dice.choice((0, 1)), node_count=1,
                memory_mib=dice.choice((None, 1024)), start_time=NOON + dice.randrange(9000), **fields,
            )  # fmt: skip

        def used() -> JobUsage | None:
            memory = dice.choice((None, 300.0))
            return dice.choice((None, JobUsage(cpu_seconds=dice.randrange(900) / 7, max_memory_mib=memory)))

        live = [one(number, state=dice.choice(("RUNNING", "SUSPENDED"))) for number in range(1, running + 1)]
        pending = [one(500 + number, state="PENDING") for number in range(5)]
        self.finished = [
            FinishedJob(one(1000 + number, state="COMPLETED", end_time=NOON + 9000 + number % 7), used())
            for number in range(finished)
        ]
        usage = {one.numeric_id: measured for one in live if (measured := used()) is not None}
        self.backend = Measuring(usage)
        self.snapshot = Snapshot()
        self.snapshot.info = ClusterInfo(name="one", slurm_version="24.11.5", routes={})
        self.snapshot.jobs.apply(everything([*live, *pending]))
        parts: Any = {"backend": self.backend, "watcher": Watching(), "files": None}
        self.cluster = Cluster(snapshot=self.snapshot, **parts)
        self.records = HistoryRecords(database)
        self.service = Efficiencies(self.cluster, "one", EfficiencyRecords(database))
        own = {one.numeric_id for one in live if one.user == "alice"}
        self.running = [
            FinishedJob(one, usage.get(one.numeric_id) if one.numeric_id in own else None)
            for one in live
            if one.state == "RUNNING"
        ]
        self.suspended = [one for one in live if one.state == "SUSPENDED"]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        yield database


@pytest.fixture
async def world(database: Database) -> World:
    world = World(database)
    world.snapshot.info = structs.replace(world.cluster.info, acts_as="anyone")
    await world.records.add("one", world.finished)
    return world


def efficiency(one: FinishedJob) -> Efficiency:
    return efficiency_of(one.job, one.usage, NOW)


def approximately(sums: Efficiency) -> Any:
    return pytest.approx(structs.asdict(sums))


@pytest.mark.parametrize("sort", EFFICIENCY_SORT_FIELDS)
@pytest.mark.parametrize("descending", [True, False])
async def test_every_page_has_the_jobs_that_belong_there(world: World, sort: str, descending: bool) -> None:
    def key(one: FinishedJob) -> tuple[bool, float, float]:
        end = NOW if one.job.end_time is None else one.job.end_time
        value, sign = sort_value(efficiency(one), sort, end, one.job.numeric_id), -1 if descending else 1
        return value is None, round(sign * (value or 0.0), 6), sign * one.job.numeric_id

    expected = sorted([*world.running, *world.finished], key=key)
    query = structs.replace(QUERY, states=BOTH, sort=sort, descending=descending)
    for offset, limit in ((0, 1000), (0, 7), (5, 10), (28, 5), (29, 40), (55, 10), (60, 10)):
        page = await world.service.find(structs.replace(query, offset=offset, limit=limit), ALICE)
        ids = [one.finished.job.numeric_id for one in page.jobs]
        assert ids == [one.job.numeric_id for one in expected[offset : offset + limit]], (offset, limit)
        assert page.total == len(expected)
        assert structs.asdict(page.sums) == approximately(added_up(map(efficiency, expected)))
    only = await world.service.find(structs.replace(query, states=frozenset({"RUNNING"}), limit=6), ALICE)
    running = [one.job.numeric_id for one in expected if one.job.end_time is None]
    assert [one.finished.job.numeric_id for one in only.jobs] == running[:6]


@pytest.mark.parametrize("by", sorted(GROUPS))
async def test_sums_have_both(world: World, by: str) -> None:
    found = await world.service.find(structs.replace(QUERY, states=BOTH), ALICE, by)
    everything_ = [*world.running, *world.finished]
    kinds = {tuple(getattr(one.job, name) for name in GROUPS[by]) for one in everything_}
    assert found.total == len(found.groups) == len(kinds)
    for one in found.groups:
        key = tuple(getattr(one.group, name) for name in GROUPS[by])
        members = [it for it in everything_ if tuple(getattr(it.job, name) for name in GROUPS[by]) == key]
        assert structs.asdict(one.group.sums) == approximately(added_up(map(efficiency, members)))
    wasted = [one.group.sums.cpu_wasted for one in found.groups if one.group.sums.cpu_measured]
    assert wasted == sorted(wasted, reverse=True)
    running = await world.service.find(structs.replace(QUERY, states=frozenset({"RUNNING"})), ALICE, by)
    assert running.sums.jobs == len(world.running) == sum(one.group.sums.jobs for one in running.groups)


async def test_only_those_that_are_meant(world: World) -> None:
    async def ids(**fields: Any) -> set[int]:
        found = await world.service.find(structs.replace(QUERY, **fields), ALICE)
        return {one.finished.job.numeric_id for one in found.jobs}

    all_of_them = {one.job.numeric_id for one in world.running}
    running = frozenset({"RUNNING"})
    assert await ids(states=running) == all_of_them
    assert await ids(states=frozenset({"SUSPENDED"})) == {one.numeric_id for one in world.suspended}
    assert not await ids() & all_of_them, "without a state, only what has ended"
    assert not await ids(states=running, end_time=NOW - 1), "at that time they had not ended"
    assert await ids(states=running, users=frozenset({"bob"})) == {
        one.job.numeric_id for one in world.running if one.job.user == "bob"
    }
    assert await ids(states=running, min_cpus=8, min_runtime_seconds=5000) == {
        one.job.numeric_id
        for one in world.running
        if one.job.cpu_count == 8 and one.job.elapsed_seconds(NOW) >= 5000
    }
    wasteful = await ids(states=running, min_wasted_cpu_seconds=100.0)
    assert wasteful == {one.job.numeric_id for one in world.running if efficiency(one).cpu_wasted >= 100}
    assert wasteful


async def test_what_nobody_measured_is_null_and_slurm_is_not_asked_again(world: World) -> None:
    world.backend.is_down = True
    query = structs.replace(QUERY, states=frozenset({"RUNNING"}))
    for _ in range(3):
        found = await world.service.find(query, ALICE)
        assert found.sums.cpu is None
        assert found.sums.cpu_seconds > 0
    assert len(world.backend.asked) == 1


async def test_a_server_that_cannot_act_as_the_caller_measures_nothing(world: World) -> None:
    world.snapshot.info = structs.replace(world.cluster.info, acts_as="s9s")
    found = await world.service.find(structs.replace(QUERY, states=frozenset({"RUNNING"})), ALICE)
    assert (found.sums.cpu, world.backend.asked) == (None, [])


async def test_of_very_many_jobs_the_largest_are_measured(database: Database) -> None:
    world = World(database, running=500)
    world.snapshot.info = structs.replace(world.cluster.info, acts_as="anyone")
    await world.service.find(structs.replace(QUERY, states=frozenset({"RUNNING"})), ALICE)
    assert world.backend.asked == [MOST_MEASURED]
    far = structs.replace(QUERY, states=BOTH, offset=MOST_BEFORE_MERGED + 1)
    with pytest.raises(ValidationError):
        await world.service.find(far, ALICE)


async def test_a_running_job_is_told_what_others_like_it_needed(world: World) -> None:
    found = await world.service.find(structs.replace(QUERY, states=frozenset({"RUNNING"})), ALICE)
    assert any(one.suggestion is not None and one.suggestion.based_on_jobs for one in found.jobs)
