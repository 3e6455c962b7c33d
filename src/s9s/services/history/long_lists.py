"""Pages of a list whose older part is in the database and whose newer part is in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from s9s.domain.durations import UNLIMITED
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job
from s9s.domain.queries import JobQuery
from s9s.storage.history import HistoryRecords

#: Sort fields that are not called like a job's.
_ATTRIBUTES: Final = {"memory": "memory_mib", "time_limit": "time_limit_seconds"}
#: No limit is more than any limit, and the rest of an array comes after its tasks: as `storage` orders them.
_ENDLESS: Final = 2**40
_REST: Final = 2**30

Key = tuple[Any, ...]


class Older(Struct, frozen=True, kw_only=True):
    """The part that is in the database."""

    cluster: str
    ended_before: int
    without: frozenset[int]
    """Numeric ids that are in memory although they ended so early."""


async def long_page(
    records: HistoryRecords,
    older: Older,
    query: JobQuery,
    newer: Sequence[Job],
    newer_total: int,
    now: int,
    hold_reason: Callable[[Job], str | None],
) -> tuple[list[Job | FinishedJob], int]:
    """One page of both parts together, and how many there are in all.

    Whatever the offset, no more keys are looked at than there are rows in memory, besides those of the page:
    a row of the database that stands more than these before the page is before it in any case.

    Args:
        records: The database.
        older: What of it belongs to the list.
        query: The whole question, visibility included.
        newer: The rows of memory in the order of the query: all of them, or as many as the page may need.
        newer_total: How many rows of memory pass the filters.
        now: Epoch seconds that `elapsed_time` is counted to.
        hold_reason: What somebody gave as reason for holding a job.
    """
    skipped = max(0, query.offset - len(newer))
    window = structs.replace(query, offset=skipped, limit=query.offset + query.limit - skipped)
    keys, total = await records.keys(
        older.cluster, window, ended_before=older.ended_before, without=older.without
    )

    def merge() -> list[tuple[Key, Job | int]]:
        rows: list[tuple[Key, Job | int]] = [
            (order_key(job, query.sort, now, hold_reason), job) for job in newer
        ]
        rows += [(tuple(key), number) for number, *key in keys]
        present = [row for row in rows if row[0][0] is not None]
        absent = [row for row in rows if row[0][0] is None]
        present.sort(key=lambda row: row[0], reverse=query.descending)
        absent.sort(key=lambda row: row[0][1:], reverse=query.descending)
        start = query.offset - skipped
        return (present + absent)[start : start + query.limit]

    page = await asyncio.to_thread(merge)
    found = await records.numbered([row for _, row in page if isinstance(row, int)])
    rows = [found.get(row) if isinstance(row, int) else row for _, row in page]
    return [row for row in rows if row is not None], newer_total + total


def order_key(job: Job, field: str, now: int, hold_reason: Callable[[Job], str | None]) -> Key:
    """What `storage.history_queries.order` compares: first the field's own value, ``None`` for nothing."""
    tail = (job.numeric_id, job.submit_time)
    if field == "job_id":
        family = job.het_job_id if job.array_job_id is None else job.array_job_id
        if job.array_job_id is not None:
            member = _REST if job.array_task_id is None else job.array_task_id
        else:
            member = job.het_job_offset or 0
        return (job.numeric_id if family is None else family, member, *tail)
    if field == "hold_reason":
        return (hold_reason(job), *tail)
    if field == "elapsed_time":
        return (job.elapsed_seconds(now), *tail)
    value = getattr(job, _ATTRIBUTES.get(field, field))
    return (_ENDLESS if field == "time_limit" and value == UNLIMITED else value, *tail)
