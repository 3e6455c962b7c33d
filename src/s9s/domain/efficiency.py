"""How much of what jobs were given they used, and what would have been enough.

Efficiencies are as `seff` and `reportseff` compute them: CPU time of all steps over elapsed time times CPUs;
the most memory that one step had, over the memory of the allocation; GPU utilization as it was gathered.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from s9s.domain.durations import UNLIMITED
from s9s.domain.jobs import Job, JobState, JobUsage
from s9s.domain.queries import Visibility

#: Above what was needed: for runs that differ, and for what is measured every half a minute only.
_MEMORY_HEADROOM: Final = 1.2
_CPU_HEADROOM: Final = 1.1
_TIME_HEADROOM: Final = 1.25
#: What a job that ran into its limit would have needed is a guess.
_BEYOND_LIMIT: Final = 1.5
#: Suggestions are rounded up to these.
_MEMORY_STEP_MIB: Final = 64
_SHORT_STEP_SECONDS: Final = 60
_LONG_STEP_SECONDS: Final = 300
#: Shorter jobs tell nothing of what they need, and not so long ones less.
TELLING_SECONDS: Final = 60
_WELL_MEASURED_SECONDS: Final = 600
#: So many alike make a suggestion half certain.
_HALF_CERTAIN: Final = 2


class Efficiency(Struct, frozen=True, kw_only=True):
    """Sums over jobs; of CPU time, memory and GPUs only where they were measured.

    CPUs and GPUs in seconds, memory in MiB times seconds.
    """

    jobs: int = 0
    elapsed_seconds: int = 0
    cpu_seconds: float = 0.0
    """Allocated to all of them, measured or not."""
    memory_seconds: float = 0.0
    gpu_seconds: float = 0.0
    cpu_measured: float = 0.0
    """Allocated to those whose use was measured."""
    cpu_used: float = 0.0
    cpu_wasted: float = 0.0
    """Allocated and not used; a job that used more than it had saves nothing for others."""
    memory_measured: float = 0.0
    memory_used: float = 0.0
    memory_wasted: float = 0.0
    gpu_measured: float = 0.0
    gpu_used: float = 0.0
    gpu_wasted: float = 0.0

    @property
    def cpu(self) -> float | None:
        """Of the CPUs, 1 is all; ``None`` where nothing was measured."""
        return self.cpu_used / self.cpu_measured if self.cpu_measured else None

    @property
    def memory(self) -> float | None:
        """Of the memory."""
        return self.memory_used / self.memory_measured if self.memory_measured else None

    @property
    def gpu(self) -> float | None:
        """Of the GPUs."""
        return self.gpu_used / self.gpu_measured if self.gpu_measured else None


def efficiency_of(job: Job, usage: JobUsage | None, now: int) -> Efficiency:
    """One job's, as of `now` when it still runs."""
    elapsed = job.elapsed_seconds(now)
    cpus, memory, gpus = elapsed * job.cpu_count, elapsed * (job.memory_mib or 0), elapsed * job.gpus
    used = usage or JobUsage()
    has_cpu = used.cpu_seconds is not None and cpus > 0
    has_memory = used.max_memory_mib is not None and memory > 0
    has_gpu = used.gpu_utilization is not None and gpus > 0
    cpu_used = used.cpu_seconds or 0.0 if has_cpu else 0.0
    memory_used = (used.max_memory_mib or 0.0) * elapsed if has_memory else 0.0
    gpu_used = (used.gpu_utilization or 0.0) * gpus if has_gpu else 0.0
    return Efficiency(
        jobs=1,
        elapsed_seconds=elapsed,
        cpu_seconds=float(cpus),
        memory_seconds=float(memory),
        gpu_seconds=float(gpus),
        cpu_measured=float(cpus) if has_cpu else 0.0,
        cpu_used=cpu_used,
        cpu_wasted=max(0.0, cpus - cpu_used) if has_cpu else 0.0,
        memory_measured=float(memory) if has_memory else 0.0,
        memory_used=memory_used,
        memory_wasted=max(0.0, memory - memory_used) if has_memory else 0.0,
        gpu_measured=float(gpus) if has_gpu else 0.0,
        gpu_used=gpu_used,
        gpu_wasted=max(0.0, gpus - gpu_used) if has_gpu else 0.0,
    )


