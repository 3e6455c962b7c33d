"""The schema as the code sees it, a module for each noun; `s9s.storage.migrations` makes it.

Instants are epoch seconds.
"""

from s9s.storage.tables.alerts import alerts, silences
from s9s.storage.tables.audit import audit, audit_head
from s9s.storage.tables.credentials import quotas, tokens
from s9s.storage.tables.events import event_batches, event_checkpoints, event_head
from s9s.storage.tables.history import finished_jobs, history_progress
from s9s.storage.tables.idempotency import idempotency
from s9s.storage.tables.metadata import SCHEMA_VERSION, metadata
from s9s.storage.tables.notes import hold_notes
from s9s.storage.tables.revisions import revisions
from s9s.storage.tables.samples import samples
from s9s.storage.tables.schedules import schedules
from s9s.storage.tables.tickets import tickets
from s9s.storage.tables.webhooks import webhook_deliveries, webhooks
from s9s.storage.tables.work import work, work_turns

__all__ = [
    "SCHEMA_VERSION",
    "alerts",
    "audit",
    "audit_head",
    "event_batches",
    "event_checkpoints",
    "event_head",
    "finished_jobs",
    "history_progress",
    "hold_notes",
    "idempotency",
    "metadata",
    "quotas",
    "revisions",
    "samples",
    "schedules",
    "silences",
    "tickets",
    "tokens",
    "webhook_deliveries",
    "webhooks",
    "work",
    "work_turns",
]
