"""A report as people read it: every value as text. What PDF and HTML have in common."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from s9s.domain.instants import format_instant
from s9s.domain.reports import Column, Kind, Report, Table, Value, digits_of, shown

#: Categories of characters that cannot be seen, that turn the text around them, or that XML cannot hold.
_HARMFUL: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
#: Of these: what joins letters and the parts of pictures.
_JOINERS: Final = frozenset("\u200c\u200d")
_SPACE: Final = re.compile(r"[\s\u2028\u2029]+")
#: Longer names are cut in the middle; files for machines have them whole.
_MAX_NAME: Final = 64


def view(report: Report) -> dict[str, Any]:
    """Everything but the charts' pictures."""
    period = report.period
    dates = f"{period.first}" if period.days == 1 else f"{period.first} to {period.last}"
    return {
        "title": report.title,
        "cluster": cut(report.cluster),
        "period": period.label,
        "dates": f"{dates} ({period.time_zone})",
        "generated": format_instant(report.generated_at).replace("T", " ").replace("Z", " UTC"),
        "scope": clean(report.scope),
        "figures": [
            {
                "title": figure.title,
                "value": shown(figure.value, figure.kind),
                "unit": figure.unit if figure.value is not None else "",
                "note": clean(figure.note),
            }
            for figure in report.figures
        ],
        "summary": [clean(text) for text in report.summary],
        "sections": [
            {
                "title": clean(section.title),
                "text": [clean(text) for text in section.text],
                "charts": [
                    {
                        "key": chart.key,
                        "title": clean(chart.title),
                        "description": clean(chart.description),
                        "note": clean(chart.note),
                    }
                    for chart in section.charts
                ],
                "tables": [_table(table) for table in section.tables],
            }
            for section in report.sections
        ],
        "notes": [clean(text) for text in report.notes],
    }


def clean(text: str) -> str:
    """The text in one line, without what is invisible or turns its surroundings around."""
    if text.isascii() and text.isprintable():
        return text
    spaced = _SPACE.sub(" ", unicodedata.normalize("NFC", text))
    return "".join(one for one in spaced if one in _JOINERS or unicodedata.category(one) not in _HARMFUL)


def cut(text: str, maximum: int = _MAX_NAME) -> str:
    """A name that is not longer than that: its beginning and its end."""
    name = clean(text)
    if len(name) <= maximum:
        return name
    end = maximum // 3
    return f"{name[: maximum - end - 1]}…{name[-end:]}"


def _table(table: Table) -> dict[str, Any]:
    digits = [
        digits_of([row[place] for row in table.rows]) if column.kind is Kind.AMOUNT else None
        for place, column in enumerate(table.columns)
    ]

    def cells(row: Sequence[Value]) -> list[str]:
        return [
            cut(value) if isinstance(value, str) else shown(value, column.kind, places)
            for value, column, places in zip(row, table.columns, digits, strict=True)
        ]

    left_out = len(table.rows) - table.shown
    more = f"The first {table.shown} of {len(table.rows):,} rows; the CSV, JSON and XLSX files have all."
    return {
        "title": clean(table.title),
        "columns": [_head(column) for column in table.columns],
        "rows": [cells(row) for row in table.rows[: table.shown]],
        "total": None if table.total is None else cells(table.total),
        "note": " ".join(text for text in (table.note, more if left_out > 0 else "") if text),
    }


def _head(column: Column) -> dict[str, Any]:
    return {"title": column.title, "unit": column.unit, "is_number": column.kind is not Kind.TEXT}
