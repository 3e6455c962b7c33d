"""The screen of `s9s top`: a reading as lines that fit a terminal."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from s9s.cli.remote.readings import Reading, Wanted
from s9s.cli.remote.tables import STYLES, Column, plain, table

if TYPE_CHECKING:
    from rich.text import Text

JOBS: Final = (
    Column("ID", "job_id"),
    Column("USER", "user", 1, least=8),
    Column("PARTITION", "partition", 5, least=6),
    Column("STATE", "state"),
    Column("NAME", "job_name", 2, least=14),
    Column("TIME", "elapsed_time", 0, is_number=True),
    Column("LIMIT", "time_limit", 7, is_number=True),
    Column("NODES", "node_count", 4, is_number=True),
    Column("CPUS", "cpu_count", 1, is_number=True),
    Column("GPUS", "gpus", 3, is_number=True),
    Column("MEMORY", "memory", 8, is_number=True),
    Column("REASON", "reason", 6, least=6),
)
_PARTITIONS: Final = (
    Column("PARTITION", "name", 0, least=8),
    Column("STATE", "state", 3),
    Column("NODES", "nodes_total", 2, is_number=True),
    Column("IDLE", "nodes_idle", 2, is_number=True),
    Column("CPUS", "cpus_total", 1, is_number=True),
    Column("LOAD", "load", 0),
)
_USERS: Final = (
    Column("USER", "username", 0, least=6),
    Column("RUNNING", "jobs_running", 0, is_number=True),
    Column("PENDING", "jobs_pending", 0, is_number=True),
)
#: Orders that one key goes through.
SORTS: Final = ("cpu_count", "gpus", "node_count", "start_time", "submit_time", "priority")
HELP: Final = "q quit  s sort  r reverse  t state  u user  p partition  / name  ↑↓  space pause"
_BAR: Final = 12
#: From this width on, partitions and users stand side by side.
_WIDE: Final = 76
_LIST_LINES: Final = 6
#: Below this height there is no room for partitions and users.
_LOW: Final = 16


def lines(
    reading: Reading, wanted: Wanted, width: int, height: int | None, said: str, below: str
) -> list[Text]:
    """The screen: as many lines as the terminal has, none wider than it.

    Args:
        reading: What is shown.
        wanted: Which jobs these are.
        width: Cells of the terminal.
        height: Its lines; ``None``: as many as it takes.
        said: Beside the time: how fresh it is.
        below: The last line.
    """
    from rich.text import Text

    top = [_line(f"s9s top  {said}", "bold"), *_totals(reading.cluster, width)]
    is_low = height is not None and height < _LOW
    most = _LIST_LINES if height is None else max(min(_LIST_LINES, height // 5), 2)
    partitions = [] if is_low else _partitions(reading.partitions, most)
    users = [] if is_low else list(reading.users[:most])
    if partitions or users:
        top.append(Text())
        if width >= _WIDE:
            right = 30
            top += _beside(
                table(partitions, _PARTITIONS, width - right - 3) if partitions else [],
                table(users, _USERS, right) if users else [],
                width - right,
            )
        else:
            top += table(partitions, _PARTITIONS, width) if partitions else []
            top += table(users, _USERS, width) if users and (height is None or height >= 30) else []
        top.append(Text())
    rows = reading.jobs
    if height is not None:
        rows = rows[: max(height - len(top) - 3, 0)]
    top.append(_line(_heading(len(rows), reading.total, wanted), "bold"))
    body = table(rows, JOBS, width)
    made = [*top, *body]
    if height is not None:
        made = made[: height - 1]
        made += [Text()] * (height - 1 - len(made)) + [_line(below, "reverse" if below else "")]
    for line in made:
        line.truncate(width, overflow="ellipsis")
    return made


def _line(text: str, style: str) -> Text:
    from rich.text import Text

    return Text(plain(text) if text else "", style=style, no_wrap=True)


def _heading(count: int, total: int, wanted: Wanted) -> str:
    filters = " ".join(f"{name}={value}" for name, value in wanted.filters.items() if value)
    range_ = f"{wanted.offset + 1}-{wanted.offset + count} of {total}" if count else f"{total}"
    arrow = "↓" if wanted.order == "desc" else "↑"
    return f"Jobs {range_}  by {wanted.sort} {arrow}  {filters}".rstrip()


def _totals(cluster: Mapping[str, Any] | None, width: int) -> list[Text]:
    from rich.text import Text

    if cluster is None:
        return []
    use, jobs, waits = cluster["cluster_utilization"], cluster["job_counts"], cluster["queue_stats"]
    bars = Text(no_wrap=True)
    for name, key in (("CPU", "cpu_percent"), ("MEM", "memory_percent"), ("GPU", "gpu_percent")):
        if (percent := use.get(key)) is not None:
            size = _BAR if width >= 3 * (_BAR + 14) else 0
            bars.append(f"{name} ").append_text(_bar(percent / 100, size)).append(f"{percent:5.1f}%   ")
    nodes = Text("Nodes ", no_wrap=True)
    for state, count in cluster["node_counts"].items():
        nodes.append(f"{count} ").append(f"{state}  ", STYLES.get(state, ""))
    counts = Text("Jobs  ", no_wrap=True)
    for state in ("RUNNING", "PENDING"):
        counts.append(f"{jobs.get(state, 0)} ").append(f"{state}  ", STYLES[state])
    if (wait := waits.get("avg_wait_time")) is not None:
        counts.append(f"wait {wait}, at most {waits['max_wait_time']}  ")
    if (throughput := waits.get("throughput")) is not None:
        counts.append(f"{throughput:g} done an hour")
    return [bars, nodes, counts]


def _bar(fraction: float, size: int) -> Text:
    from rich.text import Text

    if not size:
        return Text()
    full = min(max(round(fraction * size), 0), size)
    style = "red" if fraction >= 0.9 else "yellow" if fraction >= 0.7 else "green"
    return Text.assemble(("█" * full, style), ("░" * (size - full), "dim"))


def _partitions(rows: Sequence[Mapping[str, Any]], most: int) -> list[dict[str, Any]]:
    """The busiest, with their load in words, of which the table makes what fits."""
    made = []
    for row in rows:
        total, used = row["cpus_total"], row["cpus_allocated"]
        load = used / total if total else 0.0
        full = round(load * 10)
        made.append({**row, "load": f"{'█' * full}{'░' * (10 - full)} {load:4.0%}", "fraction": load})
    made.sort(key=lambda one: (-one["fraction"], one["name"]))
    return made[:most]


def _beside(left: list[Text], right: list[Text], at: int) -> list[Text]:
    from rich.text import Text

    made = []
    for number in range(max(len(left), len(right))):
        line = left[number].copy() if number < len(left) else Text(no_wrap=True)
        line.pad_right(at - line.cell_len)
        if number < len(right):
            line.append_text(right[number])
        made.append(line)
    return made


def clock(seconds: float) -> str:
    """A time of day here."""
    return time.strftime("%H:%M:%S", time.localtime(seconds))
