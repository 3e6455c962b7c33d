"""Columns: what kinds of values there are, and how writers take them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct


class Kind(StrEnum):
    """What a column's values are; each may be ``None``."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    """Epoch seconds; shown as RFC 3339 in UTC."""
    DURATION = "duration"
    """Seconds, or `durations.UNLIMITED`; shown in Slurm's notation."""
    MEMORY = "memory"
    """MiB; shown as ``128GB``."""
    HOURS = "hours"
    """Seconds; shown as ``127.5h``."""
    HOSTLIST = "hostlist"
    """``node[001-004]``; a list of names where a format has lists."""
    WORDS = "words"
    """Words with commas between them; a list where a format has lists."""
    OBJECT = "object"
    """Anything that JSON can say."""


class Column(Struct, frozen=True):
    """One column: its name, which is its heading, and what is in it."""

    name: str
    kind: Kind


class Options(Struct, frozen=True, kw_only=True):
    """How a file is to be written."""

    title: str = "Export"
    """What it is, for formats that have a place for it."""
    include_headers: bool = True
    delimiter: str = ","
    """Of CSV."""
    bom: bool = False
    """Whether CSV begins with a byte order mark."""


#: Values by column, each column as long as the others.
Batch = Sequence[Sequence[Any]]


class Sink(Protocol):
    """A binary file that is only ever appended to."""

    def write(self, data: Any, /) -> int:
        """Append bytes. Raises `OSError`."""


class Writer(Protocol):
    """Writes rows in one format. Every method may block and raises `OSError`."""

    def write(self, batch: Batch) -> None:
        """Append rows."""

    def close(self) -> None:
        """Write what belongs at the end; the sink stays open."""
