"""Keep finished jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "finished_jobs",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cluster", sa.String(64), nullable=False),
        sa.Column("numeric_id", sa.BigInteger(), nullable=False),
        sa.Column("submit_time", sa.BigInteger(), nullable=False),
        sa.Column("end_time", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("family", sa.BigInteger()),
        sa.Column("job_name", sa.Text(), nullable=False),
        sa.Column("user", sa.String(256), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("flags", sa.Text()),
        sa.Column("account", sa.String(256)),
        sa.Column("partition", sa.Text(), nullable=False),
        sa.Column("qos", sa.String(256)),
        sa.Column("array_job_id", sa.BigInteger()),
        sa.Column("array_task_id", sa.BigInteger()),
        sa.Column("array_tasks", sa.Text()),
        sa.Column("het_job_id", sa.BigInteger()),
        sa.Column("het_job_offset", sa.Integer()),
        sa.Column("eligible_time", sa.BigInteger()),
        sa.Column("start_time", sa.BigInteger()),
        sa.Column("suspended_seconds", sa.BigInteger(), nullable=False),
        sa.Column("elapsed_seconds", sa.BigInteger(), nullable=False),
        sa.Column("time_limit_seconds", sa.BigInteger()),
        sa.Column("nodes", sa.Text()),
        sa.Column("node_count", sa.Integer(), nullable=False),
        sa.Column("cpu_count", sa.Integer(), nullable=False),
        sa.Column("memory_mib", sa.BigInteger()),
        sa.Column("gpus", sa.Integer(), nullable=False),
        sa.Column("priority", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        sa.Column("working_directory", sa.Text()),
        sa.Column("command", sa.Text()),
        sa.Column("standard_input", sa.Text()),
        sa.Column("standard_output", sa.Text()),
        sa.Column("standard_error", sa.Text()),
        sa.Column("exit_code", sa.Integer()),
        sa.Column("signal", sa.Integer()),
        sa.Column("dependency", sa.Text()),
        sa.Column("comment", sa.Text()),
        sa.Column("features", sa.Text()),
        sa.Column("reservation", sa.Text()),
        sa.Column("requeue_count", sa.Integer(), nullable=False),
        sa.Column("cpu_seconds", sa.Float()),
        sa.Column("max_memory_mib", sa.Float()),
        sa.Column("max_task_memory_mib", sa.Float()),
        sa.Column("max_memory_node", sa.Text()),
        sa.Column("tasks", sa.Integer()),
        sa.Column("gpu_utilization", sa.Float()),
        sa.PrimaryKeyConstraint("number", name="pk_finished_jobs"),
    )
    op.create_index("ix_finished_jobs_end_time", "finished_jobs", ["cluster", "end_time", "numeric_id"])
    op.create_index("ix_finished_jobs_family", "finished_jobs", ["cluster", "family"])
    op.create_index("ix_finished_jobs_submit_time", "finished_jobs", ["cluster", "submit_time", "numeric_id"])
    op.create_index(
        "ix_finished_jobs_usage",
        "finished_jobs",
        [
            "cluster",
            "user",
            "end_time",
            "elapsed_seconds",
            "cpu_count",
            "memory_mib",
            "gpus",
            "cpu_seconds",
            "max_memory_mib",
            "gpu_utilization",
            "account",
            "partition",
            "state",
        ],
    )
    op.create_index(
        "uq_finished_jobs_job", "finished_jobs", ["cluster", "numeric_id", "submit_time"], unique=True
    )

    op.create_table(
        "history_progress",
        sa.Column("cluster", sa.String(64), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("hourly_at", sa.BigInteger()),
        sa.Column("daily_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("cluster", name="pk_history_progress"),
    )


def downgrade() -> None:
    op.drop_table("history_progress")

    op.drop_table("finished_jobs")
