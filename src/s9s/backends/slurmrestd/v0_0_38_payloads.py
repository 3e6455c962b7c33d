"""Answers in the form of v0.0.38, and each record in the form of v0.0.42.

The structs are named like those of `payloads`, where they are described.
"""

# ruff: noqa: D101

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import asdict

from s9s.backends.slurmrestd import payloads
from s9s.backends.slurmrestd.errors import Problem
from s9s.backends.slurmrestd.payloads import UNSET, Number

_NO_VAL: Final = 4294967294
_NOTHING_FOUND: Final = 9003
_UNLIMITED: Final = Number(set=True, infinite=True)


class Slurm(Struct, frozen=True):
    release: str = ""


class Meta(Struct, frozen=True):
    slurm: Slurm = field(default=Slurm(), name="Slurm")


class OldProblem(Struct, frozen=True):
    error: str | None = None
    description: str | None = None
    source: str | None = None
    error_number: int = 0
    error_code: int = 0
    errno: int = 0


class Answer(Struct, kw_only=True):
    meta: Meta = Meta()
    errors: list[OldProblem] = []


class Job(Struct, frozen=True, kw_only=True):
    job_id: int
    name: str | None = None
    user_name: str | None = None
    user_id: int = 0
    account: str | None = None
    partition: str | None = None
    qos: str | None = None
    job_state: str
    array_job_id: int | None = None
    array_task_id: int | None = None
    array_task_string: str | None = None
    het_job_id: int | None = None
    het_job_offset: int | None = None
    submit_time: int | None = None
    eligible_time: int | None = None
    start_time: int | None = None
    end_time: int | None = None
    suspend_time: int | None = None
    pre_sus_time: int | None = None
    time_limit: int | None = None
    nodes: str | None = None
    node_count: int | None = None
    cpus: int | None = None
    tasks: int | None = None
    tres_alloc_str: str | None = None
    tres_req_str: str | None = None
    tres_per_job: str | None = None
    tres_per_node: str | None = None
    tres_per_task: str | None = None
    priority: int | None = None
    state_reason: str | None = None
    current_working_directory: str | None = None
    command: str | None = None
    standard_input: str | None = None
    standard_output: str | None = None
    standard_error: str | None = None
    exit_code: int = 0
    dependency: str | None = None
    comment: str | None = None
    features: str | None = None
    resv_name: str | None = None
    restart_cnt: int = 0


class Jobs(Answer):
    jobs: list[Job] = []


class Node(Struct, frozen=True, kw_only=True):
    name: str
    state: str
    state_flags: list[str] = []
    partitions: list[str] = []
    cpus: int = 0
    alloc_cpus: int = 0
    cpu_load: int = 0
    real_memory: int = 0
    alloc_memory: int = 0
    free_memory: int | None = None
    gres: str | None = None
    gres_used: str | None = None
    features: str | None = None
    architecture: str | None = None
    operating_system: str | None = None
    boot_time: int | None = None
    last_busy: int | None = None
    reason: str | None = None
    reason_changed_at: int | None = None
    reason_set_by_user: str | None = None
    slurmd_version: str | None = None


class Nodes(Answer):
    nodes: list[Node] = []


class Partition(Struct, frozen=True, kw_only=True):
    name: str
    state: str
    flags: list[str] = []
    nodes: str | None = None
    total_nodes: int = 0
    total_cpus: int = 0
    allowed_accounts: str | None = None
    allowed_groups: str | None = None
    allowed_qos: str | None = None
    qos: str | None = None
    default_time_limit: int | None = None
    max_time_limit: int | None = None
    maximum_nodes_per_job: int | None = None
    priority_tier: int = 0


class Partitions(Answer):
    partitions: list[Partition] = []


class Reservation(Struct, frozen=True, kw_only=True):
    name: str
    start_time: int | None = None
    end_time: int | None = None
    node_list: str | None = None
    partition: str | None = None
    users: str | None = None
    accounts: str | None = None
    flags: list[str] = []


