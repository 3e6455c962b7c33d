"""Sums over finished jobs and over samples, made by the database: rows come out grouped, never one by one."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Integer, and_, case, cast, func, select

from s9s.domain.queries import JobQuery, Visibility
from s9s.domain.sums import SIZES, EfficiencyBand, EfficiencySum, PartitionSum, UsageSum, WaitSum
from s9s.storage.database import Database
from s9s.storage.history_queries import filters
from s9s.storage.tables import finished_jobs, samples

_c: Final = finished_jobs.c
_s: Final = samples.c

_MINUTE: Final = 60
#: Above any wait, in minutes.
_ENDLESS: Final = 2**32
#: From so many jobs on it is faster to read the index that has them in groups, all of it, than to fetch jobs.
_MANY: Final = 20_000


class Which(Struct, frozen=True, kw_only=True):
    """Whose jobs are summed over, and when."""

    cluster: str
    start: int
    """Epoch seconds."""
    end: int
    """Not in it any more."""
    partitions: frozenset[str] | None = None
    """``None`` for all."""
    visibility: Visibility | None = None
    """``None`` for everybody's."""


class JobSums:
    """Sums over finished jobs. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def usage(self, which: Which) -> list[UsageSum]:
        """What was used in [start, end), by user, account and partition."""
        begin = case((_c.start_time > which.start, _c.start_time), else_=which.start)
        end = case((_c.end_time < which.end, _c.end_time), else_=which.end)
        # Suspended time is in the span, and was not used.
        used = _least(end - begin, _c.elapsed_seconds)
        cpu = used * _c.cpu_count
        rows = select(
            _c.user,
            _c.account,
            _c.partition,
            func.count().label("jobs"),
            func.sum(cpu).label("cpu_seconds"),
            func.sum(used * _c.gpus).label("gpu_seconds"),
            func.sum(used * _c.node_count).label("node_seconds"),
            func.sum(case((_c.state != "COMPLETED", cpu), else_=0)).label("lost_cpu_seconds"),
        ).group_by(_c.partition, _c.user, _c.account)

        def read(connection: Connection) -> list[UsageSum]:
            ran = (_end(connection, which) > which.start, _c.start_time < which.end, _c.elapsed_seconds > 0)
            found = connection.execute(rows.where(*_of(connection, which), *ran))
            return [UsageSum(**_whole(row._mapping)) for row in found]

        return await self._database.ask(read)

    async def efficiency(self, which: Which) -> list[EfficiencySum]:
        """What the jobs that ended in [start, end) made of what they held, by user, account and partition."""
        cpu, measured = _held(), _c.cpu_seconds.is_not(None)
        memory = _c.memory_mib * _c.elapsed_seconds
        has_memory = and_(_c.max_memory_mib.is_not(None), _c.memory_mib > 0)
        gpu = _c.gpus * _c.elapsed_seconds
        has_gpu = and_(_c.gpu_utilization.is_not(None), _c.gpus > 0)
        rows = select(
            _c.user,
            _c.account,
            _c.partition,
            func.count().label("jobs"),
            func.sum(cpu).label("cpu_seconds"),
            func.sum(case((measured, 1), else_=0)).label("measured_jobs"),
            func.sum(case((measured, cpu), else_=0)).label("measured_cpu_seconds"),
            func.sum(case((measured, _least(_c.cpu_seconds, cpu)), else_=0.0)).label("used_cpu_seconds"),
            func.sum(case((has_memory, memory), else_=0)).label("memory_seconds"),
            func.sum(
                case(
                    (has_memory, _least(_c.max_memory_mib, _c.memory_mib) * _c.elapsed_seconds),
                    else_=0.0,
                )
            ).label("used_memory_seconds"),
            func.sum(case((has_gpu, gpu), else_=0)).label("gpu_seconds"),
            func.sum(case((has_gpu, _c.gpu_utilization * gpu), else_=0.0)).label("used_gpu_seconds"),
        ).group_by(_c.partition, _c.user, _c.account)

        def read(connection: Connection) -> list[EfficiencySum]:
            terms = (*_of(connection, which), *_ended(connection, which))
            found = connection.execute(rows.where(*terms))
            return [EfficiencySum(**_whole(row._mapping)) for row in found]

        return await self._database.ask(read)

    async def efficiency_bands(self, which: Which) -> list[EfficiencyBand]:
        """The jobs that ended in [start, end) and were measured, by tenths of CPU efficiency."""
        held = _held()
        tenth = cast(_c.cpu_seconds * 10 / held, Integer).label("tenth")
        rows = select(tenth, func.count(), func.sum(held)).group_by("tenth")

        def read(connection: Connection) -> list[EfficiencyBand]:
            terms = (
                *_of(connection, which),
                *_ended(connection, which),
                _c.cpu_count > 0,
                _c.cpu_seconds.is_not(None),
            )
            jobs, cpu = [0] * 10, [0] * 10
            for one, count, seconds in connection.execute(rows.where(*terms)):
                # A job can have used more than it held: threads of CPUs that others left idle.
                jobs[min(9, int(one))] += int(count)
                cpu[min(9, int(one))] += int(seconds)
            return [EfficiencyBand(one, jobs[one], cpu[one]) for one in range(10)]

        return await self._database.ask(read)

    async def waits(self, which: Which) -> list[WaitSum]:
        """How long the jobs that started in [start, end) had waited, by partition, size and wait."""
        # Plain expressions: each is computed several times for every job.
        wait = _c.start_time - func.coalesce(_c.eligible_time, _c.submit_time)
        size = case(*((_c.cpu_count >= cpus, cpus) for cpus in reversed(SIZES[1:])), else_=SIZES[0])
        # One number to group by, and one partition at a time: that is sorted in a fifth of the time.
        group = (size * _ENDLESS + wait // _MINUTE).label("size_and_step")
        rows = select(group, func.count(), func.sum(wait), func.max(wait)).group_by("size_and_step")

        def read(connection: Connection) -> list[WaitSum]:
            terms = (
                *_of(connection, which),
                _end(connection, which) >= which.start,
                _c.start_time >= which.start,
                _c.start_time < which.end,
                # Not those that started before they could: their begin time was moved afterwards.
                wait >= 0,
            )
            partitions = select(_c.partition).distinct().where(*terms)
            hinted = rows.where(*terms)
            found = []
            for partition in connection.execute(partitions).scalars().all():
                for both, jobs, total, longest in connection.execute(hinted.where(_c.partition == partition)):
                    cpus, minutes = divmod(int(both), _ENDLESS)
                    found.append(
                        WaitSum(
                            partition=partition,
                            cpus=cpus,
                            seconds=minutes * _MINUTE,
                            jobs=int(jobs),
                            total_seconds=max(0, int(total)),
                            longest_seconds=max(0, int(longest)),
                        )
                    )
            return found

        return await self._database.ask(read)


class SampleSums:
    """Sums over samples. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def partitions(self, which: Which, step_seconds: int) -> list[PartitionSum]:
        """Each partition over the spans that begin in [start, end); whose jobs makes no difference."""
        covered = func.sum(_s.covered_seconds)

        def mean(column: ColumnElement[float]) -> ColumnElement[float]:
            return (func.sum(column * _s.covered_seconds) / covered).label(column.key or "")

        names = (
            "cpus_total", "cpus_allocated", "memory_total_mib", "memory_allocated_mib",
            "gpus_total", "gpus_allocated",
        )  # fmt: skip
        rows = (
            select(
                _s.partition,
                covered.label("covered_seconds"),
                *(mean(_s[name]) for name in names),
                func.max(_s.pending_max).label("pending_max"),
                func.sum(_s.started).label("started"),
            )
            .where(_s.cluster == which.cluster, _s.step_seconds == step_seconds, _s.partition != "")
            .where(_s.at >= which.start, _s.at < which.end)
            .group_by(_s.partition)
            .order_by(_s.partition)
        )
        if which.partitions is not None:
            rows = rows.where(_s.partition.in_(which.partitions))

        def read(connection: Connection) -> list[PartitionSum]:
            found = []
            for row in connection.execute(rows):
                values: dict[str, Any] = dict(row._mapping)
                whole = {name: int(values[name]) for name in ("covered_seconds", "pending_max", "started")}
                found.append(PartitionSum(**{**values, **whole}))
            return found

        return await self._database.ask(read)


