"""The audit log."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, String, Table, Text

from s9s.storage.tables.metadata import metadata

#: What was done, by whom: triggers refuse to change or to delete a record. An intent is written before the
#: deed, its outcome (`intent` is its number) after it, everything else as one event.
audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("intent", BigInteger),
    Column("action", String(64)),
    Column("user", String(256)),
    Column("credential", String(256)),
    Column("address", String(64)),
    Column("method", String(16)),
    Column("route", String(256)),
    Column("resource", String(512)),
    Column("what", Text),
    Column("before", Text),
    Column("after", Text),
    Column("result", String(32)),
    Column("status", Integer),
    Column("request_id", String(128)),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Index("ix_audit_at", "at"),
    Index("ix_audit_intent", "intent"),
    Index("ix_audit_user", "user", "number"),
    Index("ix_audit_request_id", "request_id"),
)

#: The newest audit record: what the next one follows, and whoever writes one holds.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    CheckConstraint("id = 1", name="one"),
)