class Reservations(Answer):
    reservations: list[Reservation] = []


class Ping(Struct, frozen=True):
    ping: str = ""


class Pings(Answer):
    pings: list[Ping] = []


class Submission(Answer):
    job_id: int | None = None
    job_submit_user_msg: str | None = None


class Written(Answer):
    pass


def common(answer: Answer) -> dict[str, Any]:
    """What every answer has."""
    return {
        "meta": payloads.Meta(slurm=payloads.Slurm(release=answer.meta.slurm.release)),
        "errors": [
            Problem(
                error_number=problem.error_number or problem.error_code or problem.errno,
                error=problem.error,
                description=problem.description,
                source=problem.source,
            )
            for problem in answer.errors
            if problem.error_number != _NOTHING_FOUND
        ],
    }


def is_success_of_an_array(problem: Problem) -> bool:
    """Whether it only claims to be a problem."""
    return problem.error_number == 0 and "job array update" in (problem.description or "")


def number(value: int | None) -> Number:
    """A plain number as a number object."""
    return UNSET if value is None or value == _NO_VAL else Number(set=True, number=value)


def limit(value: int | None) -> Number:
    """`number`, where -1 is unlimited."""
    return _UNLIMITED if value == -1 else number(value)


def _exit_code(wait_status: int) -> payloads.ExitCode:
    signal = wait_status & 0x7F
    return payloads.ExitCode(
        return_code=UNSET if signal else number(wait_status >> 8),
        signal=payloads.Signal(number(signal) if signal else UNSET),
    )


_NUMBERS: Final = (
    "array_job_id", "array_task_id", "het_job_id", "het_job_offset", "submit_time", "eligible_time",
    "start_time", "end_time", "suspend_time", "pre_sus_time", "node_count", "cpus", "tasks", "priority",
)  # fmt: skip


def lift_job(job: Job) -> payloads.Job:
    """A job of slurmctld's."""
    values: dict[str, Any] = asdict(job)
    for name in _NUMBERS:
        values[name] = number(values[name])
    values["job_state"] = [job.job_state]
    values["time_limit"] = _UNLIMITED if job.time_limit is None else number(job.time_limit)
    values["exit_code"] = _exit_code(job.exit_code)
    return payloads.Job(**values)


def lift_node(node: Node) -> payloads.Node:
    """A node."""
    values: dict[str, Any] = asdict(node)
    for name in ("boot_time", "last_busy", "reason_changed_at"):
        values[name] = number(values[name])
    values["state"] = [node.state.upper(), *values.pop("state_flags")]
    values["features"] = [name for name in (node.features or "").split(",") if name]
    values["free_mem"] = number(values.pop("free_memory"))
    values["version"] = values.pop("slurmd_version")
    return payloads.Node(**values)


def lift_reservation(reservation: Reservation) -> payloads.Reservation:
    """A reservation."""
    values: dict[str, Any] = asdict(reservation)
    for name in ("start_time", "end_time"):
        values[name] = number(values[name])
    return payloads.Reservation(**values)


def lift_partition(partition: Partition) -> payloads.Partition:
    """A partition."""
    return payloads.Partition(
        name=partition.name,
        partition=payloads.PartitionState(state=[partition.state]),
        flags=[flag.upper() for flag in partition.flags],
        nodes=payloads.PartitionNodes(configured=partition.nodes, total=partition.total_nodes),
        cpus=payloads.PartitionCPUs(total=partition.total_cpus),
        accounts=payloads.Allowed(partition.allowed_accounts),
        groups=payloads.Allowed(partition.allowed_groups),
        qos=payloads.PartitionQOS(allowed=partition.allowed_qos, assigned=partition.qos),
        defaults=payloads.PartitionLimits(time=limit(partition.default_time_limit)),
        maximums=payloads.PartitionLimits(
            time=limit(partition.max_time_limit), nodes=limit(partition.maximum_nodes_per_job)
        ),
        priority=payloads.PartitionPriority(tier=partition.priority_tier),
    )
