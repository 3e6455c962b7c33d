"""What people say about jobs."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from s9s.storage.tables.metadata import metadata

#: Why jobs are held; a job is named by its numeric id and submit time, because Slurm uses ids again.
hold_notes = Table(
    "hold_notes",
    metadata,
    Column("cluster", String(64), primary_key=True),
    Column("numeric_id", BigInteger, primary_key=True, autoincrement=False),
    Column("submit_time", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", String(1024), nullable=False),
    Column("user", String(256), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_hold_notes_at", "cluster", "at"),
)
