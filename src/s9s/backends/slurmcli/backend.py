"""One cluster by Slurm's commands."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from s9s.backends.base import Feed
from s9s.backends.processes import Processes
from s9s.backends.slurmcli import sacctmgr, scontrol, sshare
from s9s.backends.slurmcli.accounting import Accounting
from s9s.backends.slurmcli.discovery import discover, schedules_resumption
from s9s.backends.slurmcli.errors import Asked, check
from s9s.backends.slurmcli.feeds import JobsFeed, NodesFeed
from s9s.backends.slurmcli.job_changes import JobChanges
from s9s.backends.slurmcli.job_ids import checked
from s9s.backends.slurmcli.live import LiveJobs
from s9s.backends.slurmcli.node_changes import NodeChanges
from s9s.backends.slurmcli.programs import Programs
from s9s.domain.accounting import User
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import ResourceConflict, ResourceNotFound, S9SError
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobDetails, JobSubmission, JobUpdate, JobUsage, Submitted
from s9s.domain.nodes import Node, NodeUpdate
from s9s.domain.partitions import Partition
from s9s.domain.reservations import Reservation


class CommandLineBackend:
    """A `Backend` that runs squeue, scontrol, sbatch, scancel, sacct, sacctmgr, sshare and sstat.

    Args:
        bin_dir: Where these are; ``None`` means on the usual path.
        slurm_conf: The cluster's slurm.conf; ``None`` leaves the choice to the commands.
        processes: Runs them, as the server or as the actor.
        timeout_seconds: For one command; listings of everything may take longer.
    """

    def __init__(
        self,
        *,
        bin_dir: str | None = None,
        slurm_conf: str | None = None,
        processes: Processes,
        timeout_seconds: float = 30.0,
    ) -> None:
        self._programs = Programs(processes, bin_dir, slurm_conf, timeout_seconds)
        self._live = LiveJobs(self._programs)
        self._accounting = Accounting(self._programs)
        self._changes = JobChanges(self._programs, self._live)
        self._node_changes = NodeChanges(self._programs)
        self._known: ClusterInfo | None = None

    async def discover(self) -> ClusterInfo:
        self._known = await discover(self._programs)
        return self._known

    async def close(self) -> None:
        await self._node_changes.close()

    async def ping(self) -> None:
        await self._programs.ping()

    # -- reads --------------------------------------------------------------------------------------------

    def jobs_feed(self) -> Feed[Job]:
        return JobsFeed(self._programs)

    def nodes_feed(self) -> Feed[Node]:
        return NodesFeed(self._programs)

    async def partitions(self) -> list[Partition]:
        finished = await self._programs.run(scontrol.PARTITIONS)
        check(finished, Asked(action="list partitions"))
        return scontrol.parse_partitions(finished.stdout.decode("utf-8", "replace"))

    async def reservations(self) -> list[Reservation]:
        finished = await self._programs.run(scontrol.RESERVATIONS)
        check(finished, Asked(action="list reservations"))
        return scontrol.parse_reservations(finished.stdout.decode("utf-8", "replace"))

    async def users(self) -> list[User]:
        info = await self._info()
        if not info.has_accounting or not self._programs.has("sacctmgr"):
            return []
        listing, usage = await asyncio.gather(self._programs.run(sacctmgr.USERS), self._usage_by_user())
        check(listing, Asked(action="list users"))
        users = sacctmgr.parse_users(listing.stdout.decode("utf-8", "replace"), info.name)
        return [sshare.with_usage(user, usage) for user in users]

    async def finished_jobs(self, start: int, end: int) -> list[Job]:
        return await self._accounting.finished(start, end) if (await self._info()).has_accounting else []

    async def finished_with_usage(self, start: int, end: int) -> list[FinishedJob]:
        if not (await self._info()).has_accounting:
            return []
        return await self._accounting.finished_with_usage(start, end)

    async def unended_jobs(self) -> list[Job]:
        return await self._accounting.unended() if (await self._info()).has_accounting else []

    async def usage_of_running(self, jobs: Sequence[Job], actor: str) -> dict[int, JobUsage]:
        return await self._live.usage(jobs, actor)

    async def job(self, job_id: str, actor: str | None = None) -> JobDetails:
        """See `Backend.job`; what only a single look-up tells costs two commands more and is for an actor."""
        checked(job_id)
        remembers = (await self._info()).has_accounting
        try:
            job = await self._live.job(job_id, actor)
        except ResourceNotFound:
            if not remembers:
                raise
            job, usage = await self._accounting.job(job_id, actor)
            if actor is not None and not job.state.is_finished:
                raise  # slurmctld hides it from the actor; slurmdbd has a PrivateData of its own
            environment = await self._accounting.environment(job_id, actor) if actor else None
            return JobDetails(job=job, environment=environment, usage=usage)
        if actor is None:
            return JobDetails(job=job)
        environment, usage = await asyncio.gather(
            self._accounting.environment(job_id, actor) if remembers else _nothing(),
            self._usage_of(job, actor, remembers=remembers),
        )
        return JobDetails(job=job, environment=environment, usage=usage)

    # -- changes ------------------------------------------------------------------------------------------

    async def submit(self, submission: JobSubmission, actor: str) -> Submitted:
        return await self._changes.submit(submission, actor)

    async def cancel(
        self, job_id: str, actor: str, *, signal: int | None = None, force: bool = False
    ) -> None:
        try:
            await self._changes.cancel(job_id, actor, signal, force=force)
        except ResourceNotFound:
            await self._raise_if_finished(job_id)
            raise

    async def update_job(self, job_id: str, update: JobUpdate, actor: str) -> None:
        try:
            await self._changes.update(job_id, update, actor)
        except ResourceNotFound:
            await self._raise_if_finished(job_id)
            raise

    async def requeue(self, job_id: str, actor: str) -> None:
        await self._changes.act("requeue", job_id, actor)

    async def suspend(self, job_id: str, actor: str) -> None:
        await self._changes.act("suspend", job_id, actor)

    async def resume(self, job_id: str, actor: str) -> None:
        await self._changes.act("resume", job_id, actor)

    async def update_nodes(self, names: Sequence[str], update: NodeUpdate, actor: str) -> None:
        resume_after = schedules_resumption((await self._info()).slurm_version)
        await self._node_changes.update(names, update, actor, resume_after=resume_after)

    # -- the rest -----------------------------------------------------------------------------------------

    async def _info(self) -> ClusterInfo:
        return self._known or await self.discover()

    async def _usage_by_user(self) -> dict[str, int]:
        if not self._programs.has("sshare"):
            return {}
        finished = await self._programs.run(sshare.USAGE)
        # Without fair share there is nothing to be had, and users are listed all the same.
        return {} if finished.returncode else sshare.parse_usage(finished.stdout.decode("utf-8", "replace"))

    async def _usage_of(self, job: Job, actor: str, *, remembers: bool) -> JobUsage | None:
        if job.start_time is None:
            return None
        if not job.state.is_finished:
            return (await self._live.usage([job], actor)).get(job.numeric_id)
        try:
            return (await self._accounting.job(str(job.numeric_id), actor))[1] if remembers else None
        except S9SError:
            return None

    async def _raise_if_finished(self, job_id: str) -> None:
        """Raise `ResourceConflict` for a job that slurmctld has forgotten and accounting has not."""
        if not (await self._info()).has_accounting:
            return
        try:
            job, _ = await self._accounting.job(checked(job_id))
        except S9SError:
            return
        if job.state.is_finished:
            raise ResourceConflict(f"Job {job_id} has already finished", job_id=job_id)


async def _nothing() -> None:
    return None
