"""A report as a workbook: a sheet with the summary, then one for each table, with real numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any, Final

import xlsxwriter

from s9s.domain.instants import format_instant
from s9s.domain.reports import Column, Kind, Report, Table, Value

#: What xlsxwriter makes.
Format = Any
Sheet = Any

_NUMBERS: Final = {
    Kind.COUNT: "#,##0",
    Kind.AMOUNT: "#,##0.0",
    Kind.PERCENT: "0.0",
    Kind.CHANGE: "+0.0;-0.0;0.0",
    # Seconds become days, which is what Excel counts time in.
    Kind.DURATION: "[h]:mm:ss",
}
_DAY: Final = 86400
_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\']")
_MAX_NAME: Final = 31
_MAX_CELL: Final = 32_767
_MAX_WIDTH: Final = 60


def render_xlsx(report: Report) -> bytes:
    """The whole file."""
    target = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": f"{report.title}, {report.period.label}", "author": "S9S"})
        formats = _Formats(book)
        _summary(book.add_worksheet("Summary"), report, formats)
        names = {"summary"}
        for table in report.tables:
            _table(book.add_worksheet(_name(table.title, names)), table, formats)
    return target.getvalue()


class _Formats:
    """The formats of cells, each made once."""

    def __init__(self, book: Any) -> None:
        self.title: Format = book.add_format({"bold": True, "font_size": 16})
        self.head: Format = book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"}
        )
        self.wrapped: Format = book.add_format({"text_wrap": True, "valign": "top"})
        self.left: Format = book.add_format({"align": "left"})
        self.cells = {kind: book.add_format({"num_format": text}) for kind, text in _NUMBERS.items()}
        self.totals = {
            kind: book.add_format({"num_format": text, "bold": True, "top": 1})
            for kind, text in _NUMBERS.items()
        }
        self.total: Format = book.add_format({"bold": True, "top": 1})


def _summary(sheet: Sheet, report: Report, formats: _Formats) -> None:
    period = report.period
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, 2, 60)
    _write(sheet, 0, 0, f"{report.title}, {period.label}", formats.title)
    facts = [
        ("Cluster", report.cluster),
        ("Period", f"{period.first} to {period.last} ({period.time_zone})"),
        ("Scope", report.scope),
        ("Generated", format_instant(report.generated_at)),
    ]
    row = 2
    for name, value in facts:
        _write(sheet, row, 0, name, None)
        _write(sheet, row, 1, value, None)
        row += 1
    row += 1
    for figure in report.figures:
        _write(sheet, row, 0, figure.title + (f" ({figure.unit})" if figure.unit else ""), None)
        _write(sheet, row, 1, _scaled(figure.value, figure.kind), formats.cells.get(figure.kind))
        _write(sheet, row, 2, figure.note, None)
        row += 1
    for heading, lines in (("Summary", report.summary), ("Notes", report.notes)):
        row += 1
        _write(sheet, row, 0, heading, formats.head)
        for line in lines:
            row += 1
            sheet.merge_range(row, 0, row, 2, "", formats.wrapped)
            _write(sheet, row, 0, line, formats.wrapped)
            sheet.set_row(row, 15 * (1 + len(line) // 110))
        row += 1
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _table(sheet: Sheet, table: Table, formats: _Formats) -> None:
    for place, column in enumerate(table.columns):
        _write(sheet, 0, place, _head(column), formats.head)
    for line, row in enumerate(table.rows, 1):
        _row(sheet, line, row, table.columns, formats.cells, None)
    last = len(table.rows)
    if table.total is not None:
        _row(sheet, last + 1, table.total, table.columns, formats.totals, formats.total)
    for place, column in enumerate(table.columns):
        texts = [str(row[place]) for row in table.rows[:1000]] if column.kind is Kind.TEXT else []
        width = max([12, *map(len, texts)]) if texts else 14
        sheet.set_column(place, place, min(_MAX_WIDTH, width + 1))
    sheet.freeze_panes(1, 1)
    if table.rows:
        sheet.autofilter(0, 0, last, len(table.columns) - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C&A, &P of &N")


def _row(
    sheet: Sheet,
    line: int,
    row: Sequence[Value],
    columns: Sequence[Column],
    formats: dict[Kind, Format],
    text: Format | None,
) -> None:
    for place, (value, column) in enumerate(zip(row, columns, strict=True)):
        _write(sheet, line, place, _scaled(value, column.kind), formats.get(column.kind, text))


def _scaled(value: Value, kind: Kind) -> Value:
    return value / _DAY if kind is Kind.DURATION and isinstance(value, int | float) else value


def _write(sheet: Sheet, row: int, place: int, value: Value, form: Format | None) -> None:
    arguments: list[Any] = [] if form is None else [form]
    if value is None:
        sheet.write_blank(row, place, None, *arguments)
    elif isinstance(value, str):
        # Always as text: never a formula, a link or a number.
        sheet.write_string(row, place, value[:_MAX_CELL], *arguments)
    else:
        sheet.write_number(row, place, value, *arguments)


def _head(column: Column) -> str:
    unit = "h:mm:ss" if column.kind is Kind.DURATION else column.unit
    return f"{column.title} ({unit})" if unit else column.title


def _name(title: str, taken: set[str]) -> str:
    """A name for a sheet: short, without what Excel forbids, and not there yet."""
    base = _NOT_IN_NAMES.sub(" ", title).strip()[:_MAX_NAME] or "Table"
    name, number = base, 1
    while name.lower() in taken:
        number += 1
        name = f"{base[: _MAX_NAME - 4]} {number}"
    taken.add(name.lower())
    return name
