"""The queue of background work."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, delete, func, or_, select, update

from s9s.domain.work import WorkItem, WorkState
from s9s.storage import work_bounds
from s9s.storage.database import Database
from s9s.storage.tables import work
from s9s.storage.work_bounds import Bounds
from s9s.storage.work_leases import WorkLeases
from s9s.storage.work_rows import UNFINISHED, found, item_of


class WorkRecords:
    """The items. Every method is one transaction and raises `DatabaseUnavailable`.

    Args:
        database: Where they are kept.
        bounds: How many there may be.
    """

    def __init__(self, database: Database, bounds: Bounds | None = None) -> None:
        self._database = database
        self.bounds = bounds or Bounds()
        self.leases = WorkLeases(database, self.bounds)

    async def add(self, item: WorkItem) -> None:
        """Queue an item. Raises `QueueFull`."""
        await self._database.commit(lambda connection: work_bounds.add(connection, item, self.bounds))

    async def require_room(self, kind: str, owner: str) -> None:
        """Raises `QueueFull` where `add` would."""
        async with self._database.read() as connection:
            await connection.run_sync(work_bounds.require_room, kind, owner, self.bounds)

    async def cancel(self, item_id: str, now: int, expires_at: int) -> WorkItem | None:
        """Cancel an item that is not finished: at once if it waits, else its worker gets to know.

        The item as it is then; ``None`` when there is none. One that is finished stays as it is.
        """
        own = work.c.item_id == item_id
        waiting = {"state": WorkState.CANCELLED.value, "finished_at": now, "expires_at": expires_at}

        def write(connection: Connection) -> WorkItem | None:
            connection.execute(
                update(work).where(own, work.c.state == WorkState.QUEUED.value).values(**waiting)
            )
            connection.execute(
                update(work).where(own, work.c.state == WorkState.RUNNING.value).values(is_cancelling=True)
            )
            return found(connection, item_id)

        return await self._database.commit(write)

    async def get(self, item_id: str) -> WorkItem | None:
        """One item."""
        async with self._database.read() as connection:
            return await connection.run_sync(found, item_id)

    async def page(
        self,
        kind: str,
        *,
        owner: str | None = None,
        states: Collection[WorkState] | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[list[WorkItem], int]:
        """Items of one kind, the newest first, and how many there are; of all owners if none is named."""
        terms = [work.c.kind == kind]
        if owner is not None:
            terms.append(work.c.owner == owner)
        if states is not None:
            shown = [one.value for one in states if one is not WorkState.CANCELLED]
            seen = and_(work.c.state.in_(shown), work.c.is_cancelling.is_(False))
            gone = or_(work.c.state == WorkState.CANCELLED.value, work.c.is_cancelling.is_(True))
            terms.append(or_(seen, gone) if WorkState.CANCELLED in states else seen)
        rows = select(work).where(*terms).order_by(work.c.number.desc()).limit(limit).offset(offset)
        count = select(func.count()).select_from(work).where(*terms)
        async with self._database.read() as connection:
            items = [item_of(row._mapping) for row in await connection.execute(rows)]
            return items, (await connection.execute(count)).scalar_one()

    async def is_due(self, kinds: Collection[str], now: int) -> bool:
        """Whether a worker could have something to do."""
        waits = and_(work.c.state == WorkState.QUEUED.value, work.c.not_before <= now)
        orphaned = and_(work.c.state == WorkState.RUNNING.value, work.c.lease_until <= now)
        some = select(work.c.item_id).where(or_(waits, orphaned), work.c.kind.in_(kinds)).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(some)).first() is not None

    async def has_unfinished(self, kinds: Collection[str]) -> bool:
        """Whether anything of these kinds is still to be done, now or later."""
        some = select(work.c.item_id).where(work.c.state.in_(UNFINISHED), work.c.kind.in_(kinds)).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(some)).first() is not None

    async def counts(self) -> dict[tuple[str, str], int]:
        """How many items there are, by kind and state."""
        rows = select(work.c.kind, work.c.state, func.count()).group_by(work.c.kind, work.c.state)
        async with self._database.read() as connection:
            return {(kind, state): count for kind, state, count in await connection.execute(rows)}

    async def expired(self, now: int, limit: int = 100) -> list[WorkItem]:
        """Items whose time is over."""
        over = and_(work.c.expires_at <= now, work.c.state.not_in(UNFINISHED))
        async with self._database.read() as connection:
            return [
                item_of(row._mapping)
                for row in await connection.execute(select(work).where(over).limit(limit))
            ]

    async def keep_until(self, item_id: str, instant: int) -> None:
        """Set when a finished item's time is over."""
        over = and_(work.c.item_id == item_id, work.c.state.not_in(UNFINISHED))
        change = update(work).where(over).values(expires_at=instant)
        await self._database.commit(lambda connection: connection.execute(change).rowcount)

    async def remove(self, item_ids: Sequence[str]) -> None:
        """Forget finished items."""
        gone = delete(work).where(work.c.item_id.in_(item_ids), work.c.state.not_in(UNFINISHED))
        await self._database.commit(lambda connection: connection.execute(gone).rowcount)

    async def fences(self) -> dict[str, tuple[int, bool]]:
        """Of each item its newest fencing number and whether it is finished: what its files are judged by."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(work.c.item_id, work.c.fence, work.c.state))
            return {row.item_id: (row.fence, row.state not in UNFINISHED) for row in rows}
