"""scancel: it exits 0 for jobs that are unknown or over, so whoever calls it looks first."""

from __future__ import annotations

from signal import SIGKILL


def cancel(job_id: str) -> list[str]:
    """End a job: TERM, after KillWait KILL; it is CANCELLED at once."""
    return ["scancel", job_id]


def signal_script(job_id: str, signal: int) -> list[str]:
    """Deliver a signal to the batch script's shell alone."""
    return ["scancel", f"--signal={signal}", "--batch", job_id]


def signal_steps(job_id: str, signal: int) -> list[str]:
    """Deliver a signal to the tasks of all steps, not to the batch script."""
    return ["scancel", f"--signal={signal}", job_id]


def kill_all(job_id: str) -> list[str]:
    """Kill the batch script with its children and all steps. Left to itself the job would end FAILED."""
    return ["scancel", f"--signal={int(SIGKILL)}", "--full", job_id]
