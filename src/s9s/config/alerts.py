"""What is an alert, and who is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from s9s.config.section import AbsolutePath, Section, Texts, split

RuleName = Literal[
    "node_down", "node_drained", "slurmctld_unreachable", "slurmdbd_unreachable", "snapshot_stale",
    "queue_wait", "utilization_low", "job_failed", "job_timeout", "job_out_of_memory",
]  # fmt: skip


class Alerts(Section):
    """Alerts: what is raised when something is wrong, and resolved when it is over."""

    off: Annotated[
        tuple[RuleName, ...],
        BeforeValidator(split),
        Field(examples=['["job_failed", "job_timeout"]']),
    ] = ()
    """Rules that raise none, of `node_down`, `node_drained`, `slurmctld_unreachable`, `slurmdbd_unreachable`,
    `snapshot_stale`, `queue_wait`, `utilization_low`, `job_failed`, `job_timeout` and `job_out_of_memory`."""
    for_seconds: Annotated[float, Field(ge=0, le=86400)] = 30.0
    """How long something must be wrong before it is an alert."""
    queue_wait_seconds: Annotated[int, Field(ge=0, le=366 * 86400)] = 86400
    """Wait of jobs for resources that is an alert (`queue_wait`); 0 is never."""
    utilization_percent: Annotated[float, Field(ge=0, le=100)] = 20.0
    """Share of allocated CPUs below which it is an alert that jobs wait for resources (`utilization_low`);
    0 is never."""
    stale_seconds: Annotated[int, Field(ge=0, le=86400)] = 120
    """Age of what is known of jobs that is an alert (`snapshot_stale`); 0 is never."""
    job_seconds: Annotated[int, Field(ge=60, le=30 * 86400)] = 3600
    """How long an alert about a job that failed stays open."""
    email: Annotated[Texts, Field(examples=['["hpc-admins@example.com"]'])] = ()
    """Addresses that are told of alerts, where there is a `mail.host`; `mail.allowed_recipients` holds."""
    webhooks: Annotated[Texts, Field(examples=['["https://hooks.example.com/s9s"]'])] = ()
    """Addresses that alerts are posted to, signed; `outgoing.allowed` holds."""
    webhook_secret_file: AbsolutePath | None = None
    """File with what the posts are signed with, readable by the server's user only. Must be set where there
    are `webhooks`."""
    least: Literal["info", "warning", "critical"] = "warning"
    """How much an alert must matter to be sent."""
    keep_days: Annotated[int, Field(ge=1, le=3660)] = 90
    """Days for which resolved alerts are kept."""
