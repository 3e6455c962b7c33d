"""What is looked for, with the default thresholds: each rule holds when it should, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from s9s.config import Settings
from s9s.domain.alerts import Rule, Severity
from s9s.domain.errors import SlurmUnavailable
from s9s.snapshot.conditions import Conditions, Thresholds
from s9s.snapshot.snapshot import Snapshot
from s9s.snapshot.watcher import Watcher
from tests.snapshot.making import NOON, job, node
from tests.snapshot.scripted import ManualClock, ScriptedCluster

Look = Callable[[], list[tuple[Rule, str]]]


@pytest.fixture
def look(snapshot: Snapshot, watcher: Watcher) -> Look:
    defaults = Settings().alerts
    conditions = Conditions(
        snapshot,
        watcher,
        Thresholds(
            queue_wait_seconds=defaults.queue_wait_seconds,
            utilization_percent=defaults.utilization_percent,
            stale_seconds=defaults.stale_seconds,
        ),
    )
    return lambda: sorted((one.rule, one.subject) for one in conditions.look())


async def started(cluster: ScriptedCluster, watcher: Watcher) -> None:
    cluster.info = replace(cluster.info, has_accounting=True)
    await watcher.start()


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"base_state": "DOWN"}, Rule.NODE_DOWN),
        ({"base_state": "IDLE", "flags": ("FAIL",)}, Rule.NODE_DOWN),
        ({"base_state": "IDLE", "flags": ("DRAIN",)}, Rule.NODE_DRAINED),
        ({"base_state": "IDLE"}, None),
        ({"base_state": "MIXED"}, None),
    ],
)
async def test_nodes(
    cluster: ScriptedCluster,
    watcher: Watcher,
    clock: ManualClock,
    look: Look,
    fields: dict[str, Any],
    rule: Rule | None,
) -> None:
    await started(cluster, watcher)
    assert look() == []
    cluster.nodes = {"n1": node("n1", **fields)}
    await clock.advance(60)
    assert look() == ([] if rule is None else [(rule, "nodes/n1")])
    cluster.nodes = {"n1": node("n1")}
    await clock.advance(60)
    assert look() == []


async def test_slurmctld_out_of_reach(
    cluster: ScriptedCluster, watcher: Watcher, clock: ManualClock, look: Look
) -> None:
    await started(cluster, watcher)
    cluster.break_down()
    await clock.advance(5)
    assert look() == [(Rule.SLURMCTLD_UNREACHABLE, "cluster")]
    cluster.recover()
    await clock.advance(60)
    assert look() == []


async def test_slurmdbd_out_of_reach(
    cluster: ScriptedCluster, watcher: Watcher, clock: ManualClock, look: Look
) -> None:
    await started(cluster, watcher)
    cluster.failing["users"] = SlurmUnavailable("slurmdbd does not answer")
    await clock.advance(600)
    assert look() == [(Rule.SLURMDBD_UNREACHABLE, "cluster")]
    cluster.recover()
    await clock.advance(600)
    assert look() == []


async def test_a_stale_snapshot(
    cluster: ScriptedCluster, watcher: Watcher, clock: ManualClock, look: Look
) -> None:
    await started(cluster, watcher)
    gate = cluster.hold_up("jobs")
    await clock.advance(100)
    assert look() == []
    await clock.advance(30)
    assert look() == [(Rule.SNAPSHOT_STALE, "cluster")]
    gate.set()
    await clock.advance(400)  # a quarter of the time is spent reading, no more
    assert look() == []


DAY = 86_400


@pytest.mark.parametrize(
    ("fields", "partitions"),
    [
        ({"reason": "Resources", "eligible_time": NOON - DAY - 10}, ["normal"]),
        ({"reason": "Priority", "submit_time": NOON - DAY - 10}, ["normal"]),
        (
            {"reason": "Priority", "submit_time": NOON - DAY - 10, "partition": "gpu,normal"},
            ["gpu", "normal"],
        ),
        ({"reason": "Resources", "eligible_time": NOON - DAY + 100}, []),
        # It has been eligible for a moment only, or waits for something that is not the cluster's doing.
        ({"reason": "Resources", "submit_time": NOON - 2 * DAY, "eligible_time": NOON - 5}, []),
        ({"reason": "Dependency", "submit_time": NOON - 2 * DAY}, []),
        ({"reason": "JobHeldUser", "submit_time": NOON - 2 * DAY}, []),
        ({"reason": "Priority", "submit_time": NOON - 2 * DAY, "priority": 0}, []),
    ],
)
async def test_waits_in_the_queue(
    cluster: ScriptedCluster, watcher: Watcher, look: Look, fields: dict[str, Any], partitions: list[str]
) -> None:
    cluster.jobs = {1: job(1, "PENDING", **{"priority": 100} | fields), 2: job(2, "RUNNING")}
    await started(cluster, watcher)
    found = [one for one in look() if one[0] is Rule.QUEUE_WAIT]
    assert found == [(Rule.QUEUE_WAIT, f"partitions/{name}") for name in partitions]


@pytest.mark.parametrize(
    ("allocated", "reason", "holds"),
    [(19, "Resources", True), (20, "Resources", False), (0, "JobHeldUser", False), (0, None, True)],
)
async def test_a_cluster_that_idles_although_jobs_wait(
    cluster: ScriptedCluster, watcher: Watcher, look: Look, allocated: int, reason: str | None, holds: bool
) -> None:
    cluster.nodes = {"n1": node("n1", cpu_total=100, cpu_allocated=allocated)}
    cluster.jobs = {1: job(1, "PENDING", reason=reason, priority=100)}
    await started(cluster, watcher)
    assert look() == ([(Rule.UTILIZATION_LOW, "cluster")] if holds else [])


async def test_without_waiting_jobs_it_may_idle(
    cluster: ScriptedCluster, watcher: Watcher, look: Look
) -> None:
    cluster.nodes = {"n1": node("n1", cpu_total=100)}
    cluster.jobs = {1: job(1)}
    await started(cluster, watcher)
    assert look() == []


async def test_what_matters_more(
    cluster: ScriptedCluster, watcher: Watcher, clock: ManualClock, snapshot: Snapshot
) -> None:
    cluster.nodes = {"n1": node("n1", "DOWN"), "n2": node("n2", flags=("DRAIN",), reason="disk")}
    await started(cluster, watcher)
    down, drained = Conditions(snapshot, watcher, Thresholds()).look()
    assert (down.severity, drained.severity) == (Severity.CRITICAL, Severity.WARNING)
    assert "disk" in drained.message
