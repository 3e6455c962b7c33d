"""Alerts and silences of clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import structs
from sqlalchemy import Connection, delete, insert, select

from s9s.domain.alerts import Alert, Rule, Severity, Silence
from s9s.storage.database import Database
from s9s.storage.tables import alerts, silences


class AlertRecords:
    """Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, cluster: str) -> list[Alert]:
        """Every alert that is kept, as it was raised."""
        rows = (
            select(alerts).where(alerts.c.cluster == cluster).order_by(alerts.c.raised_at, alerts.c.alert_id)
        )
        async with self._database.read() as connection:
            return [_alert(dict(row._mapping)) for row in await connection.execute(rows)]

    async def put(self, cluster: str, changed: Sequence[Alert], gone: Sequence[str] = ()) -> None:
        """Keep these as they are now, and give up those with the ids `gone`; all of it or nothing."""

        def write(connection: Connection) -> None:
            ids = [*(one.alert_id for one in changed), *gone]
            for start in range(0, len(ids), _PIECE):
                connection.execute(delete(alerts).where(alerts.c.alert_id.in_(ids[start : start + _PIECE])))
            if changed:
                connection.execute(
                    insert(alerts), [{"cluster": cluster, **structs.asdict(one)} for one in changed]
                )

        await self._database.commit(write)

    async def silences(self, cluster: str) -> list[Silence]:
        """Every silence that is kept, the earliest first."""
        rows = select(silences).where(silences.c.cluster == cluster).order_by(silences.c.created_at)
        async with self._database.read() as connection:
            return [_silence(dict(row._mapping)) for row in await connection.execute(rows)]

    async def add_silence(self, cluster: str, silence: Silence) -> None:
        """Keep one more; those that ended before it was made go."""
        async with self._database.write() as connection:
            over = (silences.c.cluster == cluster, silences.c.ends_at < silence.created_at)
            await connection.execute(delete(silences).where(*over))
            await connection.execute(insert(silences).values(cluster=cluster, **structs.asdict(silence)))

    async def remove_silence(self, silence_id: str) -> None:
        """Give one up."""
        async with self._database.write() as connection:
            await connection.execute(delete(silences).where(silences.c.silence_id == silence_id))


#: Ids in one statement: SQLite takes no more than 32,766 parameters.
_PIECE: Final = 1_000


def _alert(row: dict[str, Any]) -> Alert:
    del row["cluster"]
    return Alert(**row | {"rule": Rule(row["rule"]), "severity": Severity(row["severity"])})


def _silence(row: dict[str, Any]) -> Silence:
    del row["cluster"]
    return Silence(**row | {"rule": Rule(row["rule"]) if row["rule"] else None})
