"""Where the rows of each type come from.

What the server has in memory is read the moment somebody asks, so that it is exactly what that caller may
see then; what the database has, a worker reads later, as of the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec import Struct, structs

from s9s.domain.audit import AuditFilter
from s9s.domain.queries import JobQuery
from s9s.formats import Kind
from s9s.services.access import Caller, usage_visibility
from s9s.services.clusters import Cluster
from s9s.services.exports.fields import (
    AUDIT_FIELDS,
    EFFICIENCY_FIELDS,
    JOB_FIELDS,
    METRIC_FIELDS,
    NODE_FIELDS,
    PARTITION_FIELDS,
    USER_FIELDS,
    Field,
    JobView,
    NodeView,
    job_field,
)
from s9s.services.jobs.holds import Holds
from s9s.services.jobs.service import Jobs
from s9s.services.metrics import Metrics
from s9s.services.nodes import NodeQuery, Nodes
from s9s.services.partitions import Partitions
from s9s.services.users import Users
from s9s.snapshot.query import find
from s9s.storage.history import HistoryRecords

#: Rows that are taken at once: about two milliseconds of the event loop.
PIECE: Final = 500
_ALL: Final = 2**40
#: What has ended so shortly before the end of the recorded history is looked for in both places.
_OVERLAP_SECONDS: Final = 600


class UserQuery(Struct, frozen=True, kw_only=True):
    """Filters of users; ``None`` means no filter."""

    names: frozenset[str] | None = None
    accounts: frozenset[str] | None = None
    """Lower case."""
    admin_levels: frozenset[str] | None = None


class PartitionQuery(Struct, frozen=True, kw_only=True):
    """Filters of partitions; ``None`` means no filter."""

    states: frozenset[str] | None = None


class Later(Struct, frozen=True):
    """What a worker is to read from the database."""

    source: str
    query: Any


def _as_they_are(rows: Sequence[Any]) -> Sequence[Any]:
    return rows


class Found(Struct, frozen=True):
    """The rows that the caller may see at this moment."""

    rows: Sequence[Any]
    """Those in memory."""
    views: Callable[[Sequence[Any]], Sequence[Any]] = _as_they_are
    """Makes of some of them what the fields take."""
    later: Later | None = None
    key: Sequence[Field[Any]] = ()
    """What tells a row from all others, where the worker may find it once more."""


class Source(Protocol):
    """One type of export."""

    scope: str
    """What a credential must be good for."""
    fields: Mapping[str, Field[Any]]

    async def rows(self, query: Any, caller: Caller) -> Found:
        """What there is. Raises `PermissionDenied`, `SlurmUnavailable`."""


class JobSource:
    """Jobs: live ones, and those that have finished.

    Args:
        cluster: Whose jobs.
        key: The cluster's name in the database.
        jobs: What a caller may see of them.
        holds: Why they are held.
        history: The finished jobs that are recorded.
    """

    scope = "jobs:read"
    fields = JOB_FIELDS

    def __init__(self, cluster: Cluster, key: str, jobs: Jobs, holds: Holds, history: HistoryRecords) -> None:
        self._cluster = cluster
        self._key = key
        self._jobs = jobs
        self._holds = holds
        self._history = history

    async def rows(self, query: JobQuery | None, caller: Caller) -> Found:
        query = structs.replace(
            query or JobQuery(),
            sort="submit_time",
            descending=False,
            limit=_ALL,
            offset=0,
            visibility=self._jobs.visibility(caller),
        )
        progress = await self._history.progress(self._key)
        recent = query
        if progress is not None and (query.start_time or 0) >= progress.since:
            # What ended before is recorded, and read by the worker.
            start = max(query.start_time or 0, progress.until - _OVERLAP_SECONDS)
            recent = structs.replace(query, start_time=start)
        await self._jobs.prepare(recent)
        table, now = self._cluster.snapshot.jobs, int(self._cluster.snapshot.observed_at)
        found = table.view(find(table, recent, now).slots)
        reason_of = self._holds.reason_of
        return Found(
            found,
            lambda jobs: [JobView(job, now, reason_of(job)) for job in jobs],
            Later("history", {"cluster": self._key, "jobs": query, "as_of": now}),
            (job_field(Kind.INTEGER, "numeric_id"), job_field(Kind.INTEGER, "submit_time")),
        )


class EfficiencySource:
    """Finished jobs and what they used, as far as the caller may know that."""

    scope = "metrics:read"
    fields = EFFICIENCY_FIELDS

    def __init__(self, cluster: Cluster, key: str) -> None:
        self._cluster = cluster
        self._key = key

    async def rows(self, query: JobQuery | None, caller: Caller) -> Found:
        await self._cluster.watcher.settled()
        user = self._cluster.snapshot.users.get(caller.user)
        visibility = usage_visibility(caller, self._cluster.info, user)
        wanted = structs.replace(query or JobQuery(), visibility=visibility)
        as_of = int(self._cluster.snapshot.observed_at)
        return Found((), later=Later("history", {"cluster": self._key, "jobs": wanted, "as_of": as_of}))


class SeriesQuery(Struct, frozen=True, kw_only=True):
    """Which spans of time: epoch seconds, ``None`` as the API has it by default."""

    start: int | None = None
    end: int | None = None
    interval: str = "1h"
    partition: str | None = None


class MetricSource:
    """The cluster's utilization over time."""

    scope = "metrics:read"
    fields = METRIC_FIELDS

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    async def rows(self, query: SeriesQuery | None, caller: Caller) -> Found:
        wanted = query or SeriesQuery()
        start, end = self._metrics.span(wanted.start, wanted.end, wanted.interval)
        found = await self._metrics.series_for(caller, start, end, wanted.interval, wanted.partition)
        return Found(found)


class NodeSource:
    """Nodes."""

    scope = "nodes:read"
    fields = NODE_FIELDS

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    async def rows(self, query: NodeQuery | None, caller: Caller) -> Found:
        everything = structs.replace(query or NodeQuery(), limit=_ALL, offset=0)
        found = (await self._nodes.page(everything, caller)).items
        jobs_on = self._nodes.jobs_on
        return Found(found, lambda nodes: [NodeView(one, jobs_on(one.node_name, caller)) for one in nodes])


class UserSource:
    """Slurm's users."""

    scope = "users:read"
    fields = USER_FIELDS

    def __init__(self, users: Users) -> None:
        self._users = users

    async def rows(self, query: UserQuery | None, caller: Caller) -> Found:
        filters = structs.asdict(query or UserQuery())
        return Found((await self._users.page(caller, limit=_ALL, **filters)).items)


class PartitionSource:
    """Partitions."""

    scope = "partitions:read"
    fields = PARTITION_FIELDS

    def __init__(self, partitions: Partitions) -> None:
        self._partitions = partitions

    async def rows(self, query: PartitionQuery | None, caller: Caller) -> Found:
        states = (query or PartitionQuery()).states
        return Found(self._partitions.page(caller, states=states, limit=_ALL).items)


class AuditSource:
    """The audit log, for administrators."""

    scope = "admin"
    fields = AUDIT_FIELDS

    async def rows(self, query: AuditFilter | None, caller: Caller) -> Found:
        return Found((), later=Later("audit", query or AuditFilter()))


def columns_of(found: Found, fields: Sequence[Field[Any]]) -> Iterator[list[list[Any]]]:
    """The rows as batches of columns, those of the key last.

    Whoever does something else between two batches keeps the event loop free.
    """
    for begin in range(0, len(found.rows), PIECE):
        views = found.views(found.rows[begin : begin + PIECE])
        yield [list(map(field.value, views)) for field in (*fields, *found.key)]
