"""Efficiency on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from s9s.api.schemas.paging import PageInfo, PageParameters, SortOrder
from s9s.domain.durations import format_duration
from s9s.domain.efficiency import Efficiency, SuggestedRequest
from s9s.domain.instants import format_instant
from s9s.domain.memory import format_memory
from s9s.services.efficiency.service import JobEfficiency, KindEfficiency

GroupBy = Literal["job", "user", "account", "partition", "job_name"]
#: MiB times seconds in a GiB times an hour.
_GIB_HOUR: Final = 1024 * 3600


class EfficiencyParameters(PageParameters, frozen=True):
    """Which finished jobs, and how their sums are made. Filters take comma lists."""

    user: Annotated[str, Meta(description="Filter by user", examples=["alice"])] | None = None
    partition: Annotated[str, Meta(description="Filter by partition", examples=["gpu"])] | None = None
    account: Annotated[str, Meta(description="Account names, without regard to case")] | None = None
    state: (
        Annotated[
            str,
            Meta(
                description="How the jobs ended, by default any way; RUNNING for those that run",
                examples=["COMPLETED,TIMEOUT"],
            ),
        ]
        | None
    ) = None
    job_name: Annotated[str, Meta(description="Job name, exactly")] | None = None
    min_runtime: (
        Annotated[
            str, Meta(description="Minimum runtime threshold; a bare number is minutes", examples=["10m"])
        ]
        | None
    ) = None
    min_cpus: Annotated[int, Meta(ge=1, le=10**9, description="Jobs with at least so many CPUs")] = 1
    min_wasted_cpu_hours: Annotated[
        float, Meta(ge=0, le=1e12, description="Jobs that wasted at least so much")
    ] = 0.0
    start_time: (
        Annotated[str, Meta(description="Jobs that ended from here; by default 30 days before the end")]
        | None
    ) = None
    end_time: Annotated[str, Meta(description="Jobs that ended until here; by default now")] | None = None
    group_by: Annotated[GroupBy, Meta(description="One entry for each of these")] = "job"
    sort: Annotated[str, Meta(description="What is worst, or any other figure")] = "wasted_cpu_hours"
    order: Annotated[SortOrder, Meta(description="Sort order")] = "desc"


class Figures(Struct, frozen=True, kw_only=True):
    """Null where nothing was measured, never zero."""

    jobs: int
    cpu_efficiency: (
        Annotated[float, Meta(description="CPU time used over CPU time allocated", examples=[0.85])] | None
    )
    memory_efficiency: (
        Annotated[float, Meta(description="Most memory used over memory allocated", examples=[0.67])] | None
    )
    gpu_efficiency: Annotated[float, Meta(description="GPU utilization", examples=[0.92])] | None
    cpu_hours: Annotated[float, Meta(description="Allocated, whether use was measured or not")]
    memory_gib_hours: float
    gpu_hours: float
    wasted_cpu_hours: Annotated[float, Meta(description="Allocated and not used")] | None
    wasted_memory_gib_hours: float | None
    wasted_gpu_hours: float | None


class Suggestion(Struct, frozen=True):
    """What to ask for the next time, as fields of a submission."""

    cpus: Annotated[int, Meta(description="Over all nodes")] | None
    memory: Annotated[str, Meta(description="Per node", examples=["1536MB"])] | None
    time_limit: Annotated[str, Meta(examples=["2:15:00"])] | None
    confidence: Annotated[
        float, Meta(ge=0, le=1, description="Grows with the number of like jobs and with how long they ran")
    ]
    based_on_jobs: int


class Request(Struct, frozen=True):
    """What a job had asked for, or was given."""

    cpus: int
    memory: Annotated[str, Meta(description="Per node")] | None
    time_limit: str | None
    nodes: int
    gpus: int


class EfficiencyEntry(Figures, frozen=True, kw_only=True):
    """A job, or all jobs with something in common; what does not apply is null."""

    job_id: str | None
    job_name: str | None
    user: str | None
    account: str | None
    partition: str | None
    state: str | None
    start_time: str | None
    end_time: (
        Annotated[str, Meta(description="null while the job runs. Of a group: of the latest job")] | None
    )
    elapsed_time: Annotated[str, Meta(description="Of a group: of all jobs together")]
    max_memory_used: Annotated[str, Meta(description="Over all nodes")] | None
    max_memory_node: Annotated[str, Meta(description="Where the largest task ran")] | None
    request: Request | None
    suggested_request: (
        Annotated[Suggestion, Meta(description="null where the jobs tell nothing of what they need")] | None
    )


class EfficiencyList(PageInfo, frozen=True, kw_only=True):
    """A page of jobs or sums, the worst first."""

    efficiency: list[EfficiencyEntry]
    summary: Annotated[Figures, Meta(description="Of everything that passes the filters")]
    group_by: GroupBy
    start_time: str
    end_time: str


def figures(sums: Efficiency) -> Figures:
    """Sums in the units of people."""
    return Figures(**_figures(sums))


def _figures(sums: Efficiency) -> dict[str, Any]:
    return {
        "jobs": sums.jobs,
        "cpu_efficiency": _ratio(sums.cpu),
        "memory_efficiency": _ratio(sums.memory),
        "gpu_efficiency": _ratio(sums.gpu),
        "cpu_hours": round(sums.cpu_seconds / 3600, 3),
        "memory_gib_hours": round(sums.memory_seconds / _GIB_HOUR, 3),
        "gpu_hours": round(sums.gpu_seconds / 3600, 3),
        "wasted_cpu_hours": round(sums.cpu_wasted / 3600, 3) if sums.cpu_measured else None,
        "wasted_memory_gib_hours": round(sums.memory_wasted / _GIB_HOUR, 3) if sums.memory_measured else None,
        "wasted_gpu_hours": round(sums.gpu_wasted / 3600, 3) if sums.gpu_measured else None,
    }


def job_entry(found: JobEfficiency) -> EfficiencyEntry:
    """One job."""
    job, usage = found.finished.job, found.finished.usage
    memory = usage.max_memory_mib if usage else None
    nodes = max(1, job.node_count)
    limit = job.time_limit_seconds
    return EfficiencyEntry(
        **_figures(found.efficiency),
        job_id=job.job_id,
        job_name=job.job_name,
        user=job.user,
        account=job.account,
        partition=job.partition,
        state=job.state.value,
        start_time=None if job.start_time is None else format_instant(job.start_time),
        end_time=format_instant(job.submit_time if job.end_time is None else job.end_time)
        if job.state.is_finished
        else None,
        elapsed_time=format_duration(found.efficiency.elapsed_seconds),
        max_memory_used=None if memory is None else format_memory(round(memory)),
        max_memory_node=usage.max_memory_node if usage else None,
        request=Request(
            cpus=job.cpu_count,
            memory=None if job.memory_mib is None else format_memory(round(job.memory_mib / nodes)),
            time_limit=None if limit is None else format_duration(limit),
            nodes=job.node_count,
            gpus=job.gpus,
        ),
        suggested_request=_suggestion(found.suggestion),
    )


def group_entry(found: KindEfficiency) -> EfficiencyEntry:
    """All jobs with something in common."""
    group = found.group
    return EfficiencyEntry(
        **_figures(group.sums),
        job_id=None,
        job_name=group.job_name,
        user=group.user,
        account=group.account,
        partition=group.partition,
        state=None,
        start_time=None,
        end_time=format_instant(group.last_end),
        elapsed_time=format_duration(group.sums.elapsed_seconds),
        max_memory_used=None,
        max_memory_node=None,
        request=None,
        suggested_request=_suggestion(found.suggestion),
    )


def _suggestion(suggestion: SuggestedRequest | None) -> Suggestion | None:
    if suggestion is None:
        return None
    memory, limit = suggestion.memory_mib, suggestion.time_limit_seconds
    return Suggestion(
        cpus=suggestion.cpus,
        memory=None if memory is None else format_memory(memory),
        time_limit=None if limit is None else format_duration(limit),
        confidence=suggestion.confidence,
        based_on_jobs=suggestion.based_on_jobs,
    )


def _ratio(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
