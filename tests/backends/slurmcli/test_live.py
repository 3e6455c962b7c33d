"""What the commands do beyond the suite of all backends, and how an outage shows, on each version."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lab import Lab, LabUnavailable
from s9s.backends.processes import Processes
from s9s.backends.slurmcli import CommandLineBackend
from s9s.domain.errors import PermissionDenied, ResourceConflict, ResourceNotFound, SlurmUnavailable
from s9s.domain.jobs import JobState, JobSubmission, JobUpdate
from s9s.domain.nodes import Node, NodeAction, NodeUpdate
from tests.backends.site import Site, until
from tests.programs import uninstallable

VERSIONS = ("22.05", "24.11", "26.05")
MIN_JOB_AGE = 2

pytestmark = pytest.mark.slurm


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(version, marks=pytest.mark.xdist_group(f"commands{version}")) for version in VERSIONS
    ],
)
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """A cluster of these tests' own: its daemons are stopped, it forgets jobs at once and hides others'."""
    with tempfile.TemporaryDirectory(prefix="s9s-commands-") as directory:
        Path(directory).chmod(0o755)
        settings = {"MinJobAge": MIN_JOB_AGE, "PrivateData": "jobs"}
        lab = Lab(request.param, Path(directory) / "lab", settings=settings)
        try:
            lab.up()
        except LabUnavailable as reason:
            uninstallable(str(reason))
        yield lab
        lab.down(purge=True)


@pytest.fixture
async def backend(lab: Lab) -> AsyncIterator[CommandLineBackend]:
    made = CommandLineBackend(bin_dir=str(lab.bin_dir), slurm_conf=str(lab.slurm_conf), processes=Processes())
    yield made
    await made.close()


@pytest.fixture
def site(backend: CommandLineBackend, lab: Lab, folder: Path) -> Site:
    return Site(backend, lab.version, folder)


async def test_discovery_of_settings(backend: CommandLineBackend, lab: Lab) -> None:
    info = await backend.discover()
    assert info.name == lab.cluster_name
    assert info.slurm_version.startswith(lab.version)
    assert info.min_job_age_seconds == MIN_JOB_AGE
    assert info.private_data == {"jobs"}
    assert info.acts_as == "anyone"
    assert info.routes["list jobs"] == "squeue"
    assert bool(info.notes) is (lab.version == "22.05")  # it cannot resume nodes at a time


async def test_users_have_used_something(backend: CommandLineBackend) -> None:
    users = {user.username: user for user in await backend.users()}
    assert users["alice"].cpu_seconds_used is not None


async def test_a_running_job_tells_environment_and_usage_to_its_owner(site: Site) -> None:
    script = "#!/bin/bash\nfor i in {1..300000}; do :; done\necho ready\nsleep 60\n"
    job_id = await site.submit(script, environment={"TWO": "a\nb c", "EMPTY": ""}, standard_output="out")

    async def ready() -> bool:
        return "ready" in site.read("out")

    await until(ready)

    async def complete() -> bool:
        details = await site.backend.job(job_id, "alice")
        # Accounting hears of a new job within a second or two on 22.05.
        return bool(details.environment and details.usage and details.usage.max_memory_mib)

    await until(complete)
    details = await site.backend.job(job_id, "alice")
    assert details.environment is not None
    assert (details.environment["EMPTY"], details.environment["HOME"]) == ("", "/home/alice")
    assert details.environment["TWO"] == "a\nb c"
    assert 0.1 < details.usage.max_memory_mib < 100
    assert (await site.backend.job(job_id)).usage is None  # as the server: the record only
    await site.backend.cancel(job_id, "alice")


async def test_private_jobs_are_not_found_by_others(site: Site) -> None:
    job_id = await site.submit(hold=True)
    assert (await site.job(job_id)).user == "alice"
    assert (await site.job(job_id, "alice")).user == "alice"
    with pytest.raises(ResourceNotFound):
        await site.backend.job(job_id, "bob")
    with pytest.raises((PermissionDenied, ResourceNotFound)):
        await site.backend.cancel(job_id, "bob")
    await site.backend.cancel(job_id, "alice")


async def test_a_forgotten_job_comes_from_accounting(site: Site) -> None:
    job_id = await site.submit('#!/bin/sh\necho "$GREETING"\nexit 4\n', environment={"GREETING": "hello"})
    feed = site.backend.jobs_feed()
    await site.finish(job_id)
    assert int(job_id) in {job.numeric_id for job in (await feed.poll()).changed}

    async def forgotten() -> bool:
        return int(job_id) in (await feed.poll()).removed

    await until(forgotten)
    details = await site.backend.job(job_id, "alice")
    assert (details.job.state, details.job.exit_code, details.job.user) == (JobState.FAILED, 4, "alice")
    assert details.environment["GREETING"] == "hello"
    assert details.usage is not None
    assert details.usage.cpu_seconds is not None
    for change in (
        site.backend.cancel(job_id, "alice"),
        site.backend.update_job(job_id, JobUpdate(hold=True), "alice"),
    ):
        with pytest.raises(ResourceConflict):
            await change


STUBBORN = "#!/bin/bash\ntrap '' TERM\necho ready\n"
LOOP = "while :; do sleep 0.2; done"


@pytest.mark.parametrize("kind", ["steps", "array", "suspended"])
async def test_force_leaves_nothing_to_its_end(site: Site, kind: str) -> None:
    # On a cluster that has just come up the first step may fail, and the job would end with it.
    warm = "until srun -n1 true; do sleep 0.2; done\n"
    body = f"{warm}srun -n1 bash -c \"trap '' TERM; {LOOP}\"\n" if kind == "steps" else f"{LOOP}\n"
    job_id = await site.submit(
        STUBBORN + body, array="1-3" if kind == "array" else None, standard_output="%a.out"
    )

    async def running() -> bool:
        states = [job.state for job in (await site.jobs()) if job.job_id.partition("_")[0] == job_id]
        written = list(site.folder.glob("*.out"))
        return set(states) == {JobState.RUNNING} and len(written) == len(states)

    await until(running)
    if kind == "steps":

        async def stepping() -> bool:
            numbers = [step.rpartition(".")[2] for step in await site.backend._live.steps(job_id)]
            return any(number.isdigit() and int(number) for number in numbers)

        await until(stepping)
    if kind == "suspended":
        await site.backend.suspend(job_id, "carol")
    began = time.monotonic()
    await site.backend.cancel(job_id, "alice", force=True)

    async def over() -> list[JobState]:
        jobs = [job for job in await site.jobs() if job.job_id.partition("_")[0] == job_id]
        return [job.state for job in jobs] if all(job.state.is_finished for job in jobs) else []

    # On a busy host one may be FAILED, see `JobChanges`; what nobody killed would be neither so soon.
    assert set(await until(over)) <= {JobState.CANCELLED, JobState.FAILED}
    assert time.monotonic() - began < 4.5  # KillWait is 5 s in the lab


async def test_a_heterogeneous_job(site: Site) -> None:
    script = "#!/bin/sh\n#SBATCH -n1 --mem=64\n#SBATCH hetjob\n#SBATCH -n2 --mem=64\nsleep 60\n"
    leader = await site.submit(script, memory_mib=None, environment={"A": "1"})
    second = await site.job(f"{leader}+1")
    assert (second.job_id, second.cpu_count) == (f"{leader}+1", 2)
    assert (await site.job(leader)).job_id == f"{leader}+0"
    with pytest.raises(ResourceNotFound):
        await site.job(f"{leader}+2")
    await site.backend.cancel(leader, "alice")


async def test_a_job_put_back_is_not_finished(site: Site, lab: Lab) -> None:
    start = int(time.time())
    job_id = await site.submit(requeue=True)
    job = await site.reach(job_id, "RUNNING")
    await site.backend.update_nodes(job.nodes, NodeUpdate(action=NodeAction.DOWN, reason="test"), "dave")
    with suppress(ResourceConflict):  # it may have come back by itself (ReturnToService=2)
        await site.backend.update_nodes(job.nodes, NodeUpdate(action=NodeAction.RESUME), "dave")

    async def put_back() -> bool:
        return (await site.job(job_id)).requeue_count == 1

    await until(put_back)

    async def both_accounted() -> bool:
        records = lab.run("root", "sacct", "-nXPD", "-j", job_id, "-o", "state").stdout
        return "NODE_FAIL" in records and "PENDING" in records

    await until(both_accounted)
    finished = await site.backend.finished_jobs(start - 1, int(time.time()) + 5)
    assert job_id not in {job.job_id for job in finished}
    await site.backend.cancel(job_id, "alice")


async def test_a_node_that_somebody_takes_care_of_is_not_resumed(site: Site, lab: Lab) -> None:
    drain = NodeUpdate(action=NodeAction.DRAIN, reason="first", resume_after_seconds=2)
    await site.backend.update_nodes(["node003"], drain, "dave")
    if lab.version == "22.05":
        lab.run("root", "scontrol", "update", "nodename=node003", "state=drain", "reason=second")
    else:
        lab.run(
            "root", "scontrol", "update", "nodename=node003", "resumeafter=-1", "state=drain", "reason=second"
        )
    await asyncio.sleep(4)
    assert (await _node(site, "node003")).reason == "second"
    await site.backend.update_nodes(["node003"], NodeUpdate(action=NodeAction.RESUME), "dave")


async def test_all_at_once(site: Site) -> None:
    ids = await asyncio.gather(*(site.submit(hold=True, job_name=f"job {i}") for i in range(40)))
    assert len(set(ids)) == 40
    jobs = await asyncio.gather(*(site.job(job_id) for job_id in ids))
    assert [job.job_name for job in jobs] == [f"job {i}" for i in range(40)]
    await asyncio.gather(*(site.backend.cancel(job_id, "alice") for job_id in ids))


async def test_without_slurmdbd_only_history_is_missing(site: Site, lab: Lab) -> None:
    await site.backend.discover()
    job_id = await site.submit(hold=True)
    lab.stop("slurmdbd")
    try:
        await site.backend.ping()
        assert (await site.job(job_id)).user == "alice"
        assert (await site.backend.job(job_id, "alice")).environment is None
        await site.backend.cancel(job_id, "alice")
        began = time.monotonic()
        now = int(time.time())
        for read in (site.backend.users(), site.backend.finished_jobs(now - 60, now)):
            with pytest.raises(SlurmUnavailable):
                await read
        assert time.monotonic() - began < 5
    finally:
        lab.start("slurmdbd")
    assert await site.backend.users()


async def test_without_slurmctld_everything_says_so_in_seconds(site: Site, lab: Lab) -> None:
    job_id = await site.submit(hold=True)
    feed = site.backend.jobs_feed()
    nodes = site.backend.nodes_feed()
    await asyncio.gather(feed.poll(), nodes.poll())

    lab.stop("slurmctld")
    try:
        began = time.monotonic()
        outcomes = await asyncio.gather(
            site.backend.ping(),
            feed.poll(),
            nodes.poll(),
            site.backend.partitions(),
            site.backend.job(job_id),
            site.backend.submit(_submission(site), "alice"),
            site.backend.cancel(job_id, "alice"),
            site.backend.update_job(job_id, JobUpdate(hold=False), "alice"),
            site.backend.requeue(job_id, "alice"),
            site.backend.update_nodes(["node003"], NodeUpdate(action=NodeAction.DRAIN, reason="x"), "dave"),
            site.backend.discover(),
            return_exceptions=True,
        )
        took = time.monotonic() - began
        assert [type(outcome) for outcome in outcomes] == [SlurmUnavailable] * len(outcomes)
        assert took < 6  # Slurm's own commands take 9
    finally:
        lab.start("slurmctld")
    after = await feed.poll()
    assert not after.complete
    assert int(job_id) not in after.removed
    await site.backend.cancel(job_id, "alice")


def _submission(site: Site) -> JobSubmission:
    return JobSubmission(script="#!/bin/sh\ntrue\n", working_directory=str(site.folder))


async def _node(site: Site, name: str) -> Node:
    changes = await site.backend.nodes_feed().poll()
    return next(node for node in changes.changed if node.node_name == name)
