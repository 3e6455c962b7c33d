"""The usage report: who used how much, and how that has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from s9s.domain.reports import Column, Figure, Kind, Report, Section, Table, Value, change
from s9s.domain.sums import UsageSum
from s9s.services.reports import charts
from s9s.services.reports.frame import Frame, grouped
from s9s.services.reports.words import compared, count, hours, listing, named, on, percent

NO_ACCOUNT: Final = "(none)"


class _Total(Struct, frozen=True):
    """Sums of some rows."""

    jobs: int = 0
    cpu: int = 0
    gpu: int = 0
    node: int = 0
    lost: int = 0


def usage_report(
    frame: Frame,
    now: Sequence[UsageSum],
    before: Sequence[UsageSum],
    gpu_types: Mapping[str, Sequence[str]],
) -> Report:
    """Of what the jobs of the period and of the one before it used.

    Args:
        frame: Its circumstances.
        now: The sums of the period.
        before: Those of the period before.
        gpu_types: The types of GPUs in each partition's nodes.
    """
    whole, former = _total(now), _total(before)
    makes: list[tuple[str, str, Callable[[UsageSum], str]]] = [
        ("account", "Account", lambda row: row.account or NO_ACCOUNT),
        ("user", "User", lambda row: row.user),
        ("partition", "Partition", lambda row: row.partition),
    ]
    sections = [_section(frame, key, name, now, before, of) for key, name, of in makes] if now else []
    if whole.gpu:
        with_gpus = [row for row in now if row.gpu_seconds]
        with_gpus_before = [row for row in before if row.gpu_seconds]
        sections.append(_gpu_section(frame, with_gpus, with_gpus_before, gpu_types))
    return frame.report(
        "Usage",
        _figures(frame, now, before, whole, former),
        _summary(frame, now, before, whole, former),
        sections,
        [
            (
                "A CPU hour is one CPU allocated to a job for one hour, whether the job kept it busy or "
                "not; GPU and "
                "node hours likewise. Of a job that ran beyond the period only the part within it counts."
            ),
            "Jobs that are still running are counted once they have ended.",
            *(
                ["GPU types are those of the partition's nodes: jobs are not told apart within a partition."]
                if whole.gpu
                else []
            ),
        ],
    )


def _total(rows: Iterable[UsageSum]) -> _Total:
    jobs = cpu = gpu = node = lost = 0
    for row in rows:
        jobs += row.jobs
        cpu += row.cpu_seconds
        gpu += row.gpu_seconds
        node += row.node_seconds
        lost += row.lost_cpu_seconds
    return _Total(jobs, cpu, gpu, node, lost)


def _figures(
    frame: Frame, now: Sequence[UsageSum], before: Sequence[UsageSum], whole: _Total, former: _Total
) -> list[Figure]:
    users, users_before = len({row.user for row in now}), len({row.user for row in before})

    def figure(key: str, title: str, value: float, old: float, kind: Kind, unit: str = "") -> Figure:
        note = on(change(value, old), frame.before)
        return Figure(key=key, title=title, value=value, kind=kind, unit=unit, note=note)

    found = [
        figure("cpu_hours", "CPU hours", whole.cpu / 3600, former.cpu / 3600, Kind.AMOUNT),
        figure("gpu_hours", "GPU hours", whole.gpu / 3600, former.gpu / 3600, Kind.AMOUNT),
        figure("jobs", "Jobs", whole.jobs, former.jobs, Kind.COUNT),
        figure("users", "Users", users, users_before, Kind.COUNT),
    ]
    return [one for one in found if one.key != "gpu_hours" or whole.gpu or former.gpu]


def _summary(
    frame: Frame, now: Sequence[UsageSum], before: Sequence[UsageSum], whole: _Total, former: _Total
) -> list[str]:
    label = frame.period.label
    if not now:
        text = f"No finished job ran in {label}."
        return [
            f"{text} In {frame.before.label}, jobs used {hours(former.cpu, 'CPU')}." if former.jobs else text
        ]
    users = _by(now, lambda row: row.user)
    said = [
        (
            f"{count(whole.jobs, 'job')} of {count(len(users), 'user')} used {hours(whole.cpu, 'CPU')} in "
            f"{label}, "
            f"{compared(change(whole.cpu, former.cpu), frame.before)}."
        )
    ]
    if whole.gpu or former.gpu:
        said.append(
            f"GPU use came to {hours(whole.gpu, 'GPU')}, "
            f"{compared(change(whole.gpu, former.gpu), frame.before)}."
        )
    if whole.cpu and len(users) > 1:
        top, *_ = users.items()
        text = f"{named(top[0])} used most: {percent(top[1].cpu, whole.cpu)} of all CPU hours"
        if len(users) > 5:
            five = sum(one.cpu for one in list(users.values())[:5])
            text += f"; the five busiest users together used {percent(five, whole.cpu)}"
        said.append(f"{text}.")
    said += _movers(frame, now, before)
    if whole.lost:
        said.append(
            f"{percent(whole.lost, whole.cpu)} of the CPU hours ({hours(whole.lost, 'CPU')}) went to jobs "
            "that "
            "did not complete: they failed, ran into their limit, or were cancelled."
        )
    return said


def _movers(frame: Frame, now: Sequence[UsageSum], before: Sequence[UsageSum]) -> list[str]:
    """The accounts that grew and shrank most."""
    if not before:
        return []
    new, old = (_by(rows, lambda row: row.account or NO_ACCOUNT) for rows in (now, before))
    if len(new | old) < 2:
        return []
    moves = {name: new.get(name, _Total()).cpu - old.get(name, _Total()).cpu for name in new | old}
    most, least = max(moves, key=moves.__getitem__), min(moves, key=moves.__getitem__)
    said = []
    if moves[most] > 0:
        said.append(f"account {named(most)} grew most, by {hours(moves[most], 'CPU')}")
    if moves[least] < 0:
        said.append(f"account {named(least)} shrank most, by {hours(-moves[least], 'CPU')}")
    return [f"Against {frame.before.label}, {listing(said)}."] if said else []


def _by(rows: Iterable[UsageSum], of: Callable[[UsageSum], str]) -> dict[str, _Total]:
    """Sums by name, the greatest first."""
    sums = {name: _total(some) for name, some in grouped(rows, of).items()}
    return dict(sorted(sums.items(), key=lambda item: (-item[1].cpu, -item[1].gpu, item[0])))


def _section(
    frame: Frame,
    key: str,
    name: str,
    now: Sequence[UsageSum],
    before: Sequence[UsageSum],
    of: Callable[[UsageSum], str],
) -> Section:
    sums, former = _by(now, of), _by(before, of)
    noun, whole = name.lower(), _total(now)
    return Section(
        title=f"By {noun}",
        charts=frame.charts(
            lambda: charts.bars(
                f"cpu_hours_by_{key}",
                f"CPU hours by {noun}",
                f"Bars: the CPU hours of each {noun} in {frame.period.label}.",
                [
                    (one, total.cpu / 3600, former[one].cpu / 3600 if one in former else None)
                    for one, total in sums.items()
                ],
                unit="CPU hours",
                before=frame.before.label,
                text=[percent(total.cpu, whole.cpu) for total in sums.values()],
            )
        ),
        tables=(_table(f"usage_by_{key}", f"Usage by {noun}", key, name, sums, former, whole),),
    )


def _table(
    key: str,
    title: str,
    name_key: str,
    name: str,
    sums: Mapping[str, _Total],
    former: Mapping[str, _Total],
    whole: _Total,
) -> Table:
    has_gpus = bool(whole.gpu)

    def cells(name: str, total: _Total, old: _Total) -> tuple[Value, ...]:
        row: list[Value] = [
            name,
            total.jobs,
            total.cpu / 3600,
            100 * total.cpu / whole.cpu if whole.cpu else None,
            change(total.cpu, old.cpu),
            total.node / 3600,
        ]
        if has_gpus:
            row += [total.gpu / 3600, change(total.gpu, old.gpu)]
        return (*row, 100 * total.lost / total.cpu if total.cpu else None)

    columns = [
        Column(name_key, name),
        Column("jobs", "Jobs", Kind.COUNT),
        Column("cpu_hours", "CPU hours", Kind.AMOUNT, "h"),
        Column("cpu_share", "Share", Kind.PERCENT, "%"),
        Column("cpu_change", "CPU change", Kind.CHANGE, "%"),
        Column("node_hours", "Node hours", Kind.AMOUNT, "h"),
    ]
    if has_gpus:
        columns += [
            Column("gpu_hours", "GPU hours", Kind.AMOUNT, "h"),
            Column("gpu_change", "GPU change", Kind.CHANGE, "%"),
        ]
    columns.append(Column("lost_share", "Not completed", Kind.PERCENT, "%"))
    before = _Total(
        sum(one.jobs for one in former.values()),
        sum(one.cpu for one in former.values()),
        sum(one.gpu for one in former.values()),
    )
    return Table(
        key=key,
        title=title,
        columns=tuple(columns),
        rows=tuple(cells(one, total, former.get(one, _Total())) for one, total in sums.items()),
        total=cells("Total", whole, before),
        shown=60,
    )


def _gpu_section(
    frame: Frame,
    now: Sequence[UsageSum],
    before: Sequence[UsageSum],
    gpu_types: Mapping[str, Sequence[str]],
) -> Section:
    def of(row: UsageSum) -> str:
        return " or ".join(sorted(gpu_types.get(row.partition, ()))) or "not known"

    sums, former = (
        {name: _total(some) for name, some in grouped(rows, of).items()} for rows in (now, before)
    )
    whole, all_before = _total(now), _total(before)

    def cells(name: str, total: _Total, old: _Total) -> tuple[Value, ...]:
        share = 100 * total.gpu / whole.gpu if whole.gpu else None
        return (name, total.jobs, total.gpu / 3600, share, change(total.gpu, old.gpu))

    ordered = sorted(sums.items(), key=lambda item: (-item[1].gpu, item[0]))
    table = Table(
        key="usage_by_gpu_type",
        title="GPU use by type",
        columns=(
            Column("gpu_type", "GPU type"),
            Column("jobs", "Jobs", Kind.COUNT),
            Column("gpu_hours", "GPU hours", Kind.AMOUNT, "h"),
            Column("gpu_share", "Share", Kind.PERCENT, "%"),
            Column("gpu_change", "Change", Kind.CHANGE, "%"),
        ),
        rows=tuple(cells(name, total, former.get(name, _Total())) for name, total in ordered),
        total=cells("Total", whole, all_before),
    )
    return Section(title="By GPU type", tables=(table,))