def _of(connection: Connection, which: Which) -> list[ColumnElement[bool]]:
    query = JobQuery(partitions=which.partitions, visibility=which.visibility)
    return filters(connection, which.cluster, query)


def _ended(connection: Connection, which: Which) -> tuple[ColumnElement[bool], ...]:
    end = _end(connection, which)
    return end >= which.start, end < which.end, _c.elapsed_seconds > 0


def _end(connection: Connection, which: Which) -> ColumnElement[int]:
    """When jobs ended, said in a way that lets the database take the faster one of two indexes."""
    some = select(_c.number).where(_c.cluster == which.cluster, _c.end_time > which.start).limit(_MANY)
    is_many = (connection.scalar(select(func.count()).select_from(some.subquery())) or 0) == _MANY
    # No index has sums: what is left is the one that has the jobs in groups, and all that is summed.
    return _c.end_time + 0 if is_many else _c.end_time


def _held() -> ColumnElement[int]:
    """CPU seconds that a job held."""
    return _c.elapsed_seconds * _c.cpu_count


def _least(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """The smaller one: SQLite's MIN of two is PostgreSQL's LEAST."""
    return case((one < other, one), else_=other)


def _whole(row: Any) -> dict[str, Any]:
    """Sums as integers, of what was measured as floats: PostgreSQL's are decimals."""
    return {
        name: value
        if value is None or isinstance(value, str)
        else float(value)
        if name.startswith("used_")
        else int(value)
        for name, value in row.items()
    }
