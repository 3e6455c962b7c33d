"""Alerts of a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from s9s.api.schemas.alerts import alert_document
from s9s.config import BadConfiguration, Settings
from s9s.domain.alerts import Rule, Severity
from s9s.services.clusters import Cluster
from s9s.services.live.alerts import Alerts
from s9s.services.live.events import EventLog
from s9s.services.live.notices import Notices
from s9s.services.work.queue import WorkQueue
from s9s.snapshot.clock import SystemClock
from s9s.snapshot.conditions import Conditions, Thresholds
from s9s.storage.alerts import AlertRecords
from s9s.storage.database import Database


@asynccontextmanager
async def alerting(
    settings: Settings, cluster: Cluster, name: str, database: Database, events: EventLog, queue: WorkQueue
) -> AsyncIterator[Alerts]:
    """The alerts of a cluster, which is looked at meanwhile. Raises `DatabaseUnavailable`."""
    wanted = settings.alerts
    thresholds = Thresholds(
        queue_wait_seconds=wanted.queue_wait_seconds or None,
        utilization_percent=wanted.utilization_percent or None,
        stale_seconds=wanted.stale_seconds or None,
    )
    alerts = Alerts(
        cluster,
        name,
        AlertRecords(database),
        events,
        Conditions(cluster.snapshot, cluster.watcher, thresholds),
        describe=alert_document,
        clock=SystemClock(cluster.watcher.now),
        rules=frozenset(rule for rule in Rule if rule.value not in wanted.off),
        for_seconds=wanted.for_seconds,
        job_seconds=wanted.job_seconds,
        kept_seconds=wanted.keep_days * 86_400,
    )
    if wanted.webhooks and wanted.webhook_secret_file is None:
        raise BadConfiguration("alerts.webhook_secret_file must be set where there are alerts.webhooks")
    notices = Notices(
        queue,
        lambda: cluster.snapshot.info.name if cluster.snapshot.info else name,
        emails=wanted.email,
        urls=wanted.webhooks,
        least=Severity(wanted.least),
        describe=lambda alert: msgspec.to_builtins(alert_document(alert)),
    )
    alerts.follow(notices.tell)
    await alerts.start()
    try:
        yield alerts
    finally:
        await alerts.stop()
