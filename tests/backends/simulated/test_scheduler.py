"""Who starts when and where, and why the others wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s9s.domain.durations import UNLIMITED
from s9s.domain.errors import ValidationError
from tests.backends.simulated.conftest import World

WHOLE = {"partition": "cpu", "cpus_per_node": 64, "nodes": 1}
"""One of the four 64-core nodes of the partition cpu."""


async def test_a_job_runs_for_as_long_as_it_takes(world: World) -> None:
    job_id = await world.submit("sleep 100")
    job = await world.started(job_id)
    assert job.nodes
    world.step(98)
    assert await world.state(job_id) == "RUNNING"
    world.step(2)
    assert await world.state(job_id) == "COMPLETING"
    world.step(2)
    job = await world.job(job_id)
    assert (job.state, job.exit_code, job.elapsed_seconds(0)) == ("COMPLETED", 0, 100)


async def test_what_there_is_no_room_for_waits_for_resources_and_the_next_for_its_turn(world: World) -> None:
    running = [await world.submit("sleep 100", **WHOLE) for _ in range(4)]
    first = await world.submit("sleep 10", **WHOLE)
    second = await world.submit("sleep 10", **WHOLE)
    for job_id in running:
        await world.started(job_id)
    assert await world.reason(first) == "Resources"
    assert await world.reason(second) == "Priority"
    assert (await world.job(first)).expected_start_time == (await world.job(running[0])).start_time + 7200
    world.step(102)
    assert [await world.state(job_id) for job_id in (first, second)] == ["RUNNING", "RUNNING"]


async def test_a_short_job_may_go_first_where_it_delays_nobody(world: World) -> None:
    long = [await world.submit("sleep 3000", time_limit_seconds=3600, **WHOLE) for _ in range(3)]
    for job_id in long:
        await world.started(job_id)
    # Two nodes, one of which is free: promised for when the long ones must have ended.
    big = await world.submit("sleep 10", partition="cpu", cpus_per_node=64, nodes=2, time_limit_seconds=600)
    world.step(1)
    assert await world.reason(big) == "Resources"
    short = await world.submit("sleep 10", time_limit_seconds=1800, **WHOLE)
    late = await world.submit("sleep 10", time_limit_seconds=7200, **WHOLE)
    world.step(1)
    assert await world.state(short) == "RUNNING"
    world.step(20)
    assert await world.reason(late) == "Priority"


async def test_memory_gpus_and_features_decide_where(world: World) -> None:
    gpu = await world.submit(partition="gpu", gpus=4, nodes=1, constraint="a100")
    assert (await world.started(gpu)).nodes[0].startswith("gpu")
    large = await world.submit(memory_mib=200 * 1024)
    assert (await world.started(large)).nodes[0] in {"node003", "node004", "node005", "node006"}
    anded = await world.submit(constraint="cuda&infiniband")
    assert (await world.started(anded)).nodes[0] in {"node001", "node002"}
    ored = await world.submit(constraint="cuda|avx512", nodes=6, exclusive=True)
    world.step(1)
    assert await world.state(ored) == "PENDING"
    await world.backend.cancel(ored, "alice")
    named = await world.submit(nodelist="node004", cpus_per_task=2)
    assert (await world.started(named)).nodes == ("node004",)
    other = await world.submit(nodes=3, exclude="node[001-003]")
    assert (await world.started(other)).nodes == ("node004", "node005", "node006")


async def test_gpus_over_nodes_and_tasks_over_nodes_need_not_be_even(world: World) -> None:
    job = await world.started(await world.submit(partition="gpu", gpus=3, nodes=2))
    assert job.gpus == 3
    assert sorted([(await world.node(name)).gpus_allocated for name in job.nodes]) == [1, 2]
    job = await world.started(await world.submit(tasks=5, nodes=2, cpus_per_task=3, partition="cpu"))
    assert job.cpu_count == 15


async def test_exclusive_and_all_memory_take_whole_nodes(world: World) -> None:
    job = await world.started(await world.submit(partition="cpu", exclusive=True))
    assert job.cpu_count == 64
    assert (await world.node(job.nodes[0])).state == "ALLOCATED"
    job = await world.started(await world.submit(partition="cpu", memory_mib=0))
    assert job.memory_mib == 256 * 1024
    await world.backend.requeue(job.job_id, "alice")
    world.step(2)
    pending = await world.job(job.job_id)
    assert (pending.state, pending.memory_mib, pending.cpu_count) == ("PENDING", None, 1)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"partition": "debug", "time_limit_seconds": 3600}, "PartitionTimeLimit"),
        ({"partition": "debug", "time_limit_seconds": UNLIMITED}, "PartitionTimeLimit"),
        ({"partition": "debug", "nodes": 3}, "PartitionConfig"),
        ({"partition": "cpu", "nodes": 500}, "PartitionConfig"),
        ({"qos": "debug", "time_limit_seconds": 7200}, "QOSMaxWallDurationPerJobLimit"),
    ],
)
async def test_what_limits_forbid_is_taken_and_waits(
    world: World, fields: dict[str, object], reason: str
) -> None:
    job_id = await world.submit(**fields)
    world.step(1)
    assert (await world.state(job_id), await world.reason(job_id)) == ("PENDING", reason)


async def test_a_qos_limits_the_jobs_of_one_user(world: World) -> None:
    jobs = [await world.submit("sleep 50", qos="debug", time_limit_seconds=60) for _ in range(5)]
    other = await world.submit("sleep 50", "bob", qos="debug", time_limit_seconds=60)
    world.step(1)
    assert [await world.state(job_id) for job_id in jobs] == ["RUNNING"] * 4 + ["PENDING"]
    assert await world.reason(jobs[4]) == "QOSMaxJobsPerUserLimit"
    assert await world.state(other) == "RUNNING"
    world.step(53)
    assert await world.state(jobs[4]) == "RUNNING"


async def test_an_account_has_so_many_cpus(make_world: Callable[..., World]) -> None:
    world = make_world(nodes=8)
    jobs = [
        await world.submit("sleep 50", "erin", partition="normal", cpus_per_node=60, account="engineering")
        for _ in range(3)
    ]
    world.step(1)
    assert [await world.reason(job_id) for job_id in jobs] == [None, None, "AssocGrpCpuLimit"]
    world.step(52)
    assert await world.state(jobs[2]) == "RUNNING"


async def test_more_submissions_than_a_qos_allows_are_refused(world: World) -> None:
    await world.submit(array="0-19", qos="debug", time_limit_seconds=60)
    with pytest.raises(Exception, match="Job violates accounting/QOS policy"):
        await world.submit(qos="debug", time_limit_seconds=60)
    await world.submit()


async def test_down_nodes_that_are_needed_are_the_reason(world: World) -> None:
    await world.set_node("node004", "DRAIN")
    job_id = await world.submit(nodelist="node004")
    other = await world.submit(nodelist="node005")
    world.step(1)
    assert await world.reason(job_id) == "ReqNodeNotAvail"
    assert await world.state(other) == "RUNNING"
    await world.set_node("node004", "RESUME")
    assert (await world.started(job_id)).nodes == ("node004",)


async def test_begin_time_and_deadline(world: World) -> None:
    now = int(world.clock.now())
    later = await world.submit("sleep 10", begin_time=now + 600)
    missed = await world.submit("sleep 10", hold=True, deadline=now + 300)
    cut = await world.submit("sleep 1000", deadline=now + 300)
    world.step(1)
    assert await world.reason(later) == "BeginTime"
    assert (await world.job(later)).eligible_time == now + 600
    world.step(300)
    assert (await world.state(missed), await world.reason(missed)) == ("DEADLINE", "DeadLine")
    world.step(2)
    assert await world.state(cut) == "DEADLINE"
    world.step(300)
    assert (await world.job(later)).start_time == now + 600


async def test_higher_priority_goes_first(world: World) -> None:
    blockers = [await world.submit("sleep 100", **WHOLE) for _ in range(4)]
    for job_id in blockers:
        await world.started(job_id)
    jobs = [await world.submit("sleep 300", **WHOLE) for _ in range(6)]
    await world.update(jobs[5], "carol", priority=1_000_000)
    await world.update(jobs[4], nice=-10, actor="carol")
    await world.update(jobs[0], nice=100)
    high = await world.submit("sleep 300", qos="high", **WHOLE)
    world.step(110)
    running = {job_id for job_id in [*jobs, high] if await world.state(job_id) == "RUNNING"}
    assert running == {jobs[5], high, jobs[4], jobs[1]}


async def test_waiting_jobs_grow_older_and_fair_share_counts(world: World) -> None:
    for _ in range(4):
        await world.submit("sleep 200000", time_limit_seconds=7 * 86400, **WHOLE)
    world.step(1)
    job_id = await world.submit(**WHOLE)
    world.step(1)
    before = (await world.job(job_id)).priority or 0
    world.step(86400)
    after = await world.job(job_id)
    bobs = await world.job(await world.submit(actor="bob", **WHOLE))
    fresh = await world.job(await world.submit(**WHOLE))
    assert after.state == "PENDING"
    assert 100 < (after.priority or 0) - (fresh.priority or 0) < 200  # a seventh of the weight of age
    assert (fresh.priority or 0) < before  # alice has used four nodes for a day
    assert (bobs.priority or 0) > (fresh.priority or 0)


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"nodes": 0}, "nodes"),
        ({"cpus_per_task": 65}, "nodes"),
        ({"gpus_per_node": 5, "partition": "gpu"}, "nodes"),
        ({"gpus": 1, "partition": "cpu"}, "nodes"),
        ({"gres": "fpga:1"}, "gres"),
        ({"nodelist": "node99"}, "nodelist"),
        ({"nodelist": "node[001-002]"}, "nodelist"),
        ({"licenses": "matlab"}, "licenses"),
        ({"array": "0-1001"}, "array"),
        ({"array": "x"}, "array"),
        ({"dependency": "afterok:99"}, "dependencies"),
        ({"dependency": "afterok"}, "dependencies"),
        ({"signal": "NOPE@10"}, "signal"),
        ({"nice": -1}, "nice"),
        ({"qos": "long"}, "qos"),
        ({"account": "physics"}, "account"),
        ({"constraint": "cuda&&a100"}, "constraint"),
    ],
)
async def test_a_submission_that_cannot_be_is_refused(
    world: World, fields: dict[str, object], parameter: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        await world.submit(**fields)
    assert caught.value.details["parameter"] == parameter
    assert caught.value.details["allowed"] is not None
    assert (await world.backend.jobs_feed().poll()).changed == []
