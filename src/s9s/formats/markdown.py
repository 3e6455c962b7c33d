"""A table in Markdown (GitHub's dialect). Whatever could be markup is escaped, a line end is a space."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from s9s.formats.columns import Batch, Column, Kind, Options, Sink
from s9s.formats.texts import FREE, cleaned, shown

#: An underscore within a word marks nothing up.
_MARKUP: Final = re.compile(r"[\\`*\[\]<>&|~]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
_LINE_END: Final = re.compile(r"[\r\n\t\u2028\u2029]+")
_RIGHT: Final = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.DURATION, Kind.MEMORY, Kind.HOURS})


def escaped(text: str) -> str:
    """Text that is shown as it is, in one line."""
    return _MARKUP.sub(r"\\\g<0>", _LINE_END.sub(" ", text))


class MarkdownWriter:
    """Writes one table."""

    def __init__(self, sink: Sink, columns: Sequence[Column], options: Options) -> None:
        self._sink = sink
        self._kinds = [column.kind for column in columns]
        # A table without headings is none: they are left empty.
        names = [escaped(column.name) if options.include_headers else "" for column in columns]
        rules = ["---:" if column.kind in _RIGHT else "---" for column in columns]
        sink.write(f"| {' | '.join(names)} |\n| {' | '.join(rules)} |\n".encode())

    def write(self, batch: Batch) -> None:
        cells = [self._cells(kind, column) for kind, column in zip(self._kinds, batch, strict=True)]
        self._sink.write("".join(f"| {' | '.join(row)} |\n" for row in zip(*cells, strict=True)).encode())

    def close(self) -> None:
        pass

    def _cells(self, kind: Kind, column: Sequence[Any]) -> list[str]:
        values = shown(kind, column)
        if kind not in FREE:
            return ["" if value is None else str(value) for value in values]
        return [escaped(value) if value else "" for value in cleaned(values)]
