"""A report as CSV (RFC 4180, UTF-8): its tables one after the other, below a head that says what they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from s9s.domain.instants import format_instant
from s9s.domain.reports import Column, Report, Value

#: What a spreadsheet would take for a formula when a cell begins with it.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def render_csv(report: Report) -> bytes:
    """Blocks with an empty line between them: what the report is about, the headline figures, each table."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n").writerow
    period = report.period
    for name, value in (
        ("report", report.title),
        ("cluster", report.cluster),
        ("period", period.label),
        ("start_date", str(period.first)),
        ("end_date", str(period.last)),
        ("time_zone", period.time_zone),
        ("scope", report.scope),
        ("generated_at", format_instant(report.generated_at)),
    ):
        write([name, safe(value)])
    write([])
    write(["figure", "value", "unit"])
    for figure in report.figures:
        write([figure.key, safe(_rounded(figure.value)), figure.unit])
    for table in report.tables:
        write([])
        write([safe(table.title)])
        write([_head(column) for column in table.columns])
        for row in (*table.rows, *([table.total] if table.total else [])):
            write(_cells(row))
    # With the mark, Excel takes it for UTF-8.
    return text.getvalue().encode("utf-8-sig")


def safe(value: Value) -> Value:
    """A text that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _cells(row: Sequence[Value]) -> list[Value]:
    return [safe(_rounded(value)) for value in row]


def _rounded(value: Value) -> Value:
    """To what can have a meaning: a binary fraction has up to 17 digits."""
    return round(value, 4) if isinstance(value, float) else value


def _head(column: Column) -> str:
    return column.key
