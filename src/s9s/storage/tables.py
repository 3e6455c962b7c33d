"""The schema as the code sees it; `s9s.storage.migrations` makes it. Instants are epoch seconds."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table

#: The newest migration. A database of another version is migrated, or refused when it is newer.
SCHEMA_VERSION: Final = "0001"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Bearer tokens. The secret itself is nowhere, only its SHA-256.
tokens = Table(
    "tokens",
    metadata,
    Column("token_id", String(32), primary_key=True),
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
