"""A submission's body to the domain's submission."""

from __future__ import annotations

from s9s.api.schemas.jobs import DependencyBody, JobSubmissionBody
from s9s.api.values import duration, instant, memory
from s9s.domain.dependencies import format_dependency
from s9s.domain.errors import ValidationError
from s9s.domain.jobs import Dependency, JobSubmission


def submission_of(body: JobSubmissionBody) -> JobSubmission:
    """The body as the domain says it. Raises `ValidationError` for what no amount, time or pair of fields can be."""
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


def _dependency(bodies: list[DependencyBody]) -> str | None:
    if not bodies:
        return None
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
            raise ValidationError.of(f"environment.{name}", value, "a variable's name and value, without = and NUL in the name")