def added_up(efficiencies: Iterable[Efficiency]) -> Efficiency:
    """The sum of all: every job weighs as much as it was given."""
    rows = list(efficiencies)
    names = Efficiency.__struct_fields__
    return Efficiency(**{name: sum(getattr(row, name) for row in rows) for name in names})


class Kind(Struct, frozen=True, kw_only=True):
    """Jobs of one user with one name that have completed: what the most demanding of them needed."""

    jobs: int
    cpus: float | None = None
    """CPUs that were busy on average."""
    node_memory_mib: float | None = None
    elapsed_seconds: int = 0


class SuggestedRequest(Struct, frozen=True, kw_only=True):
    """What to ask for the next time; ``None`` where nothing is known."""

    cpus: int | None
    """Over all nodes."""
    memory_mib: int | None
    """Per node, as a submission asks for it."""
    time_limit_seconds: int | None
    confidence: float
    """0..1: how many jobs it is based on, and how well they were measured."""
    based_on_jobs: int


def node_memory_of(job: Job, usage: JobUsage) -> float | None:
    """Memory that the fullest node needed: with the largest task in every place, as far as is known."""
    if usage.max_memory_mib is None:
        return None
    nodes = max(1, job.node_count)
    mean = usage.max_memory_mib / nodes
    if usage.max_task_memory_mib is None or not usage.tasks:
        return mean
    return max(mean, usage.max_task_memory_mib * math.ceil(usage.tasks / nodes))


def suggest(job: Job, usage: JobUsage | None, kind: Kind | None) -> SuggestedRequest | None:
    """What this job should have asked for; ``None`` where its course says nothing about its need.

    Args:
        job: It has ended.
        usage: What it used.
        kind: What others of its kind needed, this one among them.
    """
    elapsed = job.elapsed_seconds(0)
    if usage is None or elapsed < TELLING_SECONDS or job.state not in _TELLING:
        return None
    alike = kind or Kind(jobs=1)
    busy = max(usage.cpu_seconds / elapsed if usage.cpu_seconds is not None else 0.0, alike.cpus or 0.0)
    has_cpus = usage.cpu_seconds is not None or alike.cpus is not None
    memory = max(node_memory_of(job, usage) or 0.0, alike.node_memory_mib or 0.0)
    certainty = _certainty(alike.jobs, elapsed)
    certainty *= 1.0 if job.state is JobState.COMPLETED else 0.5
    return SuggestedRequest(
        cpus=_cpus(busy, job) if has_cpus else None,
        memory_mib=_memory(memory, job),
        time_limit_seconds=_time_limit(max(elapsed, alike.elapsed_seconds), job),
        confidence=round(certainty, 2),
        based_on_jobs=alike.jobs,
    )


def suggest_for(kind: Kind | None) -> SuggestedRequest | None:
    """What the next job of a kind should ask for, so that the most demanding of them had had enough."""
    if kind is None:
        return None
    return SuggestedRequest(
        cpus=None if kind.cpus is None else max(1, math.ceil(kind.cpus * _CPU_HEADROOM)),
        memory_mib=_up(kind.node_memory_mib * _MEMORY_HEADROOM, _MEMORY_STEP_MIB)
        if kind.node_memory_mib
        else None,
        time_limit_seconds=_rounded_time(kind.elapsed_seconds),
        confidence=round(_certainty(kind.jobs, kind.elapsed_seconds), 2),
        based_on_jobs=kind.jobs,
    )


def _certainty(jobs: int, elapsed: int) -> float:
    return jobs / (jobs + _HALF_CERTAIN) * (1.0 if elapsed >= _WELL_MEASURED_SECONDS else 0.7)


#: Ends after which it is known what the job needed, or at least that it needed more.
_TELLING: Final = frozenset({JobState.COMPLETED, JobState.TIMEOUT, JobState.OUT_OF_MEMORY})


def _cpus(busy: float, job: Job) -> int:
    # Never more than it had: that it would have used more nobody knows.
    return max(1, min(job.cpu_count or 1, math.ceil(busy * _CPU_HEADROOM)))


def _memory(used: float, job: Job) -> int | None:
    requested = (job.memory_mib or 0) / max(1, job.node_count)
    if job.state is JobState.OUT_OF_MEMORY and requested:
        return _up(requested * _BEYOND_LIMIT, _MEMORY_STEP_MIB)
    if not used:
        return None
    wanted = _up(used * _MEMORY_HEADROOM, _MEMORY_STEP_MIB)
    return min(wanted, round(requested)) if requested > used else wanted


