"""Read your writes: what somebody changed is there for the next read, whatever else is under way.

Polls and look-ups see the cluster at once and answer when the test lets them: every order in which
answers can arrive is played through.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable

import pytest
from msgspec.structs import replace

from s9s.domain.errors import SlurmUnavailable
from s9s.domain.jobs import Job, JobState
from s9s.snapshot.following import LOOK_UPS, JobFollower
from s9s.snapshot.snapshot import Snapshot
from s9s.snapshot.store import JobTable
from s9s.snapshot.touches import GATHER_SECONDS
from s9s.snapshot.watcher import Watcher
from tests.snapshot.making import job, node, rest, task
from tests.snapshot.scripted import ManualClock, ScriptedCluster, idle


async def arrived(what: Awaitable[None]) -> bool:
    """Whether `what` is done without time going on."""
    waiting = asyncio.ensure_future(what)
    await idle()
    done = waiting.done()
    waiting.cancel()
    return done


async def test_a_submission_is_seen_without_a_poll(
    watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
) -> None:
    await watcher.start()
    polls = cluster.calls["jobs"]
    cluster.jobs[7] = job(7, "PENDING")

    watcher.touch(["7"])
    assert not watcher.is_settled
    assert await arrived(watcher.settled())
    assert watcher.is_settled
    assert snapshot.jobs.get("7") == job(7, "PENDING")
    assert cluster.calls["jobs"] == polls


async def test_touches_meanwhile_are_looked_up_together(
    watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
) -> None:
    await watcher.start()
    cluster.jobs |= {number: job(number) for number in (1, 2, 3)}
    gate = cluster.hold_up("job")
    watcher.touch(["1"])
    await clock.advance(GATHER_SECONDS)
    watcher.touch(["2"])
    watcher.touch(["3", "2"])
    await idle()
    assert cluster.calls["job"] == 1
    gate.set()
    assert await arrived(watcher.settled())
    assert cluster.calls["job"] == 3
    assert len(snapshot.jobs) == 3


async def test_a_look_up_begins_a_moment_later_or_when_somebody_waits(
    watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
) -> None:
    await watcher.start()
    cluster.jobs |= {number: job(number) for number in (1, 2)}
    watcher.touch(["1"])
    await idle()
    assert cluster.calls["job"] == 0
    await clock.advance(GATHER_SECONDS)
    assert cluster.calls["job"] == 1
    assert watcher.is_settled

    watcher.touch(["2"])
    assert await arrived(watcher.settled())
    assert cluster.calls["job"] == 2


async def test_many_touches_take_one_poll(
    watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
) -> None:
    cluster.jobs = {number: job(number, "PENDING") for number in range(1, 101)}
    await watcher.start()
    polls = cluster.calls["jobs"]
    cluster.jobs = {number: job(number, "CANCELLED") for number in range(1, 101)}

    watcher.touch([str(number) for number in range(1, 101)])
    assert await arrived(watcher.settled())
    assert (cluster.calls["job"], cluster.calls["jobs"]) == (0, polls + 1)
    assert all(one.state is JobState.CANCELLED for one in snapshot.jobs.jobs)


async def test_a_node_is_read_again_at_once(
    watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
) -> None:
    await watcher.start()
    cluster.nodes["n1"] = node("n1", flags=("DRAIN",))
    watcher.touch(None, nodes=["n1"])
    assert not watcher.is_settled
    assert await arrived(watcher.settled())
    assert snapshot.nodes.get("n1") == node("n1", flags=("DRAIN",))


async def test_a_poll_begun_before_the_change_does_not_serve_it(
    watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
) -> None:
    await watcher.start()
    gate = cluster.hold_up("nodes")
    await clock.advance(2)  # a poll has looked at the node and is on its way
    cluster.nodes["n1"] = node("n1", "DOWN")
    watcher.touch(None, nodes=["n1"])
    gate.set()
    assert await arrived(watcher.settled())
    assert snapshot.nodes.get("n1") == node("n1", "DOWN")


class TestArrays:
    async def test_all_tasks_and_the_rest_are_looked_up(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.jobs = {5: rest(5, "3-9"), 6: task(6, 5, 1), 7: task(7, 5, 2)}
        await watcher.start()
        cluster.jobs = {
            number: replace(one, state=JobState.CANCELLED) for number, one in cluster.jobs.items()
        }
        watcher.touch(["5"])
        assert await arrived(watcher.settled())
        assert {one.state for one in snapshot.jobs.tasks_of(5)} == {JobState.CANCELLED}
        assert cluster.calls["job"] == 3

    async def test_an_array_with_many_tasks_takes_a_poll(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.jobs = {100 + index: task(100 + index, 5, index) for index in range(LOOK_UPS + 1)}
        await watcher.start()
        cluster.jobs = {number: replace(one, state=JobState.FAILED) for number, one in cluster.jobs.items()}
        watcher.touch(["5"])
        assert await arrived(watcher.settled())
        assert cluster.calls["job"] == 0
        assert {one.state for one in snapshot.jobs.tasks_of(5)} == {JobState.FAILED}

    async def test_what_is_split_off_the_rest_is_gone_from_it(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.jobs = {5: rest(5, "1-3")}
        await watcher.start()
        cluster.jobs = {5: rest(5, "1,3"), 9: task(9, 5, 2, "CANCELLED")}
        watcher.touch(["5_2"])
        assert await arrived(watcher.settled())
        assert snapshot.jobs.get("5") == rest(5, "1,3")
        assert snapshot.jobs.get("5_2") == task(9, 5, 2, "CANCELLED")


class TestOutages:
    async def test_a_look_up_that_fails_is_made_good_by_a_poll(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.jobs = {1: job(1, "PENDING")}
        await watcher.start()
        cluster.failing["job"] = SlurmUnavailable("slurmrestd is busy")
        cluster.jobs = {1: job(1, "CANCELLED")}
        watcher.touch(["1"])
        assert await arrived(watcher.settled())
        assert snapshot.jobs.get("1") == job(1, "CANCELLED")

    async def test_an_unexpected_failure_of_a_look_up_too(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.jobs = {1: job(1, "PENDING")}
        await watcher.start()
        cluster.failing["job"] = KeyError("a field that nobody expected")
        cluster.jobs = {1: job(1, "CANCELLED")}
        watcher.touch(["1"])
        assert await arrived(watcher.settled())
        assert snapshot.jobs.get("1") == job(1, "CANCELLED")

    async def test_a_job_that_is_gone_takes_a_poll(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.jobs = {1: job(1, "PENDING")}
        await watcher.start()
        del cluster.jobs[1]
        polls = cluster.calls["jobs"]
        watcher.touch(["1"])
        assert await arrived(watcher.settled())
        assert cluster.calls["jobs"] == polls + 1

    async def test_nobody_waits_while_slurm_is_known_to_be_out_of_reach(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        await watcher.start()
        cluster.break_down()
        await clock.advance(2)
        watcher.touch(["1"], nodes=["n1"])
        assert await arrived(watcher.settled())
        assert watcher.is_settled

    async def test_patience_ends_when_nothing_answers(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        await watcher.start()
        cluster.hold_up("job")
        watcher.touch(["1"])
        waiting = asyncio.ensure_future(watcher.settled())
        await clock.advance(1.9)
        assert not waiting.done()
        await clock.advance(0.2)
        assert waiting.done()
        assert watcher.is_settled, "the next reader does not wait all over again"


class Bench:
    """A follower whose polls and look-ups are under way until they are told to end."""

    def __init__(self) -> None:
        self.cluster = ScriptedCluster(ManualClock())
        self.table = JobTable()
        self.shown: list[Job | None] = []
        self.follower = JobFollower(
            self.cluster,  # type: ignore[arg-type]
            self.table,
            lambda made: self.shown.extend(change.after for change in made),
        )

    async def begin_poll(self) -> tuple[asyncio.Event, asyncio.Future[None]]:
        gate = self.cluster.hold_up("jobs")
        poll = asyncio.ensure_future(self.follower.poll())
        await idle()
        return gate, poll

    async def begin_look_up(self, job_id: str) -> tuple[asyncio.Event, asyncio.Future[bool]]:
        gate = self.cluster.hold_up("job")
        look_up = asyncio.ensure_future(self.follower.look_up([job_id]))
        await idle()
        return gate, look_up

    async def poll(self) -> None:
        gate, poll = await self.begin_poll()
        gate.set()
        await poll


@pytest.fixture
async def bench() -> Bench:
    bench = Bench()
    bench.cluster.jobs = {1: job(1, "PENDING")}
    await bench.poll()
    return bench


class TestOrder:
    """`PENDING` is before the write, `RUNNING` after it, `COMPLETED` later still."""

    async def test_a_poll_that_looked_before_does_not_undo_a_look_up(self, bench: Bench) -> None:
        poll_gate, poll = await bench.begin_poll()
        bench.cluster.jobs = {1: job(1, "RUNNING"), 2: job(2, "PENDING")}
        for job_id in "12":
            gate, look_up = await bench.begin_look_up(job_id)
            gate.set()
            assert await look_up
        poll_gate.set()
        await poll
        assert bench.table.get("1") == job(1, "RUNNING")
        assert bench.table.get("2") == job(2, "PENDING")
        assert bench.table.vanished == {}

    async def test_neither_does_a_complete_poll(self, bench: Bench) -> None:
        bench.follower.restart()
        await self.test_a_poll_that_looked_before_does_not_undo_a_look_up(bench)

    async def test_a_look_up_that_looked_before_does_not_undo_a_poll(self, bench: Bench) -> None:
        bench.cluster.jobs = {1: job(1, "RUNNING")}
        gate, look_up = await bench.begin_look_up("1")
        bench.cluster.jobs = {1: job(1, "COMPLETED")}
        await bench.poll()
        gate.set()
        assert await look_up, "the poll has shown it already"
        assert bench.table.get("1") == job(1, "COMPLETED")

    async def test_when_a_poll_that_began_later_is_under_way_it_is_waited_for(self, bench: Bench) -> None:
        bench.cluster.jobs = {1: job(1, "RUNNING")}
        gate, look_up = await bench.begin_look_up("1")
        bench.cluster.jobs = {1: job(1, "COMPLETED")}
        poll_gate, poll = await bench.begin_poll()
        gate.set()
        assert not await look_up
        poll_gate.set()
        await poll
        assert bench.shown == [job(1, "PENDING"), job(1, "COMPLETED")]

    async def test_what_changes_back_is_not_overlooked(self, bench: Bench) -> None:
        """The feed told of PENDING, the look-up found RUNNING, and now it is PENDING as the feed knows."""
        bench.cluster.jobs = {1: job(1, "RUNNING")}
        gate, look_up = await bench.begin_look_up("1")
        gate.set()
        assert await look_up
        bench.cluster.jobs = {1: job(1, "PENDING")}
        await bench.poll()
        assert bench.table.get("1") == job(1, "PENDING")

    async def test_nor_when_an_older_poll_ends_in_between(self, bench: Bench) -> None:
        poll_gate, poll = await bench.begin_poll()
        bench.cluster.jobs = {1: job(1, "RUNNING")}
        gate, look_up = await bench.begin_look_up("1")
        gate.set()
        assert await look_up
        bench.cluster.jobs = {1: job(1, "PENDING")}
        poll_gate.set()
        await poll
        assert bench.table.get("1") == job(1, "RUNNING")
        await bench.poll()
        assert bench.table.get("1") == job(1, "PENDING")

    async def test_a_job_that_only_a_look_up_ever_saw_is_missed_when_it_is_gone(self, bench: Bench) -> None:
        bench.cluster.jobs[2] = job(2)
        gate, look_up = await bench.begin_look_up("2")
        gate.set()
        assert await look_up
        del bench.cluster.jobs[2]
        await bench.poll()
        assert bench.table.vanished == {2: job(2)}

    async def test_a_failed_poll_changes_nothing(self, bench: Bench) -> None:
        bench.cluster.jobs = {1: job(1, "RUNNING")}
        gate, look_up = await bench.begin_look_up("1")
        gate.set()
        assert await look_up
        bench.cluster.break_down()
        with pytest.raises(SlurmUnavailable):
            await bench.poll()
        bench.cluster.recover()
        bench.cluster.jobs = {1: job(1, "PENDING")}
        await bench.poll()
        assert bench.table.get("1") == job(1, "PENDING")

    async def test_after_an_unexpected_failure_everything_is_read(self, bench: Bench) -> None:
        bench.cluster.failing["jobs"] = ValueError("a line that nobody expected")
        with pytest.raises(ValueError, match="nobody"):
            await bench.poll()
        bench.cluster.recover()
        bench.cluster.jobs = {}
        await bench.poll()
        assert bench.table.vanished == {1: job(1, "PENDING")}
        assert bench.cluster.calls["jobs_feed"] == 2


@pytest.mark.parametrize("seed", range(40))
async def test_no_order_of_events_shows_the_past(seed: int) -> None:
    """Writes, polls, look-ups and answers in random order. A job's priority counts what happened to it."""
    chance = random.Random(seed)
    bench = Bench()
    bench.cluster.jobs = {number: job(number, priority=0) for number in range(1, 4)}
    await bench.poll()
    seen = dict.fromkeys(bench.cluster.jobs, 0)
    polls: list[tuple[asyncio.Event, asyncio.Future[None]]] = []
    look_ups: list[tuple[asyncio.Event, asyncio.Future[bool], int, int]] = []
    for _ in range(200):
        number = chance.randrange(1, 4)
        match chance.choice(["happen", "happen", "poll", "look up", "answer", "answer"]):
            case "happen":
                before = bench.cluster.jobs[number]
                bench.cluster.jobs[number] = replace(before, priority=(before.priority or 0) + 1)
            case "poll" if not polls:
                polls.append(await bench.begin_poll())
            case "look up" if not look_ups:
                written = bench.cluster.jobs[number].priority or 0
                look_ups.append((*await bench.begin_look_up(str(number)), number, written))
            case "answer" if polls and (not look_ups or chance.random() < 0.5):
                gate, poll = polls.pop()
                gate.set()
                await poll
            case "answer" if look_ups:
                gate, look_up, number, written = look_ups.pop()
                gate.set()
                if await look_up:
                    shown = bench.table.get(str(number))
                    assert shown is not None
                    assert (shown.priority or 0) >= written, "what was written is there"
        for number in seen:
            shown = bench.table.get(str(number))
            assert shown is not None
            assert (shown.priority or 0) >= seen[number], "time does not go back"
            seen[number] = shown.priority or 0
    for gate, *_ in (*polls, *look_ups):
        gate.set()
    await asyncio.gather(*(future for _, future, *_ in (*polls, *look_ups)))
    await bench.poll()
    assert {one.numeric_id: one for one in bench.table.jobs} == bench.cluster.jobs


