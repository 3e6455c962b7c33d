"""The queue of background work: leases with fencing numbers, fair turns among owners.

Every method is one transaction. A worker that dies keeps its lease until that ends; then another one may
take the item, with a higher `fence`, and whatever the first one still says of it is not taken.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, or_, select, update

from s9s.domain.work import WorkItem, WorkState
from s9s.storage.database import Database
from s9s.storage.tables import work, work_turns

_UNFINISHED: Final = (WorkState.QUEUED.value, WorkState.RUNNING.value)
_JSON: Final = ("payload", "cursor", "result")
#: How long an item that was given up can be looked up.
_KEPT_SECONDS: Final = 86_400


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


class WorkRecords:
    """The items. Every method raises `DatabaseUnavailable`.

    Args:
        database: Where they are kept.
        bounds: How many there may be.
    """

    def __init__(self, database: Database, bounds: Bounds | None = None) -> None:
        self._database = database
        self.bounds = bounds or Bounds()

    async def add(self, item: WorkItem) -> None:
        """Queue an item. Raises `QueueFull`."""
        bounds = self.bounds

        def write(connection: Connection) -> None:
            _require_room(connection, item.owner, bounds)
            number = connection.execute(select(func.coalesce(func.max(work.c.number), 0))).scalar_one() + 1
            connection.execute(insert(work).values(number=number, **_row(item)))

        await self._database.commit(write)

    async def require_room(self, owner: str) -> None:
        """Raises `QueueFull` where `add` would."""
        async with self._database.read() as connection:
            await connection.run_sync(_require_room, owner, self.bounds)

    async def lease(
        self, worker: str, kinds: Collection[str], now: int, seconds: int
    ) -> tuple[WorkItem | None, list[WorkItem]]:
        """Take up the item that is due: of the owner who waits longest for a turn, the oldest.

        Args:
            worker: Who takes it.
            kinds: What it can do.
            now: Epoch seconds.
            seconds: How long the lease holds without a sign of life.

        Returns:
            The item, if there is one, and those that were given up: whose workers died again and again, or
            died when they should have been cancelled. They are finished.
        """
        return await self._database.commit(
            lambda connection: self._lease(connection, worker, kinds, now, seconds)
        )

    def _lease(
        self, connection: Connection, worker: str, kinds: Collection[str], now: int, seconds: int
    ) -> tuple[WorkItem | None, list[WorkItem]]:
        rows = connection.execute(
            select(
                work.c.item_id, work.c.owner, work.c.kind, work.c.state, work.c.not_before,
                work.c.lease_until, work.c.attempts, work.c.is_cancelling,
            )
            .where(work.c.state.in_(_UNFINISHED))
            .order_by(work.c.number)
            .with_for_update()
        ).all()  # fmt: skip
        given_up: list[WorkItem] = []
        running: dict[str, int] = {}
        due: dict[str, str] = {}
        for row in rows:
            is_running = row.state == WorkState.RUNNING
            if is_running and row.lease_until > now:
                running[row.owner] = running.get(row.owner, 0) + 1
            elif is_running and (row.is_cancelling or row.attempts >= self.bounds.attempts):
                given_up.append(self._give_up(connection, row, now))
            elif row.kind in kinds and (is_running or row.not_before <= now):
                due.setdefault(row.owner, row.item_id)
        turns = self._turns(connection, due)
        waiting = [owner for owner in due if running.get(owner, 0) < self.bounds.running_per_owner]
        if not waiting:
            return None, given_up
        owner = min(waiting, key=lambda one: (running.get(one, 0), turns.get(one, 0)))
        latest = connection.execute(select(func.coalesce(func.max(work_turns.c.turn), 0))).scalar_one()
        if owner in turns:
            own = work_turns.c.owner == owner
            connection.execute(update(work_turns).where(own).values(turn=latest + 1))
        else:
            connection.execute(insert(work_turns).values(owner=owner, turn=latest + 1))
        item_id = due[owner]
        connection.execute(
            update(work)
            .where(work.c.item_id == item_id)
            .values(
                state=WorkState.RUNNING.value,
                worker=worker,
                fence=work.c.fence + 1,
                attempts=work.c.attempts + 1,
                lease_until=now + seconds,
                started_at=func.coalesce(work.c.started_at, now),
            )
        )
        return _found(connection, item_id), given_up

    def _turns(self, connection: Connection, owners: Collection[str]) -> dict[str, int]:
        rows = connection.execute(select(work_turns).where(work_turns.c.owner.in_(owners))).all()
        return {row.owner: row.turn for row in rows}

    def _give_up(self, connection: Connection, row: Any, now: int) -> WorkItem:
        state = WorkState.CANCELLED if row.is_cancelling else WorkState.FAILED
        error = (
            None
            if row.is_cancelling
            else f"The process that worked on it ended unexpectedly, {row.attempts} times"
        )
        connection.execute(
            update(work)
            .where(work.c.item_id == row.item_id)
            .values(
                state=state.value,
                error=error,
                finished_at=now,
                expires_at=now + _KEPT_SECONDS,
                fence=work.c.fence + 1,
                worker=None,
                lease_until=None,
            )
        )
        item = _found(connection, row.item_id)
        assert item is not None
        return item

    async def beat(
        self,
        item: WorkItem,
        lease_until: int,
        *,
        progress: float,
        records: int,
        cursor: dict[str, Any] | None = None,
    ) -> bool | None:
        """A sign of life with what is done so far.

        Returns:
            Whether to go on; ``None`` when the lease is lost.
        """
        values: dict[str, Any] = {"lease_until": lease_until, "progress": progress, "records": records}
        if cursor is not None:
            values["cursor"] = msgspec.json.encode(cursor).decode()

        def write(connection: Connection) -> bool | None:
            if not connection.execute(update(work).where(_held(item)).values(**values)).rowcount:
                return None
            flag = select(work.c.is_cancelling).where(work.c.item_id == item.item_id)
            return not connection.execute(flag).scalar_one()

        return await self._database.commit(write)

    async def finish(
        self,
        item: WorkItem,
        state: WorkState,
        now: int,
        *,
        result: dict[str, Any] | None = None,
        records: int = 0,
        error: str | None = None,
        expires_at: int | None = None,
    ) -> WorkState | None:
        """End an item, once: what it really ended as, for it may have been cancelled in the meantime.

        ``None`` when the lease is lost, so that all that was done is void.
        """

        def write(connection: Connection) -> WorkState | None:
            flag = select(work.c.is_cancelling).where(_held(item)).with_for_update()
            row = connection.execute(flag).one_or_none()
            if row is None:
                return None
            end = WorkState.CANCELLED if row.is_cancelling else state
            values: dict[str, Any] = {
                "state": end.value,
                "finished_at": now,
                "worker": None,
                "lease_until": None,
            }
            if end is WorkState.COMPLETED:
                made = msgspec.json.encode(result).decode()
                values |= {"result": made, "records": records, "progress": 1.0, "error": None}
            elif end is WorkState.FAILED:
                values["error"] = error
            values["expires_at"] = expires_at if expires_at is not None else now
            connection.execute(update(work).where(_held(item)).values(**values))
            return end

        return await self._database.commit(write)

    async def put_back(
        self, item: WorkItem, not_before: int, *, error: str | None = None, counts: bool = True
    ) -> bool:
        """Queue an item again that is held; False when the lease is lost.

        Args:
            item: As it was leased.
            not_before: Epoch seconds.
            error: What went wrong; ``None`` leaves what stands there.
            counts: Whether it was an attempt; it is none when the worker is asked to stop.
        """
        values: dict[str, Any] = {
            "state": WorkState.QUEUED.value,
            "not_before": not_before,
            "worker": None,
            "lease_until": None,
        }
        if error is not None:
            values["error"] = error
        if not counts:
            values["attempts"] = work.c.attempts - 1
        gone = {"state": WorkState.CANCELLED.value, "finished_at": not_before, "error": None}
        gone |= {"expires_at": not_before + _KEPT_SECONDS, "worker": None, "lease_until": None}

        def write(connection: Connection) -> bool:
            held = _held(item)
            # What was cancelled meanwhile does not wait for another attempt.
            cancelled = update(work).where(held, work.c.is_cancelling.is_(True)).values(**gone)
            if connection.execute(cancelled).rowcount:
                return True
            return bool(connection.execute(update(work).where(held).values(**values)).rowcount)

        return await self._database.commit(write)

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
            return _found(connection, item_id)

        return await self._database.commit(write)

    async def get(self, item_id: str) -> WorkItem | None:
        """One item."""
        async with self._database.read() as connection:
            return await connection.run_sync(_found, item_id)

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
            items = [_item(row._mapping) for row in await connection.execute(rows)]
            return items, (await connection.execute(count)).scalar_one()

    async def is_due(self, kinds: Collection[str], now: int) -> bool:
        """Whether a worker could have something to do."""
        waits = and_(work.c.state == WorkState.QUEUED.value, work.c.not_before <= now)
        orphaned = and_(work.c.state == WorkState.RUNNING.value, work.c.lease_until <= now)
        found = select(work.c.item_id).where(or_(waits, orphaned), work.c.kind.in_(kinds)).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(found)).first() is not None

    async def has_unfinished(self, kinds: Collection[str]) -> bool:
        """Whether anything of these kinds is still to be done, now or later."""
        found = select(work.c.item_id).where(work.c.state.in_(_UNFINISHED), work.c.kind.in_(kinds)).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(found)).first() is not None

    async def counts(self) -> dict[tuple[str, str], int]:
        """How many items there are, by kind and state."""
        rows = select(work.c.kind, work.c.state, func.count()).group_by(work.c.kind, work.c.state)
        async with self._database.read() as connection:
            return {(kind, state): count for kind, state, count in await connection.execute(rows)}

    async def expired(self, now: int, limit: int = 100) -> list[WorkItem]:
        """Items whose time is over."""
        over = and_(work.c.expires_at <= now, work.c.state.not_in(_UNFINISHED))
        async with self._database.read() as connection:
            return [
                _item(row._mapping) for row in await connection.execute(select(work).where(over).limit(limit))
            ]

    async def keep_until(self, item_id: str, instant: int) -> None:
        """Set when a finished item's time is over."""
        over = and_(work.c.item_id == item_id, work.c.state.not_in(_UNFINISHED))
        change = update(work).where(over).values(expires_at=instant)
        await self._database.commit(lambda connection: connection.execute(change).rowcount)

    async def remove(self, item_ids: Sequence[str]) -> None:
        """Forget finished items."""
        gone = delete(work).where(work.c.item_id.in_(item_ids), work.c.state.not_in(_UNFINISHED))
        await self._database.commit(lambda connection: connection.execute(gone).rowcount)

    async def fences(self) -> dict[str, tuple[int, bool]]:
        """Of each item its newest fencing number and whether it is finished: what its files are judged by."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(work.c.item_id, work.c.fence, work.c.state))
            return {row.item_id: (row.fence, row.state not in _UNFINISHED) for row in rows}


def _require_room(connection: Connection, owner: str, bounds: Bounds) -> None:
    unfinished = select(func.count()).select_from(work).where(work.c.state.in_(_UNFINISHED))
    own = connection.execute(unfinished.where(work.c.owner == owner)).scalar_one()
    if own >= bounds.waiting_per_owner:
        raise QueueFull(own, bounds.waiting_per_owner, is_own=True)
    everybody = connection.execute(unfinished).scalar_one()
    if everybody >= bounds.waiting:
        raise QueueFull(everybody, bounds.waiting, is_own=False)


def _held(item: WorkItem) -> Any:
    return and_(
        work.c.item_id == item.item_id, work.c.fence == item.fence, work.c.state == WorkState.RUNNING.value
    )


def _found(connection: Connection, item_id: str) -> WorkItem | None:
    row = connection.execute(select(work).where(work.c.item_id == item_id)).one_or_none()
    return None if row is None else _item(row._mapping)


def _row(item: WorkItem) -> dict[str, Any]:
    values = msgspec.structs.asdict(item)
    for name in _JSON:
        if values[name] is not None:
            values[name] = msgspec.json.encode(values[name]).decode()
    return values | {"state": item.state.value}


def _item(row: RowMapping) -> WorkItem:
    values = {name: row[name] for name in WorkItem.__struct_fields__}
    for name in _JSON:
        if values[name] is not None:
            values[name] = msgspec.json.decode(values[name])
    return WorkItem(**values | {"state": WorkState(values["state"])})
