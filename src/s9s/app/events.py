"""The event log of a running server, and what writes into it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from s9s.api.schemas.events import job_event, metrics_event, node_event, queue_event
from s9s.config import Settings
from s9s.services.clusters import Cluster
from s9s.services.live.events import EventLog
from s9s.services.live.observer import Observer
from s9s.services.live.statistics import Statistics
from s9s.storage.database import Database
from s9s.storage.events import EventRecords


@asynccontextmanager
async def watched(settings: Settings, database: Database, cluster: Cluster) -> AsyncIterator[EventLog]:
    """Watch the cluster and write its changes into a log; both are ended, and everything is written.

    Raises `DatabaseUnavailable`.
    """
    log = EventLog(
        EventRecords(database),
        keep_seconds=settings.events.keep_seconds,
        max_events=settings.events.max_events,
    )
    observer = Observer(
        cluster, log, describe_job=job_event, describe_node=node_event, clock=cluster.watcher.now
    )
    statistics = Statistics(
        cluster,
        log,
        interval_seconds=settings.events.statistics_seconds,
        describe_queue=queue_event,
        describe_metrics=metrics_event,
    )
    await observer.start()
    try:
        await cluster.watcher.start()
        statistics.start()
        yield log
    finally:
        await statistics.stop()
        await cluster.watcher.stop()
        await observer.stop()
