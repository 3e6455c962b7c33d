"""Keep samples of clusters over time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MEANS = (
    "cpus_total", "cpus_allocated", "memory_total_mib", "memory_allocated_mib",
    "gpus_total", "gpus_allocated",
)  # fmt: skip
_COUNTS = (
    "pending_max", "submitted", "started", "completed", "failed", "cancelled", "wait_seconds_sum",
    "wait_count", "wait_seconds_max",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "samples",
        sa.Column("cluster", sa.String(64), nullable=False),
        sa.Column("step_seconds", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("partition", sa.String(256), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("covered_seconds", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=False) for name in _MEANS),
        sa.Column("jobs", sa.Text(), nullable=False),
        sa.Column("nodes", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("cluster", "step_seconds", "partition", "at", name="pk_samples"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("samples")
