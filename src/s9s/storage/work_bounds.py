"""How much work there may be, and adding to it."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, func, insert, select

from s9s.domain.work import WorkItem
from s9s.storage.tables import work
from s9s.storage.work_rows import UNFINISHED, row_of


class QueueFull(Exception):
    """There is too much unfinished work already: of this owner, or of everybody."""

    def __init__(self, count: int, maximum: int, *, is_own: bool) -> None:
        super().__init__(f"{count} of {maximum}")
        self.count, self.maximum, self.is_own = count, maximum, is_own


class Bounds(Struct, frozen=True, kw_only=True):
    """How much work there may be."""

    waiting_per_owner: int = 20
    """Unfinished items of one owner."""
    waiting: int = 1000
    """Unfinished items of all together."""
    running_per_owner: int = 2
    """Items of one owner that are worked on at the same time."""
    attempts: int = 4
    """How often an item is begun before it has failed."""
    errands: frozenset[str] = frozenset()
    """Kinds of work that carry messages away: they wait for others, for days if need be, and neither
    count among the rest nor hold it up."""
    waiting_errands: int = 10_000
    """Unfinished errands of all together."""


def require_room(connection: Connection, kind: str, owner: str, bounds: Bounds) -> None:
    """Raises `QueueFull` where one more of that kind would be too much."""
    unfinished = select(func.count()).select_from(work).where(work.c.state.in_(UNFINISHED))
    if kind in bounds.errands:
        errands = connection.execute(unfinished.where(work.c.kind.in_(bounds.errands))).scalar_one()
        if errands >= bounds.waiting_errands:
            raise QueueFull(errands, bounds.waiting_errands, is_own=False)
        return
    if bounds.errands:
        unfinished = unfinished.where(work.c.kind.not_in(bounds.errands))
    own = connection.execute(unfinished.where(work.c.owner == owner)).scalar_one()
    if own >= bounds.waiting_per_owner:
        raise QueueFull(own, bounds.waiting_per_owner, is_own=True)
    everybody = connection.execute(unfinished).scalar_one()
    if everybody >= bounds.waiting:
        raise QueueFull(everybody, bounds.waiting, is_own=False)


def add(connection: Connection, item: WorkItem, bounds: Bounds) -> None:
    """Queue an item, as a part of a transaction. Raises `QueueFull`."""
    require_room(connection, item.kind, item.owner, bounds)
    number = connection.execute(select(func.coalesce(func.max(work.c.number), 0))).scalar_one() + 1
    connection.execute(insert(work).values(number=number, **row_of(item)))
