"""Arrays, and dependencies on them and others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.backends.simulated.arrays import fold_tasks, parse_array
from s9s.domain.errors import ResourceConflict, ResourceNotFound
from tests.backends.simulated.conftest import World


async def listed(world: World) -> dict[str, str]:
    changes = await world.backend.jobs_feed().poll()
    return {job.job_id: str(job.state) for job in changes.changed}


async def test_a_throttled_array_runs_so_many_at_a_time(world: World) -> None:
    array = await world.submit("sleep 10", array="1-5%2")
    world.step(1)
    assert await listed(world) == {array: "PENDING", f"{array}_1": "RUNNING", f"{array}_2": "RUNNING"}
    rest = await world.job(array)
    assert (rest.array_tasks, rest.reason, rest.array_task_id) == ("3-5%2", "JobArrayTaskLimit", None)
    world.step(12)
    world.step(12)
    states = await listed(world)
    assert states == {f"{array}_{task}": "COMPLETED" for task in range(1, 5)} | {f"{array}_5": "RUNNING"}
    # The last task to start keeps the array's own id.
    last = await world.job(array)
    assert (last.job_id, last.numeric_id) == (f"{array}_5", int(array))
    assert (await world.job(f"{array}_5")) == last


async def test_tasks_without_a_record_are_seen_and_touched_through_the_rest(world: World) -> None:
    array = await world.submit("sleep 10", array="0-9", hold=True)
    task = await world.job(f"{array}_4")
    assert (task.job_id, task.array_task_id, task.state, task.reason) == (
        f"{array}_4",
        4,
        "PENDING",
        "JobHeldUser",
    )
    with pytest.raises(ResourceNotFound):
        await world.job(f"{array}_10")
    await world.update(f"{array}_4", hold=False)
    await world.backend.cancel(f"{array}_7", "alice")
    world.step(1)
    assert await listed(world) == {array: "PENDING", f"{array}_4": "RUNNING", f"{array}_7": "CANCELLED"}
    assert (await world.job(array)).array_tasks == "0-3,5-6,8-9"
    world.step(15)
    await world.backend.cancel(array, "alice")
    assert (await world.state(array), await world.state(f"{array}_4")) == ("CANCELLED", "COMPLETED")
    with pytest.raises(ResourceConflict):
        await world.backend.cancel(f"{array}_2", "alice")
    world.step(400)
    assert await listed(world) == {}
    assert (await world.state(f"{array}_4"), await world.state(f"{array}_7")) == ("COMPLETED", "CANCELLED")


async def test_an_array_that_runs_in_part_can_be_held(world: World) -> None:
    array = await world.submit("sleep 100", array="1-4%1")
    world.step(1)
    await world.update(array, hold=True)
    assert (await world.state(f"{array}_1"), await world.reason(array)) == ("RUNNING", "JobHeldUser")
    with pytest.raises(ResourceConflict):
        await world.update(f"{array}_1", hold=True)
    world.step(200)
    assert await world.state(array) == "PENDING"
    await world.update(array, hold=False)
    world.step(1)
    assert await world.state(f"{array}_2") == "RUNNING"


async def test_dependencies_of_every_kind(world: World) -> None:
    good = await world.submit("sleep 100")
    bad = await world.submit("sleep 100\nexit 1")
    jobs = {
        text: await world.submit("sleep 1", dependency=text)
        for text in (
            f"afterok:{good}",
            f"afterok:{good}:{bad}",
            f"afternotok:{bad}",
            f"afterany:{good},afternotok:{bad}",
            f"afterok:{bad}?afterok:{good}",
            f"afterok:{bad}?afternotok:{good}",
            f"after:{good}",
            f"after:{good}+10",
        )
    }
    world.step(1)
    shown = await world.job(jobs[f"afterok:{good}:{bad}"])
    assert (shown.reason, shown.eligible_time) == ("Dependency", None)
    assert shown.dependency == f"afterok:{good}(unfulfilled),afterok:{bad}(unfulfilled)"
    assert (
        await world.job(jobs[f"afterok:{bad}?afterok:{good}"])
    ).dependency == f"afterok:{bad}(unfulfilled)?afterok:{good}(unfulfilled)"
    world.step(2)
    assert await world.state(jobs[f"after:{good}"]) == "COMPLETED"
    assert await world.state(jobs[f"after:{good}+10"]) == "PENDING"
    world.step(110)
    ends = {text: (await world.state(job_id), await world.reason(job_id)) for text, job_id in jobs.items()}
    never = ("PENDING", "DependencyNeverSatisfied")
    assert {text for text, end in ends.items() if end == never} == {
        f"afterok:{good}:{bad}",
        f"afterok:{bad}?afternotok:{good}",
    }
    world.step(600)
    left = [text for text, job_id in jobs.items() if await world.state(job_id) != "COMPLETED"]
    assert set(left) == {f"afterok:{good}:{bad}", f"afterok:{bad}?afternotok:{good}"}
    assert (await world.job(jobs[f"afterok:{good}"])).dependency is None


async def test_a_dependency_on_an_array_waits_for_all_of_it(world: World) -> None:
    array = await world.submit("sleep 10", array="1-3%1")
    after_all = await world.submit("sleep 1", dependency=f"afterok:{array}")
    after_one = await world.submit("sleep 1", dependency=f"afterany:{array}_2")
    world.step(20)
    assert await world.state(after_one) == "PENDING"
    world.step(10)
    assert await world.state(after_one) != "PENDING"
    assert await world.state(after_all) == "PENDING"
    world.step(20)
    assert await world.state(after_all) == "COMPLETED"


async def test_singletons_follow_each_other(world: World) -> None:
    first = await world.submit("sleep 10", job_name="lonely")
    second = await world.submit("sleep 10", job_name="lonely", dependency="singleton")
    third = await world.submit("sleep 10", job_name="lonely", dependency="singleton")
    others = await world.submit("sleep 10", "bob", job_name="lonely", dependency="singleton")
    world.step(1)
    states = [await world.state(job_id) for job_id in (first, second, third, others)]
    assert states == ["RUNNING", "PENDING", "PENDING", "RUNNING"]
    await world.update(third, job_name="elsewhere")
    world.step(1)
    assert await world.state(third) == "RUNNING"
    world.step(12)
    assert await world.state(second) == "RUNNING"


async def test_a_dependency_on_what_accounting_alone_remembers(world: World) -> None:
    done = await world.submit("sleep 1")
    world.step(500)
    await world.started(await world.submit(dependency=f"afterok:{done}"))


@given(st.sets(st.integers(0, 1000), min_size=1))
def test_tasks_fold_and_unfold(numbers: set[int]) -> None:
    tasks = parse_array(1, fold_tasks(sorted(numbers)))
    assert tasks.waiting == sorted(numbers)
    assert tasks.text == fold_tasks(tasks.waiting)


@given(st.text("0123456789-,:% x", max_size=12))
def test_any_text_is_an_array_or_refused(text: str) -> None:
    try:
        tasks = parse_array(1, text)
    except ValueError:
        return
    assert tasks.waiting
    assert max(tasks.waiting) <= 1000
