"""What every backend does on every cluster it is made for."""

from __future__ import annotations

import time
from typing import Any

import pytest

from s9s.domain.durations import UNLIMITED
from s9s.domain.errors import (
    PermissionDenied,
    ResourceConflict,
    ResourceNotFound,
    SlurmError,
    ValidationError,
)
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobState, JobUpdate, JobUsage
from s9s.domain.nodes import Node, NodeAction, NodeUpdate
from tests.backends.site import Site, until

UNKNOWN = "60000000"
"""No job has this id."""


# -- looking around ------------------------------------------------------------------------------------------


async def test_discovery_says_what_the_cluster_is(site: Site) -> None:
    info = await site.backend.discover()
    assert info.name
    assert info.slurm_version[0].isdigit()
    assert info.routes
    assert info.has_accounting
    assert info.acts_as == "anyone"
    await site.backend.ping()


async def test_partitions_have_limits_and_nodes(site: Site) -> None:
    partitions = {partition.name: partition for partition in await site.backend.partitions()}
    assert {"normal", "gpu", "debug"} <= set(partitions)
    normal, debug = partitions["normal"], partitions["debug"]
    if site.name != "slurmrestd-24.11":  # no version before v0.0.45 but v0.0.38 tells
        assert normal.is_default
    assert not debug.is_default
    assert normal.state == "UP"
    assert normal.nodes_total == len(normal.nodes) > 1
    assert normal.cpus_total >= normal.nodes_total
    assert debug.max_time_seconds == 30 * 60
    assert normal.default_time_seconds
    assert normal.allow_accounts is None
    assert normal.priority is not None


async def test_nodes_have_resources(site: Site) -> None:
    nodes = await _nodes(site)
    node = nodes["node001"]
    assert node.cpu_total > 0
    assert node.memory_total_mib > 0
    assert node.gpus_total == 4
    assert {"normal", "gpu"} <= set(node.partitions)
    assert "gpu" in node.features
    assert node.slurm_version
    assert node.boot_time is None or node.boot_time < time.time()


async def test_users_have_associations(site: Site) -> None:
    users = {user.username: user for user in await site.backend.users()}
    alice = users["alice"]
    assert alice.default_account == "research"
    research = next(entry for entry in alice.associations if entry.account == "research")
    assert {"normal", "high"} <= set(research.qos)
    assert users["alice"].admin_level == "none"
    assert users["carol"].admin_level == "operator"
    assert users["dave"].admin_level == "administrator"


async def test_an_unknown_job_is_not_found(site: Site) -> None:
    for job_id in (UNKNOWN, f"{UNKNOWN}_3", "999999999"):
        with pytest.raises(ResourceNotFound) as caught:
            await site.backend.job(job_id)
        assert caught.value.details["resource_type"] == "job"
        assert caught.value.details["resource_id"] == job_id


# -- running -------------------------------------------------------------------------------------------------


async def test_a_job_runs_and_writes_its_output(site: Site) -> None:
    asked_at = int(time.time())
    job_id = await site.submit(
        'echo "hello from $SLURM_JOB_ID"; echo trouble >&2; exit 3',
        job_name="first",
        standard_output="first-%j.out",
        standard_error="first-%j.err",
        comment="a comment",
    )
    job = await site.finish(job_id)
    assert (job.job_id, job.job_name, job.user, job.account) == (job_id, "first", "alice", "research")
    assert (job.state, job.exit_code, job.signal) == (JobState.FAILED, 3, None)
    assert (job.partition, job.qos) == ("normal", "normal")
    assert job.working_directory == str(site.folder)
    assert asked_at - 2 <= job.submit_time <= (job.start_time or 0) <= (job.end_time or 0) <= time.time() + 2
    assert len(job.nodes) == job.node_count == 1
    assert job.array_job_id is None
    assert job.suspend_time is None

    async def written() -> bool:
        return bool(site.read(f"first-{job_id}.err"))

    await until(written)
    assert site.read(f"first-{job_id}.out") == f"hello from {job_id}\n"
    assert site.read(f"first-{job_id}.err") == "trouble\n"


