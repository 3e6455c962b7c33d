"""Items of work as rows of the table."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, RowMapping, and_, select

from s9s.domain.work import WorkItem, WorkState
from s9s.storage.tables import work

UNFINISHED: Final = (WorkState.QUEUED.value, WorkState.RUNNING.value)
#: How long an item that was given up, or cancelled, can be looked up.
KEPT_SECONDS: Final = 86_400
_JSON: Final = ("payload", "cursor", "result")


def held(item: WorkItem) -> Any:
    """The condition that an item is still leased as it was."""
    return and_(
        work.c.item_id == item.item_id, work.c.fence == item.fence, work.c.state == WorkState.RUNNING.value
    )


def found(connection: Connection, item_id: str) -> WorkItem | None:
    """One item."""
    row = connection.execute(select(work).where(work.c.item_id == item_id)).one_or_none()
    return None if row is None else item_of(row._mapping)


def row_of(item: WorkItem) -> dict[str, Any]:
    """An item's columns."""
    values = msgspec.structs.asdict(item)
    for name in _JSON:
        if values[name] is not None:
            values[name] = msgspec.json.encode(values[name]).decode()
    return values | {"state": item.state.value}


def item_of(row: RowMapping) -> WorkItem:
    """The item of a row."""
    values = {name: row[name] for name in WorkItem.__struct_fields__}
    for name in _JSON:
        if values[name] is not None:
            values[name] = msgspec.json.decode(values[name])
    return WorkItem(**values | {"state": WorkState(values["state"])})
