"""Tickets that are out, for every process on the database."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select

from s9s.storage.database import Database
from s9s.storage.tables import tickets


class TicketRecords:
    """Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self,
        ticket_hash: bytes,
        owner: str,
        caller: str,
        *,
        now: int,
        expires_at: int,
        of_one: int,
        of_all: int,
    ) -> bool:
        """Keep one more; False, and nothing kept, when its owner or everybody together has too many.

        Args:
            ticket_hash: SHA-256 of the ticket.
            owner: The credential that it is counted for.
            caller: Whoever redeems it becomes this one.
            now: Epoch seconds; what ended before goes.
            expires_at: Epoch seconds.
            of_one: How many one owner may have.
            of_all: How many there may be.
        """
        count = select(func.count()).select_from(tickets)

        def write(connection: Connection) -> bool:
            connection.execute(delete(tickets).where(tickets.c.expires_at <= now))
            if connection.execute(count.where(tickets.c.owner == owner)).scalar_one() >= of_one:
                return False
            if connection.execute(count).scalar_one() >= of_all:
                return False
            row = {"ticket_hash": ticket_hash, "owner": owner, "expires_at": expires_at, "caller": caller}
            connection.execute(insert(tickets).values(row))
            return True

        # A ticket that a power failure takes away costs another request.
        return await self._database.commit(write, flushes=False)

    async def take(self, ticket_hash: bytes, now: int) -> str | None:
        """The caller of a ticket, this once; ``None``: there is no such, or it is too old."""
        one = tickets.c.ticket_hash == ticket_hash
        async with self._database.read() as connection:
            # What is none keeps nobody from writing.
            row = (
                await connection.execute(select(tickets.c.caller, tickets.c.expires_at).where(one))
            ).one_or_none()
        if row is None:
            return None
        # It must not come back with the power.
        is_first = await self._database.commit(
            lambda connection: connection.execute(delete(tickets).where(one)).rowcount == 1
        )
        return str(row.caller) if is_first and now < row.expires_at else None
