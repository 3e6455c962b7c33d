"""Samples of the cluster, written as long as the server runs, and what monitoring is told of its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from s9s.config import Settings
from s9s.domain.errors import ServiceUnavailable
from s9s.services.clusters import Cluster
from s9s.services.history.sampler import Sampler
from s9s.services.identity.failed_logins import FailedLogins
from s9s.services.live.hub import Hub
from s9s.services.metrics import Metrics
from s9s.services.telemetry import Gauge, Telemetry
from s9s.services.work.queue import WorkQueue
from s9s.snapshot.clock import SystemClock
from s9s.storage.database import Database
from s9s.storage.samples import SampleRecords


@asynccontextmanager
async def sampling(
    settings: Settings, cluster: Cluster, name: str, database: Database
) -> AsyncIterator[Metrics]:
    """The metrics of a cluster, which is sampled meanwhile. Raises `DatabaseUnavailable`."""
    records = SampleRecords(database)
    sampler = Sampler(cluster, name, records, kept_seconds=settings.samples.kept_seconds, clock=SystemClock())
    await sampler.start()
    try:
        yield Metrics(cluster, name, records)
    finally:
        await sampler.stop()


def open_telemetry(cluster: Cluster, failures: FailedLogins, queue: WorkQueue, hub: Hub) -> Telemetry:
    """What the parts of the server can tell."""

    async def items() -> Mapping[tuple[str, ...], float]:
        try:
            return {key: float(count) for key, count in (await queue.records.counts()).items()}
        except ServiceUnavailable:
            return {}  # monitoring is to hear of the rest all the same

    async def readers() -> Mapping[tuple[str, ...], float]:
        return {(): len(hub.readers)}

    async def lags() -> Mapping[tuple[str, ...], float]:
        return {(): hub.lags}

    return Telemetry(
        cluster,
        failures,
        (
            Gauge("work_items", "Background work in the queue or done lately", ("kind", "state"), items),
            Gauge("event_readers", "Who follows events, by WebSocket or Server-Sent Events", (), readers),
            Gauge("event_lags", "How often a reader of events was too slow", (), lags, is_counter=True),
        ),
    )
