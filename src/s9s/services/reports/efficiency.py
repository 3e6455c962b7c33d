"""The efficiency report: what jobs made of what they held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from s9s.domain.reports import Column, Figure, Kind, Report, Section, Table, Value
from s9s.domain.sums import EfficiencyBand, EfficiencySum
from s9s.services.reports import charts
from s9s.services.reports.frame import Frame, grouped
from s9s.services.reports.usage import NO_ACCOUNT
from s9s.services.reports.words import count, hours, named, percent


class _Total(Struct, frozen=True):
    """Sums of some rows."""

    jobs: int = 0
    cpu: int = 0
    measured_jobs: int = 0
    measured: int = 0
    used: float = 0.0
    memory: int = 0
    used_memory: float = 0.0
    gpu: int = 0
    used_gpu: float = 0.0

    @property
    def unused(self) -> float:
        """CPU seconds that were held and not used."""
        return self.measured - self.used

    @property
    def cpu_percent(self) -> float | None:
        return 100 * self.used / self.measured if self.measured else None

    @property
    def memory_percent(self) -> float | None:
        return 100 * self.used_memory / self.memory if self.memory else None

    @property
    def gpu_percent(self) -> float | None:
        return 100 * self.used_gpu / self.gpu if self.gpu else None


def efficiency_report(
    frame: Frame,
    now: Sequence[EfficiencySum],
    before: Sequence[EfficiencySum],
    bands: Sequence[EfficiencyBand],
) -> Report:
    """Of the jobs that ended in the period.

    Args:
        frame: Its circumstances.
        now: The sums of the period.
        before: Those of the period before.
        bands: How many jobs were how efficient.
    """
    whole, former = _total(now), _total(before)
    sections = []
    if whole.measured:
        sections.append(_spread(frame, bands))
        sections += [
            _section(frame, "account", now, whole, lambda row: row.account or NO_ACCOUNT),
            _section(frame, "user", now, whole, lambda row: row.user),
            _section(frame, "partition", now, whole, lambda row: row.partition),
        ]
    return frame.report(
        "Efficiency",
        _figures(frame, whole, former),
        _summary(frame, now, whole, former),
        sections,
        [
            (
                "CPU efficiency is the CPU time that jobs really used, of the CPU time that they held "
                "(allocated CPUs "
                "times run time). Memory efficiency is the most memory that they used at a time, of what "
                "they held, "
                "weighted by run time. GPU efficiency is the mean utilization, weighted by GPU hours. No "
                "job counts "
                "with more than 100 %."
            ),
            "Only jobs that ended in the period count, and only where Slurm measured what they used.",
        ],
    )


def _total(rows: Iterable[EfficiencySum]) -> _Total:
    rows = list(rows)
    return _Total(
        jobs=sum(row.jobs for row in rows),
        cpu=sum(row.cpu_seconds for row in rows),
        measured_jobs=sum(row.measured_jobs for row in rows),
        measured=sum(row.measured_cpu_seconds for row in rows),
        used=sum(row.used_cpu_seconds for row in rows),
        memory=sum(row.memory_seconds for row in rows),
        used_memory=sum(row.used_memory_seconds for row in rows),
        gpu=sum(row.gpu_seconds for row in rows),
        used_gpu=sum(row.used_gpu_seconds for row in rows),
    )


def _points(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _figures(frame: Frame, whole: _Total, former: _Total) -> list[Figure]:
    def figure(key: str, title: str, value: float | None, old: float | None) -> Figure:
        moved = _points(value, old)
        note = "" if moved is None else f"{moved:+.1f} points on {frame.before.label}".replace("-", "−")
        return Figure(key=key, title=title, value=value, kind=Kind.PERCENT, unit="%", note=note)

    found = [
        figure("cpu_efficiency", "CPU efficiency", whole.cpu_percent, former.cpu_percent),
        figure("memory_efficiency", "Memory efficiency", whole.memory_percent, former.memory_percent),
    ]
    if whole.gpu:
        found.append(figure("gpu_efficiency", "GPU efficiency", whole.gpu_percent, former.gpu_percent))
    note = f"{percent(whole.unused, whole.measured)} of what was held"
    unused = whole.unused / 3600 if whole.measured else None
    found.append(
        Figure(
            key="unused_cpu_hours",
            title="Unused CPU hours",
            value=unused,
            kind=Kind.AMOUNT,
            note=note if unused else "",
        )
    )
    return found


def _summary(frame: Frame, now: Sequence[EfficiencySum], whole: _Total, former: _Total) -> list[str]:
    label = frame.period.label
    if not whole.jobs:
        return [f"No job that had run ended in {label}."]
    if whole.cpu_percent is None:
        return [
            (
                f"{count(whole.jobs, 'job')} ended in {label}, but of none of them Slurm measured the CPU "
                "time. "
                "JobAcctGatherType in slurm.conf turns measuring on."
            )
        ]
    said = [
        (
            f"The jobs that ended in {label} kept {whole.cpu_percent:.1f} % of the CPU time that they "
            "held busy; "
            f"{hours(whole.unused, 'CPU')} were held and not used."
        )
    ]
    moved = _points(whole.cpu_percent, former.cpu_percent)
    if moved is not None:
        said.append(
            f"That is about as efficient as in {frame.before.label}."
            if abs(moved) < 0.5
            else f"That is {abs(moved):.1f} points {'better' if moved > 0 else 'worse'} than in "
            f"{frame.before.label}."
        )
    users = _by(now, lambda row: row.user)
    if len(users) > 3 and whole.unused > 0:
        most = next(iter(users.items()))
        three = sum(one.unused for one in list(users.values())[:3])
        said.append(
            f"{percent(three, whole.unused)} of the unused CPU hours were held by three users, "
            f"{percent(most[1].unused, whole.unused)} by {named(most[0])} alone."
        )
    if whole.memory_percent is not None:
        said.append(f"At their peak, jobs used {whole.memory_percent:.1f} % of the memory that they held.")
    if whole.gpu_percent is not None:
        said.append(f"GPUs were busy {whole.gpu_percent:.1f} % of the time for which they were held.")
    if whole.measured < whole.cpu:
        said.append(
            f"These figures cover {percent(whole.measured, whole.cpu)} of the CPU hours: the CPU time of "
            "the other "
            "jobs was not measured."
        )
    return said


def _by(rows: Iterable[EfficiencySum], of: Callable[[EfficiencySum], str]) -> dict[str, _Total]:
    """Sums by name, the one with the most unused CPU hours first."""
    sums = {name: _total(some) for name, some in grouped(rows, of).items()}
    return dict(sorted(sums.items(), key=lambda item: (-item[1].unused, -item[1].cpu, item[0])))


def _spread(frame: Frame, bands: Sequence[EfficiencyBand]) -> Section:
    known: Mapping[int, EfficiencyBand] = {band.tenth: band for band in bands}
    rows = [(f"{10 * tenth}–{10 * tenth + 10} %", known.get(tenth)) for tenth in range(10)]
    table = Table(
        key="cpu_efficiency_spread",
        title="Jobs by CPU efficiency",
        columns=(
            Column("cpu_efficiency", "CPU efficiency"),
            Column("jobs", "Jobs", Kind.COUNT),
            Column("cpu_hours", "CPU hours held", Kind.AMOUNT, "h"),
        ),
        rows=tuple(
            (name, band.jobs if band else 0, band.cpu_seconds / 3600 if band else 0.0) for name, band in rows
        ),
    )
    return Section(
        title="How efficient jobs were",
        charts=frame.charts(
            lambda: charts.columns(
                "cpu_efficiency_spread",
                "CPU hours held, by the efficiency of the job",
                "Columns: the CPU hours that were held by jobs of each tenth of CPU efficiency.",
                [(name, band.cpu_seconds / 3600 if band else 0.0) for name, band in rows],
                unit="CPU hours held",
                names="CPU efficiency of the job",
            )
        ),
        tables=(table,),
    )


def _section(
    frame: Frame,
    key: str,
    now: Sequence[EfficiencySum],
    whole: _Total,
    of: Callable[[EfficiencySum], str],
) -> Section:
    sums = _by(now, of)
    has_gpus = bool(whole.gpu)

    def cells(name: str, total: _Total) -> tuple[Value, ...]:
        gpus = (total.gpu_percent,) if has_gpus else ()
        return (
            name,
            total.jobs,
            total.cpu / 3600,
            total.cpu_percent,
            total.unused / 3600 if total.measured else None,
            total.memory_percent,
            *gpus,
            100 * total.measured / total.cpu if total.cpu else None,
        )

    table = Table(
        key=f"efficiency_by_{key}",
        title=f"Efficiency by {key}",
        columns=(
            Column(key, key.capitalize()),
            Column("jobs", "Jobs", Kind.COUNT),
            Column("cpu_hours", "CPU hours held", Kind.AMOUNT, "h"),
            Column("cpu_efficiency", "CPU efficiency", Kind.PERCENT, "%"),
            Column("unused_cpu_hours", "Unused", Kind.AMOUNT, "h"),
            Column("memory_efficiency", "Memory", Kind.PERCENT, "%"),
            *([Column("gpu_efficiency", "GPU", Kind.PERCENT, "%")] if has_gpus else []),
            Column("measured_share", "Measured", Kind.PERCENT, "%"),
        ),
        rows=tuple(cells(name, total) for name, total in sums.items()),
        total=cells("Total", whole),
        shown=60,
    )
    return Section(
        title=f"By {key}",
        charts=frame.charts(
            lambda: charts.bars(
                f"unused_cpu_hours_by_{key}",
                f"Unused CPU hours by {key}",
                f"Bars: the CPU hours that jobs of each {key} held and did not use; written beside them, "
                "their CPU efficiency.",
                [(name, total.unused / 3600, None) for name, total in sums.items()],
                unit="CPU hours held and not used",
                text=[
                    f"{total.cpu_percent:.0f} % efficient" if total.cpu_percent is not None else ""
                    for total in sums.values()
                ],
            )
        ),
        tables=(table,),
    )
