"""Reports of a running server, and their schedules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from s9s.app.callers import Callers
from s9s.app.history import history_key
from s9s.app.queue import open_seal
from s9s.config import Settings
from s9s.services.clusters import Cluster
from s9s.services.delivery.mail import Mailer
from s9s.services.delivery.outgoing import Outgoing
from s9s.services.reports.scheduler import Scheduler
from s9s.services.reports.schedules import Schedules
from s9s.services.reports.service import Reports
from s9s.services.work.queue import WorkQueue
from s9s.storage.database import Database
from s9s.storage.schedules import ScheduleRecords


@asynccontextmanager
async def reporting(
    settings: Settings,
    database: Database,
    cluster: Cluster,
    queue: WorkQueue,
    callers: Callers,
    mailer: Mailer,
    outgoing: Outgoing,
) -> AsyncIterator[tuple[Reports, Schedules]]:
    """What a server reports, and when: schedules are looked at meanwhile."""
    key, seal, records = history_key(settings), open_seal(settings), ScheduleRecords(database)
    reports = Reports(cluster, key, queue, mailer, outgoing, seal)
    maximum = settings.reports.schedules_per_user
    schedules = Schedules(records, cluster, key, reports, queue, seal, maximum=maximum)
    scheduler = Scheduler(
        records, schedules, reports, queue, cluster, key, callers.standing, callers.tokens.roles
    )
    scheduler.start()
    try:
        yield reports, schedules
    finally:
        await scheduler.stop()
