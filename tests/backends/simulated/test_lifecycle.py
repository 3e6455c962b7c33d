"""What happens to a job between its submission and the day it is forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from s9s.domain.errors import PermissionDenied, ResourceConflict, ResourceNotFound
from s9s.domain.jobs import Job
from tests.backends.simulated.conftest import World


async def test_a_time_limit_ends_a_job(world: World) -> None:
    job_id = await world.submit("sleep 1000", time_limit_seconds=60)
    await world.started(job_id)
    world.step(60)
    job = await world.job(job_id)
    assert (job.state, job.flags, job.end_time, job.exit_code) == ("COMPLETING", ("TIMEOUT",), None, None)
    world.step(1)
    job = await world.job(job_id)
    assert (job.state, job.reason, job.signal, job.elapsed_seconds(0)) == ("TIMEOUT", "TimeLimit", 15, 60)


async def test_resources_are_given_back_only_when_a_job_has_completed(world: World) -> None:
    job_id = await world.submit("sleep 10", partition="gpu", gpus=2)
    name = (await world.started(job_id)).nodes[0]
    assert (await world.node(name)).gpus_allocated == 2
    world.step(9.5)
    node = await world.node(name)
    assert (await world.state(job_id), node.gpus_allocated) == ("COMPLETING", 2)
    assert "COMPLETING" in node.flags
    world.step(1)
    node = await world.node(name)
    assert (node.gpus_allocated, node.state, node.flags) == (0, "IDLE", ())


async def test_a_failing_script_fails(world: World) -> None:
    job_id = await world.submit("sleep 1\nexit 3")
    await world.started(job_id)
    world.step(3)
    job = await world.job(job_id)
    assert (job.state, job.exit_code, job.reason) == ("FAILED", 3, "NonZeroExitCode")


async def test_slurmctld_forgets_and_accounting_remembers(world: World) -> None:
    feed = world.backend.jobs_feed()
    job_id = await world.submit("sleep 10", environment={"COLOUR": "green"})
    await world.started(job_id)
    world.step(20)
    await feed.poll()
    ended = await world.job(job_id)
    world.step(300)
    changes = await feed.poll()
    assert (changes.removed, changes.changed) == ([int(job_id)], [])
    details = await world.backend.job(job_id, "alice")
    assert details.job == ended
    assert details.environment is not None
    assert details.environment["COLOUR"] == "green"
    assert await world.backend.finished_jobs(ended.end_time or 0, (ended.end_time or 0) + 1) == [ended]
    assert await world.backend.finished_jobs((ended.end_time or 0) + 1, 2**33) == []
    for refused in (
        world.backend.cancel(job_id, "alice"),
        world.update(job_id, hold=True),
        world.backend.requeue(job_id, "alice"),
    ):
        with pytest.raises(ResourceConflict):
            await refused


async def test_a_suspended_job_keeps_its_time(world: World) -> None:
    job_id = await world.submit("sleep 100")
    await world.started(job_id)
    world.step(50)
    with pytest.raises(PermissionDenied):
        await world.backend.suspend(job_id, "alice")
    await world.backend.suspend(job_id, "carol")
    world.step(1000)
    now = int(world.clock.now())
    assert (await world.state(job_id), (await world.job(job_id)).elapsed_seconds(now)) == ("SUSPENDED", 51)
    await world.backend.resume(job_id, "carol")
    world.step(48)
    assert await world.state(job_id) == "RUNNING"
    world.step(3)
    job = await world.job(job_id)
    assert (job.state, job.suspended_seconds, job.elapsed_seconds(0)) == ("COMPLETED", 1000, 100)


async def test_a_cancelled_suspended_job_is_over(world: World) -> None:
    job_id = await world.submit("sleep 100")
    await world.started(job_id)
    await world.backend.suspend(job_id, "carol")
    world.step(10)
    await world.backend.cancel(job_id, "alice")
    world.step(2)
    job = await world.job(job_id)
    assert (job.state, job.suspend_time, job.elapsed_seconds(0)) == ("CANCELLED", None, 1)


async def test_requeue_starts_over_after_a_pause(world: World) -> None:
    job_id = await world.submit("sleep 100")
    first = await world.started(job_id)
    world.step(50)
    await world.backend.requeue(job_id, "alice")
    world.step(2)
    job = await world.job(job_id)
    assert (job.state, job.reason, job.requeue_count, job.nodes) == ("PENDING", "BeginTime", 1, ())
    assert await world.backend.finished_jobs(0, 2**33) == []
    world.step(125)
    assert (await world.job(job_id)).start_time == (first.start_time or 0) + 50 + 1 + 121
    world.step(101)
    assert await world.state(job_id) == "COMPLETED"
    await world.backend.requeue(job_id, "alice")
    assert await world.state(job_id) == "PENDING"
    assert await world.backend.finished_jobs(0, 2**33) == []
    fixed = await world.submit("sleep 100", requeue=False)
    await world.started(fixed)
    with pytest.raises(ResourceConflict):
        await world.backend.requeue(fixed, "alice")


async def test_signals_end_only_what_does_not_handle_them(world: World) -> None:
    job_id = await world.submit("sleep 100")
    await world.started(job_id)
    await world.backend.cancel(job_id, "alice", signal=18)
    world.step(2)
    assert await world.state(job_id) == "RUNNING"
    await world.backend.cancel(job_id, "alice", signal=10)
    await world.backend.cancel(job_id, "alice", signal=9)
    world.step(2)
    job = await world.job(job_id)
    assert (job.state, job.signal, job.reason) == ("FAILED", 9, "RaisedSignal")


async def test_a_changed_limit_counts(world: World) -> None:
    job_id = await world.submit("sleep 1000", time_limit_seconds=2000)
    await world.started(job_id)
    await world.update(job_id, time_limit_seconds=100)
    world.step(105)
    assert await world.state(job_id) == "TIMEOUT"
    longer = await world.submit("sleep 1000", time_limit_seconds=100)
    await world.started(longer)
    await world.update(longer, "carol", time_limit_seconds=2000)
    world.step(1002)
    assert await world.state(longer) == "COMPLETED"


async def test_a_held_job_waits_and_released_it_goes(world: World) -> None:
    job_id = await world.submit("sleep 10", hold=True)
    world.step(100)
    assert (await world.job(job_id)).reason == "JobHeldUser"
    with pytest.raises(ResourceConflict):
        await world.update(job_id, "carol", priority=100)
    await world.update(job_id, priority=0)
    await world.update(job_id, hold=False)
    await world.started(job_id)


async def test_coordinators_control_the_jobs_of_their_account(make_world: Callable[..., World]) -> None:
    world = make_world(jobs=0)
    ivan = await world.submit(actor="ivan", account="engineering", hold=True)
    alices = await world.submit(hold=True)
    await world.backend.cancel(ivan, "erin")
    with pytest.raises(PermissionDenied):
        await world.backend.cancel(alices, "erin")


async def test_private_jobs_are_not_there_for_others(make_world: Callable[..., World]) -> None:
    world = make_world(private_data=frozenset({"jobs"}))
    job_id = await world.submit(hold=True)
    with pytest.raises(ResourceNotFound):
        await world.backend.job(job_id, "bob")
    with pytest.raises(ResourceNotFound):
        await world.backend.cancel(job_id, "bob")
    for actor in ("alice", "carol", "dave", None):
        assert (await world.backend.job(job_id, actor)).job.job_id == job_id


async def test_an_environment_is_for_its_owner_and_administrators(world: World) -> None:
    job_id = await world.submit(environment={"SECRET": "yes"})
    await world.started(job_id)
    for actor, shown in (("alice", True), ("dave", True), (None, True), ("bob", False), ("carol", False)):
        environment = (await world.backend.job(job_id, actor)).environment
        assert (environment is not None and environment["SECRET"] == "yes") is shown


async def test_usage_grows_with_what_runs(world: World) -> None:
    async def used(name: str) -> int:
        users = {user.username: user for user in await world.backend.users()}
        return users[name].cpu_seconds_used or 0

    half_life = 14 * 86400
    before = await used("alice")
    job_id = await world.submit("sleep 1000", cpus_per_task=10)
    await world.started(job_id)
    world.step(499)
    assert await used("alice") == pytest.approx(before * 0.5 ** (500 / half_life) + 5000, abs=50)
    usage = (await world.backend.job(job_id)).usage
    assert usage is not None
    assert 0 < (usage.cpu_seconds or 0) <= 5000
    world.step(5000)
    # It decays with a half-life of two weeks, so what came before is less now.
    assert await used("alice") == pytest.approx(before * 0.5 ** (5500 / half_life) + 10_000, abs=100)


async def test_a_feed_tells_each_change_once(world: World) -> None:
    feed, other = world.backend.jobs_feed(), world.backend.jobs_feed()
    assert (await feed.poll()).complete

    async def changes() -> list[Job]:
        return (await feed.poll()).changed

    job_id = await world.submit("sleep 10")
    assert [job.state for job in await changes()] == ["PENDING"]
    assert await changes() == []
    world.step(1)
    assert [job.state for job in await changes()] == ["RUNNING"]
    world.step(30)
    assert [job.state for job in await changes()] == ["COMPLETED"]
    feed.forget([int(job_id), 99])
    again = await feed.poll()
    assert ([job.numeric_id for job in again.changed], again.removed) == ([int(job_id)], [99])
    late = await other.poll()
    assert (late.complete, [job.state for job in late.changed]) == (True, ["COMPLETED"])