async def test_a_running_job_tells_what_it_has(site: Site) -> None:
    job_id = await site.submit(
        time_limit_seconds=2 * 3600 + 15 * 60, nodes=2, tasks_per_node=1, cpus_per_task=2, memory_mib=128
    )
    job = await site.reach(job_id, "RUNNING")
    assert job.time_limit_seconds == 2 * 3600 + 15 * 60
    assert job.node_count == len(job.nodes) == 2
    assert job.cpu_count == 4
    assert job.memory_mib == 256
    assert job.start_time
    assert job.end_time is None
    assert job.exit_code is None
    assert job.reason is None
    assert job.gpus == 0
    listed = {entry.job_id: entry for entry in await site.jobs()}
    # Slurm may have done something in between; what is fixed agrees in both.
    for attribute in (
        "numeric_id", "job_name", "user", "account", "partition", "qos", "nodes", "cpu_count", "memory_mib",
        "submit_time", "start_time", "time_limit_seconds", "working_directory", "state",
    ):  # fmt: skip
        assert getattr(listed[job_id], attribute) == getattr(job, attribute), attribute


async def test_environment_and_directives_reach_the_job(site: Site) -> None:
    script = (
        "#!/bin/bash\n#SBATCH --job-name=directive --comment=directive\n#SBATCH -t 0:07:00\n"
        'echo "[$GREETING] [$SLURM_JOB_NAME] $PWD"\n'
    )
    greeting = 'it\'s "odd", a=b; $HOME\nsecond line'
    job_id = await site.submit(
        script,
        job_name="request",
        time_limit_seconds=None,
        environment={"GREETING": greeting},
        standard_output="env.out",
    )
    job = await site.finish(job_id)
    assert job.job_name == "request"
    assert job.time_limit_seconds == 7 * 60

    async def written() -> bool:
        return bool(site.read("env.out"))

    await until(written)
    assert site.read("env.out") == f"[{greeting}] [request] {site.folder}\n"


async def test_a_job_ended_by_a_signal_says_which(site: Site) -> None:
    job = await site.finish(await site.submit("kill -KILL $$"))
    assert job.state == JobState.FAILED
    assert job.signal == 9


async def test_a_time_limit_may_be_unlimited_or_too_long(site: Site) -> None:
    job = await site.job(await site.submit(time_limit_seconds=UNLIMITED, hold=True))
    assert job.time_limit_seconds == UNLIMITED
    job_id = await site.submit(partition="debug", time_limit_seconds=3600)

    async def refused() -> bool:
        return (await site.job(job_id)).reason == "PartitionTimeLimit"

    await until(refused)


async def test_a_gpu_job_gets_its_gpus(site: Site) -> None:
    job_id = await site.submit(partition="gpu", gpus=2, nodes=1)
    job = await site.reach(job_id, "RUNNING")
    assert job.gpus == 2
    node = (await _nodes(site))[job.nodes[0]]
    assert node.gpus_total == 4
    assert node.gpus_allocated >= 2
    assert node.cpu_allocated >= 1
    assert node.state in ("MIXED", "ALLOCATED")
    per_node = await site.job(await site.submit(partition="gpu", gpus_per_node=1, nodes=2, hold=True))
    assert per_node.gpus == 2


@pytest.mark.parametrize(
    "name",
    [
        "a|b|c", "two\nlines", "tab\tand\rreturn", "quote'\"s", "--wrap=id", "-J", "%j%x", "żółć ✓",
        " spaced ", "$(id)", "x" * 200, "None", "(null)", "\x1b[31mred", "a,b;c=d", "back\\slash",
    ],
)  # fmt: skip
async def test_hostile_names_come_back_as_they_went(site: Site, name: str) -> None:
    job_id = await site.submit(job_name=name, hold=True, comment=name)
    listed = [entry for entry in await site.jobs() if entry.job_id == job_id]
    assert len(listed) == 1
    assert listed[0].job_name == name
    assert listed[0].user == "alice"
    assert (await site.job(job_id)).job_name == name


# -- arrays and dependencies ---------------------------------------------------------------------------------


