"""What clients may repeat without having it done twice, and what came of it the first time."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from s9s.storage.database import Database
from s9s.storage.tables import idempotency

#: Expired keys that are forgotten with each new one: the table shrinks faster than it grows.
_FORGOTTEN_TOGETHER: Final = 100

_c = idempotency.c
_FIND: Final = select(_c.fingerprint, _c.marker, _c.started_at, _c.answer).where(
    _c.key_hash == bindparam("wanted")
)
_EXPIRED: Final = (
    select(_c.key_hash).where(_c.started_at < bindparam("limit")).limit(_FORGOTTEN_TOGETHER).scalar_subquery()
)
_FORGET_EXPIRED: Final = delete(idempotency).where(_c.key_hash.in_(_EXPIRED))
_FINISH: Final = update(idempotency).where(_c.key_hash == bindparam("wanted"))
_REMOVE: Final = delete(idempotency).where(_c.key_hash == bindparam("wanted"))


class Kept(Struct, frozen=True):
    """One key."""

    fingerprint: bytes
    """SHA-256 of what was asked for with it."""
    marker: str
    """What the deed carries, to be found by."""
    started_at: int
    """Epoch seconds, before anything was done."""
    answer: str | None = None
    """JSON; ``None`` while it is being done, or when nobody knows."""


class IdempotencyRecords:
    """Keys by their hash. Every method is one transaction on disk, and raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, key_hash: bytes, new: Kept, keep_seconds: int) -> Kept | None:
        """Keep a new key: ``None``; or what is kept of the same one already, which stays as it is.

        A key that is older than `keep_seconds` counts as new.
        """
        limit = new.started_at - keep_seconds

        def write(connection: Connection) -> Kept | None:
            row = connection.execute(_FIND, {"wanted": key_hash}).one_or_none()
            if row is not None and row.started_at >= limit:
                return Kept(*row)
            if row is not None:
                connection.execute(_REMOVE, {"wanted": key_hash})
            connection.execute(_FORGET_EXPIRED, {"limit": limit})
            connection.execute(
                insert(idempotency).values(
                    key_hash=key_hash,
                    fingerprint=new.fingerprint,
                    marker=new.marker,
                    started_at=new.started_at,
                )
            )
            return None

        return await self._database.commit(write)

    async def find(self, key_hash: bytes) -> Kept | None:
        """What is kept of a key."""
        async with self._database.read() as connection:
            row = (await connection.execute(_FIND, {"wanted": key_hash})).one_or_none()
            return None if row is None else Kept(*row)

    async def finish(self, key_hash: bytes, answer: str) -> None:
        """Keep the answer."""
        await self._database.commit(
            lambda connection: connection.execute(_FINISH.values(answer=answer), {"wanted": key_hash})
        )

    async def remove(self, key_hash: bytes) -> None:
        """Forget a key: nothing was done."""
        await self._database.commit(lambda connection: connection.execute(_REMOVE, {"wanted": key_hash}))
