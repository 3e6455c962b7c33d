"""Parquet with a typed schema: times are timestamps in UTC, spans durations, lists lists.

An unlimited time limit is null, as one that is not set: a span has no other way to say it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from s9s.formats.columns import Batch, Column, Kind, Options, Sink
from s9s.formats.texts import encodable, listed

#: Rows of a row group: few enough to keep memory small, enough to be read fast.
_GROUP: Final = 65_536

_TYPES: Final[dict[Kind, Any]] = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.INSTANT: pa.timestamp("s", tz="UTC"),
    Kind.DURATION: pa.duration("s"),
    Kind.MEMORY: pa.int64(),
    Kind.HOURS: pa.float64(),
    Kind.HOSTLIST: pa.list_(pa.string()),
    Kind.WORDS: pa.list_(pa.string()),
    Kind.OBJECT: pa.string(),
}
_UNITS: Final = {Kind.MEMORY: "MiB", Kind.HOURS: "h"}


def _durations(values: Sequence[int | None]) -> list[int | None]:
    return [None if value is None or value < 0 else value for value in values]


def _hours(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else value / 3600 for value in values]


def _objects(values: Sequence[Any]) -> list[str | None]:
    return [None if value is None else msgspec.json.encode(value).decode() for value in values]


def _names(values: Sequence[str | None]) -> Sequence[Any]:
    return listed(Kind.HOSTLIST, values)


def _words(values: Sequence[str | None]) -> Sequence[Any]:
    return listed(Kind.WORDS, values)


_VALUES: Final[dict[Kind, Callable[[Sequence[Any]], Sequence[Any]]]] = {
    Kind.TEXT: encodable,
    Kind.DURATION: _durations,
    Kind.HOURS: _hours,
    Kind.HOSTLIST: _names,
    Kind.WORDS: _words,
    Kind.OBJECT: _objects,
}


class ParquetWriter:
    """Writes one table."""

    def __init__(self, sink: Sink, columns: Sequence[Column], options: Options) -> None:
        self._kinds = [column.kind for column in columns]
        self._schema = pa.schema(
            [
                pa.field(
                    one.name,
                    _TYPES[one.kind],
                    metadata={"unit": _UNITS[one.kind]} if one.kind in _UNITS else None,
                )
                for one in columns
            ]
        )
        self._writer = pq.ParquetWriter(sink, self._schema, compression="zstd")
        self._waiting: list[Any] = []
        self._count = 0

    def write(self, batch: Batch) -> None:
        arrays = [
            pa.array(_VALUES[kind](column) if kind in _VALUES else column, field.type)
            for kind, column, field in zip(self._kinds, batch, self._schema, strict=True)
        ]
        made = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        self._waiting.append(made)
        self._count += made.num_rows
        if self._count >= _GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._count:
            table = pa.Table.from_batches(self._waiting, self._schema)
            self._writer.write_table(table, row_group_size=self._count)
            self._waiting, self._count = [], 0
