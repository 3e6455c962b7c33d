"""Metrics on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from s9s.api.parameters import Parameters
from s9s.domain.durations import format_wait
from s9s.domain.instants import format_instant
from s9s.domain.samples import Bucket
from s9s.services.metrics import ClusterFigures

Interval = Literal["1m", "5m", "10m", "15m", "30m", "1h", "2h", "3h", "4h", "6h", "12h", "1d"]
Percent = Annotated[float, Meta(ge=0, le=100)]


class PerformanceParameters(Parameters, frozen=True):
    """Which series."""

    start_time: (
        Annotated[str, Meta(description="Start time (ISO 8601); by default so that there are 24 intervals")]
        | None
    ) = None
    end_time: Annotated[str, Meta(description="End time (ISO 8601); by default now")] | None = None
    interval: Annotated[
        Interval, Meta(description="Aggregation interval; intervals are aligned to it, days to UTC")
    ] = "1h"
    partition: (
        Annotated[str, Meta(min_length=1, description="One partition instead of the whole cluster")] | None
    ) = None


class PerformanceBucket(Struct, frozen=True):
    """One interval. All null but the time where nobody saw the cluster: a gap is no zero."""

    timestamp: Annotated[str, Meta(description="When the interval begins", examples=["2023-12-15T14:00:00Z"])]
    cpu_utilization: Annotated[Percent, Meta(description="Allocated of all CPUs, in percent")] | None
    memory_utilization: Annotated[Percent, Meta(description="Allocated of all memory, in percent")] | None
    gpu_utilization: (
        Annotated[Percent, Meta(description="Allocated of all GPUs, in percent; null where there are none")]
        | None
    )
    jobs_submitted: int | None
    jobs_completed: Annotated[int, Meta(description="Jobs that ended as COMPLETED")] | None
    avg_queue_time: (
        Annotated[int, Meta(description="Mean seconds from eligible to start of the jobs that started")]
        | None
    )
    coverage: Annotated[
        float, Meta(ge=0, le=1, description="The part of the interval in which the cluster was seen")
    ]


class Performance(Struct, frozen=True):
    """A series without holes: every interval that overlaps the span asked for."""

    metrics: list[PerformanceBucket]
    interval: Annotated[str, Meta(examples=["1h"])]
    count: int


class ClusterUtilization(Struct, frozen=True):
    """Allocated of all, in percent; null where there is nothing, or nodes are private."""

    cpu_percent: Percent | None
    memory_percent: Percent | None
    gpu_percent: Percent | None


class QueueStats(Struct, frozen=True):
    """Waits of the jobs that started within the window, and how many jobs get done."""

    avg_wait_time: Annotated[str, Meta(description="null: no job started", examples=["12m 34s"])] | None
    max_wait_time: Annotated[str, Meta(examples=["2h 15m"])] | None
    throughput: Annotated[
        float, Meta(description="Jobs that ended as COMPLETED, per hour, over the last hour")
    ]
    avg_wait_seconds: int | None
    max_wait_seconds: int | None
    jobs_started: Annotated[int, Meta(description="Jobs that started within the window")]


class ClusterMetrics(Struct, frozen=True):
    """A cluster at one moment."""

    timestamp: Annotated[str, Meta(description="When Slurm was read")]
    cluster_utilization: ClusterUtilization
    job_counts: Annotated[
        dict[str, int],
        Meta(
            description="Live jobs by state, and finished ones that ended within the window; every unstarted "
            "task of an array counts, as in `squeue -r`"
        ),
    ]
    node_counts: Annotated[dict[str, int], Meta(description="Nodes by state; empty where they are private")]
    queue_stats: QueueStats
    window_seconds: Annotated[
        int,
        Meta(description="Span of finished jobs and of waits, before now: a day, less where less is known"),
    ]


def performance_document(buckets: list[Bucket], interval: str) -> Performance:
    """A series."""
    return Performance([_bucket(one) for one in buckets], interval, len(buckets))


def _bucket(bucket: Bucket) -> PerformanceBucket:
    return PerformanceBucket(
        timestamp=format_instant(bucket.at),
        cpu_utilization=bucket.cpu_utilization,
        memory_utilization=bucket.memory_utilization,
        gpu_utilization=bucket.gpu_utilization,
        jobs_submitted=bucket.jobs_submitted,
        jobs_completed=bucket.jobs_completed,
        avg_queue_time=bucket.avg_queue_time,
        coverage=round(bucket.coverage, 4),
    )


def cluster_document(figures: ClusterFigures) -> ClusterMetrics:
    """A cluster's figures."""
    waits = figures.waits
    average = round(waits.seconds_sum / waits.count) if waits.count else None
    longest = waits.seconds_max if waits.count else None
    return ClusterMetrics(
        timestamp=format_instant(figures.at),
        cluster_utilization=ClusterUtilization(
            figures.cpu_percent, figures.memory_percent, figures.gpu_percent
        ),
        job_counts=figures.job_counts,
        node_counts=figures.resources.states,
        queue_stats=QueueStats(
            avg_wait_time=None if average is None else format_wait(average),
            max_wait_time=None if longest is None else format_wait(longest),
            throughput=figures.throughput,
            avg_wait_seconds=average,
            max_wait_seconds=longest,
            jobs_started=waits.count,
        ),
        window_seconds=figures.window_seconds,
    )
