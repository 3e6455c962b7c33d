"""All the finished jobs that pass a filter, a few columns of them, as fast as the database gives them.

No struct is made of a row: values go from the driver's tuples to columns, batch by batch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, func, select

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
}
#: What a finished job has not.
_NEVER: Final = frozenset({"expected_start_time", "hold_reason"})
_PATHS: Final = (
    "standard_output", "standard_error", "working_directory", "numeric_id", "user", "job_name", "nodes",
    "array_job_id", "array_task_id",
)  # fmt: skip


class HistoryScan:
    """Reads finished jobs in the thread of whoever asks. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, cluster: str, query: JobQuery) -> int:
        """How many jobs pass the filters."""
        with self._database.scan() as connection:
            terms = filters(connection, cluster, query)
            return connection.scalar(select(func.count()).select_from(finished_jobs).where(*terms)) or 0

    def batches(
        self, cluster: str, query: JobQuery, fields: Sequence[str], known: Collection[tuple[int, int]] = ()
    ) -> Iterator[list[Sequence[Any]]]:
        """Columns of the fields, in the order of the jobs' ends, all as of one moment.

        Args:
            cluster: The cluster's key.
            query: Its order and page do not matter.
            fields: As in a list of jobs, and the columns of what a job used.
            known: Jobs to leave out, by numeric id and submit time.
        """
        needed = {"numeric_id": 0, "submit_time": 1}
        makers = [_maker(field, needed) for field in fields]
        with self._database.scan() as connection:
            statement = (
                select(*(_c[name] for name in needed))
                .where(*filters(connection, cluster, query))
                .order_by(_c.end_time, _c.numeric_id)
            )
            for rows in _pieces(connection, statement):
                if known:
                    rows = [row for row in rows if row[:2] not in known]
                if rows:
                    columns = list(zip(*rows, strict=True))
                    yield [make(columns) for make in makers]


def _pieces(connection: Connection, statement: Any) -> Iterator[list[tuple[Any, ...]]]:
    result = connection.execution_options(stream_results=True).execute(statement)
    cursor: Any = result.cursor
    # The driver's own tuples: wrapping a million of them takes seconds.
    while rows := cursor.fetchmany(BATCH):
        yield rows
    result.close()


def _maker(field: str, needed: dict[str, int]) -> Callable[[_Columns], Sequence[Any]]:
    """What makes a field's column from those of the query; adds to them what it needs."""
    if field in _NEVER:
        return lambda columns: [None] * len(columns[0])
    if field in ("standard_output", "standard_error"):
        places = [needed.setdefault(name, len(needed)) for name in _PATHS]
        which = 0 if field == "standard_output" else 1
        return lambda columns: [
            _paths(*row)[which] for row in zip(*(columns[place] for place in places), strict=True)
        ]
    name = _RENAMED.get(field, field)
    place = needed.setdefault(name, len(needed))
    if field in ("array_job_id", "het_job_id"):
        return lambda columns: [None if value is None else str(value) for value in columns[place]]
    return lambda columns: columns[place]


def _paths(
    standard_output: str | None,
    standard_error: str | None,
    working_directory: str | None,
    numeric_id: int,
    user: str,
    job_name: str,
    nodes: str | None,
    array_job_id: int | None,
    array_task_id: int | None,
) -> tuple[str | None, str | None]:
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
            standard_output=standard_output,
            standard_error=standard_error,
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
