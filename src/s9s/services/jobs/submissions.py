"""What is done with a submission before Slurm sees it, and what can be foreseen about its start."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from s9s.backends.base import UserFiles
from s9s.domain.directives import with_directives
from s9s.domain.durations import UNLIMITED, format_duration
from s9s.domain.errors import ResourceNotFound, ValidationError
from s9s.domain.jobs import JobSubmission
from s9s.domain.memory import format_memory
from s9s.domain.nodes import Node
from s9s.domain.partitions import Partition

#: Slurm's own default for the largest script (MaxScriptSize, 22.05 to 26.05).
MAX_SCRIPT_BYTES: Final = 4 * 1024 * 1024

_ALLOWED: Final = "a batch script that starts with #!, the absolute path of one, or a command line"


async def read_script(script: str, actor: str, files: UserFiles) -> str:
    """The batch script's text, from what a client may give as ``script``.

    In this order: text that starts with ``#!``; an absolute path, read with the actor's own
    permissions; anything else is a command line, wrapped as ``sbatch --wrap`` would.
    """
    if "\0" in script:
        raise ValidationError.of("script", script[:100], "text without NUL")
    if not script.strip():
        raise ValidationError.of("script", script, _ALLOWED)
    if script.startswith("#!"):
        return script
    if script.startswith("/") and "\n" not in script:
        try:
            return await _read_file(script, actor, files)
        except ValidationError as error:
            # What is wrong with the path is wrong with the field that the client sent.
            raise ValidationError(error.message, **{**error.details, "parameter": "script"}) from error
        except ResourceNotFound as error:
            # "/bin/sleep 60" is a command line; a path without blanks can only have been meant as a file.
            if not any(character.isspace() for character in script):
                raise ValidationError.of(
                    "script", script, _ALLOWED, f"Script file {script} not found"
                ) from error
    return f"#!/bin/sh\n# This script was created by sbatch --wrap.\n\n{script}\n"


async def _read_file(path: str, actor: str, files: UserFiles) -> str:
    file = await files.open(path, actor)
    try:
        raw = await asyncio.to_thread(file.read_at, 0, MAX_SCRIPT_BYTES + 1)
    finally:
        file.close()
    if len(raw) > MAX_SCRIPT_BYTES:
        raise ValidationError.of(
            "script", path, f"at most {MAX_SCRIPT_BYTES} bytes", f"Script file {path} is too large"
        )
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise ValidationError.of("script", path, _ALLOWED, f"{path} is not a text file") from error
    if not text.startswith("#!"):
        raise ValidationError.of(
            "script", path, "a file whose first line starts with #!, such as #!/bin/sh",
            f"{path} is not a batch script: its first line does not start with #!",
        )  # fmt: skip
    if "\0" in text:
        raise ValidationError.of("script", path, "text without NUL", f"{path} is not a text file")
    return text


#: The variable that tells the job of one request from all others. It does nothing in the job.
MARK: Final = "S9S_SUBMISSION_ID"


def with_mark(submission: JobSubmission, mark: str) -> JobSubmission:
    """The submission with a mark in its environment, by which its job can be found again.

    A script that chooses its environment itself (``#SBATCH --export``) and is given no variables stays
    without one: with a variable, sbatch would no longer heed what the script says.
    """
    if not submission.environment and "--export" in submission.script:
        return submission
    return structs.replace(submission, environment={**submission.environment, MARK: mark})


def with_name(submission: JobSubmission, given: str) -> JobSubmission:
    """The submission with the name that sbatch would give it: the script file's, ``wrap`` or ``sbatch``.

    Args:
        submission: Its script is read already; a name in it, or in its ``#SBATCH`` lines, stays.
        given: The script as the client gave it.
    """
    if with_directives(submission)[0].job_name is not None:
        return submission
    if given.startswith("#!"):
        name = "sbatch"
    else:
        name = "wrap" if submission.script.endswith(f"\n{given}\n") else given.rsplit("/", 1)[1]
    return structs.replace(submission, job_name=name)


def warnings_for(
    submission: JobSubmission, partitions: Sequence[Partition], nodes: Sequence[Node]
) -> list[str]:
    """Why a job that Slurm accepts may never start: a sentence for each limit that it exceeds.

    A job for several partitions is only warned about when it fits none of them.
    """
    wanted, _ = with_directives(submission)
    names = wanted.partition.split(",") if wanted.partition else None
    chosen = [one for one in partitions if (one.name in names if names else one.is_default)]
    found = [_obstacles(wanted, partition, nodes) for partition in chosen]
    return found[0] if found and all(found) else []


def _obstacles(wanted: JobSubmission, partition: Partition, nodes: Sequence[Node]) -> list[str]:
    where = f"partition {partition.name}"
    obstacles = []
    if partition.state != "UP":
        obstacles.append(f"The {where} is {partition.state}; the job waits until it is UP")
    limit, most = wanted.time_limit_seconds, partition.max_time_seconds
    if limit is not None and most is not None and most != UNLIMITED and (limit == UNLIMITED or limit > most):
        obstacles.append(
            f"The time limit {format_duration(limit)} exceeds the maximum {format_duration(most)} of {where}"
        )
    if wanted.nodes and wanted.nodes > partition.nodes_total:
        obstacles.append(f"{wanted.nodes} nodes are asked for, but {where} has only {partition.nodes_total}")
    elif wanted.nodes and partition.max_nodes is not None and wanted.nodes > partition.max_nodes:
        obstacles.append(
            f"{wanted.nodes} nodes are asked for, but {where} allows at most {partition.max_nodes} a job"
        )
    if not (wanted.cpus_per_node or wanted.memory_mib or wanted.gpus):
        return obstacles
    members = set(partition.nodes)
    inside = [node for node in nodes if node.node_name in members]
    if not inside:
        return obstacles
    cpus = max(node.cpu_total for node in inside)
    if wanted.cpus_per_node and wanted.cpus_per_node > cpus:
        obstacles.append(
            f"{wanted.cpus_per_node} CPUs per node are asked for, but nodes of {where} have at most {cpus}"
        )
    memory = max(node.memory_total_mib for node in inside)
    if wanted.memory_mib and wanted.memory_mib > memory:
        obstacles.append(
            f"{format_memory(wanted.memory_mib)} of memory per node is asked for, "
            f"but nodes of {where} have at most {format_memory(memory)}"
        )
    gpus = sum(node.gpus_total for node in inside)
    if wanted.gpus and wanted.gpus > gpus:
        obstacles.append(f"{wanted.gpus} GPUs are asked for, but {where} has {gpus}")
    return obstacles