async def test_an_array_is_a_rest_and_its_tasks(site: Site) -> None:
    array = await site.submit(array="0-9%2", standard_output="task-%A_%a.out", hold=True)
    rest = await site.job(array)
    assert (rest.job_id, rest.array_job_id, rest.array_task_id, rest.array_tasks) == (
        array,
        int(array),
        None,
        "0-9%2",
    )
    await site.backend.update_job(array, JobUpdate(hold=False), "alice")

    async def tasks() -> dict[str, Job]:
        found = {job.job_id: job for job in await site.jobs() if job.array_job_id == int(array)}
        return found if sum(job.state == "RUNNING" for job in found.values()) == 2 else {}

    found = await until(tasks)
    assert set(found) == {array, f"{array}_0", f"{array}_1"}
    assert found[array].array_tasks == "2-9%2"
    task = found[f"{array}_1"]
    assert (task.array_job_id, task.array_task_id, task.array_tasks) == (int(array), 1, None)
    assert task.numeric_id not in {found[array].numeric_id, found[f"{array}_0"].numeric_id}
    assert (await site.job(f"{array}_1")).numeric_id == task.numeric_id
    assert (await site.job(str(task.numeric_id))).job_id == f"{array}_1"
    with pytest.raises(ResourceNotFound):
        await site.job(f"{array}_77")

    await site.backend.cancel(f"{array}_0", "alice")
    ended = await site.finish(f"{array}_0")
    assert ended.state == JobState.CANCELLED
    await site.backend.cancel(array, "alice")

    async def all_cancelled() -> bool:
        left = [job for job in await site.jobs() if job.array_job_id == int(array)]
        return all(job.state == JobState.CANCELLED for job in left)

    await until(all_cancelled)


async def test_a_task_of_an_array_knows_which_it_is(site: Site) -> None:
    array = await site.submit('echo "task $SLURM_ARRAY_TASK_ID"', array="3,5", standard_output="task-%a.out")

    async def written() -> bool:
        return (site.read("task-3.out"), site.read("task-5.out")) == ("task 3\n", "task 5\n")

    await until(written)
    job = await site.finish(f"{array}_5")
    assert (job.job_id, job.array_task_id) == (f"{array}_5", 5)


async def test_a_dependency_holds_a_job_back(site: Site) -> None:
    first = await site.submit("sleep 2", hold=True)
    second = await site.submit("true", dependency=f"afterok:{first}")
    job = await site.job(second)
    assert job.state == JobState.PENDING
    assert job.dependency is not None
    assert f"afterok:{first}" in job.dependency
    await site.backend.update_job(first, JobUpdate(hold=False), "alice")
    after = await site.finish(second)
    before = await site.job(first)
    assert after.state == before.state == JobState.COMPLETED
    assert (after.start_time or 0) >= (before.end_time or 0)


async def test_a_dependency_that_fails_is_never_satisfied(site: Site) -> None:
    first = await site.submit("exit 1", hold=True)
    second = await site.submit("true", dependency=f"afterok:{first}")
    await site.backend.update_job(first, JobUpdate(hold=False), "alice")
    await site.finish(first)

    async def hopeless() -> bool:
        return (await site.job(second)).reason == "DependencyNeverSatisfied"

    await until(hopeless)


