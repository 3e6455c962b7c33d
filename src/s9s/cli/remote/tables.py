"""Rows on a terminal, or in a pipe."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

if TYPE_CHECKING:
    from rich.text import Text

#: What could move a terminal's cursor or colour what others have written.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_GAP: Final = 2
STYLES: Final = {
    "RUNNING": "green", "COMPLETED": "green", "IDLE": "green", "MIXED": "green", "ALLOCATED": "green",
    "PENDING": "yellow", "COMPLETING": "yellow", "SUSPENDED": "yellow", "DRAIN": "yellow",
    "FAILED": "red", "TIMEOUT": "red", "OUT_OF_MEMORY": "red", "NODE_FAIL": "red", "DOWN": "red",
    "FAIL": "red",
}  # fmt: skip


class Column(NamedTuple):
    """A column of a table."""

    head: str
    field: str
    """Of a row."""
    rank: int = 0
    """Where there is no room, columns of a higher rank are left out first; those of rank 0 never."""
    least: int | None = None
    """Cells to which it may be cut before anything is left out; ``None``: it is shown whole."""
    is_number: bool = False
    """Whether it stands at the right."""


def show_json(value: object) -> None:
    """As the server said it."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], total: int | None = None) -> None:
    """A table that fits the terminal; in a pipe every row is a whole line, with tabs and without a head.

    Args:
        rows: From the API.
        columns: In their order.
        total: How many there are, when they may be more than the rows.
    """
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(plain(row.get(column.field)) for column in columns))
        return
    if not rows:
        click.echo("There are none.", err=True)
        return
    for line in table(rows, columns, console.width):
        console.print(line)
    if total is not None and total > len(rows):
        click.echo(f"{len(rows)} of {total}; --limit shows more.", err=True)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], width: int) -> list[Text]:
    """The lines of a table, the head first; none is wider than the terminal.

    Args:
        rows: From the API.
        columns: In their order; for want of room some are cut or left out.
        width: Cells of the terminal.
    """
    from rich.cells import cell_len
    from rich.text import Text

    cells = [[plain(row.get(column.field)) for column in columns] for row in rows]
    natural = [
        max([len(column.head), *(cell_len(line[at]) for line in cells)]) for at, column in enumerate(columns)
    ]
    empty = {at for at in range(len(columns)) if rows and all(line[at] == "-" for line in cells)}
    widths = _widths(columns, natural, empty, width)
    lines = [Text(no_wrap=True)]
    for at, size in widths.items():
        lines[0].append(_cell(columns[at].head, size, columns[at]), "bold")
    for line in cells:
        text = Text(no_wrap=True)
        for at, size in widths.items():
            text.append(_cell(line[at], size, columns[at]), STYLES.get(line[at], ""))
        lines.append(text)
    for text in lines:
        text.rstrip()
        text.truncate(width)
    return lines


def _widths(columns: Sequence[Column], natural: Sequence[int], empty: set[int], width: int) -> dict[int, int]:
    """Cells of each column that is shown, by its index."""
    shown = list(range(len(columns)))
    while True:
        least = {at: _least(columns[at], natural[at]) for at in shown}
        rest = width - sum(least.values()) - _GAP * (len(shown) - 1)
        # What says nothing goes first.
        worst = max(shown, key=lambda at: (columns[at].rank > 0, at in empty, columns[at].rank, at))
        if rest >= 0 or columns[worst].rank == 0:
            break
        shown.remove(worst)
    for at in shown:  # what is left over goes to those that were cut, from the left
        more = min(max(rest, 0), natural[at] - least[at])
        least[at] += more
        rest -= more
    return least


def _least(column: Column, natural: int) -> int:
    return natural if column.least is None else min(natural, max(column.least, len(column.head)))


def _cell(text: str, size: int, column: Column) -> str:
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) > size:
        text = set_cell_size(text, max(size - 1, 0)).rstrip() + "…"
    padding = " " * (size - cell_len(text))
    return (padding + text if column.is_number else text + padding) + " " * _GAP


def show_fields(row: Mapping[str, Any]) -> None:
    """Every field that is set, a line each; what is in a field stands indented below it."""
    width = max(map(len, row))
    for name, value in row.items():
        if isinstance(value, dict) and value:
            click.echo(name)
            for inner, one in value.items():
                if one is not None:
                    click.echo(f"  {plain(inner)}={plain(one)}")
        elif value not in (None, [], {}, ""):
            click.echo(f"{name:{width}}  {plain(value)}")


def show_done(results: Iterable[tuple[str, str, bool]]) -> int:
    """A line for each thing that was to be changed: its name, what came of it, whether that is good.

    Returns how many failed; their lines are on standard error.
    """
    failed = 0
    for name, message, is_good in results:
        click.echo(f"{plain(name)}: {plain(message)}", err=not is_good)
        failed += not is_good
    return failed


def plain(value: object) -> str:
    """A value in one line, harmless to a terminal."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ",".join(map(plain, value)) or "-"
        case dict():
            return _CONTROL.sub("?", json.dumps(value, ensure_ascii=False))
        case _:
            return _CONTROL.sub("?", str(value)) or "-"
