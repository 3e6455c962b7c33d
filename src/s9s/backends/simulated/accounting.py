"""What the simulated slurmdbd keeps of jobs that have ended."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

from msgspec import Struct

from s9s.domain.jobs import Job, JobUsage


class Remains(Struct, frozen=True):
    """What is kept besides the job itself."""

    environment: dict[str, str] | None = None
    """Of what a client submitted; ``None`` for the synthetic population."""
    usage: JobUsage | None = None


class Accounting:
    """Finished jobs, the oldest of which are dropped.

    Args:
        capacity: At most so many are kept.
    """

    def __init__(self, capacity: int = 50_000) -> None:
        self._capacity = capacity
        self._jobs: dict[int, Job] = {}
        self._ends: list[tuple[int, int]] = []  # (end, numeric id), ascending
        self._arrays: defaultdict[int, dict[int, int]] = defaultdict(dict)  # array to task to numeric id
        self._remains: dict[int, Remains] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, job: Job, remains: Remains | None = None) -> None:
        """Record a job that has ended; it takes the place of an earlier run's record."""
        assert job.end_time is not None
        self.drop(job.numeric_id)
        self._jobs[job.numeric_id] = job
        if remains is not None:
            self._remains[job.numeric_id] = remains
        key = (job.end_time, job.numeric_id)
        if not self._ends or key > self._ends[-1]:
            self._ends.append(key)
        else:
            self._ends.insert(bisect_left(self._ends, key), key)
        if job.array_job_id is not None and job.array_task_id is not None:
            self._arrays[job.array_job_id][job.array_task_id] = job.numeric_id
        if len(self._jobs) > self._capacity:
            for _, numeric_id in self._ends[: self._capacity // 10]:
                self._take(numeric_id)
            del self._ends[: self._capacity // 10]

    def drop(self, numeric_id: int) -> None:
        """Forget a job's record: it lives again."""
        job = self._jobs.get(numeric_id)
        if job is not None:
            assert job.end_time is not None
            del self._ends[bisect_left(self._ends, (job.end_time, numeric_id))]
            self._take(numeric_id)

    def get(self, numeric_id: int) -> Job | None:
        """A job by Slurm's own id."""
        return self._jobs.get(numeric_id)

    def task(self, array_id: int, task: int) -> Job | None:
        """A task of an array."""
        return self._jobs.get(self._arrays.get(array_id, {}).get(task, -1))

    def tasks(self, array_id: int) -> list[Job]:
        """All finished tasks of an array."""
        return [self._jobs[numeric_id] for numeric_id in self._arrays.get(array_id, {}).values()]

    def remains(self, numeric_id: int) -> Remains | None:
        """What a job left behind."""
        return self._remains.get(numeric_id)

    def ended(self, start: int, end: int) -> list[Job]:
        """Jobs that ended in [start, end), the earliest first."""
        low, high = bisect_left(self._ends, (start, 0)), bisect_left(self._ends, (end, 0))
        return [self._jobs[numeric_id] for _, numeric_id in self._ends[low:high]]

    def _take(self, numeric_id: int) -> None:
        job = self._jobs.pop(numeric_id)
        self._remains.pop(numeric_id, None)
        if job.array_job_id is not None and job.array_task_id is not None:
            tasks = self._arrays[job.array_job_id]
            tasks.pop(job.array_task_id, None)
            if not tasks:
                del self._arrays[job.array_job_id]
