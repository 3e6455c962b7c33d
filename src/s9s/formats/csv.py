"""CSV as RFC 4180 has it: UTF-8, CRLF, quotes where they are needed.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, and a job's name is
whatever its owner likes. Such a text gets an apostrophe before it; numbers are written as numbers.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Any, Final

from s9s.formats.columns import Batch, Column, Options, Sink
from s9s.formats.texts import FREE, clean, is_plain, shown

#: Also behind white space, and in the wide forms that some spreadsheets take for the same.
_FORMULA: Final = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r]")
#: What such a text begins with, if it can be printed at all.
_SUSPICIOUS: Final = frozenset(" =+-@＝＋－＠")


class CsvWriter:
    """Writes CSV."""

    def __init__(self, sink: Sink, columns: Sequence[Column], options: Options) -> None:
        self._sink = sink
        self._kinds = [column.kind for column in columns]
        self._text = io.StringIO(newline="")
        self._rows = csv.writer(self._text, delimiter=options.delimiter, lineterminator="\r\n")
        if options.bom:
            sink.write(b"\xef\xbb\xbf")
        if options.include_headers:
            self._rows.writerow([column.name for column in columns])
            self._flush()

    def write(self, batch: Batch) -> None:
        values = [
            harmless(shown(kind, column)) if kind in FREE else shown(kind, column)
            for kind, column in zip(self._kinds, batch, strict=True)
        ]
        self._rows.writerows(zip(*values, strict=True))
        self._flush()

    def close(self) -> None:
        pass

    def _flush(self) -> None:
        self._sink.write(self._text.getvalue().encode())
        self._text.seek(0)
        self._text.truncate()


def harmless(values: Sequence[Any]) -> Sequence[Any]:
    """Texts of which none is a formula, nor a command to a terminal."""
    if is_plain(values) and _SUSPICIOUS.isdisjoint({value[:1] for value in set(values) if value}):
        return values
    return [
        f"'{value}" if value and _FORMULA.match(value) else value
        for value in (None if value is None else clean(value) for value in values)
    ]
