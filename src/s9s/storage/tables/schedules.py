"""Schedules of reports."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text

from s9s.storage.tables.metadata import metadata

#: Who takes a run moves `next_run_at` on, in the transaction that queues the report, and only from the
#: value that it saw: of several servers one.
schedules = Table(
    "schedules",
    metadata,
    Column("schedule_id", String(64), primary_key=True),
    Column("cluster", String(64), nullable=False),
    Column("owner", String(256), nullable=False),
    Column("name", String(256), nullable=False),
    Column("cron", String(256), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("is_enabled", Boolean(create_constraint=False), nullable=False),
    Column("request", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("is_known", Boolean(create_constraint=False), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("next_run_at", BigInteger),
    Column("last_run_at", BigInteger),
    Column("last_status", String(16)),
    Column("last_error", Text),
    Column("last_report_id", String(64)),
    Column("version", BigInteger, nullable=False),
    Index("ix_schedules_next_run_at", "cluster", "next_run_at"),
    Index("ix_schedules_owner", "cluster", "owner"),
)
