"""Credentials and how much of their limits is used up."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, Text

from s9s.storage.tables.metadata import metadata

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

#: How much of its rate limit each credential has used up: when its window began, and the requests that
#: processes have leased of it.
quotas = Table(
    "quotas",
    metadata,
    Column("credential", String(256), primary_key=True),
    Column("started_at", BigInteger, nullable=False),
    Column("leased", BigInteger, nullable=False),
)
