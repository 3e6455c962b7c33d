"""Queue work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "work",
        sa.Column("item_id", sa.String(64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(256), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.String(128)),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("cursor", sa.Text()),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("is_cancelling", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("expires_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("item_id", name="pk_work"),
        sa.UniqueConstraint("number", name="uq_work_number"),
    )
    op.create_index("ix_work_state", "work", ["state", "kind"])
    op.create_index("ix_work_owner", "work", ["kind", "owner", "number"])
    op.create_index("ix_work_expires_at", "work", ["expires_at"])
    op.create_table(
        "work_turns",
        sa.Column("owner", sa.String(256), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name="pk_work_turns"),
    )


def downgrade() -> None:
    op.drop_table("work_turns")
    op.drop_table("work")
