"""What only real daemons can prove, beyond the suite that all backends pass."""

from __future__ import annotations

import asyncio
import os
import pwd
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from lab import Lab
from s9s.backends.base import Unsupported
from s9s.backends.processes import Processes
from s9s.backends.slurmrestd import KeyTokens, OwnToken, RestBackend
from s9s.domain.errors import PermissionDenied, ResourceNotFound, S9SError, SlurmUnavailable
from s9s.domain.jobs import Job, JobState, JobSubmission, JobUpdate
from tests.backends.site import until

SLEEP = "#!/bin/sh\nsleep 300\n"


@pytest.fixture(
    params=[
        pytest.param(version, marks=[pytest.mark.slurm, pytest.mark.xdist_group(f"lab{version}")])
        for version in ("22.05", "24.11", "26.05")
    ]
)
def lab(request: pytest.FixtureRequest) -> Lab:
    made: Lab = request.getfixturevalue(f"lab{request.param[:2]}")
    return made


class Jobs:
    """Submits small jobs and ends them after the test."""

    def __init__(self, backend: RestBackend) -> None:
        self.backend = backend
        self.submitted: list[tuple[str, str]] = []

    async def submit(self, script: str = SLEEP, actor: str = "alice", **fields: Any) -> str:
        fields = {
            "working_directory": "/tmp",
            "standard_output": "/dev/null",
            "time_limit_seconds": 600,
            "memory_mib": 64,
        } | fields
        submitted = await self.backend.submit(JobSubmission(script=script, **fields), actor)
        self.submitted.append((submitted.job_id, actor))
        # Whatever slurmrestd does not understand of a request it says in its warnings.
        assert submitted.message in (None, "Job is in held state, pending scheduler release")
        return submitted.job_id

    async def get(self, job_id: str) -> Job:
        return (await self.backend.job(job_id)).job

    async def reach(self, job_id: str, state: JobState) -> Job:
        async def look() -> Job | None:
            job = await self.get(job_id)
            return job if job.state == state else None

        return await until(look)


@pytest.fixture
async def jobs(lab: Lab) -> AsyncIterator[Jobs]:
    backend = RestBackend(
        url=lab.slurmrestd_url, tokens=KeyTokens(lab.jwt_key), home=lambda user: pwd.getpwnam(user).pw_dir
    )
    made = Jobs(backend)
    yield made
    for job_id, actor in made.submitted:
        with suppress(S9SError, Unsupported):
            await backend.cancel(job_id, actor)
    await backend.close()


def shown(lab: Lab, job_id: str) -> str:
    """The job as scontrol shows it."""
    return lab.run("alice", "scontrol", "show", "job", "-o", job_id).stdout


# -- submissions ---------------------------------------------------------------------------------------------


async def test_fields_of_a_submission_reach_slurm(lab: Lab, jobs: Jobs) -> None:
    begin = int(time.time()) + 7200
    job_id = await jobs.submit(
        job_name="all of it",
        partition="gpu",
        account="research",
        qos="high",
        nodes=1,
        nodes_max=2,
        tasks=2,
        cpus_per_task=2,
        memory_mib=100,
        time_limit_seconds=3600,
        time_min_seconds=1800,
        standard_output="out-%j",
        standard_error="err-%j",
        begin_time=begin,
        constraint="gpu",
        nice=5,
        comment="a comment",
        mail_type="END,FAIL,TIME_LIMIT_80",
        mail_user="x@example.org",
        open_mode="append",
        signal="USR1@120",
        requeue=False,
        nodelist="node002",
        exclude="node001",
    )
    text = shown(lab, job_id)
    for part in (
        "JobName=all of it", "Partition=gpu", "Account=research", "QOS=high", "Nice=5", "Requeue=0",
        "TimeLimit=01:00:00", "TimeMin=00:30:00", "NumNodes=1-2", "NumTasks=2", "CPUs/Task=2",
        "MinMemoryNode=100M", "Features=gpu",
        "Comment=a comment", "ReqNodeList=node002", "ExcNodeList=node001", "MailUser=x@example.org",
        "MailType=END,FAIL,TIME_LIMIT_80", f"StdOut=/tmp/out-{job_id}", f"StdErr=/tmp/err-{job_id}",
    ):  # fmt: skip
        assert part in text, part
    assert (await jobs.get(job_id)).eligible_time == begin


