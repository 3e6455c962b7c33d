"""What tells other processes that something has changed."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from s9s.storage.tables.metadata import metadata

#: A number for each topic that grows with every change, so that other processes notice one cheaply.
revisions = Table(
    "revisions",
    metadata,
    Column("topic", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
)
