"""Sums over finished jobs, in SQL: the arithmetic of `domain.efficiency.efficiency_of` over columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from s9s.domain.efficiency import (
    GROUPS,
    SORTED_BY_RATIO,
    SORTED_BY_SUM,
    TELLING_SECONDS,
    Efficiency,
    EfficiencyQuery,
    Group,
    Kind,
)
from s9s.domain.history import FinishedJob
from s9s.domain.queries import JobQuery
from s9s.storage.database import Database
from s9s.storage.history_queries import filters
from s9s.storage.history_rows import COLUMNS, finished_job
from s9s.storage.tables import finished_jobs

_c: Final = finished_jobs.c

_cpus: Final = _c.elapsed_seconds * _c.cpu_count
_memory: Final = _c.elapsed_seconds * func.coalesce(_c.memory_mib, 0)
_gpus: Final = _c.elapsed_seconds * _c.gpus
_memory_used: Final = _c.max_memory_mib * _c.elapsed_seconds
_gpu_used: Final = _c.gpu_utilization * _gpus


#: What is added up, named as in `Efficiency`; NULL adds nothing. Each term is as simple as can be: a user may
#: well have 20,000 jobs in a month.
_ADDED: Final[dict[str, Any]] = {
    "elapsed_seconds": _c.elapsed_seconds,
    "cpu_seconds": _cpus,
    "memory_seconds": _memory,
    "gpu_seconds": _gpus,
    "cpu_measured": case((_c.cpu_seconds.is_not(None), _cpus)),
    "cpu_used": case((_c.cpu_count > 0, _c.cpu_seconds)),
    "cpu_wasted": case((_cpus > _c.cpu_seconds, _cpus - _c.cpu_seconds)),
    "memory_measured": case((_c.max_memory_mib.is_not(None), _memory)),
    "memory_used": case((_c.memory_mib > 0, _memory_used)),
    "memory_wasted": case((_c.memory_mib > _c.max_memory_mib, _memory - _memory_used)),
    "gpu_measured": case((_c.gpu_utilization.is_not(None), _gpus)),
    "gpu_used": _gpu_used,
    "gpu_wasted": case((_c.gpu_utilization < 1, _gpus - _gpu_used)),
}
_SUMS: Final = [func.count().label("jobs")] + [
    func.coalesce(func.sum(value), 0).label(name) for name, value in _ADDED.items()
]
#: Rows that are read by number at once.
_MOST_NUMBERS: Final = 1000


class EfficiencyRecords:
    """What finished jobs used. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sums(self, cluster: str, query: EfficiencyQuery) -> Efficiency:
        """The sums over all that pass the filters."""

        def read(connection: Connection) -> Efficiency:
            terms = _terms(connection, cluster, query)
            return Efficiency(**connection.execute(select(*_SUMS).where(*terms)).one()._asdict())

        return await self._database.ask(read)

    async def jobs(self, cluster: str, query: EfficiencyQuery) -> list[FinishedJob]:
        """A page of jobs in the order of the query."""

        def read(connection: Connection) -> list[FinishedJob]:
            terms = _terms(connection, cluster, query)
            # First the numbers alone: the index has all that they are ordered by, and the rows are long.
            numbers = select(_c.number).where(*terms).order_by(*_order(query))
            page = list(connection.execute(numbers.limit(query.limit).offset(query.offset)).scalars())
            found: dict[int, FinishedJob] = {}
            for begin in range(0, len(page), _MOST_NUMBERS):
                piece = _c.number.in_(page[begin : begin + _MOST_NUMBERS])
                rows = select(_c.number, *(_c[name] for name in COLUMNS)).where(piece)
                found |= {row.number: finished_job(row) for row in connection.execute(rows)}
            return [found[number] for number in page]

        return await self._database.ask(read)

    async def groups(
        self, cluster: str, query: EfficiencyQuery, by: str
    ) -> tuple[list[Group], int, Efficiency]:
        """A page of sums by one of `GROUPS`, how many there are, and the sums over all."""
        names = GROUPS[by]
        keys = [_c[name] for name in names]

        def read(connection: Connection) -> tuple[list[Group], int, Efficiency]:
            terms = _terms(connection, cluster, query)
            grouped = select(*keys, *_SUMS, func.max(_c.end_time).label("last_end")).where(*terms)
            # Made into something else, so that SQLite enters an index at the user, and does not walk through
            # all jobs of the cluster in one that happens to have them in groups already.
            is_misled = query.users is not None and connection.dialect.name == "sqlite"
            groups_of = [key.concat("") for key in keys] if is_misled else keys
            rows = connection.execute(_ordered(grouped.group_by(*groups_of), query, names)).all()
            width = len(names)
            groups = [
                Group(
                    **dict(zip(names, row[:width], strict=True)),
                    sums=Efficiency(**dict(zip(Efficiency.__struct_fields__, row[width:-1], strict=True))),
                    last_end=row[-1],
                )
                for row in rows[query.offset : query.offset + query.limit]
            ]
            sums = [row[width:-1] for row in rows]
            total = [sum(column) for column in zip(*sums, strict=True)] or [0] * len(_SUMS)
            whole = Efficiency(**dict(zip(Efficiency.__struct_fields__, total, strict=True)))
            return groups, len(rows), whole

        return await self._database.ask(read)

    async def kinds(
        self, cluster: str, query: EfficiencyQuery, wanted: Iterable[tuple[str, str]]
    ) -> dict[tuple[str, str], Kind]:
        """What jobs of a user (first) with a name (second) needed that completed in the query's time."""
        pairs = sorted(set(wanted))
        if not pairs:
            return {}
        busy = case((_c.elapsed_seconds > 0, _c.cpu_seconds / _c.elapsed_seconds))
        rows = (
            select(
                _c.user,
                _c.job_name,
                func.count(),
                func.max(busy),
                func.max(_c.max_memory_mib / case((_c.node_count > 0, _c.node_count), else_=1)),
                func.max(_c.elapsed_seconds),
            )
            .where(
                _c.cluster == cluster,
                _c.user.in_({user for user, _ in pairs}),
                _c.end_time.between(query.start_time, query.end_time),
                _c.state == "COMPLETED",
                _c.elapsed_seconds >= TELLING_SECONDS,
                _c.job_name.in_({name for _, name in pairs}),
            )
            .group_by(_c.user, _c.job_name)
        )

        def read(connection: Connection) -> dict[tuple[str, str], Kind]:
            return {
                (user, name): Kind(jobs=jobs, cpus=cpus, node_memory_mib=memory, elapsed_seconds=elapsed or 0)
                for user, name, jobs, cpus, memory, elapsed in connection.execute(rows)
            }

        return await self._database.ask(read)