async def test_amounts_of_a_submission_reach_slurm(lab: Lab, jobs: Jobs) -> None:
    job_id = await jobs.submit(
        hold=True,
        partition="gpu",
        nodes=2,
        cpus_per_node=3,
        memory_mib=None,
        memory_per_cpu_mib=64,
        gpus_per_node=1,
        exclusive=True,
        nodelist="node[001-002]",
        deadline=int(time.time()) + 86400,
    )
    text = shown(lab, job_id)
    for part in ("NumNodes=2", "NtasksPerN:B:S:C=1:", "CPUs/Task=3", "MinMemoryCPU=64M", "OverSubscribe=NO"):
        assert part in text, part
    assert "Deadline=N/A" not in text
    assert "gres/gpu=2" in text
    text = shown(lab, await jobs.submit(hold=True, array="0-6:2%3", gres="gpu:a100:1", partition="gpu"))
    assert "ArrayTaskId=0,2,4,6%3" in text or "ArrayTaskId=0-6:2%3" in text
    assert "gpu:a100:1" in text


# -- names of jobs -------------------------------------------------------------------------------------------


async def test_a_task_is_changed_alone(jobs: Jobs) -> None:
    array = await jobs.submit(array="0-4%2")
    await jobs.reach(f"{array}_1", JobState.RUNNING)
    await jobs.backend.update_job(f"{array}_1", JobUpdate(time_limit_seconds=240), "alice")
    limits = [(await jobs.get(name)).time_limit_seconds for name in (f"{array}_0", f"{array}_1", array)]
    assert limits == [600, 240, 600]
    waiting = await jobs.get(f"{array}_3")
    assert (waiting.job_id, waiting.array_task_id, waiting.state) == (f"{array}_3", 3, JobState.PENDING)
    with pytest.raises(Unsupported):
        await jobs.backend.update_job(f"{array}_3", JobUpdate(time_limit_seconds=240), "alice")
    await jobs.backend.cancel(f"{array}_3", "alice")
    assert (await jobs.get(array)).array_tasks in ("2,4%2", "2,4")


async def test_an_array_is_cancelled_although_some_of_it_is_over(jobs: Jobs) -> None:
    array = await jobs.submit("#!/bin/sh\n[ $SLURM_ARRAY_TASK_ID = 0 ] || sleep 300\n", array="0-4%2")
    await jobs.reach(f"{array}_0", JobState.COMPLETED)
    await jobs.backend.cancel(array, "alice")
    await jobs.reach(f"{array}_1", JobState.CANCELLED)
    assert (await jobs.get(f"{array}_0")).state == JobState.COMPLETED


async def test_usage_comes_from_accounting(jobs: Jobs) -> None:
    job_id = await jobs.submit(
        "#!/bin/sh\nexec perl -e '$x = \"x\" x (50 << 20); $t = time + 7; 1 while time < $t'\n",
        memory_mib=300,
    )
    await jobs.reach(job_id, JobState.COMPLETED)

    async def used() -> bool:
        usage = (await jobs.backend.job(job_id, "alice")).usage
        return usage is not None and (usage.cpu_seconds or 0) > 1 and (usage.max_memory_mib or 0) > 50

    await until(used)


# -- ending jobs ---------------------------------------------------------------------------------------------


async def test_a_forced_cancel_kills_steps_too(lab: Lab, jobs: Jobs) -> None:
    stubborn = "trap '' TERM; while :; do sleep 0.2; done"
    script = f'#!/bin/bash\nsrun --overlap bash -c "{stubborn}" &\n{stubborn}\n'
    environment = {"PATH": f"{lab.bin_dir}:/usr/bin:/bin", "SLURM_CONF": str(lab.slurm_conf)}
    job_id = await jobs.submit(script, environment=environment)
    await jobs.reach(job_id, JobState.RUNNING)

    async def has_step() -> bool:
        return f"{job_id}.0" in lab.run("alice", "squeue", "-h", "-s", "-j", job_id, "-o", "%i").stdout

    await until(has_step)
    await asyncio.sleep(0.5)  # bash sets its trap
    began = time.monotonic()
    try:
        await jobs.backend.cancel(job_id, "alice", force=True)
    except Unsupported as reason:
        pytest.skip(str(reason))
    await jobs.reach(job_id, JobState.CANCELLED)
    assert time.monotonic() - began < 4  # KillWait is 5 s in the lab


# -- who acts ------------------------------------------------------------------------------------------------


async def test_a_unix_socket_serves_as_well(lab: Lab) -> None:
    backend = RestBackend(url=f"unix:{lab.slurmrestd_socket}", tokens=KeyTokens(lab.jwt_key))
    try:
        assert (await backend.discover()).slurm_version.startswith(lab.version)
        job_id = (
            await backend.submit(JobSubmission(script=SLEEP, working_directory="/tmp", hold=True), "alice")
        ).job_id
        assert (await backend.job(job_id)).job.user == "alice"
        await backend.cancel(job_id, "alice")
    finally:
        await backend.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="root's token acts for others")
