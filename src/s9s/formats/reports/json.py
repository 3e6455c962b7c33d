"""A report as JSON: the model, with every value as it is."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import structs

from s9s.domain.instants import format_instant
from s9s.domain.reports import Report, Table


def render_json(report: Report) -> bytes:
    """One object; tables have a row for each object, named by the columns' keys."""
    period = report.period
    document = {
        "type": report.type,
        "title": f"{report.title}, {period.label}",
        "cluster": report.cluster,
        "period": {
            "label": period.label,
            "start_date": period.first,
            "end_date": period.last,
            "start_time": format_instant(period.start),
            "end_time": format_instant(period.end),
            "time_zone": period.time_zone,
        },
        "generated_at": format_instant(report.generated_at),
        "scope": report.scope,
        "figures": [structs.asdict(figure) for figure in report.figures],
        "summary": report.summary,
        "sections": [
            {
                "title": section.title,
                "charts": [structs.asdict(chart) for chart in section.charts],
                "tables": [_table(table) for table in section.tables],
            }
            for section in report.sections
        ],
        "notes": report.notes,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2)


def _table(table: Table) -> dict[str, Any]:
    keys = [column.key for column in table.columns]
    return {
        "key": table.key,
        "title": table.title,
        "columns": [structs.asdict(column) for column in table.columns],
        "rows": [dict(zip(keys, row, strict=True)) for row in table.rows],
        "total": None if table.total is None else dict(zip(keys, table.total, strict=True)),
        "note": table.note,
    }
