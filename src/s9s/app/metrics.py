"""Samples of the cluster, written as long as the server runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from s9s.config import Settings
from s9s.services.clusters import Cluster
from s9s.services.metrics import Metrics
from s9s.services.sampler import Sampler
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
