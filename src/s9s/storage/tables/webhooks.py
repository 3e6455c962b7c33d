"""Webhooks and their deliveries."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from s9s.storage.tables.metadata import metadata

#: `lease_by` is the process that posts for it, until `lease_until`.
webhooks = Table(
    "webhooks",
    metadata,
    Column("webhook_id", String(32), primary_key=True),
    Column("user", String(256), nullable=False),
    Column("url", String(2048), nullable=False),
    Column("name", String(256)),
    Column("subscriptions", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("position", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("dead", Integer, nullable=False),
    Column("last_error", Text),
    Column("last_delivered_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("lease_by", String(64)),
    Column("lease_until", BigInteger),
    Index("ix_webhooks_user", "user"),
)

#: In the order in which they were made. `content` holds the events of those that are not delivered.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("delivery_id", String(32), nullable=False, unique=True),
    Column("webhook_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("error", Text),
    Column("content", LargeBinary),
    Index("ix_webhook_deliveries_webhook_id", "webhook_id", "number"),
)
