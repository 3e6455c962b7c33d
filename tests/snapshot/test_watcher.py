"""The watcher's rhythm, outages, and what it tells others."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from s9s.domain.errors import SlurmUnavailable
from s9s.domain.queries import JobQuery
from s9s.snapshot.following import PIECE
from s9s.snapshot.query import find
from s9s.snapshot.snapshot import Snapshot, Update
from s9s.snapshot.store import JobChange
from s9s.snapshot.watcher import Watcher
from tests.snapshot.making import NOON, job, node
from tests.snapshot.scripted import ManualClock, ScriptedCluster, idle


class TestStart:
    async def test_everything_is_there(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.jobs = {1: job(1)}
        assert not snapshot.is_loaded
        assert snapshot.stale
        await watcher.start()
        assert snapshot.is_loaded
        assert not snapshot.stale
        assert snapshot.require_info() == cluster.info
        assert snapshot.jobs.get("1") == job(1)
        assert [one.node_name for one in snapshot.nodes.all()] == ["n1"]
        assert snapshot.partitions.get("normal") is not None
        assert snapshot.users.get("alice") is not None
        assert snapshot.observed_at == NOON
        assert snapshot.age_seconds(NOON + 3.5) == 3.5

    async def test_large_clusters_arrive_in_pieces_and_whole(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        cluster.jobs = {number: job(number) for number in range(1, 4502)}
        await watcher.start()
        assert len(snapshot.jobs) == 4501
        assert snapshot.jobs.generation == 3

        del cluster.jobs[1]
        cluster.jobs |= {number: job(number, "COMPLETED") for number in range(2, 502)}
        await clock.advance(1)
        assert snapshot.jobs.generation == 3 + 500 // PIECE
        assert snapshot.jobs.vanished.keys() == {1}
        assert find(snapshot.jobs, JobQuery(states=frozenset({"COMPLETED"})), NOON).total == 500

    async def test_returns_when_slurm_is_out_of_reach_and_goes_on_by_itself(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        cluster.break_down()
        await watcher.start()
        assert not snapshot.is_loaded
        assert not snapshot.is_reachable
        assert snapshot.last_error == "slurmctld is out of reach"
        with pytest.raises(SlurmUnavailable, match="out of reach"):
            snapshot.require_info()
        with pytest.raises(SlurmUnavailable, match="out of reach"):
            snapshot.require_reachable()
        assert cluster.calls["jobs_feed"] == 0, "which ways there are is not known yet"

        cluster.recover()
        await clock.advance(1)
        assert snapshot.is_loaded
        assert snapshot.last_error is None
        snapshot.require_reachable()

    async def test_stops(self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock) -> None:
        await watcher.start()
        cluster.hold_up("job")
        watcher.touch(["1"])
        await idle()
        await watcher.stop()
        calls = cluster.calls.copy()
        await clock.advance(600)
        assert cluster.calls == calls
        assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


class TestRhythm:
    async def test_jobs_each_second_nodes_every_other_the_rest_rarely(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        await watcher.start()
        cluster.calls.clear()
        await clock.advance(60)
        assert cluster.calls == {
            "discover": 2, "jobs": 60, "nodes": 30, "partitions": 2, "users": 2,
        }  # fmt: skip

    async def test_a_slow_cluster_is_left_alone_most_of_the_time(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        await watcher.start()
        await self.take_seconds(cluster, clock, 3.0)
        assert watcher.interval_seconds == 12
        polls = cluster.calls["jobs"]
        await clock.advance(8.9)
        assert cluster.calls["jobs"] == polls
        await clock.advance(0.2)
        assert cluster.calls["jobs"] == polls + 1

    async def test_it_is_asked_more_often_again_when_it_is_quick(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        await watcher.start()
        await self.take_seconds(cluster, clock, 3.0)
        await clock.advance(9)
        assert watcher.interval_seconds == 1

    async def test_writers_do_not_make_it_poll_all_the_time(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        await watcher.start()
        polls = cluster.calls["jobs"]
        await self.take_seconds(cluster, clock, 3.0)
        watcher.touch([str(number) for number in range(100)])
        await clock.advance(2.9)
        assert cluster.calls["jobs"] == polls + 1
        await clock.advance(0.2)
        assert cluster.calls["jobs"] == polls + 2

    async def take_seconds(self, cluster: ScriptedCluster, clock: ManualClock, seconds: float) -> None:
        """One poll of jobs that takes so long."""
        gate = cluster.hold_up("jobs")
        await clock.advance(1)
        await clock.advance(seconds)
        gate.set()
        await idle()


class TestOutage:
    async def test_reads_go_on_from_what_was_seen_last(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        cluster.jobs = {1: job(1)}
        await watcher.start()
        cluster.break_down()
        await clock.advance(10)
        assert snapshot.jobs.get("1") == job(1)
        assert snapshot.is_loaded
        assert snapshot.stale
        assert snapshot.age_seconds(clock.now()) == 10

    async def test_asks_less_and_less_often_and_only_whether_anybody_is_there(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        await watcher.start()
        cluster.break_down()
        await clock.advance(1)  # jobs, then a pause of 1, 2, 4, 8, 16, 30, 30, ... seconds
        cluster.calls.clear()
        attempts = []
        for second in range(1, 125):
            before = cluster.calls["ping"]
            await clock.advance(1)
            if cluster.calls["ping"] > before:
                attempts.append(second)
        jobs_alone = [1, 3, 7, 15, 31, 61, 91, 121]
        assert set(jobs_alone) <= set(attempts)
        assert cluster.calls["ping"] <= 4 * len(jobs_alone), "jobs, nodes, partitions: each its own"
        assert cluster.calls["jobs"] == 0

    async def test_recovers_by_itself_and_looks_at_everything(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        await watcher.start()
        cluster.break_down()
        await clock.advance(40)
        cluster.recover()
        cluster.jobs = {1: job(1)}
        cluster.nodes["n2"] = node("n2")
        cluster.info = replace(cluster.info, slurm_version="26.05.5", routes={"list jobs": "squeue"})
        await clock.advance(31)
        assert not snapshot.stale
        assert snapshot.is_reachable
        assert snapshot.jobs.get("1") == job(1)
        assert snapshot.nodes.get("n2") is not None
        assert snapshot.require_info().slurm_version == "26.05.5"
        assert cluster.calls["jobs_feed"] == 2, "there are other ways now"

    async def test_accounting_alone_is_no_outage(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        await watcher.start()
        cluster.failing["users"] = SlurmUnavailable("slurmdbd is out of reach")
        cluster.failing["finished_jobs"] = SlurmUnavailable("slurmdbd is out of reach")
        await clock.advance(300)
        assert not snapshot.stale
        assert snapshot.is_reachable
        assert snapshot.users.get("alice") is not None

    async def test_nonsense_is_no_outage_but_makes_stale(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        await watcher.start()
        cluster.failing["jobs"] = ValueError("/etc/slurm/secret: cannot parse")
        await clock.advance(1)
        assert snapshot.stale
        assert snapshot.is_reachable
        assert snapshot.last_error is not None
        assert "secret" not in snapshot.last_error
        cluster.recover()
        await clock.advance(5)
        assert not snapshot.stale

    async def test_nodes_that_cannot_be_read_are_read_anew(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        await watcher.start()
        cluster.failing["nodes"] = ValueError("a line that nobody expected")
        await clock.advance(2)
        cluster.recover()
        cluster.nodes = {"n9": node("n9")}
        await clock.advance(5)
        assert [one.node_name for one in snapshot.nodes.all()] == ["n9"]
        assert not snapshot.stale


class TestSubscribers:
    async def test_are_told_what_changed_but_not_what_was_there_first(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        updates: list[Update] = []
        watcher.subscribe(updates.append)
        cluster.jobs = {1: job(1, "PENDING")}
        await watcher.start()
        assert updates == []

        cluster.jobs = {1: job(1, "RUNNING")}
        await clock.advance(1)
        (update,) = updates
        assert update.jobs == [JobChange(job(1, "PENDING"), job(1, "RUNNING"))]
        assert update.generation == snapshot.jobs.generation

        cluster.nodes["n1"] = node("n1", "MIXED")
        await clock.advance(2)
        assert [change.after for change in updates[1].nodes] == [node("n1", "MIXED")]

        cluster.jobs[2] = job(2)
        watcher.touch(["2"])
        await watcher.settled()
        assert updates[2].jobs == [JobChange(None, job(2))]
        await clock.advance(60)
        assert len(updates) == 3, "what was told is not told again"

    async def test_can_leave_also_while_being_told(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        told: list[str] = []
        leave = watcher.subscribe(lambda _: (told.append("first"), leave()))
        watcher.subscribe(lambda _: told.append("second"))
        await watcher.start()
        for number in (1, 2):
            cluster.jobs[number] = job(number)
            await clock.advance(1)
        assert told == ["first", "second", "second"]

    async def test_one_that_fails_does_not_harm_the_others(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        updates: list[Update] = []
        watcher.subscribe(lambda _: 1 / 0)
        watcher.subscribe(updates.append)
        await watcher.start()
        cluster.jobs = {1: job(1)}
        await clock.advance(1)
        assert len(updates) == 1
        assert not snapshot.stale
