"""How each kind of background work is done. Only workers import this."""

from __future__ import annotations

from s9s.app.delivery import open_mailer, open_outgoing, read_secret
from s9s.config import Settings
from s9s.services.exports.making import ExportMaker, Table
from s9s.services.exports.tables import AuditTable, HistoryTable
from s9s.services.live.notices import KEPT_SECONDS, KIND, NoticeSender
from s9s.services.reports.delivering import DELIVERY, Deliverer
from s9s.services.reports.making import ReportBuilder, ReportMaker
from s9s.services.work.queue import WorkQueue
from s9s.storage.audit import AuditRecords
from s9s.storage.database import Database
from s9s.storage.history_scan import HistoryScan


def export_tables(database: Database) -> dict[str, Table]:
    """What exports read from the database."""
    return {"history": HistoryTable(HistoryScan(database)), "audit": AuditTable(AuditRecords(database))}


def register_handlers(settings: Settings, database: Database, queue: WorkQueue) -> None:
    """Say how each kind of work is done; there is nothing but the database, the files and the settings."""
    maker = ExportMaker(queue.artifacts, export_tables(database))
    reports = ReportMaker(ReportBuilder(database), queue)
    deliverer = Deliverer(queue, open_mailer(settings), open_outgoing(settings), settings.server.public_url)
    queue.register(DELIVERY, deliverer.run, kept_seconds=settings.reports.lifetime_seconds)
    queue.register("report", reports.run, kept_seconds=settings.reports.lifetime_seconds)
    secret_file = settings.alerts.webhook_secret_file
    secret = "" if secret_file is None else read_secret("alerts.webhook_secret_file", secret_file)
    sender = NoticeSender(open_mailer(settings), open_outgoing(settings), secret)
    queue.register(KIND, sender.run, kept_seconds=KEPT_SECONDS)
    queue.register("export", maker.run, kept_seconds=settings.exports.lifetime_seconds)
