"""The domain to requests in the newest parser's form (v0.0.45): everything but submissions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from s9s.backends.slurmrestd.steps import Request
from s9s.domain.durations import UNLIMITED
from s9s.domain.errors import ValidationError
from s9s.domain.jobs import JobUpdate
from s9s.domain.nodes import NodeUpdate

#: NO_VAL - 1: larger numbers mean something else to Slurm.
_LARGEST: Final = 4294967293
_ENDED: Final = (
    "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE",
    "OUT_OF_MEMORY",
)  # fmt: skip

PING: Final = Request(operation="ping", path=("ping",))
LIST_CLUSTERS: Final = Request(operation="list clusters", plugin="slurmdb", path=("clusters",))
SHOW_CONFIGURATION: Final = Request(operation="show configuration", path=("conf",))
# Hidden partitions are shown with ALL only.
LIST_PARTITIONS: Final = Request(operation="list partitions", path=("partitions",), query=(("flags", "ALL"),))
LIST_RESERVATIONS: Final = Request(operation="list reservations", path=("reservations",))
LIST_USERS: Final = Request(
    operation="list users",
    plugin="slurmdb",
    path=("users",),
    # Without these, associations and the default account are empty (24.11, 26.05).
    query=(("with_assocs", "true"), ("with_coords", "true")),
)
LIST_ASSOCIATIONS: Final = Request(operation="list associations", plugin="slurmdb", path=("associations",))
LIST_SHARES: Final = Request(operation="list shares", path=("shares",))


def number(value: int) -> dict[str, Any]:
    """A number object."""
    return {"set": True, "infinite": False, "number": value}


def minutes(seconds: int) -> dict[str, Any]:
    """A limit, rounded up to whole minutes as Slurm does."""
    if seconds == UNLIMITED:
        return {"set": True, "infinite": True, "number": 0}
    return number(-(-seconds // 60))


def list_jobs(update_time: int | None) -> Request:
    """All jobs, if any has changed since `update_time`.

    Without DETAIL, which costs four times the bytes for ``job_resources``.
    """
    query = [("flags", "ALL")]
    if update_time is not None:
        query.append(("update_time", str(update_time)))
    return Request(operation="list jobs", path=("jobs",), query=tuple(query))


def list_nodes(update_time: int | None) -> Request:
    """All nodes, if any has changed since `update_time`.

    Without flags: only the default ones tell both MIXED and the GRES in use.
    """
    query = () if update_time is None else (("update_time", str(update_time)),)
    return Request(operation="list nodes", path=("nodes",), query=query)


def show_job(job_id: str) -> Request:
    """The records of a job; of an array, all of them."""
    return Request(operation="show job", path=("job", job_id), query=(("flags", "ALL"),))


def show_node(name: str) -> Request:
    """One node."""
    return Request(operation="show node", path=("node", name))


def list_accounted_jobs(start: int, end: int, *, steps: bool = False) -> Request:
    """Jobs of accounting that ended within a window, of those that slurmdbd shows; steps are costly.

    With states, so that jobs which were never eligible are found too (held, then cancelled); states need
    an explicit end. ``uts`` is the one notation of time that all versions take.
    """
    states = tuple(("state", state) for state in _ENDED)
    window: tuple[tuple[str, str], ...] = (("start_time", f"uts{start}"), ("end_time", f"uts{end}"))
    if not steps:
        window += (("skip_steps", "true"),)
    return Request(operation="list accounted jobs", plugin="slurmdb", path=("jobs",), query=window + states)


def show_accounted_job(job_id: str) -> Request:
    """A job of accounting with its steps."""
    return Request(operation="show accounted job", plugin="slurmdb", path=("job", job_id))


def cancel_job(job_id: str) -> Request:
    """End a job as scancel does: SIGTERM, KillWait, SIGKILL."""
    return Request(operation="cancel", method="DELETE", path=("job", job_id))


def signal_job(job_id: str, signal: int) -> Request:
    """Deliver a signal to the steps and the batch script."""
    query = (("signal", str(signal)), ("flags", "FULL_JOB"))
    return Request(operation="signal", method="DELETE", path=("job", job_id), query=query)


def kill_job(job_id: str, *, batch: bool) -> Request:
    """SIGKILL for the batch script or for the steps, without ending the job by itself.

    Without flags SIGKILL would be a cancel, with SIGTERM and KillWait first.
    """
    flag = "BATCH_JOB" if batch else "FULL_STEPS_ONLY"
    query = (("signal", "KILL"), ("flags", flag))
    return Request(operation="kill", method="DELETE", path=("job", job_id), query=query)


def requeue_job(job_id: str) -> Request:
    """Put a job back into the queue. A GET that writes."""
    return Request(operation="requeue", path=("job", job_id, "requeue"), repeat=False)


def update_job(job_id: str, update: JobUpdate) -> Request:
    """Change a job."""
    body: dict[str, Any] = {}
    if update.hold is not None:
        body["hold"] = update.hold
    if update.priority is not None:
        if not 1 <= update.priority <= _LARGEST:
            raise ValidationError.of("priority", update.priority, f"1 to {_LARGEST}; to stop a job, hold it")
        body["priority"] = number(update.priority)
    if update.time_limit_seconds is not None:
        body["time_limit"] = minutes(update.time_limit_seconds)
    texts = {
        "partition": update.partition,
        "qos": update.qos,
        "account": update.account,
        "name": update.job_name,
        "comment": update.comment,
    }
    body |= {name: value for name, value in texts.items() if value is not None}
    if update.nice is not None:
        body["nice"] = update.nice
    return Request(operation="update job", method="POST", path=("job", job_id), body=body)


def update_nodes(names: Sequence[str], update: NodeUpdate) -> Request:
    """Change the state of nodes."""
    body: dict[str, Any] = {"name": list(names), "state": [update.action.value]}
    if update.reason is not None:
        body["reason"] = update.reason
    if update.resume_after_seconds is not None:
        body["resume_after"] = number(update.resume_after_seconds)
    return Request(operation="update nodes", method="POST", path=("nodes",), body=body)
