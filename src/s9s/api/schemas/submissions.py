"""A submission on the wire, and what it says in the domain's terms."""

from __future__ import annotations

import re
from typing import Annotated, Final

from msgspec import Meta, Struct, field

from s9s.api.values import duration, instant, memory
from s9s.domain.dependencies import format_dependency
from s9s.domain.errors import ValidationError
from s9s.domain.jobs import Dependency, JobSubmission


class DependencyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Start only after another job: `afterok`, `afterany`, `afternotok`, `after`, `singleton`."""

    type: Annotated[str, Meta(examples=["afterok"], min_length=1, max_length=32)]
    job_id: Annotated[str | int, Meta(examples=["12344"])] | None = None


Text = Annotated[str, Meta(max_length=4096)]
Count = Annotated[int, Meta(ge=1, le=10**9)]


class JobSubmissionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A batch job. `#SBATCH` lines inside the script count; fields given here win over them."""

    script: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=4 * 1024 * 1024,
            description="Text that starts with `#!`: the batch script itself. An absolute path: the script "
            "file, read with the submitting user's own permissions. Anything else: a command line, "
            "wrapped as `sbatch --wrap` does.",
            examples=["/home/alice/scripts/simulation.sh"],
        ),
    ]
    job_name: Annotated[str, Meta(min_length=1, max_length=1024)] | None = None
    name: Annotated[str, Meta(min_length=1, max_length=1024, description="Alias of `job_name`")] | None = None
    partition: Text | None = None
    account: Text | None = None
    qos: Text | None = None
    nodes: Annotated[int, Meta(ge=1, le=10**6, description="Number of nodes")] | None = None
    cpus_per_node: Annotated[int, Meta(ge=1, le=10**6, description="That many CPUs on each node")] | None = (
        None
    )
    tasks: Count | None = None
    tasks_per_node: Count | None = None
    cpus_per_task: Count | None = None
    memory: (
        Annotated[str | int, Meta(description="Per node: `64GB`, `1500M`; a number is MB", examples=["64GB"])]
        | None
    ) = None
    memory_per_cpu: Annotated[str | int, Meta(description="Per CPU, instead of `memory`")] | None = None
    gpus: (
        Annotated[int, Meta(ge=0, le=10**6, description="Over the whole job, as `sbatch --gpus`")] | None
    ) = None
    gpus_per_node: Annotated[int, Meta(ge=0, le=10**6)] | None = None
    gres: (
        Annotated[
            str, Meta(max_length=4096, description="Per node, as `sbatch --gres`", examples=["gpu:a100:2"])
        ]
        | None
    ) = None
    time_limit: (
        Annotated[
            str | int,
            Meta(
                description="Any form of `sbatch --time`, also `2h`, `30m`, `7d`; a number is minutes",
                examples=["4:00:00"],
            ),
        ]
        | None
    ) = None
    time_min: Annotated[str | int, Meta(description="Smallest time limit that would do")] | None = None
    working_directory: (
        Annotated[str, Meta(max_length=4096, description="Absolute; the home directory by default")] | None
    ) = None
    standard_input: Text | None = None
    standard_output: (
        Annotated[
            str,
            Meta(
                max_length=4096,
                description="May hold Slurm's patterns, `%j`, `%x` and the like",
                examples=["/home/alice/logs/%j.out"],
            ),
        ]
        | None
    ) = None
    standard_error: Text | None = None
    environment: Annotated[dict[str, str], Meta(description="Variables for the job")] = {}
    dependencies: Annotated[
        list[DependencyBody], Meta(description="All have to be met", max_length=1000)
    ] = []
    array: (
        Annotated[str, Meta(description="As `sbatch --array`", examples=["0-99%10"], max_length=4096)] | None
    ) = None
    begin_time: Annotated[str, Meta(description="Not before this time (RFC 3339)")] | None = None
    deadline: Annotated[str, Meta(description="Removed if it cannot end by this time (RFC 3339)")] | None = (
        None
    )
    features: (
        Annotated[str, Meta(description="Constraint, as `sbatch --constraint`", max_length=4096)] | None
    ) = None
    reservation: Text | None = None
    nodelist: Text | None = None
    exclude: Text | None = None
    licenses: Text | None = None
    nice: Annotated[int, Meta(ge=-(2**31), le=2**31 - 4)] | None = None
    priority: Annotated[int, Meta(ge=0, le=2**32 - 3)] | None = None
    hold: Annotated[bool, Meta(description="Submit held")] | None = None
    requeue: Annotated[bool, Meta(description="Whether the job may be requeued")] | None = None
    exclusive: bool | None = None
    comment: Text | None = None
    mail_type: Text | None = None
    mail_user: Text | None = None


class SubmissionHeaders(Struct, frozen=True):
    """Headers of a submission."""

    idempotency_key: (
        Annotated[
            str,
            Meta(
                description="Any text of the client's own, a new one for each job, such as a UUID. It is "
                "remembered for a day (`submissions.keep_keys_seconds`), for the caller's Slurm user",
                examples=["0b9c9a3e-6f0c-4c1e-9d53-6f8a2f1d7c55"],
                min_length=1,
                max_length=255,
                pattern=r"^[\x20-\x7e]+$",
            ),
        ]
        | None
    ) = field(default=None, name="Idempotency-Key")


