"""The utilization report: how full the cluster was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from s9s.domain.reports import Column, Figure, Kind, Report, Section, Table, Value
from s9s.domain.samples import Sample
from s9s.domain.sums import PartitionSum
from s9s.services.reports import charts
from s9s.services.reports.frame import Frame
from s9s.services.reports.series import by_hour_of_week, chart_points, extremes, mean_of, ratio_of
from s9s.services.reports.words import day, listing, named, percent

_METHOD: Final = (
    "Utilization is what was allocated to jobs, of all that the cluster has: the mean over the time in "
    "which the "
    "cluster was observed, once a minute. CPUs that Slurm had given away count, whether a job kept them "
    "busy or "
    "not (see the efficiency report). Nodes that were down or drained count as part of the cluster."
)
_OUT: Final = ("DOWN", "DRAIN", "FAIL")
#: Below this part of the period that was observed, figures are called incomplete.
_COMPLETE: Final = 0.99


def utilization_report(
    frame: Frame,
    samples: Sequence[Sample],
    before: Sequence[Sample],
    partitions: Sequence[PartitionSum],
) -> Report:
    """Of how full the cluster was.

    Args:
        frame: Its circumstances.
        samples: Of the whole cluster (or of the partitions together) over the period, in order.
        before: The same of the period before.
        partitions: Each partition over the period.
    """
    covered = sum(one.covered_seconds for one in samples) / frame.period.seconds
    notes = [_METHOD]
    if samples and covered < _COMPLETE:
        notes.append(
            f"The cluster was observed for {100 * covered:.1f} % of the period; the rest is not in these "
            "figures."
        )
    sections = []
    if samples:
        sections.append(_over_time(frame, samples))
    if partitions:
        sections.append(_partitions(frame, partitions))
    if samples:
        sections.append(_nodes(samples))
    return frame.report(
        "Utilization",
        _figures(frame, samples, before),
        _summary(frame, samples, before, partitions, covered),
        sections,
        notes,
    )


def _cpu(sample: Sample) -> float:
    return sample.cpus_allocated


def _cpus(sample: Sample) -> float:
    return sample.cpus_total


def _memory(sample: Sample) -> float:
    return sample.memory_allocated_mib


def _all_memory(sample: Sample) -> float:
    return sample.memory_total_mib


def _gpu(sample: Sample) -> float:
    return sample.gpus_allocated


def _gpus(sample: Sample) -> float:
    return sample.gpus_total


_Pair = tuple[str, str, Callable[[Sample], float], Callable[[Sample], float]]
_PAIRS: Final[tuple[_Pair, ...]] = (
    ("cpu", "CPU", _cpu, _cpus),
    ("gpu", "GPU", _gpu, _gpus),
    ("memory", "Memory", _memory, _all_memory),
)


def _pairs(samples: Sequence[Sample]) -> list[_Pair]:
    """What the cluster has at all."""
    return [pair for pair in _PAIRS if any(pair[3](one) for one in samples)]


def _figures(frame: Frame, samples: Sequence[Sample], before: Sequence[Sample]) -> list[Figure]:
    found = []
    for key, title, part, whole in _pairs(samples) or _PAIRS[:1]:
        value, old = ratio_of(samples, part, whole), ratio_of(before, part, whole)
        note = (
            "" if value is None or old is None else f"{_signed(value - old)} points on {frame.before.label}"
        )
        found.append(
            Figure(
                key=f"{key}_utilization",
                title=f"{title} utilization",
                value=value,
                kind=Kind.PERCENT,
                unit="%",
                note=note,
            )
        )
    if samples:
        running = mean_of(samples, lambda one: one.jobs.get("RUNNING", 0.0))
        found.append(
            Figure(
                key="running_jobs",
                title="Running jobs",
                value=running,
                kind=Kind.AMOUNT,
                note=f"on average; {sum(one.started for one in samples):,} started",
            )
        )
    return found


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "−")


def _summary(
    frame: Frame,
    samples: Sequence[Sample],
    before: Sequence[Sample],
    partitions: Sequence[PartitionSum],
    covered: float,
) -> list[str]:
    label, time_zone = frame.period.label, frame.period.time_zone
    cpu = ratio_of(samples, _cpu, _cpus)
    if cpu is None:
        return [
            (
                f"How full the cluster was in {label} is not known: the server did not observe it then, "
                "or the "
                "samples have been deleted since."
            )
        ]
    said = []
    text = f"On average, {cpu:.1f} % of the CPUs were allocated in {label}"
    old = ratio_of(before, _cpu, _cpus)
    if old is not None:
        moved = cpu - old
        text += (
            f", as in {frame.before.label}"
            if abs(moved) < 0.05
            else f", {abs(moved):.1f} points {'more' if moved > 0 else 'less'} than in {frame.before.label}"
        )
    said.append(f"{text}.")
    others = [
        f"{value:.1f} % of the {'GPUs' if key == 'gpu' else 'memory'}"
        for key, _, part, whole in _pairs(samples)
        if key != "cpu" and (value := ratio_of(samples, part, whole)) is not None
    ]
    if others:
        said.append(f"So were {listing(others)}.")
    idle = 1 - cpu / 100
    capacity = sum(one.cpus_total * one.covered_seconds for one in samples) / 3600
    said.append(f"{capacity * idle:,.0f} CPU hours of {capacity:,.0f} were not given to any job.")
    days = extremes(samples, frame.period, _cpu, _cpus)
    if days is not None and days[0][1] - days[1][1] >= 1:
        (full, high), (empty, low) = days
        said.append(
            f"The fullest day was {day(full, time_zone)} ({high:.1f} %), the emptiest "
            f"{day(empty, time_zone)} "
            f"({low:.1f} %)."
        )
    known = [(one, 100 * one.cpus_allocated / one.cpus_total) for one in partitions if one.cpus_total]
    if len(known) > 1:
        (full_one, high), (empty_one, low) = max(known, key=_second), min(known, key=_second)
        if high - low >= 1:
            said.append(
                f"Partition {named(full_one.partition or '')} was the fullest ({high:.1f} % of its CPUs), "
                f"{named(empty_one.partition or '')} the emptiest ({low:.1f} %)."
            )
    out = sum(sum(one.nodes.get(state, 0.0) for state in _OUT) * one.covered_seconds for one in samples)
    nodes = sum(sum(one.nodes.values()) * one.covered_seconds for one in samples)
    if out and nodes:
        said.append(f"Nodes were down or drained for {percent(out, nodes)} of their time.")
    if covered < _COMPLETE:
        said.append(f"The cluster was observed for {100 * covered:.1f} % of the period only.")
    return said


def _in_state(state: str, sample: Sample) -> float:
    return sample.nodes.get(state, 0.0)


def _second(pair: tuple[PartitionSum, float]) -> float:
    return pair[1]


def _over_time(frame: Frame, samples: Sequence[Sample]) -> Section:
    period = frame.period
    pairs = _pairs(samples)
    # Percent of the mean whole: means of percents would count small times as much as large ones.
    points = []
    parts = {title: part for _, title, part, _ in pairs}
    wholes = {title: whole for _, title, _, whole in pairs}
    for (at, some), (_, all_) in zip(
        chart_points(samples, period, parts), chart_points(samples, period, wholes), strict=True
    ):
        points.append((at, {name: _percent(some[name], all_[name]) for name in parts}))
    names = listing(
        [title if title == "CPU" or title == "GPU" else title.lower() for _, title, _, _ in pairs]
    )
    cells = by_hour_of_week(samples, period.time_zone, _cpu, _cpus)
    drawn = [
        lambda: charts.lines(
            "utilization",
            "Allocated, in percent of what there is",
            f"Lines: the utilization of {names} over {period.label}.",
            points,
            time_zone=period.time_zone,
            unit="% allocated",
            is_percent=True,
        )
    ]
    is_hourly = all(one.step_seconds <= 3600 for one in samples)
    if period.days >= 7 and is_hourly:
        drawn.append(
            lambda: charts.week(
                "utilization_by_hour",
                "CPU utilization by weekday and hour",
                "Squares: the mean CPU utilization of each hour of the week; the darker, the fuller.",
                cells,
                unit="% allocated",
            )
        )
    return Section(title="Over time", charts=frame.charts(*drawn))


def _percent(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else round(100 * part / whole, 2)


def _partitions(frame: Frame, partitions: Sequence[PartitionSum]) -> Section:
    def ratio(part: float, whole: float) -> float | None:
        return 100 * part / whole if whole else None

    def cpu(one: PartitionSum) -> float:
        return ratio(one.cpus_allocated, one.cpus_total) or 0.0

    has_gpus = any(one.gpus_total for one in partitions)
    ordered = sorted(partitions, key=lambda one: (-cpu(one), one.partition or ""))

    def cells(one: PartitionSum) -> tuple[Value, ...]:
        hours = one.covered_seconds / 3600
        gpus: tuple[Value, ...] = ()
        if has_gpus:
            gpus = (one.gpus_total or None, ratio(one.gpus_allocated, one.gpus_total))
        return (
            one.partition or "",
            one.cpus_total,
            one.cpus_allocated * hours,
            ratio(one.cpus_allocated, one.cpus_total),
            *gpus,
            ratio(one.memory_allocated_mib, one.memory_total_mib),
            one.started,
            one.pending_max,
        )

    table = Table(
        key="utilization_by_partition",
        title="Utilization by partition",
        columns=(
            Column("partition", "Partition"),
            Column("cpus", "CPUs", Kind.COUNT),
            Column("cpu_hours", "CPU hours allocated", Kind.AMOUNT, "h"),
            Column("cpu_utilization", "CPU", Kind.PERCENT, "%"),
            *(
                [Column("gpus", "GPUs", Kind.COUNT), Column("gpu_utilization", "GPU", Kind.PERCENT, "%")]
                if has_gpus
                else []
            ),
            Column("memory_utilization", "Memory", Kind.PERCENT, "%"),
            Column("jobs_started", "Jobs started", Kind.COUNT),
            Column("longest_queue", "Longest queue", Kind.COUNT, "jobs"),
        ),
        rows=tuple(cells(one) for one in ordered),
        note="Nodes can be in several partitions: the partitions do not add up to the cluster.",
        shown=80,
    )
    return Section(
        title="By partition",
        charts=frame.charts(
            lambda: charts.bars(
                "cpu_utilization_by_partition",
                "CPU utilization by partition",
                "Bars: the mean CPU utilization of each partition.",
                [(one.partition or "", cpu(one), None) for one in ordered],
                unit="% of the partition's CPUs allocated",
                is_percent=True,
                text=[f"{cpu(one):.1f} %" for one in ordered],
            )
        ),
        tables=(table,),
    )


def _nodes(samples: Sequence[Sample]) -> Section:
    states = sorted({state for one in samples for state in one.nodes})
    means = {state: mean_of(samples, partial(_in_state, state)) or 0.0 for state in states}
    whole = sum(means.values())
    ordered = sorted(means.items(), key=lambda item: -item[1])
    table = Table(
        key="nodes_by_state",
        title="Nodes by state",
        columns=(
            Column("state", "State"),
            Column("nodes", "Nodes", Kind.AMOUNT),
            Column("share", "Share", Kind.PERCENT, "%"),
        ),
        rows=tuple((state, mean, 100 * mean / whole) for state, mean in ordered if mean),
        total=("All", whole, 100.0 if whole else None),
        note="Means over the period.",
    )
    return Section(title="Nodes", tables=(table,))
