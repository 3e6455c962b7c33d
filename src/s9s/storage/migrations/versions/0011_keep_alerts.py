"""Keep alerts and silences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(32), nullable=False),
        sa.Column("cluster", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(320), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger()),
        sa.Column("acknowledged_at", sa.BigInteger()),
        sa.Column("acknowledged_by", sa.String(256)),
        sa.Column("comment", sa.Text()),
        sa.Column("is_silenced", sa.Boolean(), nullable=False),
        sa.Column("user", sa.String(256)),
        sa.Column("account", sa.String(256)),
        sa.Column("partition", sa.String(1024)),
        sa.PrimaryKeyConstraint("alert_id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_raised_at", "alerts", ["cluster", "raised_at"])
    op.create_table(
        "silences",
        sa.Column("silence_id", sa.String(32), nullable=False),
        sa.Column("cluster", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(32)),
        sa.Column("subject", sa.String(320)),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(256), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("silence_id", name="pk_silences"),
    )


def downgrade() -> None:
    op.drop_table("silences")
    op.drop_table("alerts")
