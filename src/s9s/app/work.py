"""What a server has of background work: the queue, the processes that do it, and what can be asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from s9s.app.queue import open_queue
from s9s.app.workers import Workers
from s9s.config import Settings
from s9s.services.clusters import Cluster
from s9s.services.exports.service import Exports
from s9s.services.exports.sources import (
    AuditSource,
    EfficiencySource,
    JobSource,
    MetricSource,
    NodeSource,
    PartitionSource,
    Source,
    UserSource,
)
from s9s.services.jobs.holds import Holds
from s9s.services.jobs.service import Jobs
from s9s.services.metrics import Metrics
from s9s.services.nodes import Nodes
from s9s.services.partitions import Partitions
from s9s.services.users import Users
from s9s.services.work.queue import WorkQueue
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords


def open_exports(
    settings: Settings,
    queue: WorkQueue,
    database: Database,
    cluster: Cluster,
    holds: Holds,
    jobs: Jobs,
    nodes: Nodes,
    users: Users,
    partitions: Partitions,
    metrics: Metrics,
) -> Exports:
    """What a server exports."""
    key = settings.cluster.name or "default"
    sources: dict[str, Source] = {
        "jobs": JobSource(cluster, key, jobs, holds, HistoryRecords(database)),
        "nodes": NodeSource(nodes),
        "users": UserSource(users),
        "partitions": PartitionSource(partitions),
        "metrics": MetricSource(metrics),
        "efficiency": EfficiencySource(cluster, key),
        "audit": AuditSource(),
    }
    return Exports(queue, sources)


@asynccontextmanager
async def background(settings: Settings, database: Database) -> AsyncIterator[WorkQueue]:
    """The queue of a server, which starts worker processes when there is something to do."""
    queue = open_queue(settings, database)
    workers = Workers(settings, queue)
    workers.start()
    try:
        yield queue
    finally:
        await workers.stop()