def _terms(connection: Connection, cluster: str, query: EfficiencyQuery) -> list[ColumnElement[bool]]:
    plain = JobQuery(
        users=query.users,
        partitions=query.partitions,
        accounts=query.accounts,
        names=query.names,
        start_time=query.start_time,
        visibility=query.visibility,
    )
    terms = [*filters(connection, cluster, plain), _c.end_time <= query.end_time]
    terms.append(_c.elapsed_seconds >= max(1, query.min_runtime_seconds))
    if query.states is not None:
        terms.append(_c.state.in_(query.states))
    if query.min_cpus:
        terms.append(_c.cpu_count >= query.min_cpus)
    if query.min_wasted_cpu_seconds:
        terms.append(_ADDED["cpu_wasted"] >= query.min_wasted_cpu_seconds)
    return terms


def _order(query: EfficiencyQuery) -> list[ColumnElement[Any]]:
    key = _c.end_time if query.sort == "end_time" else _key(query.sort, _ADDED, _c.numeric_id)
    return [_directed(one, query) for one in (key, _c.numeric_id)]


def _ordered(rows: Select[Any], query: EfficiencyQuery, names: tuple[str, ...]) -> Select[Any]:
    sums = {name: func.coalesce(func.sum(value), 0) for name, value in _ADDED.items()}
    latest = func.max(_c.end_time)
    key = latest if query.sort == "end_time" else _key(query.sort, sums, func.count())
    return rows.order_by(*(_directed(one, query) for one in (key, *(_c[name] for name in names))))


def _key(sort: str, values: dict[str, Any], otherwise: ColumnElement[Any]) -> ColumnElement[Any]:
    """What to compare; NULL where nothing was measured."""
    if sort in SORTED_BY_RATIO:
        used, measured = (values[name] for name in SORTED_BY_RATIO[sort])
        return case((measured > 0, used / measured))
    name = SORTED_BY_SUM.get(sort)
    if name is None:
        return otherwise
    if not name.endswith("_wasted"):
        return cast("ColumnElement[Any]", values[name])
    measured = values[name.replace("_wasted", "_measured")]
    return case((measured > 0, func.coalesce(values[name], 0)))


def _directed(key: ColumnElement[Any], query: EfficiencyQuery) -> ColumnElement[Any]:
    return key.desc().nulls_last() if query.descending else key.asc().nulls_last()
