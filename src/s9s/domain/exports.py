"""Exports: what can be asked for."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class ExportOptions(Struct, frozen=True, kw_only=True):
    """How the file is to be written."""

    include_headers: bool = True
    delimiter: str = ","
    bom: bool = False
    filename: str | None = None
    """``None``: one with type and time in it."""


class ExportRequest(Struct, frozen=True, kw_only=True):
    """What somebody wants to have as a file."""

    type: str
    format: str = "csv"
    fields: tuple[str, ...] | None = None
    """``None``: all."""
    filter: Any = None
    """Of the type's own kind: a `JobQuery`, a `NodeQuery`, ...; ``None``: all that the caller may see."""
    given: dict[str, Any] = {}
    """The filter as it was asked for."""
    options: ExportOptions = ExportOptions()


class ExportPlan(Struct, frozen=True, kw_only=True):
    """All that a worker needs to make the file: the payload of an item of work."""

    type: str
    format: str
    filename: str
    columns: tuple[tuple[str, str], ...]
    """Name and kind of each."""
    fields: tuple[str, ...]
    """What each column shows; differs from its name where that is an alias."""
    options: ExportOptions
    filter: dict[str, Any]
    """As it was asked for."""
    credential: str
    """Public id of the credential that asked."""
    scope: str
    """What a credential must be good for to get the file."""
    asked_at: int
    """Rows are as of this instant; epoch seconds."""
    input: str | None = None
    """The file with the rows that the server had in memory; ``None``: there are none."""
    rows: int = 0
    """How many those are."""
    key: int = 0
    """How many further columns, the last ones, are only there to know those rows again."""
    source: str | None = None
    """Where further rows come from: ``history``, ``audit``; ``None``: nowhere."""
    query: Any = None
    """What of them, as JSON."""
