"""Index what reports sum over."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

_COLUMNS = (
    "cluster", "partition", "user", "account", "end_time", "start_time", "elapsed_seconds", "cpu_count",
    "gpus", "node_count", "state", "eligible_time", "submit_time", "memory_mib", "cpu_seconds",
    "max_memory_mib",
    "gpu_utilization",
)  # fmt: skip


def upgrade() -> None:
    op.create_index("ix_finished_jobs_sums", "finished_jobs", list(_COLUMNS))


def downgrade() -> None:
    op.drop_index("ix_finished_jobs_sums", "finished_jobs")
