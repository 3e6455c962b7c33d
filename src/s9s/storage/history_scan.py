"""All the finished jobs that pass a filter, a few columns of them, as fast as the database gives them.

No struct is made of a row: values go from the driver's tuples to columns, batch by batch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select

from s9s.domain.jobs import Job, JobState
from s9s.domain.output_paths import output_paths
from s9s.domain.queries import JobQuery
from s9s.storage.database import Database
from s9s.storage.history_queries import filters
from s9s.storage.tables import finished_jobs

_c: Final = finished_jobs.c

#: Rows that are read at once.
BATCH: Final = 5_000

_Columns = Sequence[Sequence[Any]]

#: Fields of a list of jobs that a column says under another name.
_RENAMED: Final = {
    "elapsed_time": "elapsed_seconds",
    "time_limit": "time_limit_seconds",
    "memory": "memory_mib",
    "cpu_time_used": "cpu_seconds",
    "max_memory_used": "max_memory_mib",
}
#: What a finished job has not.
_NEVER: Final = frozenset({"expected_start_time", "hold_reason"})
_PATHS: Final = (
    "standard_output", "standard_error", "working_directory", "numeric_id", "user", "job_name", "nodes",
    "array_job_id", "array_task_id",
)  # fmt: skip


def _cpu_efficiency(used: float | None, elapsed: int, cpus: int) -> float | None:
    return None if used is None or elapsed * cpus <= 0 else round(used / (elapsed * cpus), 4)


def _memory_efficiency(used: float | None, elapsed: int, memory: int | None) -> float | None:
    return None if used is None or not memory or elapsed <= 0 else round(used / memory, 4)


#: As `domain.efficiency.efficiency_of` has them, of columns.
_RATIOS: Final[dict[str, tuple[tuple[str, ...], Callable[..., float | None]]]] = {
    "cpu_efficiency": (("cpu_seconds", "elapsed_seconds", "cpu_count"), _cpu_efficiency),
    "memory_efficiency": (("max_memory_mib", "elapsed_seconds", "memory_mib"), _memory_efficiency),
}


class HistoryScan:
    """Reads finished jobs in the thread of whoever asks. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def batches(
        self, cluster: str, query: JobQuery, fields: Sequence[str], known: Collection[tuple[int, int]] = ()
    ) -> Iterator[tuple[float, list[Sequence[Any]]]]:
        """Columns of the fields, in the order of the jobs' ends, all as of one moment.

        Args:
            cluster: The cluster's key.
            query: Its order and page do not matter.
            fields: As in a list of jobs, and the columns of what a job used.
            known: Jobs to leave out, by numeric id and submit time.

        Yields:
            How far along the span of time that is recorded the batch reaches, 0..1, and its columns.
        """
        needed = {"end_time": 0} | ({"numeric_id": 1, "submit_time": 2} if known else {})
        makers = [_maker(field, needed) for field in fields]
        with self._database.scan() as connection:
            own = _c.cluster == cluster
            since = connection.scalar(select(func.min(_c.end_time)).where(own)) or 0
            until = connection.scalar(select(func.max(_c.end_time)).where(own)) or 0
            span = max(1, until - since)
            statement = (
                select(*(_c[name] for name in needed))
                .where(*filters(connection, cluster, query))
                .order_by(_c.end_time, _c.numeric_id)
            )
            for rows in _pieces(connection, statement):
                if known:
                    rows = [row for row in rows if row[1:3] not in known]
                if rows:
                    columns = list(zip(*rows, strict=True))
                    yield (columns[0][-1] - since) / span, [make(columns) for make in makers]


def _pieces(connection: Connection, statement: Select[Any]) -> Iterator[Sequence[Any]]:
    if connection.dialect.name != "sqlite":
        for rows in connection.execution_options(yield_per=BATCH).execute(statement).partitions():
            yield [tuple(row) for row in rows]
        return
    # The driver's own tuples: to make SQLAlchemy's rows of them costs as much as to read them.
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    values = [compiled.params[name] for name in compiled.positiontup or ()]
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(str(compiled), values)
        while rows := cursor.fetchmany(BATCH):
            yield rows


def _maker(field: str, needed: dict[str, int]) -> Callable[[_Columns], Sequence[Any]]:
    """What makes a field's column from those of the query; adds to them what it needs."""
    if field in _NEVER:
        return lambda columns: [None] * len(columns[0])
    if field in ("standard_output", "standard_error"):
        places = [needed.setdefault(name, len(needed)) for name in _PATHS]
        which = 0 if field == "standard_output" else 1
        return lambda columns: [
            _paths(row)[which] for row in zip(*(columns[place] for place in places), strict=True)
        ]
    if field in _RATIOS:
        names, ratio = _RATIOS[field]
        places = [needed.setdefault(name, len(needed)) for name in names]
        return lambda columns: list(map(ratio, *(columns[place] for place in places)))
    name = _RENAMED.get(field, field)
    place = needed.setdefault(name, len(needed))
    if field in ("array_job_id", "het_job_id"):
        return lambda columns: [None if value is None else str(value) for value in columns[place]]
    return lambda columns: columns[place]


def _paths(row: tuple[Any, ...]) -> tuple[str | None, str | None]:
    """As `output_paths`, of one row of `_PATHS`; without a detour where there is nothing to resolve."""
    stdout, stderr = row[0], row[1]
    if stdout and stdout[0] == "/" and not ("%" in stdout or "\\" in stdout):
        if stderr is None or stderr == stdout:
            return stdout, stdout
        if stderr[0] == "/" and not ("%" in stderr or "\\" in stderr):
            return stdout, stderr
    _, _, working_directory, numeric_id, user, job_name, nodes, array_job_id, array_task_id = row
    return output_paths(
        Job(
            job_id="",
            numeric_id=numeric_id,
            job_name=job_name,
            user=user,
            state=JobState.COMPLETED,
            partition="",
            submit_time=0,
            working_directory=working_directory,
            standard_output=stdout,
            standard_error=stderr,
            nodes=(_first(nodes),) if nodes else (),
            array_job_id=array_job_id,
            array_task_id=array_task_id,
        )
    )


def _first(hostlist: str) -> str:
    """The first name of what `fold_hostlist` has made: that of ``node[001-003,7],x`` is ``node001``."""
    head, bracket, rest = hostlist.partition("[")
    if "," in head or not bracket:
        return hostlist.partition(",")[0]
    digits = rest.replace("-", ",").replace("]", ",").partition(",")[0]
    return head + digits + rest.partition("]")[2].partition(",")[0]
