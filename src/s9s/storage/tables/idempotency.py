"""Requests that clients may repeat without having them done twice."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, LargeBinary, String, Table, Text

from s9s.storage.tables.metadata import metadata

#: A row for each `Idempotency-Key`; the key is there only as its hash together with whose it is. `answer` is
#: ``NULL`` until the request has been done; `marker` finds what was done when the server ended in between.
idempotency = Table(
    "idempotency",
    metadata,
    Column("key_hash", LargeBinary(32), primary_key=True),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("marker", String(64), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("answer", Text),
    Index("ix_idempotency_started_at", "started_at"),
)
