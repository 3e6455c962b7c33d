"""Series and figures, and who may see what of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from s9s.domain.credentials import Restrictions
from s9s.domain.errors import PermissionDenied, ValidationError
from s9s.domain.samples import Sample
from s9s.services.access import Caller, Role
from s9s.services.clusters import Cluster
from s9s.services.metrics import INTERVALS, MAX_BUCKETS, Metrics
from s9s.snapshot.snapshot import Snapshot
from s9s.snapshot.watcher import Watcher
from s9s.storage.database import Database
from s9s.storage.samples import SampleRecords
from tests.snapshot.making import NOON, job, node, rest
from tests.snapshot.scripted import ManualClock, ScriptedCluster

DAY = NOON - NOON % 86400
ALICE = Caller("alice", Role.USER)
CAROL = Caller("carol", Role.OPERATOR)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[SampleRecords]:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        yield SampleRecords(database)


@pytest.fixture
def scripted() -> ScriptedCluster:
    return ScriptedCluster(ManualClock())


@pytest.fixture
async def metrics(scripted: ScriptedCluster, records: SampleRecords) -> AsyncIterator[Metrics]:
    """Started by `load`, which tests call once the cluster is as they want it."""
    snapshot = Snapshot()
    watcher = Watcher(scripted, snapshot, clock=scripted.clock)  # type: ignore[arg-type]
    made = Metrics(Cluster(scripted, snapshot, watcher, None), "one", records)  # type: ignore[arg-type]
    yield made
    await watcher.stop()


async def load(metrics: Metrics) -> Metrics:
    await metrics._cluster.watcher.start()
    await metrics._cluster.watcher._clock.advance(61)  # type: ignore[attr-defined]  # finished jobs too
    return metrics


def minute(number: int, **values: Any) -> Sample:
    return Sample(at=DAY + 60 * number, cpus_total=100, **values)


class TestSeries:
    async def test_buckets_are_contiguous_and_aligned_and_gaps_have_no_sample(
        self, metrics: Metrics, records: SampleRecords
    ) -> None:
        await records.add("one", [minute(1, cpus_allocated=50), minute(3, cpus_allocated=70)])
        found = await metrics.series(DAY + 30, DAY + 241, 60)
        assert [one.at - DAY for one in found] == [0, 60, 120, 180, 240]
        assert [one.cpu_utilization for one in found] == [None, 50.0, None, 70.0, None]
        assert [one.jobs_submitted for one in found] == [None, 0, None, 0, None]
        exact = await metrics.series(DAY + 60, DAY + 240, 60)
        assert [one.at - DAY for one in exact] == [60, 120, 180]

    @pytest.mark.parametrize("interval", INTERVALS)
    async def test_every_interval_has_every_minute_once(
        self, metrics: Metrics, records: SampleRecords, interval: str
    ) -> None:
        numbers = [*range(47), *range(200, 215), 1439]
        await records.add("one", [minute(number, submitted=number, wait_count=1) for number in numbers])
        step = INTERVALS[interval]
        found = await metrics.series(DAY, DAY + 86400, step)
        assert len(found) == 86400 // step
        assert sum(one.jobs_submitted or 0 for one in found) == sum(numbers)
        assert sum(one.coverage * step for one in found) == pytest.approx(60 * len(numbers))
        for one in found:
            within = [number for number in numbers if one.at <= DAY + 60 * number < one.at + step]
            assert one.jobs_submitted == (sum(within) if within else None)

    async def test_a_series_that_is_too_long_says_what_would_do(self, metrics: Metrics) -> None:
        await load(metrics)
        with pytest.raises(ValidationError) as refused:
            await metrics.series_for(CAROL, DAY, DAY + 60 * (MAX_BUCKETS + 1), "1m")
        assert refused.value.details["parameter"] == "interval"
        assert refused.value.details["allowed"][0] == "5m"
        assert len(await metrics.series_for(CAROL, DAY, DAY + 60 * MAX_BUCKETS, "1m")) == MAX_BUCKETS

    async def test_partitions(self, metrics: Metrics, records: SampleRecords) -> None:
        await load(metrics)
        await records.add("one", [minute(0, partition="gone", cpus_allocated=3)])
        gone = await metrics.series_for(ALICE, DAY, DAY + 60, "1m", "gone")
        assert [one.cpu_utilization for one in gone] == [3.0]
        assert [one.sample for one in await metrics.series_for(ALICE, DAY, DAY + 60, "1m", "normal")] == [
            None
        ]
        with pytest.raises(ValidationError) as refused:
            await metrics.series_for(ALICE, DAY, DAY + 60, "1m", "nope")
        assert refused.value.details == {"parameter": "partition", "value": "nope", "allowed": ["normal"]}

    async def test_what_is_private_is_not_told_in_sum_either(
        self, metrics: Metrics, records: SampleRecords, scripted: ScriptedCluster
    ) -> None:
        await records.add("one", [minute(0, cpus_allocated=50, submitted=3)])
        scripted.info = replace(scripted.info, private_data=frozenset({"jobs"}))
        await load(metrics)

        async def seen(caller: Caller, **more: Any) -> tuple[float | None, int | None]:
            (bucket,) = await metrics.series_for(caller, DAY, DAY + 60, "1m", **more)
            return bucket.cpu_utilization, bucket.jobs_submitted

        assert await seen(CAROL) == (50.0, 3)
        assert await seen(ALICE) == (50.0, None)
        narrow = replace(CAROL, restrictions=Restrictions(own_jobs_only=True))
        assert await seen(narrow) == (50.0, None)
        metrics._cluster.snapshot.info = replace(
            scripted.info, private_data=frozenset({"nodes", "partitions"})
        )
        assert await seen(ALICE) == (None, 3)
        with pytest.raises(PermissionDenied):
            await seen(ALICE, partition="normal")

    async def test_a_credential_for_partitions_sees_theirs(
        self, metrics: Metrics, records: SampleRecords
    ) -> None:
        await load(metrics)
        await records.add("one", [minute(0, partition="normal", submitted=3), minute(0, submitted=9)])
        narrow = replace(ALICE, restrictions=Restrictions(partitions=frozenset({"normal"})))
        (own,) = await metrics.series_for(narrow, DAY, DAY + 60, "1m", "normal")
        (all_,) = await metrics.series_for(narrow, DAY, DAY + 60, "1m")
        assert (own.jobs_submitted, all_.jobs_submitted) == (3, None)


class TestCluster:
    @pytest.fixture(autouse=True)
    def _busy(self, scripted: ScriptedCluster) -> None:
        scripted.nodes = {
            "n1": node("n1", "MIXED", cpu_total=8, cpu_allocated=6, memory_total_mib=200),
            "n2": node("n2", "DOWN", cpu_total=8, memory_total_mib=100, memory_allocated_mib=100),
        }
        scripted.jobs = {
            1: job(1, start_time=NOON - 100, submit_time=NOON - 400, eligible_time=NOON - 200),
            2: rest(2, "1-9"),
            3: job(3, "COMPLETED", start_time=NOON - 300, submit_time=NOON - 300, end_time=NOON - 10),
        }
        scripted.accounting = {
            4: job(4, "COMPLETED", user="bob", submit_time=0, start_time=1, end_time=NOON - 3400),
            5: job(5, "FAILED", submit_time=0, start_time=1, end_time=NOON - 80_000),
            6: job(6, "FAILED", submit_time=0, start_time=1, end_time=NOON - 90_000),
        }

    async def test_all_figures(self, metrics: Metrics) -> None:
        found = (await load(metrics)).cluster(ALICE)
        assert found.job_counts == {"PENDING": 9, "RUNNING": 1, "COMPLETED": 2, "FAILED": 1}
        assert found.resources.states == {"DOWN": 1, "MIXED": 1}
        assert (found.cpu_percent, found.memory_percent, found.gpu_percent) == (37.5, 33.3, None)
        assert (found.waits.count, found.waits.seconds_sum, found.waits.seconds_max) == (2, 100, 100)
        assert (found.throughput, found.window_seconds) == (2.0, 86400)

    async def test_counted_once_for_each_state(self, metrics: Metrics, scripted: ScriptedCluster) -> None:
        await load(metrics)
        calls = scripted.calls.copy()
        assert metrics.cluster(ALICE) is metrics.cluster(CAROL)
        assert scripted.calls == calls
        scripted.jobs[7] = job(7)
        before = metrics.cluster(ALICE)
        await scripted.clock.advance(1)
        assert metrics.cluster(ALICE).job_counts["RUNNING"] == before.job_counts["RUNNING"] + 1

    async def test_only_what_the_caller_may_see(self, metrics: Metrics, scripted: ScriptedCluster) -> None:
        scripted.info = replace(scripted.info, private_data=frozenset({"jobs", "nodes"}))
        await load(metrics)
        bob = metrics.cluster(Caller("bob", Role.USER))
        assert bob.job_counts == {"COMPLETED": 1}
        assert (bob.cpu_percent, bob.resources.states) == (None, {})
        assert metrics.cluster(CAROL).job_counts["PENDING"] == 9

    async def test_without_accounting_the_window_is_what_slurmctld_remembers(
        self, metrics: Metrics, scripted: ScriptedCluster
    ) -> None:
        scripted.info = replace(scripted.info, has_accounting=False)
        found = (await load(metrics)).cluster(ALICE)
        assert (found.window_seconds, found.throughput) == (300, 12.0)
        assert found.job_counts == {"PENDING": 9, "RUNNING": 1, "COMPLETED": 1}
