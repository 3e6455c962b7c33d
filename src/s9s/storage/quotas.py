"""How much of the rate limits is used up, counted over all processes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec import Struct
from sqlalchemy import bindparam, delete, insert, select, update

from s9s.storage.database import Database
from s9s.storage.tables import quotas

#: A window that began later than that from now was begun by a clock that has been set back since.
_SKEW_SECONDS: Final = 60


class Lease(Struct, frozen=True):
    """Requests that one process may admit without asking again."""

    started_at: int
    """When the window began that they belong to; epoch seconds."""
    granted: int
    """How many; 0 when all are leased."""
    left: int
    """How many of the window are not leased to anybody."""


class Quotas:
    """A row for each credential: when its window began, and how many requests of it are leased.

    Every method raises `DatabaseUnavailable`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease(self, credential: str, limit: int, window: int, share: int, now: int) -> Lease:
        """Take a share of what is left of a credential's window, and begin a new window when it is over.

        Args:
            credential: Public id.
            limit: Requests in a window.
            window: Seconds.
            share: What part of the rest is taken: 16 means a sixteenth, but at least one.
            now: Epoch seconds.
        """
        own = quotas.c.credential == credential
        async with self._database.write() as connection:
            # Elsewhere than in SQLite, where writers take turns anyway, the row itself is locked.
            found = await connection.execute(
                select(quotas.c.started_at, quotas.c.leased).where(own).with_for_update()
            )
            row = found.one_or_none()
            if row is None:
                await connection.execute(
                    insert(quotas).values(credential=credential, started_at=now, leased=0)
                )
            is_current = row is not None and -window < row.started_at - now <= _SKEW_SECONDS
            started_at, leased = (row.started_at, row.leased) if row and is_current else (now, 0)
            left = max(0, limit - leased)
            granted = min(left, max(1, left // share))
            if granted or not is_current:
                values = {"started_at": started_at, "leased": leased + granted}
                await connection.execute(update(quotas).where(own).values(values))
        return Lease(started_at, granted, left - granted)

    async def give_back(self, unused: Iterable[tuple[str, int, int]]) -> None:
        """Return what was leased and not used: credential, beginning of the window, how many."""
        rows = [{"id": credential, "at": at, "count": count} for credential, at, count in unused]
        if rows:
            async with self._database.write() as connection:
                await connection.execute(_give_back, rows)

    async def clear(self, before: int) -> None:
        """Forget the windows that began before an instant."""
        async with self._database.write() as connection:
            await connection.execute(delete(quotas).where(quotas.c.started_at < before))


_give_back = (
    update(quotas)
    .where(quotas.c.credential == bindparam("id"), quotas.c.started_at == bindparam("at"))
    .values(leased=quotas.c.leased - bindparam("count"))
)
