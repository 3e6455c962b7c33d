"""JSON: an array with an object on each line, or the objects alone, a line each (ndjson)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from s9s.formats.columns import Batch, Column, Kind, Options, Sink
from s9s.formats.texts import encodable, listed


class JsonLinesWriter:
    """Writes an object a line."""

    def __init__(self, sink: Sink, columns: Sequence[Column], options: Options) -> None:
        self._sink = sink
        self._columns = columns
        self._names = [column.name for column in columns]
        self._encoder = msgspec.json.Encoder()

    def write(self, batch: Batch) -> None:
        self._sink.write(self._lines(batch))

    def close(self) -> None:
        pass

    def _lines(self, batch: Batch) -> bytes:
        values = [
            listed(one.kind, encodable(column) if one.kind is Kind.TEXT else column)
            for one, column in zip(self._columns, batch, strict=True)
        ]
        names = self._names
        rows = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
        return self._encoder.encode_lines(rows)


class JsonWriter(JsonLinesWriter):
    """Writes an array."""

    def __init__(self, sink: Sink, columns: Sequence[Column], options: Options) -> None:
        super().__init__(sink, columns, options)
        self._before = b"[\n"

    def write(self, batch: Batch) -> None:
        # A line end within a text is escaped: every one that is seen stands between two objects.
        lines = self._lines(batch)[:-1].replace(b"\n", b",\n")
        if lines:
            self._sink.write(self._before + lines)
            self._before = b",\n"

    def close(self) -> None:
        self._sink.write(b"[]\n" if self._before == b"[\n" else b"\n]\n")