class SubmittedJob(Struct, frozen=True):
    """The answer to a submission."""

    job_id: str
    state: str
    message: str
    warnings: Annotated[list[str], Meta(description="Why Slurm accepts the job but may never start it")] = []


def submission_of(body: JobSubmissionBody) -> JobSubmission:
    """The body as the domain says it. Raises `ValidationError` for impossible amounts, times and pairs."""
    if body.name is not None and body.job_name is not None and body.name != body.job_name:
        raise ValidationError.of("name", body.name, "the same as job_name, or only one of the two")
    if body.memory is not None and body.memory_per_cpu is not None:
        raise ValidationError.of("memory_per_cpu", body.memory_per_cpu, "either memory or memory_per_cpu")
    if body.cpus_per_node is not None and (body.tasks_per_node is not None or body.cpus_per_task is not None):
        raise ValidationError.of(
            "cpus_per_node", body.cpus_per_node, "either cpus_per_node, or tasks_per_node and cpus_per_task"
        )
    for name in ("working_directory",):
        value = getattr(body, name)
        if value is not None and not value.startswith("/"):
            raise ValidationError.of(name, value, "an absolute path")
    _check_text(body)
    return JobSubmission(
        script=body.script,
        job_name=body.job_name if body.job_name is not None else body.name,
        partition=body.partition,
        account=body.account,
        qos=body.qos,
        nodes=body.nodes,
        tasks=body.tasks,
        tasks_per_node=body.tasks_per_node,
        cpus_per_task=body.cpus_per_task,
        cpus_per_node=body.cpus_per_node,
        memory_mib=memory("memory", body.memory),
        memory_per_cpu_mib=memory("memory_per_cpu", body.memory_per_cpu),
        gpus=body.gpus or None,
        gpus_per_node=body.gpus_per_node or None,
        gres=body.gres,
        time_limit_seconds=duration("time_limit", body.time_limit),
        time_min_seconds=duration("time_min", body.time_min),
        working_directory=body.working_directory,
        standard_input=body.standard_input,
        standard_output=body.standard_output,
        standard_error=body.standard_error,
        environment=body.environment,
        dependency=_dependency(body.dependencies),
        array=body.array,
        begin_time=instant("begin_time", body.begin_time),
        deadline=instant("deadline", body.deadline),
        constraint=body.features,
        reservation=body.reservation,
        nodelist=body.nodelist,
        exclude=body.exclude,
        licenses=body.licenses,
        nice=body.nice,
        priority=body.priority,
        hold=body.hold,
        requeue=body.requeue,
        exclusive=body.exclusive,
        comment=body.comment,
        mail_type=body.mail_type,
        mail_user=body.mail_user,
    )


#: Types of dependencies that Slurm knows, 22.05 to 26.05; all but the last are on a job.
DEPENDENCY_TYPES: Final = (
    "after",
    "afterany",
    "afterburstbuffer",
    "aftercorr",
    "afternotok",
    "afterok",
    "singleton",
)
_JOB_ID: Final = re.compile(r"[1-9][0-9]{0,9}(_[0-9]{1,9})?", re.ASCII)


def _dependency(bodies: list[DependencyBody]) -> str | None:
    if not bodies:
        return None
    for number, body in enumerate(bodies):
        if body.type not in DEPENDENCY_TYPES:
            raise ValidationError.of(f"dependencies.{number}.type", body.type, list(DEPENDENCY_TYPES))
        needs_job = body.type != "singleton"
        if needs_job and not _JOB_ID.fullmatch(str(body.job_id or "")):
            raise ValidationError.of(
                f"dependencies.{number}.job_id", body.job_id, "a job id like 12344 or 12344_7"
            )
    wanted = [
        Dependency(type=one.type, job_id=None if one.job_id is None else str(one.job_id)) for one in bodies
    ]
    try:
        return format_dependency(wanted)
    except ValueError as error:
        raise ValidationError.of(
            "dependencies", [{"type": one.type, "job_id": one.job_id} for one in wanted], str(error)
        ) from error


def _check_text(body: JobSubmissionBody) -> None:
    """Text that reaches Slurm holds no NUL, and names and paths no line break."""
    for name in body.__struct_fields__:
        value = getattr(body, name)
        if isinstance(value, str) and name not in ("script", "comment", "job_name", "name"):
            if any(ord(character) < 32 or ord(character) == 127 for character in value):
                raise ValidationError.of(name, value, "text without control characters")
        elif isinstance(value, str) and "\0" in value:
            raise ValidationError.of(name, value, "text without NUL")
    for name, value in body.environment.items():
        if not name or "=" in name or "\0" in name + value:
            raise ValidationError.of(
                f"environment.{name}", value, "a variable's name and value, without = and NUL in the name"
            )
