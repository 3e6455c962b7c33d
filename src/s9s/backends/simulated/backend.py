"""The simulated cluster behind the interface of all clusters."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from s9s.backends.simulated.clock import Clock
from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.control import Control
from s9s.backends.simulated.environments import environment_of
from s9s.backends.simulated.examples import FIRST_JOB_ID
from s9s.backends.simulated.feeds import JobsFeed, NodesFeed
from s9s.backends.simulated.files import SimulatedFiles
from s9s.backends.simulated.homes import Homes
from s9s.backends.simulated.ids import JobIds
from s9s.backends.simulated.lifecycle import Lifecycle
from s9s.backends.simulated.node_control import NodeControl
from s9s.backends.simulated.population import Population
from s9s.backends.simulated.privileges import Privileges
from s9s.backends.simulated.processes import LocalProcesses
from s9s.backends.simulated.records import Record
from s9s.backends.simulated.reservations import planned_maintenance
from s9s.backends.simulated.scheduler import Scheduler
from s9s.backends.simulated.site import make_site
from s9s.backends.simulated.submissions import Submissions
from s9s.backends.simulated.usage import usage_of
from s9s.domain.accounting import User
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import PermissionDenied, ResourceNotFound
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobDetails, JobSubmission, JobUpdate, JobUsage, Submitted
from s9s.domain.nodes import NodeUpdate
from s9s.domain.partitions import Partition
from s9s.domain.reservations import Reservation

#: Events that are worked off before others get their turn on the event loop.
_BATCH: Final = 2000
#: The longest real pause between looks at the clock, and the shortest.
_LONGEST_PAUSE: Final = 1.0
_SHORTEST_PAUSE: Final = 0.02

_ROUTES: Final = (
    "ping", "list jobs", "list nodes", "list partitions", "list users", "history", "get job", "submit",
    "cancel", "update job", "requeue", "suspend", "update nodes", "files",
)  # fmt: skip


class SimulatedBackend:
    """A Slurm cluster in this process; implements `base.Backend` and `base.SupportsFiles`.

    Args:
        state_dir: Where users' files, scripts and notes of running processes lie, in ``simulated/``.
        user: Who started the server; administrator of the cluster, and the owner of all real processes.
        seed: Decides everything that is random.
        nodes: How many nodes, 8 or more.
        jobs: About how many jobs slurmctld holds; 0 is an empty cluster on which nothing happens by itself.
        history: How many finished jobs accounting knows at the start; ``None`` is a sensible number.
        churn: The part of `jobs` that changes each second; ``None`` is the pace of a real cluster.
        speed: Simulated seconds in a real one; 0 stops time. Ignored when `clock` is given.
        run_jobs: Whether submitted jobs are really run, as processes of `user`. Without it they follow
            what their script looks like.
        confined: Whether no file of the host is opened for clients: for a server that others can reach, as
            its test token is known to all.
        clock: Simulated time.
        private_data: Slurm's PrivateData; only ``jobs`` makes a difference here.
        most_processes: How many submitted jobs really run at a time; ``None`` is four for each CPU.
    """

    def __init__(
        self,
        *,
        state_dir: str,
        user: str,
        seed: int = 1,
        nodes: int = 64,
        jobs: int = 400,
        history: int | None = None,
        churn: float | None = None,
        speed: float = 1.0,
        run_jobs: bool = True,
        confined: bool = False,
        clock: Clock | None = None,
        private_data: frozenset[str] = frozenset(),
        most_processes: int | None = None,
    ) -> None:
        self.clock = clock or Clock(speed=speed)
        population = Population(seed=seed, jobs=jobs, history=history, churn=churn)
        site = make_site(
            user=user,
            nodes=nodes,
            users=population.users,
            min_job_age_seconds=population.min_job_age_seconds,
            private_data=private_data,
        )
        self._ids = JobIds(Path(state_dir) / "simulated" / "next_job_id", FIRST_JOB_ID)
        self._cluster = Cluster(site, now=self.clock.now(), seed=seed, ids=self._ids, expected_jobs=jobs)
        self._homes = Homes(state_dir, user, self._cluster.accounts.__contains__, confined=confined)
        self._processes: LocalProcesses | None = None
        if run_jobs:
            self._processes = LocalProcesses(
                state_dir,
                self._homes,
                site.name,
                most=most_processes or 4 * (os.cpu_count() or 1),
                exited=self._exited,
            )
        self._lifecycle = Lifecycle(self._cluster, self._processes)
        self._scheduler = Scheduler(self._cluster, self._lifecycle, self._processes)
        self._privileges = Privileges(self._cluster.accounts)
        self._submissions = Submissions(self._cluster, self._lifecycle, self._privileges, runs_jobs=run_jobs)
        self._control = Control(self._cluster, self._lifecycle, self._privileges, self._processes)
        self._node_control = NodeControl(self._cluster, self._lifecycle, self._privileges)
        self._files = SimulatedFiles(self._homes, self._cluster, user, self._advance)
        population.settle(self._cluster, self._lifecycle, self._node_control)
        self._wake = asyncio.Event()
        self._ticking: asyncio.Task[None] | None = None

    # -- time ------------------------------------------------------------------------------------------------

    def _advance(self) -> float:
        """Let happen what is due (after a leap of time, a part of it), and return the cluster's time."""
        self._cluster.advance(self.clock.now(), _BATCH)
        return self._cluster.now

    def catch_up(self) -> None:
        """Let happen all that is due by the clock, however long that takes: for whoever steps the clock."""
        while not self._cluster.advance(self.clock.now()):
            pass

    async def _tick(self) -> None:
        while True:
            # After a leap of time there is much to do: others have their turns meanwhile.
            while not self._cluster.advance(self.clock.now(), _BATCH):  # noqa: ASYNC110
                await asyncio.sleep(0)
            self._wake.clear()
            due = self._cluster.agenda.next_instant
            pause = self.clock.real_seconds_until(due) if due is not None else None
            pause = _LONGEST_PAUSE if pause is None else min(_LONGEST_PAUSE, max(_SHORTEST_PAUSE, pause))
            with suppress(TimeoutError):
                # Not wait_for: on 3.11 it loses a cancellation that comes together with the event.
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    def _exited(self, record: Record, exit_code: int, signal: int | None) -> None:
        self._advance()
        self._lifecycle.exited(record, exit_code, signal)
        self._wake.set()

    def _changed(self) -> None:
        """Let follow at once what a client's change brings about."""
        self._advance()
        self._wake.set()

    # -- the cluster -----------------------------------------------------------------------------------------

    async def discover(self) -> ClusterInfo:
        if self._ticking is None:
            await asyncio.to_thread(self._prepare)
            self._ticking = asyncio.get_running_loop().create_task(self._tick(), name="simulated cluster")
        site = self._cluster.site
        notes = ["This is the simulated cluster embedded in the server, not a real one."]
        if self._processes is None:
            notes.append("Submitted jobs are simulated, too: they are not really run.")
        else:
            notes.append("Submitted jobs really run, as processes of whoever started the server.")
        return ClusterInfo(
            name=site.name,
            slurm_version=site.slurm_version,
            routes=dict.fromkeys(_ROUTES, "simulated"),
            has_accounting=True,
            private_data=site.private_data,
            min_job_age_seconds=site.min_job_age_seconds,
            acts_as="anyone",
            notes=tuple(notes),
        )

    def _prepare(self) -> None:
        self._homes.prepare()
        if self._processes is not None:
            self._processes.prepare()

    def now(self) -> float:
        return self.clock.now()

    async def close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            with suppress(asyncio.CancelledError):
                await self._ticking
            self._ticking = None
        if self._processes is not None:
            await self._processes.close()
        self._ids.close()

    async def ping(self) -> None:
        self._advance()

    @property
    def files(self) -> SimulatedFiles:
        """Where its jobs' files are found."""
        return self._files

    # -- reading ---------------------------------------------------------------------------------------------

    def jobs_feed(self) -> JobsFeed:
        return JobsFeed(self._advance, self._cluster)

    def nodes_feed(self) -> NodesFeed:
        return NodesFeed(self._advance, self._cluster)

    async def partitions(self) -> list[Partition]:
        return list(self._cluster.partitions.values())

    async def reservations(self) -> list[Reservation]:
        self._advance()
        return [planned_maintenance(self._cluster)]

    async def users(self) -> list[User]:
        self._advance()
        return self._cluster.accounts.users(self._cluster.now)

    async def finished_jobs(self, start: int, end: int) -> list[Job]:
        self._advance()
        return self._cluster.accounting.ended(start, end)

    async def finished_with_usage(self, start: int, end: int) -> list[FinishedJob]:
        self._advance()
        ended, cluster = self._cluster.accounting.ended(start, end), self._cluster
        found: list[FinishedJob] = []
        for begin in range(0, len(ended), _BATCH):
            found += [FinishedJob(job, usage_of(cluster, job)) for job in ended[begin : begin + _BATCH]]
            await asyncio.sleep(0)
        return found

    async def usage_of_running(self, jobs: Sequence[Job], actor: str) -> dict[int, JobUsage]:
        self._advance()
        own = [job for job in jobs if job.user == actor]
        told = {job.numeric_id: usage_of(self._cluster, job) for job in own}
        return {numeric_id: usage for numeric_id, usage in told.items() if usage is not None}

    async def job(self, job_id: str, actor: str | None = None) -> JobDetails:
        self._advance()
        cluster, private = self._cluster, self._cluster.site.private_data
        job = cluster.find(job_id)
        if actor is not None and "jobs" in private and not self._privileges.sees(job, actor):
            raise ResourceNotFound.of("job", job_id)
        may_see_all = actor in (None, job.user) or cluster.accounts.is_administrator(actor or "")
        return JobDetails(
            job=job,
            environment=self._environment(job) if may_see_all else None,
            usage=usage_of(cluster, job),
        )

    def _environment(self, job: Job) -> dict[str, str]:
        cluster = self._cluster
        record = cluster.records.get(job.numeric_id)
        remains = cluster.accounting.remains(job.numeric_id)
        if record is None and remains is not None and remains.environment is not None:
            return remains.environment
        return environment_of(
            job,
            self._homes.home(job.user),
            cluster.site.name,
            record.batch if record is not None else None,
            record.tasks if record is not None else None,
        )

    # -- writing ---------------------------------------------------------------------------------------------

    async def submit(self, submission: JobSubmission, actor: str) -> Submitted:
        self._advance()
        try:
            home = self._homes.home(actor)
        except ResourceNotFound:
            # Slurm knows nobody of that name either: the submission fails for want of an account.
            home = "/"
        submitted = self._submissions.submit(submission, actor, home)
        self._changed()
        return submitted

    async def cancel(
        self, job_id: str, actor: str, *, signal: int | None = None, force: bool = False
    ) -> None:
        self._act_as(actor)
        self._control.cancel(job_id, actor, signal, force=force)
        self._changed()

    async def update_job(self, job_id: str, update: JobUpdate, actor: str) -> None:
        self._act_as(actor)
        self._control.update(job_id, update, actor)
        self._changed()

    async def requeue(self, job_id: str, actor: str) -> None:
        self._act_as(actor)
        self._control.requeue(job_id, actor)
        self._changed()

    async def suspend(self, job_id: str, actor: str) -> None:
        self._act_as(actor)
        self._control.suspend(job_id, actor)
        self._changed()

    async def resume(self, job_id: str, actor: str) -> None:
        self._act_as(actor)
        self._control.resume(job_id, actor)
        self._changed()

    async def update_nodes(self, names: Sequence[str], update: NodeUpdate, actor: str) -> None:
        self._act_as(actor)
        self._node_control.update(names, update, actor)
        self._changed()

    def _act_as(self, actor: str) -> None:
        self._advance()
        if actor not in self._cluster.accounts:
            raise PermissionDenied(f"{actor} is no user of the simulated cluster")
