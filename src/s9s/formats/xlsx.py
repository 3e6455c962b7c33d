"""Excel workbooks: numbers, times and spans are what they are, and texts never formulas or links.

Times are UTC. A sheet holds 1,048,576 rows; more of them follow on further sheets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import xlsxwriter

from s9s.domain.durations import UNLIMITED
from s9s.formats.columns import Batch, Column, Kind, Options, Sink
from s9s.formats.texts import FREE, cleaned, shown

#: What a sheet holds, what a cell holds, and in how many columns a width makes sense.
MAX_ROWS: Final = 1_048_576
MAX_TEXT: Final = 32_767

#: Days from the beginning of Excel's time to that of ours.
_EPOCH: Final = 25_569
_DAY: Final = 86_400

_FORMATS: Final = {
    Kind.INSTANT: "yyyy-mm-dd hh:mm:ss",
    Kind.DURATION: "[h]:mm:ss",
    Kind.MEMORY: '#,##0" MB"',
    Kind.HOURS: '0.0"h"',
}
_WIDTHS: Final = {Kind.TEXT: 18, Kind.INSTANT: 19, Kind.DURATION: 11, Kind.HOSTLIST: 18, Kind.OBJECT: 40}
_NUMBERS: Final[dict[Kind, Callable[[Any], float]]] = {
    Kind.INTEGER: lambda value: value,
    Kind.NUMBER: lambda value: value,
    Kind.INSTANT: lambda value: value / _DAY + _EPOCH,
    Kind.DURATION: lambda value: value / _DAY,
    Kind.MEMORY: lambda value: value,
    Kind.HOURS: lambda value: value / 3600,
}


class XlsxWriter:
    """Writes a workbook; rows wait on disk, in a temporary file, until `close`."""

    def __init__(
        self, sink: Sink, columns: Sequence[Column], options: Options, *, max_rows: int = MAX_ROWS
    ) -> None:
        self._columns = columns
        self._options = options
        self._max_rows = max_rows
        self._book = xlsxwriter.Workbook(sink, {"constant_memory": True, "use_zip64": True})
        self._book.set_properties({"title": options.title, "comments": "Times are UTC."})
        self._bold = self._book.add_format({"bold": True})
        self._formats = [
            self._book.add_format({"num_format": _FORMATS[one.kind]}) if one.kind in _FORMATS else None
            for one in columns
        ]
        self._sheets = 0
        self._begin_sheet()

    def write(self, batch: Batch) -> None:
        values = [
            cleaned(shown(one.kind, column)) if one.kind in FREE else column
            for one, column in zip(self._columns, batch, strict=True)
        ]
        for row in zip(*values, strict=True):
            if self._row >= self._max_rows:
                self._end_sheet()
                self._begin_sheet()
            for place, value in enumerate(row):
                if value is not None:
                    self._cell(place, value)
            self._row += 1

    def close(self) -> None:
        self._end_sheet()
        self._book.close()

    def _cell(self, place: int, value: Any) -> None:
        kind = self._columns[place].kind
        if kind in FREE:
            text = value if len(value) <= MAX_TEXT else f"{value[: MAX_TEXT - 1]}…"
            self._sheet.write_string(self._row, place, text)
        elif kind is Kind.BOOLEAN:
            self._sheet.write_boolean(self._row, place, value)
        elif kind is Kind.DURATION and value == UNLIMITED:
            self._sheet.write_string(self._row, place, "UNLIMITED")
        else:
            self._sheet.write_number(self._row, place, _NUMBERS[kind](value), self._formats[place])

    def _begin_sheet(self) -> None:
        self._sheets += 1
        title = "".join("_" if mark in "[]:*?/\\'" else mark for mark in self._options.title)[:25]
        self._sheet = self._book.add_worksheet(title if self._sheets == 1 else f"{title} {self._sheets}")
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, max(_WIDTHS.get(column.kind, 9), len(column.name) + 2))
        self._row = 0
        if self._options.include_headers:
            for place, column in enumerate(self._columns):
                self._sheet.write_string(0, place, column.name, self._bold)
            self._sheet.freeze_panes(1, 0)
            self._row = 1

    def _end_sheet(self) -> None:
        if self._options.include_headers and self._row > 1:
            self._sheet.autofilter(0, 0, self._row - 1, len(self._columns) - 1)
