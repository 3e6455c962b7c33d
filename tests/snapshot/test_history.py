"""Finished jobs that slurmctld has forgotten: loaded, kept, and found out about."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from s9s.domain.errors import SlurmUnavailable
from s9s.domain.jobs import Job
from s9s.snapshot.following import LOOK_UPS
from s9s.snapshot.snapshot import Snapshot, Update
from s9s.snapshot.store import NEVER
from s9s.snapshot.watcher import Watcher
from tests.snapshot.making import NOON, job
from tests.snapshot.scripted import ManualClock, ScriptedCluster, idle

DAY = 86_400


def ended(numeric_id: int, ago: int, **fields: object) -> Job:
    """A job that ended so many seconds before noon."""
    end = NOON - ago
    return job(numeric_id, "COMPLETED", submit_time=end - 60, start_time=end - 30, end_time=end, **fields)


class TestWindow:
    async def test_the_last_day_is_loaded_latest_first(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.accounting = {number: ended(number, number * 3600) for number in range(1, 31)}
        await watcher.start()
        await idle()
        assert snapshot.jobs.finished_since == NOON - DAY
        assert sorted(one.numeric_id for one in snapshot.jobs.jobs) == list(range(1, 25))
        assert cluster.windows[0][1] >= NOON
        for later, earlier in zip(cluster.windows, cluster.windows[1:], strict=False):
            assert earlier[1] == later[0]
        assert all(end - start <= DAY + 60 for start, end in cluster.windows)

    async def test_does_not_hold_up_the_start(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.hold_up("finished_jobs")
        await watcher.start()
        assert snapshot.is_loaded
        assert snapshot.jobs.finished_since == NEVER

    async def test_busy_times_are_asked_for_in_shorter_windows(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.accounting = {number: ended(number, number) for number in range(1, 20_000)}
        await watcher.start()
        for _ in range(10):
            await idle()
        assert len(snapshot.jobs) == 19_999
        lengths = [end - start for start, end in cluster.windows]
        assert lengths[0] == 3600
        assert max(lengths[:4]) <= 4 * 3600
        assert max(lengths) > 4 * 3600, "quiet ones in longer"

    async def test_the_window_moves(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        cluster.accounting = {1: ended(1, DAY - 90), 2: ended(2, 10)}
        await watcher.start()
        await clock.advance(30)
        assert len(snapshot.jobs) == 2
        await clock.advance(120)
        assert [name for name in "12" if snapshot.jobs.get(name)] == ["2"]
        assert snapshot.jobs.finished_since >= NOON - DAY + 90

    async def test_history_is_no_news(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        updates: list[Update] = []
        watcher.subscribe(updates.append)
        gate = cluster.hold_up("finished_jobs")
        cluster.accounting = {1: ended(1, 100)}
        await watcher.start()
        gate.set()
        await idle()
        assert len(snapshot.jobs) == 1
        assert updates == []

    async def test_is_loaded_once_accounting_is_back(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        cluster.accounting = {1: ended(1, 100)}
        cluster.failing["finished_jobs"] = SlurmUnavailable("slurmdbd is out of reach")
        await watcher.start()
        await clock.advance(100)
        assert snapshot.jobs.finished_since == NEVER
        cluster.recover()
        await clock.advance(31)
        assert snapshot.jobs.get("1") is not None

    async def test_without_accounting_nothing_is_missing(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.info = replace(cluster.info, has_accounting=False)
        await watcher.start()
        await idle()
        assert snapshot.jobs.finished_since == NOON - DAY
        assert cluster.calls["finished_jobs"] == 0


class TestDemand:
    async def test_older_jobs_are_loaded_when_asked_for(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        cluster.accounting = {1: ended(1, 10 * DAY)}
        await watcher.start()
        await idle()
        assert snapshot.jobs.get("1") is None
        await watcher.ensure_finished_since(NOON - 11 * DAY)
        assert snapshot.jobs.get("1") is not None
        assert snapshot.jobs.finished_since <= NOON - 11 * DAY

        calls = cluster.calls["finished_jobs"]
        await watcher.ensure_finished_since(NOON - 11 * DAY)
        assert cluster.calls["finished_jobs"] == calls

    async def test_many_who_ask_load_once(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        await watcher.start()
        await idle()
        before = len(cluster.windows)
        await asyncio.gather(*(watcher.ensure_finished_since(NOON - 5 * DAY) for _ in range(50)))
        asked = cluster.windows[before:]
        assert sum(end - start for start, end in asked) == 4 * DAY

    async def test_all_of_time_is_not_loaded_forever(
        self, watcher: Watcher, cluster: ScriptedCluster, snapshot: Snapshot
    ) -> None:
        await watcher.start()
        await idle()
        waiting = asyncio.ensure_future(watcher.ensure_finished_since(-(10**12)))
        for _ in range(50):
            await idle()
        assert waiting.done()
        assert snapshot.jobs.finished_since == 0
        assert cluster.calls["finished_jobs"] < 250

    async def test_what_was_asked_for_is_kept_for_a_while(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        cluster.accounting = {1: ended(1, 10 * DAY)}
        await watcher.start()
        await idle()
        await watcher.ensure_finished_since(NOON - 11 * DAY)
        await clock.advance(800)
        assert snapshot.jobs.get("1") is not None
        await clock.advance(200)
        assert snapshot.jobs.get("1") is None

    async def test_does_not_wait_for_what_does_not_fit(
        self, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        snapshot = Snapshot(finished_maximum=100)
        watcher = Watcher(cluster, snapshot, clock=clock)  # type: ignore[arg-type]
        cluster.accounting = {number: ended(number, number * 60) for number in range(1, 300)}
        await watcher.start()
        await idle()
        assert 90 <= len(snapshot.jobs) <= 100
        assert snapshot.jobs.get("90") is not None, "the latest are kept"
        calls = cluster.calls["finished_jobs"]
        await watcher.ensure_finished_since(NOON - 10 * DAY)
        await clock.advance(300)
        assert cluster.calls["finished_jobs"] == calls
        await watcher.stop()

    async def test_does_not_wait_for_accounting_that_is_down(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        await watcher.start()
        await idle()
        cluster.failing["finished_jobs"] = SlurmUnavailable("slurmdbd is out of reach")
        waiting = asyncio.ensure_future(watcher.ensure_finished_since(NOON - 5 * DAY))
        await idle()
        assert waiting.done()

    async def test_does_not_wait_forever(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock
    ) -> None:
        await watcher.start()
        await idle()
        cluster.hold_up("finished_jobs")
        waiting = asyncio.ensure_future(watcher.ensure_finished_since(NOON - 5 * DAY))
        await clock.advance(9.9)
        assert not waiting.done()
        await clock.advance(0.2)
        assert waiting.done()


class TestVanished:
    @pytest.mark.parametrize("number", [1, LOOK_UPS + 1])
    async def test_what_became_of_them_is_found_out_and_told(
        self,
        watcher: Watcher,
        cluster: ScriptedCluster,
        clock: ManualClock,
        snapshot: Snapshot,
        number: int,
    ) -> None:
        updates: list[Update] = []
        watcher.subscribe(updates.append)
        cluster.jobs = {one: job(one, submit_time=NOON - 60) for one in range(number)}
        await watcher.start()
        cluster.jobs = {}
        cluster.accounting = {one: job(one, "FAILED", submit_time=NOON - 60) for one in range(number)}
        cluster.accounting = {one: replace(end, end_time=NOON) for one, end in cluster.accounting.items()}
        await clock.advance(1)
        changes = [change for update in updates for change in update.jobs]
        assert {(change.before.state, change.after.state) for change in changes} == {("RUNNING", "FAILED")}  # type: ignore[union-attr]
        assert len(changes) == number
        assert snapshot.jobs.vanished == {}

    async def test_accounting_may_be_late(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        cluster.jobs = {1: job(1)}
        await watcher.start()
        cluster.jobs = {}
        cluster.accounting = {1: job(1)}  # still running, it says
        await clock.advance(8)
        assert snapshot.jobs.get("1") == job(1)
        cluster.accounting = {1: job(1, "COMPLETED")}
        await clock.advance(5)
        assert snapshot.jobs.get("1") == job(1, "COMPLETED")

    async def test_the_lost_are_given_up(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        updates: list[Update] = []
        watcher.subscribe(updates.append)
        cluster.jobs = {1: job(1)}
        await watcher.start()
        cluster.jobs = {}
        await clock.advance(20)
        assert snapshot.jobs.get("1") is not None
        await clock.advance(20)
        assert snapshot.jobs.get("1") is None
        assert updates[-1].jobs[0].after is None

    async def test_at_once_where_there_is_no_accounting(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        cluster.info = replace(cluster.info, has_accounting=False)
        cluster.jobs = {1: job(1)}
        await watcher.start()
        cluster.jobs = {}
        await clock.advance(1)
        assert snapshot.jobs.get("1") is None

    async def test_after_a_long_outage_what_came_and_went_is_found(
        self, watcher: Watcher, cluster: ScriptedCluster, clock: ManualClock, snapshot: Snapshot
    ) -> None:
        updates: list[Update] = []
        watcher.subscribe(updates.append)
        await watcher.start()
        await idle()
        cluster.break_down()
        await clock.advance(600)
        cluster.accounting = {5: job(5, "COMPLETED", submit_time=NOON + 100, end_time=NOON + 200)}
        cluster.recover()
        await clock.advance(31)
        assert snapshot.jobs.get("5") is not None
        assert [change.after.numeric_id for update in updates for change in update.jobs if change.after] == [
            5
        ]
