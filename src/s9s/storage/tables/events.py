"""The event log."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, Table

from s9s.storage.tables.metadata import metadata

#: Events in the order of their numbers, as many in one row as were written together: `first` to `last`.
event_batches = Table(
    "event_batches",
    metadata,
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("events", LargeBinary, nullable=False),
    Index("ix_event_batches_last", "last"),
    Index("ix_event_batches_at", "at"),
)

#: The newest event's number: what the next one follows, and whoever writes one holds.
event_head = Table(
    "event_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    CheckConstraint("id = 1", name="one"),
)

#: All that was known of the cluster after the event `sequence`, in parts; with the events since then it is
#: what clients have been told.
event_checkpoints = Table(
    "event_checkpoints",
    metadata,
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
