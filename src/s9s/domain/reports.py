"""Reports: one model that every format shows."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from s9s.domain.periods import Period


class ReportType(StrEnum):
    """What a report is about."""

    UTILIZATION = "utilization"
    EFFICIENCY = "efficiency"
    USAGE = "usage"
    QUEUE = "queue"


class ReportFormat(StrEnum):
    """What a report is written as."""

    PDF = "pdf"
    HTML = "html"
    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"


class Kind(StrEnum):
    """What a value is, and so how people read it (`shown`)."""

    TEXT = "text"
    COUNT = "count"
    AMOUNT = "amount"
    """Of a unit: hours, CPUs."""
    PERCENT = "percent"
    CHANGE = "change"
    """In percent, with its sign."""
    DURATION = "duration"
    """Seconds."""


Value = str | int | float | None
"""``None`` is what is not known, or does not exist."""


class Column(Struct, frozen=True):
    """One column of a table."""

    key: str
    """For machines: ``cpu_hours``."""
    title: str
    kind: Kind = Kind.TEXT
    unit: str = ""
    """Stands in the head, not with each value: ``h``, ``%``."""


class Table(Struct, frozen=True, kw_only=True):
    """Rows of values, most important first."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: tuple[Value, ...] | None = None
    note: str = ""
    shown: int = 100
    """Rows for people to read; files for machines have all of them."""


class Chart(Struct, frozen=True, kw_only=True):
    """A picture of values."""

    key: str
    title: str
    description: str
    """What it shows, for those who cannot see it."""
    spec: dict[str, Any]
    """Vega-Lite, with its data."""
    note: str = ""
    """What one must know to read it, below its title."""


class Section(Struct, frozen=True, kw_only=True):
    """A part with a heading."""

    title: str
    text: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()


class Figure(Struct, frozen=True, kw_only=True):
    """A headline figure."""

    key: str
    title: str
    value: Value
    kind: Kind
    unit: str = ""
    note: str = ""
    """Below it: ``+4.2 % on November 2023``."""


class Report(Struct, frozen=True, kw_only=True):
    """All of a report. Instants are epoch seconds."""

    type: ReportType
    title: str
    cluster: str
    period: Period
    generated_at: int
    scope: str
    """Of what and whom it tells: ``All partitions, all users``."""
    figures: tuple[Figure, ...]
    summary: tuple[str, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...] = ()
    """How the figures are reckoned, and what is missing."""

    @property
    def tables(self) -> list[Table]:
        """All tables, in order."""
        return [table for section in self.sections for table in section.tables]


def shown(value: Value, kind: Kind, digits: int | None = None) -> str:
    """A value for people: ``1,234.5``, ``+4.2 %``, ``2h 15m``; ``–`` for ``None``.

    Args:
        value: Of that kind.
        kind: See `Kind`.
        digits: Behind the point of an amount; ``None`` is as few as say enough.
    """
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    match kind:
        case Kind.COUNT:
            return f"{value:,.0f}"
        case Kind.PERCENT:
            return f"{value:.1f}"
        case Kind.CHANGE:
            return signed(value)
        case Kind.DURATION:
            return duration(value)
        case _:
            return f"{value:,.{digits_of([value]) if digits is None else digits}f}"


def digits_of(values: list[Value]) -> int:
    """Digits behind the point that a column of amounts needs: none from 1,000 on."""
    numbers = [abs(value) for value in values if isinstance(value, int | float)]
    if not numbers or all(float(number).is_integer() for number in numbers):
        return 0
    return 0 if max(numbers) >= 1000 else 1


def signed(percent: float) -> str:
    """``+4.2``, ``−3.0``, ``0.0``; with the minus sign that is as wide as a plus."""
    text = f"{abs(percent):,.1f}" if abs(percent) < 1000 else f"{abs(percent):,.0f}"
    if float(text.replace(",", "")) == 0:
        return text
    return f"{'+' if percent > 0 else '−'}{text}"


def duration(seconds: float) -> str:
    """``34s``, ``12m 34s``, ``2h 15m``, ``3d 4h``: the two greatest units."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m {whole % 60}s"
    if whole < 86400:
        return f"{whole // 3600}h {whole % 3600 // 60}m"
    return f"{whole // 86400:,}d {whole % 86400 // 3600}h"


def change(now: float, before: float | None) -> float | None:
    """By how many percent it rose; ``None`` from nothing."""
    return None if not before else 100 * (now - before) / before