# -- refusals of a submission --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"partition": "no_such_partition"},
        {"account": "no_such_account"},
        {"qos": "no_such_qos"},
        {"constraint": "no_such_feature"},
        {"reservation": "no_such_reservation"},
        {"array": "5-1"},
    ],
    ids=lambda fields: next(iter(fields)),
)
async def test_what_does_not_exist_is_refused(site: Site, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        await site.submit(**fields)


async def test_an_account_of_others_is_refused(site: Site) -> None:
    with pytest.raises((ValidationError, PermissionDenied)):
        await site.submit(account="engineering")


async def test_more_than_a_node_has_is_refused(site: Site) -> None:
    with pytest.raises(ValidationError):
        await site.submit(memory_mib=1 << 40)


# -- hold, release, change -----------------------------------------------------------------------------------


async def test_hold_and_release(site: Site) -> None:
    job_id = await site.submit(begin_time=int(time.time()) + 3600)
    await site.backend.update_job(job_id, JobUpdate(hold=True), "alice")
    job = await site.job(job_id)
    assert (job.state, job.priority, job.reason) == (JobState.PENDING, 0, "JobHeldUser")
    await site.backend.update_job(job_id, JobUpdate(hold=False), "alice")
    job = await site.job(job_id)
    assert job.priority
    assert job.reason != "JobHeldUser"


async def test_a_job_can_be_submitted_held(site: Site) -> None:
    job_id = await site.submit("true", hold=True)
    job = await site.job(job_id)
    assert (job.priority, job.reason) == (0, "JobHeldUser")
    await site.backend.update_job(job_id, JobUpdate(hold=False), "alice")
    assert (await site.finish(job_id)).state == JobState.COMPLETED


async def test_an_operators_hold_is_not_the_owners_to_release(site: Site) -> None:
    job_id = await site.submit(begin_time=int(time.time()) + 3600)
    await site.backend.update_job(job_id, JobUpdate(hold=True), "carol")
    assert (await site.job(job_id)).reason == "JobHeldAdmin"
    with pytest.raises(PermissionDenied):
        await site.backend.update_job(job_id, JobUpdate(hold=False), "alice")
    await site.backend.update_job(job_id, JobUpdate(hold=False), "carol")
    assert (await site.job(job_id)).priority


async def test_a_running_job_cannot_be_held(site: Site) -> None:
    job_id = await site.submit()
    await site.reach(job_id, "RUNNING")
    with pytest.raises(ResourceConflict):
        await site.backend.update_job(job_id, JobUpdate(hold=True), "alice")
    job = await site.job(job_id)
    assert job.state == JobState.RUNNING
    assert job.priority


async def test_priority_is_raised_by_operators_only(site: Site) -> None:
    job_id = await site.submit(begin_time=int(time.time()) + 3600)
    with pytest.raises(PermissionDenied):
        await site.backend.update_job(job_id, JobUpdate(priority=100_000_000), "alice")
    await site.backend.update_job(job_id, JobUpdate(priority=1500), "carol")
    assert (await site.job(job_id)).priority == 1500


async def test_an_owner_changes_a_pending_job(site: Site) -> None:
    job_id = await site.submit(begin_time=int(time.time()) + 3600)
    update = JobUpdate(
        time_limit_seconds=1800,
        partition="gpu",
        qos="high",
        job_name="re named|x",
        comment="why=not, 'so'",
        nice=10,
    )
    await site.backend.update_job(job_id, update, "alice")
    job = await site.job(job_id)
    assert (job.time_limit_seconds, job.partition, job.qos) == (1800, "gpu", "high")
    assert (job.job_name, job.comment) == ("re named|x", "why=not, 'so'")


@pytest.mark.parametrize("update", [JobUpdate(partition="no_such_partition"), JobUpdate(qos="no_such_qos")])
async def test_a_change_to_what_does_not_exist_is_refused(site: Site, update: JobUpdate) -> None:
    job_id = await site.submit(begin_time=int(time.time()) + 3600)
    with pytest.raises(ValidationError):
        await site.backend.update_job(job_id, update, "alice")


async def test_a_running_jobs_limit_is_only_lowered(site: Site) -> None:
    job_id = await site.submit(time_limit_seconds=1200)
    await site.reach(job_id, "RUNNING")
    await site.backend.update_job(job_id, JobUpdate(time_limit_seconds=600), "alice")
    assert (await site.job(job_id)).time_limit_seconds == 600
    with pytest.raises(PermissionDenied):
        await site.backend.update_job(job_id, JobUpdate(time_limit_seconds=7200), "alice")
    with pytest.raises(ResourceConflict):
        await site.backend.update_job(job_id, JobUpdate(partition="gpu"), "alice")


async def test_updates_of_no_ones_or_finished_jobs(site: Site) -> None:
    for update in (
        JobUpdate(hold=True),
        JobUpdate(hold=False),
        JobUpdate(priority=5),
        JobUpdate(time_limit_seconds=60),
    ):
        with pytest.raises(ResourceNotFound):
            await site.backend.update_job(UNKNOWN, update, "alice")
    job_id = await site.submit("true")
    await site.finish(job_id)
    for update in (JobUpdate(hold=True), JobUpdate(hold=False), JobUpdate(time_limit_seconds=60)):
        with pytest.raises(ResourceConflict):
            await site.backend.update_job(job_id, update, "alice")


# -- cancel, signals, requeue, suspend -----------------------------------------------------------------------


async def test_cancel_ends_pending_and_running_jobs(site: Site) -> None:
    pending = await site.submit(hold=True)
    await site.backend.cancel(pending, "alice")
    job = await site.finish(pending)
    assert (job.state, job.start_time) == (JobState.CANCELLED, None)
    running = await site.submit()
    await site.reach(running, "RUNNING")
    await site.backend.cancel(running, "alice")
    job = await site.finish(running)
    assert job.state == JobState.CANCELLED
    assert job.end_time


async def test_cancel_of_what_is_not_there_or_over(site: Site) -> None:
    with pytest.raises(ResourceNotFound):
        await site.backend.cancel(UNKNOWN, "alice")
    job_id = await site.submit("true")
    await site.finish(job_id)
    with pytest.raises(ResourceConflict):
        await site.backend.cancel(job_id, "alice")
    with pytest.raises(ResourceConflict):
        await site.backend.cancel(job_id, "alice", signal=10)
    assert (await site.job(job_id)).state == JobState.COMPLETED


async def test_another_users_job_is_left_alone(site: Site) -> None:
    job_id = await site.submit()
    await site.reach(job_id, "RUNNING")
    pending = await site.submit(begin_time=int(time.time()) + 3600)
    for attempt in (
        lambda: site.backend.cancel(job_id, "bob"),
        lambda: site.backend.cancel(job_id, "bob", signal=10),
        lambda: site.backend.cancel(pending, "bob"),
        lambda: site.backend.cancel(pending, "bob", force=True),
        lambda: site.backend.update_job(pending, JobUpdate(hold=True), "bob"),
        lambda: site.backend.update_job(pending, JobUpdate(time_limit_seconds=60), "bob"),
    ):
        with pytest.raises(PermissionDenied):
            await attempt()
    assert (await site.job(job_id)).state == JobState.RUNNING
    assert (await site.job(pending)).priority
    await site.backend.cancel(job_id, "carol")
    assert (await site.finish(job_id)).state == JobState.CANCELLED


@pytest.mark.parametrize("write", ["force", "suspend"])
async def test_another_users_job_is_neither_killed_nor_suspended(site: Site, write: str) -> None:
    job_id = await site.submit()
    await site.reach(job_id, "RUNNING")
    attempts = {
        "force": lambda: site.backend.cancel(job_id, "bob", force=True),
        "suspend": lambda: site.backend.suspend(job_id, "bob"),
    }
    with pytest.raises(PermissionDenied):
        await attempts[write]()
    assert (await site.job(job_id)).state == JobState.RUNNING


async def test_requeue_of_another_users_job_is_denied(site: Site) -> None:
    job_id = await site.submit()
    await site.reach(job_id, "RUNNING")
    with pytest.raises(PermissionDenied):
        await site.backend.requeue(job_id, "bob")


async def test_a_signal_is_only_delivered(site: Site) -> None:
    job_id = await site.submit(
        "#!/bin/bash\ntrap 'echo got USR1' USR1\necho ready\nwhile :; do sleep 0.2; done\n",
        standard_output="signal.out",
    )

    async def ready() -> bool:
        return "ready" in site.read("signal.out")

    await until(ready)
    await site.backend.cancel(job_id, "alice", signal=10)

    async def got() -> bool:
        return "got USR1" in site.read("signal.out")

    await until(got)
    assert (await site.job(job_id)).state == JobState.RUNNING


async def test_a_signal_needs_a_running_job(site: Site) -> None:
    job_id = await site.submit(hold=True)
    with pytest.raises(ResourceConflict):
        await site.backend.cancel(job_id, "alice", signal=10)
    assert (await site.job(job_id)).state == JobState.PENDING
    with pytest.raises(ResourceNotFound):
        await site.backend.cancel(UNKNOWN, "alice", signal=10)


async def test_force_ends_a_stubborn_job_at_once(site: Site) -> None:
    async def killed(attempt: int) -> Job:
        name = f"stubborn-{attempt}.out"
        job_id = await site.submit(
            "#!/bin/bash\ntrap '' TERM\necho ready\nwhile :; do sleep 0.2; done\n", standard_output=name
        )

        async def ready() -> bool:
            return "ready" in site.read(name)

        await until(ready)
        began = time.monotonic()
        await site.backend.cancel(job_id, "alice", force=True)
        job = await site.finish(job_id, seconds=20)
        assert time.monotonic() - began < 4.5  # sooner than KillWait, which is 5 s in the lab
        assert job.state in (JobState.CANCELLED, JobState.FAILED)
        return job

    # On a busy host slurmctld may hear of the death before it hears of the cancel: not three times in a row.
    states = []
    for attempt in range(3):
        states.append((await killed(attempt)).state)
        if states[-1] == JobState.CANCELLED:
            return
    pytest.fail(f"never CANCELLED but {states}")


async def test_requeue_starts_a_job_over(site: Site) -> None:
    job_id = await site.submit()
    before = await site.reach(job_id, "RUNNING")
    await site.backend.requeue(job_id, "alice")

    async def again() -> Job | None:
        job = await site.job(job_id)
        return job if job.requeue_count == before.requeue_count + 1 and job.state == "PENDING" else None

    job = await until(again)
    assert job.numeric_id == before.numeric_id
    assert job.start_time is None
    with pytest.raises(ResourceConflict):
        await site.backend.requeue(job_id, "alice")
    with pytest.raises(ResourceNotFound):
        await site.backend.requeue(UNKNOWN, "alice")


async def test_suspend_and_resume(site: Site) -> None:
    job_id = await site.submit()
    running = await site.reach(job_id, "RUNNING")
    await site.backend.suspend(job_id, "carol")
    suspended = await site.reach(job_id, "SUSPENDED")
    assert suspended.suspend_time is not None
    assert running.start_time == suspended.start_time
    now = int(time.time())
    stands = suspended.elapsed_seconds(now)
    assert suspended.elapsed_seconds(now + 100) == stands
    await site.backend.resume(job_id, "carol")
    resumed = await site.reach(job_id, "RUNNING")
    assert resumed.suspend_time is None
    with pytest.raises(ResourceConflict):
        await site.backend.resume(job_id, "carol")
    with pytest.raises(ResourceNotFound):
        await site.backend.suspend(UNKNOWN, "carol")


# -- feeds and history ---------------------------------------------------------------------------------------


async def test_a_feed_tells_changes_only(site: Site) -> None:
    job_id = await site.submit(begin_time=int(time.time()) + 3600)
    numeric_id = int(job_id)
    feed = site.backend.jobs_feed()
    first = await feed.poll()
    assert first.complete
    assert numeric_id in {job.numeric_id for job in first.changed}
    second = await feed.poll()
    assert not second.complete
    assert numeric_id not in {job.numeric_id for job in second.changed}
    assert first.asked_at < second.asked_at <= time.time()

    feed.forget([numeric_id])
    assert numeric_id in {job.numeric_id for job in (await feed.poll()).changed}

    await site.backend.update_job(job_id, JobUpdate(job_name="changed"), "alice")
    changed = {job.numeric_id: job for job in (await feed.poll()).changed}
    assert changed[numeric_id].job_name == "changed"


async def test_a_feed_does_not_repeat_running_jobs(site: Site) -> None:
    job_id = await site.submit()
    await site.reach(job_id, "RUNNING")
    feed = site.backend.jobs_feed()
    await feed.poll()
    repeated = 0
    started = time.monotonic()
    while time.monotonic() - started < 2.5:  # over a second's boundary or two
        repeated += int(job_id) in {job.numeric_id for job in (await feed.poll()).changed}
    assert repeated <= 1


async def test_finished_jobs_come_from_accounting(site: Site) -> None:
    start = int(time.time()) - 2
    done = await site.submit("true", job_name="history|one")
    never = await site.submit(hold=True, job_name="history two")
    await site.finish(done)
    await site.backend.cancel(never, "alice")
    await site.finish(never)

    async def both() -> dict[str, Job]:
        found = {job.job_id: job for job in await site.backend.finished_jobs(start, int(time.time()) + 60)}
        # 22.05 calls what comes over REST "allocation" in accounting, for its first seconds there.
        fresh = any(found[job_id].job_name == "allocation" for job_id in (done, never) if job_id in found)
        return found if {done, never} <= set(found) and not fresh else {}

    found = await until(both)
    job = found[done]
    assert (job.state, job.exit_code, job.user, job.job_name) == (
        JobState.COMPLETED,
        0,
        "alice",
        "history|one",
    )
    assert job.submit_time <= (job.start_time or 0) <= (job.end_time or 0)
    assert (found[never].state, found[never].start_time) == (JobState.CANCELLED, None)
    assert found[never].end_time
    assert all(entry.state.is_finished for entry in found.values())
    assert not await site.backend.finished_jobs(start - 7200, start - 7199)


async def test_finished_jobs_come_with_what_their_steps_used(site: Site) -> None:
    start = int(time.time()) - 2
    # So much CPU time whatever else the host has to do, and one CPU of two that idles.
    burn = "perl -e 'do { for (1..99999) {} @t = times } until $t[0] + $t[1] > 1.5'"
    burning = await site.submit(burn, cpus_per_task=2)
    idle = await site.submit("true")
    never = await site.submit(hold=True)
    for job_id in (burning, idle):
        await site.finish(job_id)
    await site.backend.cancel(never, "alice")
    await site.finish(never)

    async def all_three() -> dict[str, FinishedJob]:
        found = await site.backend.finished_with_usage(start, int(time.time()) + 60)
        by_id = {one.job.job_id: one for one in found if one.usage is not None or one.job.job_id == never}
        return by_id if {burning, never} <= set(by_id) else {}

    found = await until(all_three)
    used = found[burning].usage
    assert used is not None
    assert used.cpu_seconds == pytest.approx(1.55, abs=0.1)
    assert found[never].usage is None
    assert idle not in found or found[idle].usage != JobUsage()
    # A look-up of the job itself tells the same.
    assert (await site.backend.job(burning, "alice")).usage == used


async def test_accounting_tells_which_jobs_have_no_end(site: Site) -> None:
    if not site.name.startswith("cli"):
        pytest.skip(f"{site.name} has no sacct")
    done, running = await site.submit("true"), await site.submit("sleep 600")
    await site.reach(running, "RUNNING")
    await site.finish(done)

    async def told() -> bool:
        unended = {job.job_id: job for job in await site.backend.unended_jobs()}
        assert all(job.end_time is None for job in unended.values())
        return running in unended and done not in unended

    await until(told)


async def test_what_running_jobs_use_is_told_to_their_owner(site: Site) -> None:
    if site.name.startswith("slurmrestd"):
        pytest.skip("slurmrestd has no sstat")
    burn = "perl -e 'do { for (1..99999) {} @t = times } until $t[0] + $t[1] > 1.5; sleep 600'"
    first, second = await site.submit(burn), await site.submit(burn)
    jobs = [await site.reach(job_id, "RUNNING") for job_id in (first, second)]

    async def both() -> dict[int, JobUsage]:
        told: dict[int, JobUsage] = await site.backend.usage_of_running(jobs, "alice")
        used = [one.cpu_seconds or 0 for one in told.values()]
        return told if len(used) == 2 and min(used) >= 1 else {}

    used = await until(both)
    assert set(used) == {job.numeric_id for job in jobs}
    if site.name != "simulated":  # there it is made up for those who do not run the server
        # sstat knows whole seconds only.
        assert [one.cpu_seconds for one in used.values()] == pytest.approx([1.5, 1.5], abs=0.51)
    assert await site.backend.usage_of_running(jobs, "bob") == {}


# -- nodes ---------------------------------------------------------------------------------------------------


async def test_drain_with_a_timeout_ends_by_itself(site: Site) -> None:
    name = await _spare_node(site)
    update = NodeUpdate(action=NodeAction.DRAIN, reason="disk | failing\nsoon", resume_after_seconds=5)
    await site.backend.update_nodes([name], update, "dave")
    node = (await _nodes(site))[name]
    assert node.state == "DRAIN"
    assert node.reason is not None
    assert node.reason.startswith("disk")
    assert node.reason_user is not None
    assert node.reason_time is not None

    async def back() -> bool:
        return (await _nodes(site))[name].state in ("IDLE", "MIXED", "ALLOCATED")

    await until(back, seconds=60)


async def test_drain_down_and_resume(site: Site) -> None:
    name = await _spare_node(site)
    try:
        await site.backend.update_nodes([name], NodeUpdate(action=NodeAction.DRAIN, reason="check"), "dave")
        assert (await _nodes(site))[name].state == "DRAIN"
        await site.backend.update_nodes([name], NodeUpdate(action=NodeAction.UNDRAIN), "dave")
        assert (await _nodes(site))[name].state != "DRAIN"
        await site.backend.update_nodes([name], NodeUpdate(action=NodeAction.DOWN, reason="fan"), "dave")
        node = (await _nodes(site))[name]
        assert (node.state, node.reason) == ("DOWN", "fan")
    finally:
        await site.backend.update_nodes([name], NodeUpdate(action=NodeAction.RESUME), "dave")

    async def back() -> bool:
        return (await _nodes(site))[name].state in ("IDLE", "MIXED", "ALLOCATED")

    await until(back)
    with pytest.raises(ResourceConflict):
        await site.backend.update_nodes([name], NodeUpdate(action=NodeAction.RESUME), "dave")


@pytest.mark.parametrize("actor", ["alice", "carol"])
async def test_nodes_are_for_administrators(site: Site, actor: str) -> None:
    name = await _spare_node(site)
    with pytest.raises(PermissionDenied):
        await site.backend.update_nodes([name], NodeUpdate(action=NodeAction.DRAIN, reason="mine"), actor)
    assert (await _nodes(site))[name].state != "DRAIN"


async def test_an_unknown_node_is_not_found_and_nothing_is_changed(site: Site) -> None:
    name = await _spare_node(site)
    with pytest.raises(ResourceNotFound) as caught:
        await site.backend.update_nodes(
            [name, "node99999"], NodeUpdate(action=NodeAction.DRAIN, reason="x"), "dave"
        )
    assert caught.value.details["resource_type"] == "node"
    assert (await _nodes(site))[name].state != "DRAIN"


# -- who acts ------------------------------------------------------------------------------------------------


async def test_someone_unknown_to_the_system_is_denied(site: Site) -> None:
    with pytest.raises((PermissionDenied, ResourceNotFound, SlurmError, ValidationError)):
        await site.submit(actor="nosuchuser")


@pytest.mark.parametrize(
    "job_id", ["", "1;id", "-1", "--all", "1 2", "1,2", "alice", "1_", "1_2_3", "1_[2-3]", "1+", "٣"]
)
async def test_what_is_no_job_id_finds_no_job(site: Site, job_id: str) -> None:
    with pytest.raises(ResourceNotFound):
        await site.backend.job(job_id)
    with pytest.raises(ResourceNotFound):
        await site.backend.cancel(job_id, "alice")
    with pytest.raises(ResourceNotFound):
        await site.backend.update_job(job_id, JobUpdate(hold=True), "alice")


async def _nodes(site: Site) -> dict[str, Node]:
    changes = await site.backend.nodes_feed().poll()
    return {node.node_name: node for node in changes.changed}


async def _spare_node(site: Site) -> str:
    """A node that is up, preferably without GPUs so that the other tests' jobs have theirs."""
    nodes = [node for node in (await _nodes(site)).values() if node.state in ("IDLE", "MIXED", "ALLOCATED")]
    return max(nodes, key=lambda node: (not node.gpus_total, node.state == "IDLE", node.node_name)).node_name
