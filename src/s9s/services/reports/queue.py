"""The queue report: how long jobs waited, and how long the queue was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from s9s.domain.reports import Column, Figure, Kind, Report, Section, Table, Value, change, duration
from s9s.domain.samples import Sample
from s9s.domain.sums import SIZES, WaitSum
from s9s.services.reports import charts
from s9s.services.reports.frame import Frame, grouped
from s9s.services.reports.series import chart_points, mean_of
from s9s.services.reports.words import count, minute, named, on, percent

_METHOD: Final = (
    "A job waits from the moment at which it could have started (its dependencies met, its begin time "
    "reached) until it starts; its submission counts where Slurm does not tell that moment. Jobs count by "
    "the day of their start, once they have ended. Medians are exact to the minute."
)
_BACKLOG: Final = "The backlog is the number of pending jobs, each unstarted task of an array being one."


class _Waits(Struct, frozen=True):
    """Waits of some jobs, in seconds."""

    jobs: int
    median: float | None
    ninth: float | None
    """Nine of ten jobs waited no longer."""
    mean: float | None
    longest: int


def queue_report(
    frame: Frame, now: Sequence[WaitSum], before: Sequence[WaitSum], samples: Sequence[Sample]
) -> Report:
    """Of the jobs that started in the period, and of the queue meanwhile.

    Args:
        frame: Its circumstances.
        now: The waits of the period.
        before: Those of the period before.
        samples: Of the whole cluster (or of the partitions together) over the period, in order.
    """
    whole, former = _waits(now), _waits(before)
    sections = []
    if any(one.pending_max for one in samples):
        sections.append(_backlog(frame, samples))
    if now:
        by_size = {_size(cpus): [row for row in now if row.cpus == cpus] for cpus in SIZES}
        sections += [
            _section(frame, "partition", "Partition", _by(now, lambda row: row.partition), whole),
            _section(
                frame,
                "size",
                "CPUs of the job",
                {name: _waits(some) for name, some in by_size.items() if some},
                whole,
            ),
        ]
    return frame.report(
        "Queue",
        _figures(frame, whole, former, samples),
        _summary(frame, now, whole, former, samples),
        sections,
        [_METHOD, _BACKLOG],
    )


def _waits(rows: Iterable[WaitSum]) -> _Waits:
    rows = sorted(rows, key=lambda row: row.seconds)
    jobs = sum(row.jobs for row in rows)
    return _Waits(
        jobs=jobs,
        median=_quantile(rows, jobs, 0.5),
        ninth=_quantile(rows, jobs, 0.9),
        mean=sum(row.total_seconds for row in rows) / jobs if jobs else None,
        longest=max((row.longest_seconds for row in rows), default=0),
    )


def _quantile(rows: Sequence[WaitSum], jobs: int, part: float) -> float | None:
    """The mean wait of the group of jobs in which that part of all is reached."""
    reached = 0
    for row in rows:
        reached += row.jobs
        if reached >= part * jobs:
            return row.total_seconds / row.jobs
    return None


def _by(rows: Iterable[WaitSum], of: Callable[[WaitSum], str]) -> dict[str, _Waits]:
    """Waits by name, the longest median first."""
    found = {name: _waits(some) for name, some in grouped(rows, of).items()}
    return dict(
        sorted(found.items(), key=lambda item: (-(item[1].median or 0), -(item[1].mean or 0), item[0]))
    )


def _size(cpus: int) -> str:
    """``1``, ``2–4``, ``1,025 and more``."""
    ends = dict(pairwise(SIZES))
    if cpus not in ends:
        return f"{cpus:,} and more"
    return str(cpus) if ends[cpus] == cpus + 1 else f"{cpus:,}–{ends[cpus] - 1:,}"


def _figures(frame: Frame, whole: _Waits, former: _Waits, samples: Sequence[Sample]) -> list[Figure]:
    def figure(key: str, title: str, value: float | None, old: float | None) -> Figure:
        note = "" if old is None or value is None else f"{duration(old)} in {frame.before.label}"
        return Figure(key=key, title=title, value=value, kind=Kind.DURATION, note=note)

    found = [
        Figure(
            key="jobs_started",
            title="Jobs started",
            value=whole.jobs,
            kind=Kind.COUNT,
            note=on(change(whole.jobs, former.jobs), frame.before),
        ),
        figure("median_wait", "Median wait", whole.median, former.median),
        figure("ninth_wait", "Nine of ten waited at most", whole.ninth, former.ninth),
    ]
    if samples:
        found.append(
            Figure(
                key="mean_backlog",
                title="Jobs in the queue",
                value=mean_of(samples, _pending),
                kind=Kind.AMOUNT,
                note=f"on average; at most {max(one.pending_max for one in samples):,}",
            )
        )
    return found


def _pending(sample: Sample) -> float:
    return sample.jobs.get("PENDING", 0.0)


def _summary(
    frame: Frame, now: Sequence[WaitSum], whole: _Waits, former: _Waits, samples: Sequence[Sample]
) -> list[str]:
    label = frame.period.label
    said = []
    if whole.median is None or whole.ninth is None:
        said.append(f"No job that has ended by now started in {label}.")
    else:
        said.append(f"{count(whole.jobs, 'job')} started in {label}.")
        said.append(
            f"Half of them had waited no longer than {duration(whole.median)}, and nine of ten no longer "
            "than "
            f"{duration(whole.ninth)}; the longest wait was {duration(whole.longest)}."
        )
        if former.median is not None:
            said.append(f"In {frame.before.label}, the median wait was {duration(former.median)}.")
        at_once = sum(row.jobs for row in now if row.seconds == 0)
        said.append(f"{percent(at_once, whole.jobs)} of the jobs started within a minute.")
        partitions = {
            name: one for name, one in _by(now, lambda row: row.partition).items() if one.jobs >= 10
        }
        if len(partitions) > 1:
            (slow, most), *_, (fast, least) = partitions.items()
            if (most.median or 0) >= 60:
                said.append(
                    f"Waits were longest in partition {named(slow)} (median {duration(most.median or 0)}) "
                    f"and shortest in {named(fast)} ({duration(least.median or 0)})."
                )
    if samples:
        most_at = max(samples, key=lambda one: one.pending_max)
        mean = mean_of(samples, _pending) or 0.0
        said.append(
            f"On average, {count(round(mean), 'job')} waited in the queue; it was longest on "
            f"{minute(most_at.at, frame.period.time_zone)}, with {count(most_at.pending_max, 'job')}."
            if most_at.pending_max
            else "The queue was empty all the time."
        )
    else:
        said.append(f"How long the queue was in {label} is not known: no samples of it are kept.")
    return said


def _backlog(frame: Frame, samples: Sequence[Sample]) -> Section:
    points = chart_points(
        samples,
        frame.period,
        {"mean": _pending, "greatest": lambda one: float(one.pending_max)},
        greatest=("greatest",),
    )
    return Section(
        title="Backlog",
        charts=frame.charts(
            lambda: charts.lines(
                "backlog",
                "Pending jobs over time",
                f"Lines: the mean and the greatest number of pending jobs over {frame.period.label}.",
                points,
                time_zone=frame.period.time_zone,
                unit="pending jobs",
            )
        ),
    )


def _section(frame: Frame, key: str, head: str, found: dict[str, _Waits], whole: _Waits) -> Section:
    def cells(name: str, one: _Waits) -> tuple[Value, ...]:
        return (name, one.jobs, one.median, one.ninth, one.mean, one.longest)

    table = Table(
        key=f"waits_by_{key}",
        title=f"Waits by {key}",
        columns=(
            Column(key, head),
            Column("jobs", "Jobs started", Kind.COUNT),
            Column("median_wait", "Median", Kind.DURATION),
            Column("ninth_wait", "Nine of ten", Kind.DURATION),
            Column("mean_wait", "Mean", Kind.DURATION),
            Column("longest_wait", "Longest", Kind.DURATION),
        ),
        rows=tuple(cells(name, one) for name, one in found.items()),
        total=cells("All", whole),
        shown=60,
    )
    scale, unit = _scale(max((one.ninth or 0 for one in found.values()), default=0))
    return Section(
        title="Waits by the size of the job" if key == "size" else f"Waits by {key}",
        charts=frame.charts(
            lambda: charts.bars(
                f"waits_by_{key}",
                f"Median wait by {'size' if key == 'size' else key}",
                f"Bars: the median wait by {key}; ticks: what nine of ten jobs waited at most.",
                [(name, (one.median or 0) / scale, (one.ninth or 0) / scale) for name, one in found.items()],
                unit=unit,
                before="what nine of ten jobs waited at most",
                text=[f"{duration(one.median or 0)} / {duration(one.ninth or 0)}" for one in found.values()],
                tells_of_ticks=True,
            )
        ),
        tables=(table,),
    )


def _scale(longest: float) -> tuple[float, str]:
    """The unit in which waits are drawn, in seconds and in words."""
    if longest < 2 * 3600:
        return 60, "minutes"
    return (3600, "hours") if longest < 4 * 86400 else (86400, "days")
