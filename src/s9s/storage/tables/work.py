"""The queue of background work."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, String, Table, Text

from s9s.storage.tables.metadata import metadata

#: What is to be done, is being done, and was done lately. A worker holds an item until `lease_until`;
#: `fence` grows with each lease, so that who has lost it can no longer finish it.
work = Table(
    "work",
    metadata,
    Column("item_id", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("owner", String(256), nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("worker", String(128)),
    Column("lease_until", BigInteger),
    Column("cursor", Text),
    Column("progress", Float, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("is_cancelling", Boolean(create_constraint=False), nullable=False),
    Column("result", Text),
    Column("error", Text),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("expires_at", BigInteger),
    Index("ix_work_state", "state", "kind"),
    Index("ix_work_owner", "kind", "owner", "number"),
    Index("ix_work_expires_at", "expires_at"),
)

#: When each owner's work was last taken up, as a number that grows: who waits longest is next.
work_turns = Table(
    "work_turns",
    metadata,
    Column("owner", String(256), primary_key=True),
    Column("turn", BigInteger, nullable=False),
)