@pytest.mark.parametrize("seed", range(8))
async def test_whoever_waits_sees_what_they_wrote(seed: int) -> None:
    """Writers of single jobs and of many, beside polls, with answers that take their time."""
    chance = random.Random(seed)
    clock = ManualClock()
    cluster = ScriptedCluster(clock)
    cluster.latency = lambda call: {"jobs": 0.8, "job": 0.2}.get(call, 0.0) * chance.random()
    cluster.jobs = {number: job(number, priority=0) for number in range(30)}
    snapshot = Snapshot()
    watcher = Watcher(cluster, snapshot, clock=clock, patience_seconds=60)  # type: ignore[arg-type]
    starting = asyncio.ensure_future(watcher.start())
    await clock.advance(2)
    await starting
    checked = 0

    async def write() -> None:
        nonlocal checked
        for _ in range(15):
            await clock.sleep(chance.random())
            numbers = chance.sample(range(30), chance.choice([1, 1, 2, 25]))
            for number in numbers:
                before = cluster.jobs[number]
                cluster.jobs[number] = replace(before, priority=(before.priority or 0) + 1)
            written = {number: cluster.jobs[number].priority or 0 for number in numbers}
            watcher.touch([str(number) for number in numbers])
            await watcher.settled()
            for number, priority in written.items():
                shown = snapshot.jobs.get(str(number))
                assert shown is not None
                assert (shown.priority or 0) >= priority
                checked += 1

    writers = [asyncio.ensure_future(write()) for _ in range(4)]
    await clock.advance(120)
    await asyncio.gather(*writers)
    assert checked >= 60
    await watcher.stop()
