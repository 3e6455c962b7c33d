"""Jobs that have ended."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table, Text

from s9s.storage.tables.metadata import metadata

#: A row for each job that has ended, array task, or component; a job is named by its numeric id and submit
#: time, because Slurm uses ids again. Named as in `domain.jobs`, whose units hold; `nodes` is a hostlist,
#: `flags` a comma list, `family` the id of the array or heterogeneous job, `end_time` when it ended or else
#: was submitted.
finished_jobs = Table(
    "finished_jobs",
    metadata,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("cluster", String(64), nullable=False),
    Column("numeric_id", BigInteger, nullable=False),
    Column("submit_time", BigInteger, nullable=False),
    Column("end_time", BigInteger, nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("family", BigInteger),
    Column("job_name", Text, nullable=False),
    Column("user", String(256), nullable=False),
    Column("state", String(16), nullable=False),
    Column("flags", Text),
    Column("account", String(256)),
    Column("partition", Text, nullable=False),
    Column("qos", String(256)),
    Column("array_job_id", BigInteger),
    Column("array_task_id", BigInteger),
    Column("array_tasks", Text),
    Column("het_job_id", BigInteger),
    Column("het_job_offset", Integer),
    Column("eligible_time", BigInteger),
    Column("start_time", BigInteger),
    Column("suspended_seconds", BigInteger, nullable=False),
    Column("elapsed_seconds", BigInteger, nullable=False),
    Column("time_limit_seconds", BigInteger),
    Column("nodes", Text),
    Column("node_count", Integer, nullable=False),
    Column("cpu_count", Integer, nullable=False),
    Column("memory_mib", BigInteger),
    Column("gpus", Integer, nullable=False),
    Column("priority", BigInteger),
    Column("reason", Text),
    Column("working_directory", Text),
    Column("command", Text),
    Column("standard_input", Text),
    Column("standard_output", Text),
    Column("standard_error", Text),
    Column("exit_code", Integer),
    Column("signal", Integer),
    Column("dependency", Text),
    Column("comment", Text),
    Column("features", Text),
    Column("reservation", Text),
    Column("requeue_count", Integer, nullable=False),
    # What it used; all of them unset where nothing was measured.
    Column("cpu_seconds", Float),
    Column("max_memory_mib", Float),
    Column("max_task_memory_mib", Float),
    Column("max_memory_node", Text),
    Column("tasks", Integer),
    Column("gpu_utilization", Float),
    Index("uq_finished_jobs_job", "cluster", "numeric_id", "submit_time", unique=True),
    Index("ix_finished_jobs_submit_time", "cluster", "submit_time", "numeric_id"),
    Index("ix_finished_jobs_end_time", "cluster", "end_time", "numeric_id"),
    Index("ix_finished_jobs_family", "cluster", "family"),
    # All that sums over a user's jobs need, next to each other.
    Index(
        "ix_finished_jobs_usage",
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
        "node_count",
        "numeric_id",
        "job_name",
    ),
)

#: How far the history of each cluster reaches: the jobs that ended in [since, until) are all there.
history_progress = Table(
    "history_progress",
    metadata,
    Column("cluster", String(64), primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    # When the last hours, and the last days, were last read again for what has changed since.
    Column("hourly_at", BigInteger),
    Column("daily_at", BigInteger),
)
