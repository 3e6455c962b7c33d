"""Alerts, and what nobody wants to be told of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text

from s9s.storage.tables.metadata import metadata

#: A row for each time that something was found; open until `resolved_at` is set. `user`, `account` and
#: `partition` are those of the job that it is about.
alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", String(32), primary_key=True),
    Column("cluster", String(64), nullable=False),
    Column("rule", String(32), nullable=False),
    Column("subject", String(320), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("message", Text, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("acknowledged_at", BigInteger),
    Column("acknowledged_by", String(256)),
    Column("comment", Text),
    Column("is_silenced", Boolean, nullable=False),
    Column("user", String(256)),
    Column("account", String(256)),
    Column("partition", String(1024)),
    Index("ix_alerts_raised_at", "cluster", "raised_at"),
)

silences = Table(
    "silences",
    metadata,
    Column("silence_id", String(32), primary_key=True),
    Column("cluster", String(64), nullable=False),
    Column("rule", String(32)),
    Column("subject", String(320)),
    Column("reason", Text, nullable=False),
    Column("created_by", String(256), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ends_at", BigInteger, nullable=False),
)
