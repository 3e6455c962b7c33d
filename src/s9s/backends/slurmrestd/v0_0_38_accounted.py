"""Answers about accounting in the form of v0.0.38, and each record in the form of v0.0.42.

The structs are named like those of `accounted`, where they are described.
"""

# ruff: noqa: D101

from __future__ import annotations

from typing import Any

from msgspec import Struct, field
from msgspec.structs import asdict

from s9s.backends.slurmrestd import accounted, payloads
from s9s.backends.slurmrestd.payloads import UNSET
from s9s.backends.slurmrestd.v0_0_38_payloads import Answer, limit, number


class User(Struct, frozen=True, kw_only=True):
    name: str
    administrator_level: str | None = None
    default: accounted.UserDefaults = accounted.UserDefaults()
    coordinators: list[accounted.Coordinator] | None = None


class Users(Answer):
    users: list[User] = field(default_factory=list)


class Associations(Answer):
    associations: list[accounted.Association] = field(default_factory=list)


class Clusters(Answer):
    clusters: list[accounted.Cluster] = field(default_factory=list)


class Array(Struct, frozen=True):
    job_id: int = 0
    task_id: int | None = None
    task: str | None = None


class Het(Struct, frozen=True):
    job_id: int | None = None
    job_offset: int | None = None


class State(Struct, frozen=True):
    current: str
    reason: str | None = None


class Time(Struct, frozen=True):
    submission: int | None = None
    eligible: int | None = None
    start: int | None = None
    end: int | None = None
    suspended: int = 0
    limit: int | None = None


class Signal(Struct, frozen=True):
    signal_id: int | None = None


class Exit(Struct, frozen=True):
    return_code: int | None = None
    signal: Signal = Signal()


class Job(Struct, frozen=True, kw_only=True):
    job_id: int
    name: str | None = None
    user: str | None = None
    account: str | None = None
    partition: str | None = None
    qos: str | None = None
    cluster: str | None = None
    state: State
    array: Array = Array()
    het: Het = Het()
    time: Time = Time()
    nodes: str | None = None
    allocation_nodes: int = 0
    tres: accounted.JobTRES = accounted.JobTRES()
    priority: int | None = None
    exit_code: Exit = Exit()
    comment: accounted.Comments = accounted.Comments()
    constraints: str | None = None
    reservation: accounted.Reservation = accounted.Reservation()
    working_directory: str | None = None
    steps: list[accounted.Step] = []


class Jobs(Answer):
    jobs: list[Job] = field(default_factory=list)


def lift_user(user: User) -> accounted.User:
    """A user."""
    return accounted.User(
        name=user.name,
        administrator_level=[user.administrator_level or ""],
        default=user.default,
        coordinators=user.coordinators or [],
    )


def lift_job(job: Job) -> accounted.Job:
    """A job of slurmdbd's."""
    values: dict[str, Any] = asdict(job)
    values["state"] = accounted.State(current=[job.state.current], reason=job.state.reason)
    values["array"] = accounted.Array(job.array.job_id, number(job.array.task_id), job.array.task)
    values["het"] = accounted.Het(job.het.job_id or 0, number(job.het.job_offset))
    values["time"] = accounted.Time(
        submission=job.time.submission,
        eligible=job.time.eligible,
        start=job.time.start,
        end=job.time.end,
        suspended=job.time.suspended,
        limit=limit(job.time.limit),
    )
    values["priority"] = number(job.priority)
    values["exit_code"] = _exit_code(job)
    return accounted.Job(**values)


def _exit_code(job: Job) -> payloads.ExitCode:
    code, signal = job.exit_code.return_code, job.exit_code.signal.signal_id
    if job.state.current == "FAILED" and not code:
        code = None  # 22.05 says 0 whatever the job's exit code was, while sacct knows it
    return payloads.ExitCode(
        return_code=number(code), signal=payloads.Signal(number(signal) if signal else UNSET)
    )
