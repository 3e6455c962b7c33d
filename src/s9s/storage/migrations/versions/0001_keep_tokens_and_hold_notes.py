"""Keep tokens and hold notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("token_id", sa.String(32), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("user", sa.String(256), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("scopes", sa.String(1024), nullable=False),
        sa.Column("name", sa.String(256)),
        sa.Column("tier", sa.String(32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("token_id", name="pk_tokens"),
        sa.UniqueConstraint("secret_hash", name="uq_tokens_secret_hash"),
    )
    op.create_table(
        "hold_notes",
        sa.Column("cluster", sa.String(64), nullable=False),
        sa.Column("numeric_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("submit_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(1024), nullable=False),
        sa.Column("user", sa.String(256), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "numeric_id", "submit_time", name="pk_hold_notes"),
    )
    op.create_index("ix_hold_notes_at", "hold_notes", ["cluster", "at"])
    revisions = op.create_table(
        "revisions",
        sa.Column("topic", sa.String(32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", name="pk_revisions"),
    )
    op.bulk_insert(revisions, [{"topic": "tokens", "number": 0}])


def downgrade() -> None:
    op.drop_table("revisions")
    op.drop_table("hold_notes")
    op.drop_table("tokens")
