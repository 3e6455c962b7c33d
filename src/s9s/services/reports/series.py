"""Samples over a period: means, and points for charts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from s9s.domain.periods import Period, beginning, following, midnight, zone
from s9s.domain.samples import Sample
from s9s.services.reports.charts import Point

#: Up to so many days a chart shows hours, or days; above, weeks.
HOURLY_DAYS = 4
DAILY_DAYS = 100

Measure = Callable[[Sample], float]


def mean_of(samples: Sequence[Sample], measure: Measure) -> float | None:
    """The mean over the time covered; ``None`` when none is."""
    covered = sum(one.covered_seconds for one in samples)
    if not covered:
        return None
    return sum(measure(one) * one.covered_seconds for one in samples) / covered


def ratio_of(samples: Sequence[Sample], part: Measure, whole: Measure) -> float | None:
    """The mean part of the mean whole, in percent; ``None`` when there is nothing of it."""
    total = sum(whole(one) * one.covered_seconds for one in samples)
    return 100 * sum(part(one) * one.covered_seconds for one in samples) / total if total else None


def merged(series: Sequence[Sequence[Sample]]) -> list[Sample]:
    """Samples of several partitions as if they were one, in order."""
    if len(series) == 1:
        return list(series[0])
    found: dict[int, list[Sample]] = {}
    for one in series:
        for sample in one:
            found.setdefault(sample.at, []).append(sample)
    return [_together(some) for _, some in sorted(found.items())]


def _together(samples: Sequence[Sample]) -> Sample:
    states = sorted({state for one in samples for state in one.jobs})
    kinds = sorted({kind for one in samples for kind in one.nodes})
    return Sample(
        at=samples[0].at,
        step_seconds=samples[0].step_seconds,
        covered_seconds=max(one.covered_seconds for one in samples),
        cpus_total=sum(one.cpus_total for one in samples),
        cpus_allocated=sum(one.cpus_allocated for one in samples),
        memory_total_mib=sum(one.memory_total_mib for one in samples),
        memory_allocated_mib=sum(one.memory_allocated_mib for one in samples),
        gpus_total=sum(one.gpus_total for one in samples),
        gpus_allocated=sum(one.gpus_allocated for one in samples),
        jobs={state: sum(one.jobs.get(state, 0.0) for one in samples) for state in states},
        nodes={kind: sum(one.nodes.get(kind, 0.0) for one in samples) for kind in kinds},
        pending_max=sum(one.pending_max for one in samples),
        submitted=sum(one.submitted for one in samples),
        started=sum(one.started for one in samples),
        completed=sum(one.completed for one in samples),
        failed=sum(one.failed for one in samples),
        cancelled=sum(one.cancelled for one in samples),
    )


def pieces(samples: Sequence[Sample], period: Period) -> list[tuple[int, list[Sample]]]:
    """The period in hours, days or weeks of its time zone, each with its samples; none left out."""
    found: dict[int, list[Sample]] = {}
    if period.days <= HOURLY_DAYS:
        found = {at: [] for at in range(period.start, period.end, 3600)}
        for one in samples:
            found.setdefault(one.at - (one.at - period.start) % 3600, []).append(one)
        return sorted(found.items())
    kind = "day" if period.days <= DAILY_DAYS else "week"
    day = beginning(period.first, kind)
    while day <= period.last:
        found[midnight(day, period.time_zone)] = []
        day = following(day, kind)
    clock = zone(period.time_zone)
    begins: dict[object, int] = {}
    for one in samples:
        local = datetime.fromtimestamp(one.at, clock).date()
        if local not in begins:
            begins[local] = midnight(beginning(local, kind), period.time_zone)
        if begins[local] in found:
            found[begins[local]].append(one)
    return sorted(found.items())


def chart_points(
    samples: Sequence[Sample],
    period: Period,
    measures: Mapping[str, Measure],
    *,
    greatest: Collection[str] = (),
) -> list[Point]:
    """A point for each piece of the period: means, of those in `greatest` the greatest value."""
    return [
        (
            at,
            {
                name: (max(map(measure, some), default=None) if name in greatest else mean_of(some, measure))
                for name, measure in measures.items()
            },
        )
        for at, some in pieces(samples, period)
    ]


def by_hour_of_week(
    samples: Sequence[Sample], time_zone: str, part: Measure, whole: Measure
) -> dict[tuple[int, int], float]:
    """Percent by weekday (from Monday, 0) and hour."""
    clock = zone(time_zone)
    cells: dict[tuple[int, int], list[Sample]] = {}
    for one in samples:
        local = datetime.fromtimestamp(one.at, clock)
        cells.setdefault((local.weekday(), local.hour), []).append(one)
    found = {cell: ratio_of(some, part, whole) for cell, some in cells.items()}
    return {cell: value for cell, value in found.items() if value is not None}


def extremes(
    samples: Sequence[Sample], period: Period, part: Measure, whole: Measure
) -> tuple[tuple[int, float], tuple[int, float]] | None:
    """The fullest and the emptiest day, with percent; ``None`` where fewer than three days are known."""
    clock = zone(period.time_zone)
    days: dict[object, list[Sample]] = {}
    for one in samples:
        days.setdefault(datetime.fromtimestamp(one.at, clock).date(), []).append(one)
    known = [
        (some[0].at, value)
        for some in days.values()
        # A day of which little was seen says nothing about the day.
        if sum(one.covered_seconds for one in some) >= timedelta(hours=12).total_seconds()
        and (value := ratio_of(some, part, whole)) is not None
    ]
    if len(known) < 3:
        return None
    return max(known, key=lambda one: one[1]), min(known, key=lambda one: one[1])
