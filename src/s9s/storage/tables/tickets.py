"""Tickets for WebSockets."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from s9s.storage.tables.metadata import metadata

#: Those that are out: a row goes when its ticket is used. `caller` is JSON.
tickets = Table(
    "tickets",
    metadata,
    Column("ticket_hash", LargeBinary, primary_key=True),
    Column("owner", String(320), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("caller", Text, nullable=False),
    Index("ix_tickets_expires_at", "expires_at"),
)
