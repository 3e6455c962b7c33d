"""What a cluster looked like over a span of time: sampled each minute, rolled up to longer spans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from msgspec import Struct

#: The span of one sample, in seconds.
MINUTE: Final = 60

#: Spans that samples are rolled up to, beside `MINUTE`: 5 minutes, an hour, a day (of UTC).
ROLLUPS: Final = (300, 3600, 86400)

#: Every span that is kept, finest first.
STEPS: Final = (MINUTE, *ROLLUPS)


class Sample(Struct, frozen=True, kw_only=True):
    """A cluster, or one of its partitions, over one aligned span.

    What can go up and down is the mean over the time covered; what happened is counted.
    """

    at: int
    """Beginning of the span, epoch seconds, a multiple of `step_seconds`."""
    step_seconds: int = MINUTE
    partition: str | None = None
    """``None``: the whole cluster."""
    covered_seconds: int = MINUTE
    """Seconds of the span in which the cluster was seen, 1 to `step_seconds`."""
    cpus_total: float = 0
    cpus_allocated: float = 0
    memory_total_mib: float = 0
    memory_allocated_mib: float = 0
    gpus_total: float = 0
    gpus_allocated: float = 0
    jobs: Mapping[str, float] = {}
    """Live jobs by state: PENDING, RUNNING, COMPLETING, SUSPENDED. Each unstarted task of an array counts."""
    nodes: Mapping[str, float] = {}
    """Nodes by effective state."""
    pending_max: int = 0
    """The longest that the queue was, in jobs."""
    submitted: int = 0
    started: int = 0
    completed: int = 0
    """Ended as COMPLETED."""
    failed: int = 0
    """Ended otherwise by themselves or by the cluster: FAILED, TIMEOUT, NODE_FAIL, OUT_OF_MEMORY, ..."""
    cancelled: int = 0
    wait_seconds_sum: int = 0
    """From eligible to start, of the jobs that started."""
    wait_count: int = 0
    wait_seconds_max: int = 0


_MEANS: Final = (
    "cpus_total", "cpus_allocated", "memory_total_mib", "memory_allocated_mib",
    "gpus_total", "gpus_allocated",
)  # fmt: skip
_SUMS: Final = (
    "covered_seconds", "submitted", "started", "completed", "failed", "cancelled", "wait_seconds_sum",
    "wait_count",
)  # fmt: skip
_MAXIMA: Final = ("pending_max", "wait_seconds_max")


def roll_up(samples: Iterable[Sample], step_seconds: int) -> Sample:
    """Samples of one partition within one span of `step_seconds` as one.

    Means are weighted by the time covered, counts summed; of maxima the greatest counts. The order makes no
    difference, nor does rolling up in between. Raises `ValueError` for no samples, or for some of
    different spans or partitions.
    """
    pieces = list(samples)
    spans = {(one.at - one.at % step_seconds, one.partition) for one in pieces}
    if len(spans) != 1:
        raise ValueError("samples of one span and one partition")
    ((at, partition),) = spans
    weights = [one.covered_seconds for one in pieces]
    whole = sum(weights)

    def mean(values: Iterable[float]) -> float:
        return sum(value * weight for value, weight in zip(values, weights, strict=True)) / whole

    def means(counts: list[Mapping[str, float]]) -> dict[str, float]:
        keys = sorted(set().union(*counts))
        return {key: mean(one.get(key, 0) for one in counts) for key in keys}

    numbers: dict[str, Any] = {name: mean(getattr(one, name) for one in pieces) for name in _MEANS}
    numbers |= {name: sum(getattr(one, name) for one in pieces) for name in _SUMS}
    numbers |= {name: max(getattr(one, name) for one in pieces) for name in _MAXIMA}
    return Sample(
        at=at,
        step_seconds=step_seconds,
        partition=partition,
        jobs=means([one.jobs for one in pieces]),
        nodes=means([one.nodes for one in pieces]),
        **numbers,
    )


class Hidden(Struct, frozen=True, kw_only=True):
    """What of a bucket is not to be told to somebody."""

    jobs: bool = False
    nodes: bool = False

    @property
    def any(self) -> bool:
        """Whether there is something."""
        return self.jobs or self.nodes


class Bucket(Struct, frozen=True, kw_only=True):
    """One span of a series; everything is ``None`` in a gap, where nobody saw the cluster."""

    at: int
    """Its beginning, epoch seconds."""
    step_seconds: int
    sample: Sample | None = None
    hidden: Hidden = Hidden()

    @property
    def coverage(self) -> float:
        """The part of the span in which the cluster was seen, 0..1."""
        return self.sample.covered_seconds / self.step_seconds if self.sample else 0.0

    @property
    def cpu_utilization(self) -> float | None:
        """Allocated of all CPUs in percent, one decimal."""
        sample = self._nodes
        return percent(sample.cpus_allocated, sample.cpus_total) if sample else None

    @property
    def memory_utilization(self) -> float | None:
        """Allocated of all memory in percent, one decimal."""
        sample = self._nodes
        return percent(sample.memory_allocated_mib, sample.memory_total_mib) if sample else None

    @property
    def gpu_utilization(self) -> float | None:
        """Allocated of all GPUs in percent, one decimal; ``None`` also where there are none."""
        sample = self._nodes
        return percent(sample.gpus_allocated, sample.gpus_total) if sample else None

    @property
    def jobs_submitted(self) -> int | None:
        """Jobs that were submitted."""
        sample = self._jobs
        return sample.submitted if sample else None

    @property
    def jobs_completed(self) -> int | None:
        """Jobs that ended as COMPLETED."""
        sample = self._jobs
        return sample.completed if sample else None

    @property
    def avg_queue_time(self) -> int | None:
        """Mean wait of the jobs that started, in seconds; ``None`` also where none did."""
        sample = self._jobs
        return round(sample.wait_seconds_sum / sample.wait_count) if sample and sample.wait_count else None

    @property
    def _jobs(self) -> Sample | None:
        return None if self.hidden.jobs else self.sample

    @property
    def _nodes(self) -> Sample | None:
        return None if self.hidden.nodes else self.sample


def percent(part: float, whole: float) -> float | None:
    """0..100 with one decimal; ``None`` of nothing."""
    return round(100 * part / whole, 1) if whole else None
