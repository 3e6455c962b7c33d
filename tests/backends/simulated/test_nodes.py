"""Nodes: drained, down, failing, switched off."""

from __future__ import annotations

import pytest

from s9s.domain.errors import PermissionDenied, ResourceConflict, ResourceNotFound, ValidationError
from s9s.domain.nodes import NodeAction, NodeUpdate
from tests.backends.simulated.conftest import World


async def test_a_draining_node_lets_its_jobs_finish_and_comes_back_by_itself(world: World) -> None:
    job_id = await world.submit("sleep 100", nodelist="node003")
    await world.started(job_id)
    await world.set_node("node003", "DRAIN", "disk", resume_after_seconds=600)
    node = await world.node("node003")
    assert (node.state, node.base_state, node.reason, node.reason_user) == ("DRAIN", "MIXED", "disk", "dave")
    assert "DRAINING" in node.state_names
    assert node.resume_after == int(world.clock.now()) + 600
    waiting = await world.submit("sleep 10", nodelist="node003")
    world.step(110)
    assert await world.state(job_id) == "COMPLETED"
    assert (await world.node("node003")).state_names >= {"DRAIN", "DRAINED", "IDLE"}
    assert await world.reason(waiting) == "ReqNodeNotAvail"
    world.step(489)
    assert (await world.node("node003")).state == "DRAIN"
    world.step(2)
    node = await world.node("node003")
    assert (node.state, node.reason, node.resume_after) == ("MIXED", None, None)
    assert await world.state(waiting) == "RUNNING"


async def test_a_later_drain_has_its_own_timeout(world: World) -> None:
    await world.set_node("node003", "DRAIN", "first", resume_after_seconds=100)
    world.step(50)
    await world.set_node("node003", "DRAIN", "second")
    world.step(100)
    node = await world.node("node003")
    assert (node.state, node.reason, node.resume_after) == ("DRAIN", "second", None)


async def test_jobs_of_a_node_that_goes_down_start_over(world: World) -> None:
    job_id = await world.submit("sleep 1000", nodelist="node003")
    fixed = await world.submit("sleep 1000", nodelist="node003", requeue=False)
    await world.started(job_id)
    await world.set_node("node003", "DOWN", "fire")
    world.step(2)
    job = await world.job(job_id)
    assert (job.state, job.requeue_count, job.reason) == ("PENDING", 1, "BeginTime")
    lost = await world.job(fixed)
    assert (lost.state, lost.reason) == ("NODE_FAIL", "NodeDown")
    node = await world.node("node003")
    assert (node.state, node.cpu_allocated, node.cpu_load) == ("DOWN", 0, None)
    world.step(200)
    assert await world.reason(job_id) == "ReqNodeNotAvail"
    await world.set_node("node003", "RESUME", None)
    await world.started(job_id)


async def test_power_goes_off_after_the_last_job_and_comes_back_with_a_boot(world: World) -> None:
    job_id = await world.submit("sleep 100", nodelist="node003")
    booted = (await world.node("node003")).boot_time
    await world.started(job_id)
    await world.set_node("node003", "POWER_DOWN", None)
    world.step(60)
    assert "POWERING_DOWN" in (await world.node("node003")).flags
    world.step(90)
    assert "POWERED_DOWN" in (await world.node("node003")).flags
    await world.set_node("node003", "POWER_UP", None)
    assert "POWERING_UP" in (await world.node("node003")).flags
    world.step(91)
    node = await world.node("node003")
    assert (node.flags, node.state) == ((), "IDLE")
    assert (node.boot_time or 0) > (booted or 0)


async def test_fail_and_idle(world: World) -> None:
    await world.set_node("node003", "FAIL", "odd noises")
    assert (await world.node("node003")).state == "FAIL"
    await world.set_node("node003", "IDLE", None)
    assert (await world.node("node003")).state == "IDLE"


async def test_what_may_not_be_done_to_nodes(world: World) -> None:
    drain = NodeUpdate(action=NodeAction.DRAIN, reason="x")
    for actor in ("alice", "carol", "erin", "nobody"):
        with pytest.raises(PermissionDenied):
            await world.backend.update_nodes(["node003"], drain, actor)
    with pytest.raises(ValidationError):
        await world.set_node("node003", "DRAIN", "")
    for action in ("RESUME", "UNDRAIN"):
        with pytest.raises(ResourceConflict):
            await world.set_node("node003", action)
    with pytest.raises(ResourceNotFound):
        await world.backend.update_nodes(["node003", "node9"], drain, "dave")
    await world.set_node("node004", "DRAIN")
    resume = NodeUpdate(action=NodeAction.RESUME)
    with pytest.raises(ResourceConflict):
        await world.backend.update_nodes(["node004", "node003"], resume, "dave")
    assert (await world.node("node004")).state == "DRAIN"


async def test_the_nodes_feed_tells_what_changed(world: World) -> None:
    feed = world.backend.nodes_feed()
    assert len((await feed.poll()).changed) == 8
    assert (await feed.poll()).changed == []
    job_id = await world.submit("sleep 5", nodelist="node004", cpus_per_task=3)
    await world.started(job_id)
    (node,) = (await feed.poll()).changed
    assert (node.node_name, node.cpu_allocated, node.memory_allocated_mib) == ("node004", 3, 6144)
    world.step(10)
    assert [node.cpu_allocated for node in (await feed.poll()).changed] == [0]
    feed.forget(["node001"])
    assert [node.node_name for node in (await feed.poll()).changed] == ["node001"]
