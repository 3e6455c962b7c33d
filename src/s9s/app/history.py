"""The history of a running server's cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from s9s.config import Settings
from s9s.domain.instants import parse_instant
from s9s.services.clusters import Cluster
from s9s.services.history.finished import History
from s9s.services.history.plan import Plan
from s9s.services.history.recorder import Recorder
from s9s.snapshot.clock import Clock
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords


def history_key(settings: Settings) -> str:
    """What the cluster is called in the database."""
    return settings.cluster.name or "default"


@asynccontextmanager
async def recording(
    settings: Settings, cluster: Cluster, database: Database, clock: Clock
) -> AsyncIterator[tuple[History, Recorder | None]]:
    """The history, and what keeps it; ended on the way out. Raises `DatabaseUnavailable`."""
    section, records, key = settings.history, HistoryRecords(database), history_key(settings)
    history = History(cluster, key, records, is_kept=section.enabled)
    if not section.enabled:
        yield history, None
        return
    plan = Plan(
        since=parse_instant(f"{section.since}T00:00:00Z") if section.since else None,
        days=section.days,
        interval_seconds=section.interval_seconds,
        reread_days=section.reread_days,
        jobs_per_second=section.jobs_per_second,
        keep_days=section.keep_days,
    )
    recorder = Recorder(cluster, key, records, plan, clock)
    await recorder.start()
    try:
        yield history, recorder
    finally:
        await recorder.stop()