def _time_limit(longest: int, job: Job) -> int:
    limit = job.time_limit_seconds
    if job.state is JobState.TIMEOUT and limit is not None and limit != UNLIMITED:
        return _up(limit * _BEYOND_LIMIT, _LONG_STEP_SECONDS)
    rounded = _rounded_time(longest)
    return min(rounded, limit) if limit is not None and limit > longest else rounded


def _rounded_time(longest: int) -> int:
    wanted = longest * _TIME_HEADROOM
    return _up(wanted, _SHORT_STEP_SECONDS if wanted < 3600 else _LONG_STEP_SECONDS)


def _up(value: float, step: int) -> int:
    return math.ceil(value / step) * step


#: What sums can be made by, and the columns that a sum has.
GROUPS: Final = {
    "user": ("user",),
    "account": ("account",),
    "partition": ("partition",),
    "job_name": ("user", "job_name"),
}

#: What an answer can be ordered by.
EFFICIENCY_SORT_FIELDS: Final = (
    "cpu_efficiency", "cpu_hours", "elapsed_time", "end_time", "gpu_efficiency", "gpu_hours", "jobs",
    "memory_efficiency", "memory_gib_hours", "wasted_cpu_hours", "wasted_gpu_hours",
    "wasted_memory_gib_hours",
)  # fmt: skip


#: Of those, the ones that are a sum, and the ones that are one sum over another.
SORTED_BY_SUM: Final = {
    "wasted_cpu_hours": "cpu_wasted",
    "wasted_memory_gib_hours": "memory_wasted",
    "wasted_gpu_hours": "gpu_wasted",
    "cpu_hours": "cpu_seconds",
    "memory_gib_hours": "memory_seconds",
    "gpu_hours": "gpu_seconds",
    "elapsed_time": "elapsed_seconds",
}
SORTED_BY_RATIO: Final = {
    f"{what}_efficiency": (f"{what}_used", f"{what}_measured") for what in ("cpu", "memory", "gpu")
}


def sort_value(sums: Efficiency, sort: str, end_time: int, otherwise: int) -> float | None:
    """What an answer is ordered by; ``None``, which comes last, where nothing was measured.

    Args:
        sums: Of one job or of many.
        sort: One of `EFFICIENCY_SORT_FIELDS`.
        end_time: Of the job, or of the latest.
        otherwise: For a field that is neither: a job's numeric id, or how many jobs there are.
    """
    if sort == "end_time":
        return end_time
    if sort in SORTED_BY_RATIO:
        used, measured = (getattr(sums, name) for name in SORTED_BY_RATIO[sort])
        return used / measured if measured else None
    name = SORTED_BY_SUM.get(sort)
    if name is None:
        return otherwise
    if name.endswith("_wasted") and not getattr(sums, name.replace("_wasted", "_measured")):
        return None
    return float(getattr(sums, name))


#: States of jobs that run, whose efficiency is what it has been so far.
RUNNING_STATES: Final = frozenset({JobState.RUNNING, JobState.SUSPENDED, JobState.COMPLETING})


class EfficiencyQuery(Struct, frozen=True, kw_only=True):
    """Finished jobs that ran, and ended in [start_time, end_time]; filters as in `JobQuery`.

    Where `states` has some of `RUNNING_STATES` and `end_time` is not past, jobs that run are meant too.
    """

    start_time: int
    end_time: int
    states: frozenset[str] | None = None
    """Base states only."""
    users: frozenset[str] | None = None
    accounts: frozenset[str] | None = None
    partitions: frozenset[str] | None = None
    names: frozenset[str] | None = None
    min_runtime_seconds: int = 1
    min_cpus: int = 0
    min_wasted_cpu_seconds: float = 0.0
    """Of one job."""
    sort: str = "wasted_cpu_hours"
    descending: bool = True
    limit: int = 100
    offset: int = 0
    visibility: Visibility | None = None


class Group(Struct, frozen=True, kw_only=True):
    """Jobs that have something in common, and their sums."""

    user: str | None = None
    account: str | None = None
    partition: str | None = None
    job_name: str | None = None
    sums: Efficiency
    last_end: int
    """When the latest of them ended."""
