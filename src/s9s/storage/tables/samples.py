"""Samples of clusters over time."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Integer, String, Table, Text

from s9s.storage.tables.metadata import metadata

#: A row for each span of each kept length; `partition` is empty for the whole cluster, `jobs` and `nodes` are
#: counts by state as JSON. The key is in the order in which series are read.
samples = Table(
    "samples",
    metadata,
    Column("cluster", String(64), primary_key=True),
    Column("step_seconds", Integer, primary_key=True, autoincrement=False),
    Column("partition", String(256), primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("covered_seconds", Integer, nullable=False),
    Column("cpus_total", Float, nullable=False),
    Column("cpus_allocated", Float, nullable=False),
    Column("memory_total_mib", Float, nullable=False),
    Column("memory_allocated_mib", Float, nullable=False),
    Column("gpus_total", Float, nullable=False),
    Column("gpus_allocated", Float, nullable=False),
    Column("jobs", Text, nullable=False),
    Column("nodes", Text, nullable=False),
    Column("pending_max", BigInteger, nullable=False),
    Column("submitted", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("completed", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("cancelled", BigInteger, nullable=False),
    Column("wait_seconds_sum", BigInteger, nullable=False),
    Column("wait_count", BigInteger, nullable=False),
    Column("wait_seconds_max", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
