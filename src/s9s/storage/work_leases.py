"""Who works on what: leases with fencing numbers, fair turns among owners.

A worker that dies keeps its lease until that ends; then another one may take the item, with a higher `fence`,
and whatever the first one still says of it is not taken.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from s9s.domain.work import WorkItem, WorkState
from s9s.storage.database import Database
from s9s.storage.tables import work, work_turns
from s9s.storage.work_bounds import Bounds
from s9s.storage.work_rows import KEPT_SECONDS, UNFINISHED, found, held


class WorkLeases:
    """What workers do with the items. Every method is one transaction and raises `DatabaseUnavailable`.

    Args:
        database: Where they are kept.
        bounds: How many there may be.
    """

    def __init__(self, database: Database, bounds: Bounds) -> None:
        self._database = database
        self._bounds = bounds

    async def lease(
        self, worker: str, kinds: Collection[str], now: int, seconds: int
    ) -> tuple[WorkItem | None, list[WorkItem]]:
        """Take up the item that is due: of the owner who waits longest for a turn, the oldest.

        Args:
            worker: Who takes it.
            kinds: What it can do. Only of these an owner's bound is.
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
            .where(work.c.state.in_(UNFINISHED))
            .order_by(work.c.number)
            .with_for_update()
        ).all()  # fmt: skip
        given_up: list[WorkItem] = []
        running: dict[str, int] = {}
        due: dict[str, str] = {}
        for row in rows:
            is_running = row.state == WorkState.RUNNING
            if is_running and row.lease_until > now:
                if row.kind in kinds:
                    running[row.owner] = running.get(row.owner, 0) + 1
            elif is_running and (row.is_cancelling or row.attempts >= self._bounds.attempts):
                given_up.append(self._give_up(connection, row, now))
            elif row.kind in kinds and (is_running or row.not_before <= now):
                due.setdefault(row.owner, row.item_id)
        turns = self._turns(connection, due)
        waiting = [owner for owner in due if running.get(owner, 0) < self._bounds.running_per_owner]
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
        return found(connection, item_id), given_up

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
                expires_at=now + KEPT_SECONDS,
                fence=work.c.fence + 1,
                worker=None,
                lease_until=None,
            )
        )
        item = found(connection, row.item_id)
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
            if not connection.execute(update(work).where(held(item)).values(**values)).rowcount:
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
            flag = select(work.c.is_cancelling).where(held(item)).with_for_update()
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
            connection.execute(update(work).where(held(item)).values(**values))
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
        gone |= {"expires_at": not_before + KEPT_SECONDS, "worker": None, "lease_until": None}

        def write(connection: Connection) -> bool:
            own = held(item)
            # What was cancelled meanwhile does not wait for another attempt.
            cancelled = update(work).where(own, work.c.is_cancelling.is_(True)).values(**gone)
            if connection.execute(cancelled).rowcount:
                return True
            return bool(connection.execute(update(work).where(own).values(**values)).rowcount)

        return await self._database.commit(write)
