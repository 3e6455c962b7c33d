"""Changes of a cluster as events, while a server watches and while none does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from s9s.api.schemas.events import job_event, node_event
from s9s.domain.events import Event
from s9s.services.clusters import Cluster
from s9s.services.live.events import EventLog
from s9s.services.live.observer import Observer
from s9s.snapshot.snapshot import Snapshot
from s9s.snapshot.watcher import Watcher
from s9s.storage.database import Database
from s9s.storage.events import EventRecords
from tests.snapshot.making import NOON, job, node
from tests.snapshot.scripted import ManualClock, ScriptedCluster

RAN: dict[str, Any] = {"start_time": NOON + 1, "nodes": ("n1",)}


class Life:
    """One server from its start to its end, and what it told."""

    def __init__(self, log: EventLog, clock: ManualClock, observer: Observer) -> None:
        self.log = log
        self.clock = clock
        self.observer = observer
        self.told: list[Event] = []
        log.follow(self.hear)

    def hear(self, events: Sequence[Event]) -> None:
        self.told.extend(events)

    async def pass_time(self, seconds: float = 1.0) -> None:
        await self.clock.advance(seconds)
        await self.log.written()

    async def catch_up(self) -> None:
        async with asyncio.timeout(20):
            while not self.observer.has_caught_up:
                await self.pass_time()
                await asyncio.sleep(0.005)
        await self.log.written()

    def says(self, channel: str = "jobs") -> list[str]:
        return [say(one) for one in self.told if one.channel == channel]


def say(one: Event) -> str:
    data = json.loads(bytes(one.data))
    inferred = "~" if data.get("inferred") else ""
    return f"{one.resource_id} {one.action.value} {inferred}{data['state']}"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cluster(clock: ManualClock) -> ScriptedCluster:
    return ScriptedCluster(clock)


@pytest.fixture
def serve(cluster: ScriptedCluster, clock: ManualClock, tmp_path: Path) -> Any:
    @asynccontextmanager
    async def serving(*, killed: bool = False) -> AsyncIterator[Life]:
        async with await Database.open(f"sqlite:///{tmp_path}/state/s9s.db") as database:
            snapshot = Snapshot()
            watcher = Watcher(cluster, snapshot, clock=clock)  # type: ignore[arg-type]
            log = EventLog(EventRecords(database), clock=clock.now)
            observer = Observer(
                Cluster(cluster, snapshot, watcher, None),  # type: ignore[arg-type]
                log,
                describe_job=job_event,
                describe_node=node_event,
                clock=watcher.now,
            )
            await observer.start()
            life = Life(log, clock, observer)
            await watcher.start()
            await life.pass_time()
            try:
                yield life
            finally:
                await watcher.stop()
            if killed:
                await log.written()
                if observer._task:
                    observer._task.cancel()
            else:
                await observer.stop()

    return serving


async def test_changes_are_told_and_the_first_look_is_none(serve: Any, cluster: ScriptedCluster) -> None:
    cluster.jobs = {1: job(1, "PENDING"), 2: job(2, **RAN)}
    async with serve() as life:
        assert life.told == []
        cluster.jobs = {1: job(1, **RAN), 2: job(2, "COMPLETED", exit_code=0, **RAN), 3: job(3, "PENDING")}
        await life.pass_time()
        assert life.says() == ["1 update RUNNING", "2 update COMPLETED", "3 created PENDING"]
        first, second, third = [json.loads(bytes(one.data)) for one in life.told]
        assert first == {
            "job_id": "1", "job_name": "simulation", "user": "alice", "partition": "normal",
            "state": "RUNNING", "previous_state": "PENDING", "start_time": "2023-12-15T11:33:21Z",
            "nodes": ["n1"],
        }  # fmt: skip
        assert second["end_time"] == "2023-12-15T11:34:20Z"
        assert second["exit_code"] == 0
        assert third["submit_time"] == "2023-12-15T11:33:20Z"
        assert [one.sequence for one in life.told] == [1, 2, 3]


async def test_a_job_that_comes_and_goes_between_two_looks_shows_both_ends(
    serve: Any, cluster: ScriptedCluster
) -> None:
    async with serve() as life:
        cluster.jobs = {1: job(1, "COMPLETED", exit_code=0, **RAN)}
        await life.pass_time()
        assert life.says() == ["1 created ~PENDING", "1 update ~RUNNING", "1 update COMPLETED"]
        cluster.jobs = {}
        await life.pass_time(30)
        assert len(life.says()) == 3


async def test_what_only_grows_with_time_is_no_event(serve: Any, cluster: ScriptedCluster) -> None:
    cluster.jobs = {1: job(1, "PENDING", priority=10)}
    async with serve() as life:
        cluster.jobs = {1: job(1, "PENDING", priority=11, expected_start_time=NOON + 9)}
        await life.pass_time()
        assert life.told == []
        cluster.jobs = {1: job(1, "PENDING", priority=0, reason="JobHeldUser")}
        await life.pass_time()
        assert life.says() == ["1 update PENDING"]
        assert json.loads(bytes(life.told[0].data))["priority"] == 0


async def test_nodes(serve: Any, cluster: ScriptedCluster) -> None:
    async with serve() as life:
        cluster.nodes = {"n1": node("n1", cpu_load=3.5)}
        await life.pass_time(2)
        cluster.nodes = {"n1": node("n1", flags=("DRAIN",), reason="disk"), "n2": node("n2")}
        await life.pass_time(2)
        cluster.nodes = {"n2": node("n2", "DOWN")}
        await life.pass_time(2)
        assert life.says("nodes") == [
            "n1 update DRAIN", "n2 created IDLE", "n2 update DOWN", "n1 removed DRAIN",
        ]  # fmt: skip
        data = json.loads(bytes(life.told[0].data))
        assert (data["previous_state"], data["reason"], data["flags"]) == ("IDLE", "disk", ["DRAIN"])


@pytest.mark.parametrize("killed", [False, True])
async def test_what_happens_while_no_server_runs_is_told_by_the_next_one(
    serve: Any, cluster: ScriptedCluster, clock: ManualClock, killed: bool
) -> None:
    cluster.jobs = {n: job(n, "PENDING") for n in range(1, 6)} | {9: job(9, "COMPLETED", **RAN)}
    cluster.accounting = {9: job(9, "COMPLETED", **RAN)}
    async with serve(killed=killed) as life:
        cluster.jobs |= {1: job(1, **RAN), 2: job(2, "COMPLETING", **RAN), 8: job(8, **RAN)}
        await life.pass_time()
        before = life.told
    await clock.advance(400)
    later: dict[str, Any] = {"start_time": NOON + 200, "nodes": ("n1",), "end_time": NOON + 300}
    done = {
        1: job(1, "FAILED", exit_code=1, **RAN | {"end_time": NOON + 310}),  # ended, and is forgotten
        4: job(4, "TIMEOUT", **later),  # started and ended, and is forgotten
        7: job(7, "COMPLETED", **later | {"end_time": NOON + 305}),  # came and went
        6: job(6, "COMPLETED", start_time=NOON - 90, nodes=("n1",), end_time=NOON - 80),  # of former times
    }
    cluster.accounting |= done
    cluster.jobs = {
        2: job(2, "COMPLETED", **RAN),  # ended, and is listed
        3: job(3, "PENDING"),  # as it was
        8: job(8, **RAN),  # as it was
        10: job(10, "PENDING"),  # came
    }
    cluster.nodes = {"n1": node("n1", "DOWN")}
    async with serve() as life:
        await life.catch_up()
        assert sorted(life.says()) == sorted(
            [
                "2 update COMPLETED", "10 created PENDING",
                "4 update ~RUNNING", "4 update TIMEOUT", "7 created ~PENDING", "7 update ~RUNNING",
                "7 update COMPLETED", "1 update FAILED", "5 removed PENDING",
            ]
        )  # fmt: skip
        assert life.says("nodes") == ["n1 update DOWN"]
        everything = [one async for piece in life.log.since(0) for one in piece]
        assert [one.sequence for one in everything] == list(range(1, len(everything) + 1))
        assert len(everything) == len(before) + len(life.told)
    # Whoever starts once more has nothing to tell.
    async with serve() as life:
        await life.catch_up()
        assert life.says() == []


async def test_a_server_that_is_killed_before_accounting_answered_leaves_it_to_the_next(
    serve: Any, cluster: ScriptedCluster, clock: ManualClock
) -> None:
    cluster.jobs = {1: job(1, **RAN), 2: job(2, **RAN)}
    async with serve():
        pass
    await clock.advance(100)
    cluster.jobs = {2: job(2, **RAN), 3: job(3, "PENDING")}
    cluster.accounting = {1: job(1, "COMPLETED", **RAN)}
    gate = cluster.hold_up("finished_jobs")
    async with serve() as life:
        await life.pass_time(20)
        async with asyncio.timeout(20):
            while life.says() != ["3 created PENDING"]:
                await life.pass_time()
        assert not life.observer.has_caught_up
        cluster.jobs[2] = job(2, "COMPLETED", end_time=NOON + 110, **RAN)
        await life.pass_time(20)
    gate.set()
    async with serve() as life:
        await life.catch_up()
        assert life.says() == ["1 update COMPLETED"]


async def test_a_cluster_that_is_out_of_reach_at_the_start_is_compared_when_it_is_seen(
    serve: Any, cluster: ScriptedCluster, clock: ManualClock
) -> None:
    cluster.jobs = {1: job(1, "PENDING")}
    async with serve():
        pass
    cluster.break_down()
    async with serve() as life:
        await life.pass_time(10)
        cluster.recover()
        cluster.jobs = {1: job(1, **RAN)}
        await life.pass_time(60)
        await life.catch_up()
        assert life.says() == ["1 update RUNNING"]


async def test_events_that_had_to_be_given_up_are_made_good(
    serve: Any, cluster: ScriptedCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.jobs = {n: job(n, "PENDING") for n in range(1, 6)}
    async with serve() as life:
        monkeypatch.setattr("s9s.services.live.events.MAX_WAITING", 2)
        cluster.jobs = {n: job(n, **RAN) for n in range(1, 4)} | {4: job(4, "PENDING"), 5: job(5, "PENDING")}
        await life.clock.advance(1)
        monkeypatch.undo()
        await life.catch_up()
        cluster.jobs[4] = job(4, **RAN)
        await life.pass_time(20)
        await life.catch_up()
        assert sorted(life.says()) == [f"{n} update RUNNING" for n in range(1, 5)]
