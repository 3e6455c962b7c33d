"""Finished jobs: each recorded once, however often it is told, and found again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, Final

from msgspec import Struct, structs
from sqlalchemy import Connection, Dialect, bindparam, delete, func, insert, select, update

from s9s.domain.history import Coverage, FinishedJob, completed, is_earlier_run
from s9s.domain.queries import JobQuery
from s9s.storage.database import Database
from s9s.storage.history_queries import address, filters, order, order_values
from s9s.storage.history_rows import COLUMNS, finished_job, row_of, values_of
from s9s.storage.tables import finished_jobs, history_progress

_c: Final = finished_jobs.c
_p: Final = history_progress.c

#: Jobs that are written at once: other writers wait so long.
_PIECE: Final = 500
_INSERT: Final = insert(finished_jobs)
_UPDATE: Final = (
    update(finished_jobs)
    .where(_c.number == bindparam("row_number"))
    .values({name: bindparam(name) for name in COLUMNS if name not in ("cluster", "numeric_id")})
)
_ROWS: Final = select(_c.number, *(_c[name] for name in COLUMNS))


class Progress(Struct, frozen=True, kw_only=True):
    """How far a cluster's history reaches, and when stretches of it were last read again (epoch seconds)."""

    since: int
    until: int
    hourly_at: int | None = None
    daily_at: int | None = None

    @property
    def coverage(self) -> Coverage:
        """The span that is all there."""
        return Coverage(since=self.since, until=self.until)


