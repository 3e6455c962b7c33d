"""How each kind of background work is done. Only workers import this.

What one kind needs is imported with its first item: a worker that only exports has no use for what draws
charts and sends mail, and would carry it about.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from s9s.app.queue import open_seal
from s9s.config import Settings
from s9s.domain.work import DELIVERY, EXPORT, NOTICE, REPORT, WorkItem
from s9s.services.exports.making import ExportMaker, Table
from s9s.services.exports.tables import AuditTable, HistoryTable
from s9s.services.work.queue import Handler, Progress, WorkQueue
from s9s.storage.audit import AuditRecords
from s9s.storage.database import Database
from s9s.storage.history_scan import HistoryScan


def export_tables(database: Database) -> dict[str, Table]:
    """What exports read from the database."""
    return {"history": HistoryTable(HistoryScan(database)), "audit": AuditTable(AuditRecords(database))}


def register_handlers(settings: Settings, database: Database, queue: WorkQueue) -> None:
    """Say how each kind of work is done; there is nothing but the database, the files and the settings."""

    def report() -> Handler:
        from s9s.services.reports.making import ReportBuilder, ReportMaker

        return ReportMaker(ReportBuilder(database), queue).run

    def delivery() -> Handler:
        from s9s.app.delivery import open_mailer, open_outgoing
        from s9s.services.reports.delivering import Deliverer

        mailer, outgoing = open_mailer(settings), open_outgoing(settings)
        return Deliverer(queue, mailer, outgoing, open_seal(settings), settings.server.public_url).run

    def notice() -> Handler:
        from s9s.app.delivery import open_mailer, open_outgoing, read_secret
        from s9s.services.live.notices import NoticeSender

        file = settings.alerts.webhook_secret_file
        secret = "" if file is None else read_secret("alerts.webhook_secret_file", file)
        return NoticeSender(open_mailer(settings), open_outgoing(settings), secret).run

    queue.set_handler(EXPORT, ExportMaker(queue.artifacts, export_tables(database)).run)
    for kind, make in ((REPORT, report), (DELIVERY, delivery), (NOTICE, notice)):
        queue.set_handler(kind, _when_needed(make))


def _when_needed(make: Callable[[], Handler]) -> Handler:
    """A handler that is made with its first item."""
    made = cache(make)

    async def run(item: WorkItem, progress: Progress) -> dict[str, object]:
        return await made()(item, progress)

    return run
