"""Index what efficiency needs."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

_COLUMNS = [
    "cluster", "user", "end_time", "elapsed_seconds", "cpu_count", "memory_mib", "gpus", "cpu_seconds",
    "max_memory_mib", "gpu_utilization", "account", "partition", "state",
]  # fmt: skip


def upgrade() -> None:
    op.drop_index("ix_finished_jobs_usage", "finished_jobs")
    op.create_index(
        "ix_finished_jobs_usage", "finished_jobs", [*_COLUMNS, "node_count", "numeric_id", "job_name"]
    )


def downgrade() -> None:
    op.drop_index("ix_finished_jobs_usage", "finished_jobs")
    op.create_index("ix_finished_jobs_usage", "finished_jobs", _COLUMNS)