async def test_the_servers_own_token_is_enough(lab: Lab) -> None:
    processes = Processes()
    tokens = OwnToken(
        processes, scontrol=str(lab.bin_dir / "scontrol"), environment={"SLURM_CONF": str(lab.slurm_conf)}
    )
    backend = RestBackend(url=lab.slurmrestd_url, tokens=tokens)
    try:
        submission = JobSubmission(script=SLEEP, working_directory="/tmp", hold=True)
        job_id = (await backend.submit(submission, "bob")).job_id
        assert (await backend.job(job_id)).job.user == "bob"
        with pytest.raises(PermissionDenied):
            await backend.cancel(job_id, "alice")
        await backend.cancel(job_id, "bob")
    finally:
        await backend.close()
        processes.close()


async def test_private_jobs_are_the_owners(lab: Lab, jobs: Jobs) -> None:
    lab.reconfigure(PrivateData="jobs")
    try:
        job_id = await jobs.submit(hold=True)
        if lab.version == "26.05":
            assert (await jobs.backend.discover()).private_data == {"jobs"}
        with pytest.raises(ResourceNotFound):
            await jobs.backend.cancel(job_id, "bob")
        assert (await jobs.backend.job(job_id, "alice")).job.user == "alice"
        assert (await jobs.backend.job(job_id)).job.user == "alice"
        assert int(job_id) in {job.numeric_id for job in (await jobs.backend.jobs_feed().poll()).changed}
    finally:
        lab.reconfigure(PrivateData=None)


# -- outages -------------------------------------------------------------------------------------------------


@contextmanager
def without(lab: Lab, daemon: str) -> Iterator[None]:
    lab.stop(daemon)
    try:
        yield
    finally:
        lab.start(daemon)


async def fails(call: Callable[[], Awaitable[Any]]) -> float:
    """Seconds until the call says that Slurm is out of reach."""
    began = time.monotonic()
    with pytest.raises(SlurmUnavailable) as caught:
        await call()
    assert caught.value.retry_after_seconds > 0
    return time.monotonic() - began


async def recovers(call: Callable[[], Awaitable[Any]]) -> None:
    async def works() -> bool:
        with suppress(SlurmUnavailable):
            await call()
            return True
        return False

    await until(works)


async def test_slurmctld_goes_and_comes_back(lab: Lab, jobs: Jobs) -> None:
    job_id = await jobs.submit(hold=True)
    feed = jobs.backend.jobs_feed()
    await feed.poll()
    with without(lab, "slurmctld"):
        assert await fails(jobs.backend.ping) < 4
        assert await fails(feed.poll) < 7  # not the 9 to 10 s for which slurmrestd blocks
        assert await fails(lambda: jobs.backend.cancel(job_id, "alice")) < 4
        assert await fails(lambda: jobs.submit()) < 4  # noqa: PLW0108
        assert await fails(lambda: jobs.backend.job(job_id)) < 4
        assert await fails(jobs.backend.partitions) < 4
    await recovers(feed.poll)
    assert (await jobs.get(job_id)).state == JobState.PENDING
    assert len([job for job in (await jobs.backend.jobs_feed().poll()).changed if job.job_id == job_id]) == 1


async def test_a_cancel_while_slurmctld_is_out_is_no_denial(lab: Lab, jobs: Jobs) -> None:
    from s9s.backends.slurmrestd import build, payloads
    from s9s.backends.slurmrestd.lookup import asked

    await jobs.backend.discover()
    with without(lab, "slurmctld"):
        delete = (build.cancel_job("1"), payloads.Killed, asked("cancel", "1"))
        assert await fails(lambda: jobs.backend._client.ask(*delete, actor="alice")) < 15


async def test_slurmrestd_goes_and_comes_back(lab: Lab, jobs: Jobs) -> None:
    await jobs.backend.discover()
    with without(lab, "slurmrestd"):
        for call in (jobs.backend.ping, jobs.backend.jobs_feed().poll, jobs.backend.users, jobs.submit):
            assert await fails(call) < 4
    await recovers(jobs.backend.partitions)
    await recovers(jobs.backend.users)


async def test_slurmdbd_goes_and_comes_back(lab: Lab, jobs: Jobs) -> None:
    job_id = await jobs.submit(hold=True)
    with without(lab, "slurmdbd"):
        assert await fails(jobs.backend.users) < 15
        assert await fails(lambda: jobs.backend.finished_jobs(0, 1)) < 15
        assert (await jobs.backend.job(job_id)).job.job_id == job_id
        assert (await jobs.backend.job(await jobs.submit(hold=True))).usage is None
    await recovers(jobs.backend.users)
