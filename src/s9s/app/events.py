"""The event log of a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from s9s.config import Settings
from s9s.services.events import EventLog
from s9s.storage.database import Database
from s9s.storage.events import EventRecords


@asynccontextmanager
async def event_log(settings: Settings, database: Database) -> AsyncIterator[EventLog]:
    """The log, and at the end all of it written. Raises `DatabaseUnavailable`."""
    log = EventLog(
        EventRecords(database),
        keep_seconds=settings.events.keep_seconds,
        max_events=settings.events.max_events,
    )
    await log.start()
    try:
        yield log
    finally:
        await log.stop()
