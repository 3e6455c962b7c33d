"""How busy the cluster is, now and over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from msgspec import Struct, structs

from s9s.domain.errors import PermissionDenied, ValidationError
from s9s.domain.instants import format_instant
from s9s.domain.jobs import JobState
from s9s.domain.queries import Visibility
from s9s.domain.samples import STEPS, Bucket, Hidden, Sample, percent, roll_up
from s9s.services.access import Caller, job_visibility, may_see_all, may_see_job_totals, require_totals
from s9s.services.clusters import Cluster
from s9s.snapshot.figures import Figures, Waits
from s9s.snapshot.nodes import Resources
from s9s.snapshot.query import visible_rows
from s9s.snapshot.store import NEVER
from s9s.storage.samples import SampleRecords

#: Intervals of series by name, in seconds; all of them are whole numbers of kept spans and divide a day.
INTERVALS: Final[Mapping[str, int]] = {
    "1m": 60, "5m": 300, "10m": 600, "15m": 900, "30m": 1800, "1h": 3600, "2h": 7200, "3h": 10800,
    "4h": 14400, "6h": 21600, "12h": 43200, "1d": 86400,
}  # fmt: skip

#: Intervals of a series whose beginning nobody says.
_USUAL: Final = 24
#: The longest series.
MAX_BUCKETS: Final = 10_000

#: Finished jobs are counted, and waits averaged, over this span before now.
WINDOW_SECONDS: Final = 86400
_HOUR: Final = 3600
#: Figures whose windows end no longer ago than this are good enough while nothing changes.
_GOOD_SECONDS: Final = 5
#: Distinct parts of the jobs whose figures are kept.
_MAX_SIGHTS: Final = 64


class ClusterFigures(Struct, frozen=True, kw_only=True):
    """A cluster at one moment."""

    at: int
    """Epoch seconds for which it is true."""
    resources: Resources
    """All zero where the caller may not know of the nodes."""
    job_counts: dict[str, int]
    """Live jobs by state, and finished ones that ended within `window_seconds`."""
    window_seconds: int
    waits: Waits
    """Of the jobs that started within the window."""
    throughput: float
    """Jobs that completed, per hour, over the last hour."""

    @property
    def cpu_percent(self) -> float | None:
        """Allocated of all CPUs."""
        return percent(self.resources.cpus_allocated, self.resources.cpus_total)

    @property
    def memory_percent(self) -> float | None:
        """Allocated of all memory."""
        return percent(self.resources.memory_allocated_mib, self.resources.memory_total_mib)

    @property
    def gpu_percent(self) -> float | None:
        """Allocated of all GPUs; ``None`` where there are none."""
        return percent(self.resources.gpus_allocated, self.resources.gpus_total)


class Totals(Struct, frozen=True, kw_only=True):
    """A cluster at one moment in every detail, for who may see everything."""

    figures: ClusterFigures
    live: dict[str | None, dict[str, int]]
    """Live jobs by partition (``None``: all) and state."""
    pending_reasons: dict[str, int]
    resources: dict[str, Resources]
    """By partition."""


class Metrics:
    """The figures of one cluster.

    Args:
        cluster: Whose they are.
        name: Under which its samples are kept.
        records: Where they are kept.
    """

    def __init__(self, cluster: Cluster, name: str, records: SampleRecords) -> None:
        self._cluster = cluster
        self._name = name
        self._records = records
        self._figures: dict[Visibility | None, ClusterFigures] = {}
        self._version: tuple[int, int, int] | None = None

    def now(self) -> int:
        """The cluster's epoch seconds."""
        return int(self._cluster.watcher.now())

    def span(self, start: int | None, end: int | None, interval: str) -> tuple[int, int]:
        """Beginning and end of a series of which not everything is said: by default 24 intervals until now.

        Raises `ValidationError` for a span that ends before it begins.
        """
        if end is None:
            # The interval that is under way is the last one.
            end = self.now() + 1
        if start is None:
            start = max(0, end - 1 - (_USUAL - 1) * INTERVALS[interval])
        if end <= start:
            raise ValidationError.of(
                "end_time", format_instant(end), f"a time after start_time {format_instant(start)}"
            )
        return start, end

    async def series(
        self, start: int, end: int, step_seconds: int, partition: str | None = None
    ) -> list[Bucket]:
        """Every span of `step_seconds` that overlaps [start, end), in order; gaps are without a sample.

        Args:
            start: Epoch seconds, like `end`.
            end: Beyond `start`.
            step_seconds: A multiple of one of `STEPS`; spans are aligned to it.
            partition: ``None`` for the whole cluster.
        """
        first, last = start - start % step_seconds, -(-end // step_seconds) * step_seconds
        kept = max(step for step in STEPS if step_seconds % step == 0)
        found = await self._records.series(self._name, kept, first, last, partition)
        pieces: defaultdict[int, list[Sample]] = defaultdict(list)
        for sample in found:
            pieces[sample.at - sample.at % step_seconds].append(sample)
        return [
            Bucket(
                at=at,
                step_seconds=step_seconds,
                sample=None if at not in pieces else _one(pieces[at], step_seconds),
            )
            for at in range(first, last, step_seconds)
        ]

    async def series_for(
        self, caller: Caller, start: int, end: int, interval: str, partition: str | None = None
    ) -> list[Bucket]:
        """`series` as far as `caller` may see it.

        Where jobs or nodes are private, or the credential is for some jobs only, what follows from those of
        others is ``None``. Raises `ValidationError` for a span that is too long and for a partition that is
        not there and was not then, `PermissionDenied` for one that is private.
        """
        step = INTERVALS[interval]
        buckets = -(-end // step) - start // step
        if buckets > MAX_BUCKETS:
            enough = [name for name, seconds in INTERVALS.items() if (end - start) / seconds < MAX_BUCKETS]
            raise ValidationError.of(
                "interval", interval, enough or f"at most {MAX_BUCKETS} intervals between the times",
                f"{buckets} intervals of {interval} are more than {MAX_BUCKETS}",
            )  # fmt: skip
        info = self._cluster.info
        if partition is not None and not may_see_all(caller, info, "partitions"):
            raise PermissionDenied("Partitions are private on this cluster", private_data="partitions")
        found = await self.series(start, end, step, partition)
        partitions = [one.name for one in self._cluster.snapshot.partitions.all()]
        if partition is not None and partition not in partitions and not any(one.sample for one in found):
            raise ValidationError.of("partition", partition, partitions)
        hidden = Hidden(
            jobs=not may_see_job_totals(caller, info, partition), nodes=not may_see_all(caller, info, "nodes")
        )
        return [structs.replace(bucket, hidden=hidden) for bucket in found] if hidden.any else found

    def cluster(self, caller: Caller) -> ClusterFigures:
        """The cluster as it is in the snapshot; of the jobs those that the caller may see.

        Counted once for each state of the snapshot.
        """
        info, snapshot = self._cluster.info, self._cluster.snapshot
        version = (
            snapshot.jobs.generation,
            snapshot.nodes.generation,
            int(snapshot.observed_at) // _GOOD_SECONDS,
        )
        if version != self._version or len(self._figures) >= _MAX_SIGHTS:
            self._figures.clear()
            self._version = version
        sight = job_visibility(caller, info, snapshot.users.get(caller.user))
        figures = self._figures.get(sight)
        if figures is None:
            figures = self._figures[sight] = self._count(sight)
        if may_see_all(caller, info, "nodes"):
            return figures
        return structs.replace(figures, resources=Resources())

    def totals(self, caller: Caller) -> Totals:
        """Everything at once, for monitoring. Raises `PermissionDenied` where something is private."""
        info, snapshot = self._cluster.info, self._cluster.snapshot
        require_totals(caller, info)
        counted = Figures(snapshot.jobs)
        return Totals(
            figures=self.cluster(caller),
            live=counted.live(),
            pending_reasons=counted.pending_reasons(),
            resources={one.name: snapshot.nodes.resources(one.name) for one in snapshot.partitions.all()},
        )

    def _count(self, sight: Visibility | None) -> ClusterFigures:
        snapshot = self._cluster.snapshot
        now = int(snapshot.observed_at)
        # What ended or started in this very second is in it.
        until, since = now + 1, now - min(WINDOW_SECONDS, self._known_seconds(now))
        rows = None if sight is None else visible_rows(snapshot.jobs, sight)
        figures = Figures(snapshot.jobs, rows)
        counts = {**figures.live().get(None, {}), **figures.ended(since, until).get(None, {})}
        order = {state.value: place for place, state in enumerate(JobState)}
        hour = max(1, min(_HOUR, now - since))
        completed = figures.ended(now - hour, until).get(None, {}).get(JobState.COMPLETED.value, 0)
        return ClusterFigures(
            at=now,
            resources=snapshot.nodes.resources(),
            job_counts=dict(sorted(counts.items(), key=lambda item: order[item[0]])),
            window_seconds=now - since,
            waits=figures.waits(since, until).get(None, Waits()),
            throughput=round(completed * _HOUR / hour, 1),
        )

    def _known_seconds(self, now: int) -> int:
        """How far back no finished job is missing."""
        info, since = self._cluster.info, self._cluster.snapshot.jobs.finished_since
        if not info.has_accounting or since == NEVER:
            # All there is, is what slurmctld still remembers.
            return info.min_job_age_seconds or WINDOW_SECONDS
        return max(0, now - since)


def _one(samples: list[Sample], step_seconds: int) -> Sample:
    if len(samples) == 1 and samples[0].step_seconds == step_seconds:
        return samples[0]
    return roll_up(samples, step_seconds)
