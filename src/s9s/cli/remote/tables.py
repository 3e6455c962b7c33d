"""Rows on a terminal, or in a pipe."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import click

#: What could move a terminal's cursor or colour what others have written.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_STYLES: Final = {
    "RUNNING": "green", "COMPLETED": "green", "IDLE": "green", "MIXED": "green", "ALLOCATED": "green",
    "PENDING": "yellow", "COMPLETING": "yellow", "SUSPENDED": "yellow", "DRAIN": "yellow",
    "FAILED": "red", "TIMEOUT": "red", "OUT_OF_MEMORY": "red", "NODE_FAIL": "red", "DOWN": "red",
    "FAIL": "red",
}  # fmt: skip


def show_json(value: object) -> None:
    """As the server said it."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def show_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[tuple[str, str]]) -> None:
    """A table that fits the terminal; in a pipe every row is a whole line.

    Args:
        rows: From the API.
        columns: Head and field of each.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(plain(row.get(field)) for _, field in columns))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for head, _ in columns:
        table.add_column(head, no_wrap=True, overflow="ellipsis")
    for row in rows:
        cells = [plain(row.get(field)) for _, field in columns]
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in cells))
    console.print(table)


def show_fields(row: Mapping[str, Any]) -> None:
    """Every field that is set, a line each."""
    width = max(map(len, row))
    for name, value in row.items():
        if value not in (None, [], {}, ""):
            click.echo(f"{name:{width}}  {plain(value)}")


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
