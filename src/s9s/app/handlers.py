"""How each kind of background work is done. Only workers import this."""

from __future__ import annotations

from s9s.config import Settings
from s9s.services.exporting.making import ExportMaker
from s9s.services.exporting.tables import AuditTable, HistoryTable
from s9s.services.reports.making import ReportBuilder, ReportMaker
from s9s.services.work import WorkQueue
from s9s.storage.audit import AuditRecords
from s9s.storage.database import Database
from s9s.storage.history_scan import HistoryScan


def register_handlers(settings: Settings, database: Database, queue: WorkQueue) -> None:
    """Say how each kind of work is done; there is nothing but the database, the files and the settings."""
    maker = ExportMaker(
        queue.artifacts,
        {"history": HistoryTable(HistoryScan(database)), "audit": AuditTable(AuditRecords(database))},
    )
    reports = ReportMaker(ReportBuilder(database), queue.artifacts)
    queue.register("report", reports.run, kept_seconds=settings.reports.lifetime_seconds)
    queue.register("export", maker.run, kept_seconds=settings.exports.lifetime_seconds)
