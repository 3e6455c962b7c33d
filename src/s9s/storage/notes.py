"""Why jobs are held: Slurm has no place for a reason that a user gives."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, and_, delete, insert, select

from s9s.storage.database import Database
from s9s.storage.tables import hold_notes

#: Reasons that are kept for one cluster; beyond it the oldest go first.
MAX_NOTES: Final = 20_000
#: Characters of a reason that are kept.
MAX_REASON: Final = 1024
#: No job is held longer than that and still remembered: a year.
MAX_AGE_SECONDS: Final = 366 * 86400


class HoldNotes:
    """The reasons of holds. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(
        self, cluster: str, numeric_id: int, submit_time: int, reason: str, user: str, at: int
    ) -> None:
        """Keep a reason; a later one for the same job replaces it. What is too old or too much goes.

        Args:
            cluster: The cluster's name.
            numeric_id: Of the job's record.
            submit_time: Of the job; epoch seconds, like `at`.
            reason: Cut to `MAX_REASON` characters.
            user: Who held the job.
            at: When.
        """
        row = {"cluster": cluster, "numeric_id": numeric_id, "submit_time": submit_time}
        row |= {"reason": reason[:MAX_REASON], "user": user, "at": at}
        own = hold_notes.c.cluster == cluster
        newest = select(hold_notes.c.at).where(own).order_by(hold_notes.c.at.desc())
        async with self._database.write() as connection:
            await connection.execute(delete(hold_notes).where(_job(cluster, numeric_id, submit_time)))
            await connection.execute(insert(hold_notes).values(row))
            oldest_kept = await connection.scalar(newest.offset(MAX_NOTES - 1).limit(1))
            limit = max(oldest_kept or 0, at - MAX_AGE_SECONDS)
            await connection.execute(delete(hold_notes).where(own, hold_notes.c.at < limit))

    async def remove(self, cluster: str, numeric_id: int, submit_time: int) -> None:
        """Forget a reason, if there is one."""
        async with self._database.write() as connection:
            await connection.execute(delete(hold_notes).where(_job(cluster, numeric_id, submit_time)))

    async def all(self, cluster: str) -> dict[tuple[int, int], str]:
        """Every kept reason by numeric id and submit time."""
        columns = (hold_notes.c.numeric_id, hold_notes.c.submit_time, hold_notes.c.reason)
        async with self._database.read() as connection:
            rows = await connection.execute(select(*columns).where(hold_notes.c.cluster == cluster))
            return {(numeric_id, submit_time): reason for numeric_id, submit_time, reason in rows}


def _job(cluster: str, numeric_id: int, submit_time: int) -> ColumnElement[bool]:
    c = hold_notes.c
    return and_(c.cluster == cluster, c.numeric_id == numeric_id, c.submit_time == submit_time)
