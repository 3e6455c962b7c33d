"""What is known of a cluster as a whole."""

from __future__ import annotations

from msgspec import Struct


class ClusterInfo(Struct, frozen=True, kw_only=True):
    """What discovery found."""

    name: str
    slurm_version: str
    """``24.11.5``."""
    routes: dict[str, str]
    """Operation to the way it takes: ``{"list jobs": "squeue", "submit": "slurmrestd v0.0.42"}``."""
    has_accounting: bool = True
    private_data: frozenset[str] = frozenset()
    """Slurm's PrivateData words, lower case: ``jobs``, ``nodes``, ``users``, ..."""
    min_job_age_seconds: int = 300
    """How long slurmctld remembers a finished job."""
    acts_as: str = "anyone"
    """``anyone``; or the one user name this server can act as; or ``nobody`` (read only)."""
    super_users: frozenset[str] = frozenset({"root"})
    """Who may do everything, whatever accounting says of them: root, and SlurmUser where it is known."""
    notes: tuple[str, ...] = ()
    """What an administrator should know or mend, a sentence each."""
