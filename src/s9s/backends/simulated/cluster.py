"""The simulated slurmctld's memory: jobs, nodes, time; and finding things in it."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from s9s.backends.simulated.accounting import Accounting
from s9s.backends.simulated.accounts import Accounts
from s9s.backends.simulated.agenda import Agenda
from s9s.backends.simulated.arrays import parse_array
from s9s.backends.simulated.conditions import Waiters
from s9s.backends.simulated.ids import JobIds
from s9s.backends.simulated.journal import Journal
from s9s.backends.simulated.limits import Limits
from s9s.backends.simulated.nodes import NodePool
from s9s.backends.simulated.priorities import Priorities
from s9s.backends.simulated.queue import PendingQueue
from s9s.backends.simulated.records import Record, Tasks
from s9s.backends.simulated.site import Site
from s9s.domain.errors import ResourceNotFound
from s9s.domain.jobs import Job, JobState

_ADDRESS: Final = re.compile(r"(\d{1,10})(?:_(\d{1,10}))?", re.ASCII)


class Cluster:
    """All that the simulation knows. `Lifecycle`, `Scheduler` and the clients' verbs change it.

    Args:
        site: Its configuration.
        now: Epoch seconds at which it begins.
        seed: Decides everything that is random.
        ids: Gives new jobs their ids.
        expected_jobs: About how many jobs it will hold.
    """

    def __init__(self, site: Site, *, now: float, seed: int, ids: JobIds, expected_jobs: int = 1000) -> None:
        self.site = site
        self.seed = seed
        self.now = now
        self.ids = ids
        self.agenda = Agenda()
        self.partitions = {partition.name: partition for partition in site.partitions}
        self.default_partition = next(partition.name for partition in site.partitions if partition.is_default)
        self.pool = NodePool(site.nodes, slurm_version=site.slurm_version, now=now, seed=seed)
        self.accounts = Accounts(site.users, site.qos, site.account_cpus, now)
        self.accounting = Accounting(capacity=max(50_000, expected_jobs // 2))
        self.limits = Limits(self.accounts)
        highest = max(partition.priority or 1 for partition in site.partitions)
        self.priorities = Priorities(
            self.accounts,
            {partition.name: (partition.priority or 1) / highest for partition in site.partitions},
            int(self.pool.total_cpus.sum()),
        )
        self.queue = PendingQueue()
        self.waiters = Waiters()
        self.records: dict[int, Record] = {}
        self.arrays: dict[int, Tasks] = {}
        self.journal = Journal(4 * expected_jobs + 10_000)

    @property
    def instant(self) -> int:
        """Now, in whole epoch seconds."""
        return int(self.now)

    def advance(self, until: float, most: int = 1_000_000) -> bool:
        """Let time pass and happen what is due.

        Args:
            until: Epoch seconds; an instant that has passed already changes nothing.
            most: At most so many events, so that a long leap can be made in pieces.

        Returns:
            Whether `until` was reached.
        """
        for _ in range(most):
            instant = self.agenda.next_instant
            if instant is None or instant > until:
                self.now = max(self.now, until)
                return True
            due, action, arguments = self.agenda.pop()
            self.now = max(self.now, due)
            action(*arguments)
        return False

    def show(self, record: Record, job: Job) -> None:
        """From now on the record is seen as `job`."""
        record.job = job
        self.journal.note(job.numeric_id)

    def add(self, record: Record) -> None:
        """A record begins to exist."""
        self.records[record.job.numeric_id] = record
        self.journal.note(record.job.numeric_id)

    def remove(self, record: Record) -> None:
        """Slurmctld forgets a record."""
        job = record.job
        self.records.pop(job.numeric_id, None)
        self.journal.note(job.numeric_id)
        tasks = record.tasks
        if tasks is not None:
            if job.array_task_id is None:
                tasks.waiting.clear()
            else:
                tasks.records.pop(job.array_task_id, None)
            if not tasks.records and tasks.array_id not in self.records:
                self.arrays.pop(tasks.array_id, None)

    def tier(self, job: Job) -> int:
        """The highest PriorityTier of the job's partitions."""
        return max(self.partitions[name].priority or 1 for name in job.partition.split(","))

    # -- finding ---------------------------------------------------------------------------------------------

    def find(self, job_id: str) -> Job:
        """A job by any form of its id, from memory, else from accounting.

        Raises:
            ResourceNotFound: when there is none.
        """
        base, task = split_address(job_id)
        record = self.record(base, task)
        if record is not None:
            if task is not None and record.job.array_task_id is None:
                return as_task(record.job, task)
            return record.job
        job = self._accounted(base, task)
        if job is None:
            raise ResourceNotFound.of("job", job_id)
        return job

    def _accounted(self, base: int, task: int | None) -> Job | None:
        """A job or task from accounting; tasks that were cancelled before they started share a record."""
        if task is None:
            return self.accounting.get(base)
        job = self.accounting.task(base, task)
        if job is None:
            rest = self.accounting.get(base)
            if rest is not None and rest.array_tasks and task in parse_array(base, rest.array_tasks).waiting:
                return as_task(rest, task)
        return job

    def record(self, base: int, task: int | None) -> Record | None:
        """The record that stands for a job or a task; of a task without a record, its array's rest."""
        if task is None:
            return self.records.get(base)
        tasks = self.arrays.get(base)
        if tasks is None:
            return None
        if task in tasks.records:
            return self.records.get(tasks.records[task])
        return self.records.get(base) if task in tasks.waiting else None

    def addressed(self, job_id: str) -> list[Record]:
        """The records in memory that an id means: of an array all that it has.

        Raises:
            ResourceNotFound: when slurmctld knows none.
        """
        base, task = split_address(job_id)
        tasks = self.arrays.get(base) if task is None else None
        if tasks is None:
            record = self.record(base, task)
            found = [] if record is None else [record]
        else:
            ids = sorted({*tasks.records.values(), base})
            found = [self.records[numeric_id] for numeric_id in ids if numeric_id in self.records]
        if not found:
            raise ResourceNotFound.of("job", job_id)
        return found

    def meant_by(self, job_id: str) -> list[Job]:
        """All jobs that a dependency on this id is about, accounting's included; empty if unknown."""
        base, task = split_address(job_id)
        if task is not None:
            record = self.record(base, task)
            job = record.job if record is not None else self._accounted(base, task)
            return [] if job is None else [job]
        found = {job.numeric_id: job for job in self.accounting.tasks(base)}
        job = self.accounting.get(base)
        if job is not None:
            found[base] = job
        tasks = self.arrays.get(base)
        for numeric_id in {base, *(tasks.records.values() if tasks else ())}:
            if numeric_id in self.records:
                found[numeric_id] = self.records[numeric_id].job
        return list(found.values())


def split_address(job_id: str) -> tuple[int, int | None]:
    """12 and ``None`` for ``12``, 12 and 3 for ``12_3``.

    Raises:
        ResourceNotFound: for what is no id of a job here. (The simulated cluster has no het jobs.)
    """
    match = _ADDRESS.fullmatch(job_id)
    if match is None:
        raise ResourceNotFound.of("job", job_id)
    return int(match[1]), int(match[2]) if match[2] else None


def as_task(rest: Job, task: int) -> Job:
    """A task that has no record of its own yet, seen through the unstarted rest of its array."""
    return replace(rest, job_id=f"{rest.array_job_id}_{task}", array_task_id=task, array_tasks=None)


def is_over(record: Record) -> bool:
    """Whether the job has ended or is about to (completing)."""
    return record.job.state not in (JobState.PENDING, JobState.RUNNING, JobState.SUSPENDED)
