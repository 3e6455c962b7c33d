"""Samples over time: a minute is written once, and rolled up in the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import structs
from sqlalchemy import Connection, delete, func, insert, select

from s9s.domain.samples import MINUTE, ROLLUPS, Sample, roll_up
from s9s.storage.database import Database
from s9s.storage.tables import samples

_c: Final = samples.c
_COLUMNS: Final = tuple(column for column in samples.columns if column.name != "cluster")


class SampleRecords:
    """The samples of all clusters. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, cluster: str, minutes: Sequence[Sample]) -> int:
        """Write samples of a minute each, and roll them up; those that are there already are passed over.

        All or nothing, on disk when this returns. How many were new.
        """

        def write(connection: Connection) -> int:
            fresh = _unknown(connection, cluster, minutes)
            if not fresh:
                return 0
            rolled = [one for step in ROLLUPS for one in _rolled_up(connection, cluster, fresh, step)]
            connection.execute(insert(samples), [_row(cluster, one) for one in (*fresh, *rolled)])
            return len(fresh)

        return await self._database.commit(write) if minutes else 0

    async def series(
        self, cluster: str, step_seconds: int, start: int, end: int, partition: str | None = None
    ) -> list[Sample]:
        """What is kept of the spans that begin in [start, end), in order.

        Args:
            cluster: The cluster's name.
            step_seconds: One of `STEPS`.
            start: Epoch seconds, like `end`.
            end: Not in it any more.
            partition: ``None`` for the whole cluster.
        """
        rows = (
            select(*_COLUMNS)
            .where(_c.cluster == cluster, _c.step_seconds == step_seconds, _c.partition == (partition or ""))
            .where(_c.at >= start, _c.at < end)
            .order_by(_c.at)
        )

        def read(connection: Connection) -> list[Sample]:
            return [_sample(row) for row in connection.execute(rows)]

        return await self._database.ask(read)

    async def latest(self, cluster: str) -> int | None:
        """When the newest minute began; ``None`` when there is none."""
        newest = select(func.max(_c.at)).where(
            _c.cluster == cluster, _c.step_seconds == MINUTE, _c.partition == ""
        )
        async with self._database.read() as connection:
            found: int | None = await connection.scalar(newest)
            return found

    async def clear(self, cluster: str, before: Mapping[int, int]) -> int:
        """Forget what is older than its length of span is kept; how many rows that were.

        Args:
            cluster: The cluster's name.
            before: By length of span: the instant before which spans go.
        """

        def remove(connection: Connection) -> int:
            gone = 0
            for step, instant in before.items():
                own = (_c.cluster == cluster, _c.step_seconds == step, _c.at < instant)
                gone += connection.execute(delete(samples).where(*own)).rowcount
            return gone

        return await self._database.commit(remove)


def _unknown(connection: Connection, cluster: str, minutes: Sequence[Sample]) -> list[Sample]:
    """Those that are not there yet, one for each minute and partition."""
    found = connection.execute(
        select(_c.partition, _c.at).where(
            _c.cluster == cluster,
            _c.step_seconds == MINUTE,
            _c.partition.in_(sorted({one.partition or "" for one in minutes})),
            _c.at.in_(sorted({one.at for one in minutes})),
        )
    )
    known = {(partition, at) for partition, at in found}
    return list({key: one for one in minutes if (key := (one.partition or "", one.at)) not in known}.values())


def _rolled_up(connection: Connection, cluster: str, fresh: Sequence[Sample], step: int) -> list[Sample]:
    """The longer spans with the new minutes in them; the rows that they replace are gone."""
    pieces: defaultdict[tuple[str, int], list[Sample]] = defaultdict(list)
    for one in fresh:
        pieces[one.partition or "", one.at - one.at % step].append(one)
    own = (
        _c.cluster == cluster,
        _c.step_seconds == step,
        _c.partition.in_(sorted({partition for partition, _ in pieces})),
        _c.at.in_(sorted({at for _, at in pieces})),
    )
    for row in connection.execute(select(*_COLUMNS).where(*own)):
        before = _sample(row)
        pieces[before.partition or "", before.at].append(before)
    connection.execute(delete(samples).where(*own))
    return [roll_up(some, step) for some in pieces.values()]


def _row(cluster: str, sample: Sample) -> dict[str, Any]:
    counts = {name: msgspec.json.encode(getattr(sample, name)).decode() for name in ("jobs", "nodes")}
    return {
        **structs.asdict(sample),
        **counts,
        "cluster": cluster,
        "partition": sample.partition or "",
    }


def _sample(row: Sequence[Any]) -> Sample:
    values = dict(zip(_NAMES, row, strict=True))
    values["jobs"], values["nodes"] = _decode(values["jobs"]), _decode(values["nodes"])
    values["partition"] = values["partition"] or None
    return Sample(**values)


_NAMES: Final = tuple(column.name for column in _COLUMNS)
_decode: Final = msgspec.json.Decoder(dict[str, float]).decode