class HistoryRecords:
    """The finished jobs of all clusters. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, cluster: str, jobs: Sequence[FinishedJob], *, piece: int = _PIECE) -> int:
        """Record jobs, on disk when this returns; how many were new, or different from what is recorded.

        What is recorded and not told again is kept (`domain.history.completed`). A run of a job that was
        requeued gives way to the next one. Pieces are committed one by one: told again, the rest follows.
        """
        changed = 0
        for begin in range(0, len(jobs), piece):
            work = partial(_add, cluster=cluster, jobs=jobs[begin : begin + piece])
            changed += await self._database.commit_bulk(work)
        return changed

    async def forget(self, cluster: str, before: int, most: int) -> int:
        """Remove jobs that ended before an instant, `most` of them at most, the oldest first; how many."""
        oldest = (
            select(_c.number)
            .where(_c.cluster == cluster, _c.end_time < before)
            .order_by(_c.end_time, _c.numeric_id)
            .limit(most)
        )

        def write(connection: Connection) -> int:
            numbers = list(connection.scalars(oldest))
            for begin in range(0, len(numbers), _PIECE):
                piece = numbers[begin : begin + _PIECE]
                connection.execute(delete(finished_jobs).where(_c.number.in_(piece)))
            return len(numbers)

        return await self._database.commit_bulk(write)

    async def page(self, cluster: str, query: JobQuery) -> tuple[list[FinishedJob], int]:
        """One page in the order of the query, and how many there are in all.

        `query.sort` is one of `JOB_SORT_FIELDS`.
        """

        def read(connection: Connection) -> tuple[list[FinishedJob], int]:
            terms = filters(connection, cluster, query)
            total = connection.scalar(select(func.count()).select_from(finished_jobs).where(*terms)) or 0
            rows = _ROWS.where(*terms).order_by(*order(query)).limit(query.limit).offset(query.offset)
            return [finished_job(row) for row in connection.execute(rows)] if total else [], total

        return await self._database.ask(read)

    async def keys(
        self, cluster: str, query: JobQuery, *, ended_before: int, without: Collection[int]
    ) -> tuple[list[tuple[Any, ...]], int]:
        """As `page`, of the jobs that ended before an instant and without some numeric ids.

        Of each job only its row's number and the values of `order`, to be merged with what is elsewhere.
        """

        def read(connection: Connection) -> tuple[list[tuple[Any, ...]], int]:
            terms = [*filters(connection, cluster, query), _c.end_time < ended_before]
            if without:
                terms.append(_c.numeric_id.not_in(without))
            total = connection.scalar(select(func.count()).select_from(finished_jobs).where(*terms)) or 0
            rows = select(_c.number, *order_values(query.sort)).where(*terms).order_by(*order(query))
            if query.offset >= total:
                return [], total
            return [
                tuple(row) for row in connection.execute(rows.limit(query.limit).offset(query.offset))
            ], total

        return await self._database.ask(read)

    async def numbered(self, numbers: Sequence[int]) -> dict[int, FinishedJob]:
        """The jobs of some rows, by number, as `keys` tells them."""

        def read(connection: Connection) -> dict[int, FinishedJob]:
            return {
                row.number: finished_job(row)
                for row in connection.execute(_ROWS.where(_c.number.in_(numbers)))
            }

        return await self._database.ask(read) if numbers else {}

    async def count(self, cluster: str, query: JobQuery) -> int:
        """How many jobs pass the filters."""

        def read(connection: Connection) -> int:
            terms = filters(connection, cluster, query)
            return connection.scalar(select(func.count()).select_from(finished_jobs).where(*terms)) or 0

        return await self._database.ask(read)

    async def walk(
        self, cluster: str, query: JobQuery, *, batch: int = 5000, after: tuple[int, int] | None = None
    ) -> AsyncIterator[list[FinishedJob]]:
        """All jobs that pass the filters, in the order of their ends, each piece in a view of its own.

        Jobs that are recorded meanwhile may or may not be among them; no job comes twice.

        Args:
            cluster: The cluster's key.
            query: Its order and page do not matter.
            batch: Jobs in a piece.
            after: Begin behind the job with this end and numeric id: where an earlier walk was broken off.
        """
        end, numeric_id = after or (-(2**62), 0)

        def read(connection: Connection) -> list[FinishedJob]:
            later = (_c.end_time > end) | ((_c.end_time == end) & (_c.numeric_id > numeric_id))
            # The first term alone lets the index be entered at the right place.
            terms = (*filters(connection, cluster, query), _c.end_time >= end, later)
            rows = _ROWS.where(*terms).order_by(_c.end_time, _c.numeric_id).limit(batch)
            return [finished_job(row) for row in connection.execute(rows)]

        while piece := await self._database.ask(read):
            yield piece
            if len(piece) < batch:
                return
            last = piece[-1].job
            end, numeric_id = _end_of(last), last.numeric_id

    async def get(self, cluster: str, job_id: str) -> FinishedJob | None:
        """The latest job with this address: ``123``, ``123_4``, ``123+1``; ``None`` when there is none."""
        rows = _ROWS.where(_c.cluster == cluster, address(job_id)).order_by(_c.submit_time.desc()).limit(1)

        def read(connection: Connection) -> FinishedJob | None:
            row = connection.execute(rows).one_or_none()
            return None if row is None else finished_job(row)

        return await self._database.ask(read)

    async def progress(self, cluster: str) -> Progress | None:
        """How far the history of a cluster reaches; ``None`` when it has not begun."""
        rows = select(_p.since, _p.until, _p.hourly_at, _p.daily_at).where(_p.cluster == cluster)
        async with self._database.read() as connection:
            row = (await connection.execute(rows)).one_or_none()
            return None if row is None else Progress(**row._asdict())

    async def advance(self, cluster: str, before: Progress | None, after: Progress) -> bool:
        """Note how far the history reaches now; False when somebody else has noted something meanwhile."""

        def write(connection: Connection) -> bool:
            kept = connection.execute(
                select(_p.since, _p.until, _p.hourly_at, _p.daily_at).where(_p.cluster == cluster)
            ).one_or_none()
            if before is None:
                if kept is None:
                    connection.execute(
                        insert(history_progress), {"cluster": cluster, **structs.asdict(after)}
                    )
                return kept is None
            if kept is None or Progress(**kept._asdict()) != before:
                return False
            own = update(history_progress).where(_p.cluster == cluster)
            connection.execute(own, structs.asdict(after))
            return True

        return await self._database.commit_bulk(write)


@lru_cache(maxsize=4)
def _insertion(dialect: Dialect) -> tuple[str, Callable[[tuple[Any, ...]], tuple[Any, ...]]]:
    """The statement as the driver has it, and the order of its values, of those of `COLUMNS`.

    What SQLAlchemy does to each row is a fifth of what it takes to insert it.
    """
    compiled = _INSERT.compile(dialect=dialect, column_keys=list(COLUMNS))
    assert compiled.positiontup is not None
    return str(compiled), itemgetter(*map(COLUMNS.index, compiled.positiontup))


def _end_of(job: Any) -> int:
    return int(job.submit_time if job.end_time is None else job.end_time)


def _add(connection: Connection, cluster: str, jobs: Sequence[FinishedJob]) -> int:
    told: dict[int, dict[int, FinishedJob]] = defaultdict(dict)
    for one in jobs:
        told[one.job.numeric_id][one.job.submit_time] = one
    known: dict[int, dict[int, tuple[int, FinishedJob, Any]]] = defaultdict(dict)
    for row in connection.execute(_ROWS.where(_c.cluster == cluster, _c.numeric_id.in_(told))):
        known[row.numeric_id][row.submit_time] = (row.number, finished_job(row), row)
    inserts, updates, gone = [], [], []
    for numeric_id, runs in told.items():
        before = known.get(numeric_id, {})
        all_runs = [one.job for _, one, _ in before.values()] + [one.job for one in runs.values()]
        for submit_time, one in runs.items():
            if any(is_earlier_run(one.job, other) for other in all_runs):
                continue
            found = before.get(submit_time)
            if found is None:
                inserts.append(values_of(cluster, one))
                continue
            number, recorded, row = found
            whole = completed(recorded, one)
            if values_of(cluster, whole) != tuple(row)[1:]:
                updates.append({**row_of(cluster, whole), "row_number": number})
        gone += [
            number
            for number, one, _ in before.values()
            if any(is_earlier_run(one.job, other) for other in all_runs)
        ]
    if gone:
        connection.execute(delete(finished_jobs).where(_c.number.in_(gone)))
    if inserts:
        statement, ordered = _insertion(connection.dialect)
        connection.exec_driver_sql(statement, list(map(ordered, inserts)))
    if updates:
        connection.execute(_UPDATE, updates)
    return len(inserts) + len(updates)
