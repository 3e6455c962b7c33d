"""The schema as the code sees it; `s9s.storage.migrations` makes it. Instants are epoch seconds."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

#: The newest migration. A database of another version is migrated, or refused when it is newer.
SCHEMA_VERSION: Final = "0003"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Credentials of every kind that the server keeps. The secret itself is nowhere, only its SHA-256; of a
#: certificate, which is no secret, that is its fingerprint.
tokens = Table(
    "tokens",
    metadata,
    Column("token_id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False, server_default="token"),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    Column("user", String(256), nullable=False),
    Column("role", String(16), nullable=False),
    Column("scopes", String(1024), nullable=False),
    Column("name", String(256)),
    Column("tier", String(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
    Column("restrictions", Text),
    Column("created_by", String(64)),
)

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

#: A number for each topic that grows with every change, so that other processes notice one cheaply.
revisions = Table(
    "revisions",
    metadata,
    Column("topic", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
)

#: How much of its rate limit each credential has used up: when its window began, and the requests that
#: processes have leased of it.
quotas = Table(
    "quotas",
    metadata,
    Column("credential", String(256), primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("leased", BigInteger, nullable=False),
)

#: What was done, by whom: triggers refuse to change or to delete a record. An intent is written before the
#: deed, its outcome (`intent` is its number) after it, everything else as one event.
audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("intent", BigInteger),
    Column("action", String(64)),
    Column("user", String(256)),
    Column("credential", String(256)),
    Column("address", String(64)),
    Column("method", String(16)),
    Column("route", String(256)),
    Column("resource", String(512)),
    Column("what", Text),
    Column("before", Text),
    Column("after", Text),
    Column("result", String(32)),
    Column("status", Integer),
    Column("request_id", String(128)),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Index("ix_audit_at", "at"),
    Index("ix_audit_intent", "intent"),
    Index("ix_audit_user", "user", "number"),
    Index("ix_audit_request_id", "request_id"),
)

#: The newest audit record: what the next one follows, and whoever writes one holds.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    CheckConstraint("id = 1", name="one"),
)
