"""sbatch: a submission as options, which win over the script's ``#SBATCH`` lines."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Final

from s9s.domain.directives import parse_directives
from s9s.domain.durations import format_duration
from s9s.domain.errors import ValidationError
from s9s.domain.jobs import JobSubmission, Submitted

#: Fields whose values are options as they stand.
_PLAIN: Final = {
    "job_name": "job-name", "partition": "partition", "account": "account", "qos": "qos", "tasks": "ntasks",
    "tasks_per_node": "ntasks-per-node", "cpus_per_task": "cpus-per-task", "gpus": "gpus",
    "gpus_per_node": "gpus-per-node", "gres": "gres", "standard_input": "input",
    "standard_output": "output", "standard_error": "error", "dependency": "dependency", "array": "array",
    "constraint": "constraint", "reservation": "reservation", "nodelist": "nodelist", "exclude": "exclude",
    "licenses": "licenses", "nice": "nice", "priority": "priority", "comment": "comment",
    "mail_type": "mail-type", "mail_user": "mail-user", "open_mode": "open-mode", "signal": "signal",
}  # fmt: skip

# In one of the lines before the first command.
_EXPORT: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*?#SBATCH[^\n]*[ \t]--export[= \t]")
_CHDIR: Final = re.compile(r"(?:-D ?|--chdir[= ])(.+)")
_JOB_ID: Final = re.compile(r"(\d+)(?:;.*)?")


def argv(submission: JobSubmission, home: str, environment_fd: int) -> list[str]:
    """The command; the script goes to its standard input.

    Args:
        submission: What is asked for.
        home: Where the job runs if neither the submission nor its script says so.
        environment_fd: The descriptor with the job's environment, see `environment`. It is named by its
            path, since sbatch reads it once for each component of a heterogeneous job.
    """
    options = ["sbatch", "--parsable", f"--export-file=/dev/fd/{environment_fd}"]
    # 26.05 drops the environment of the file without --export. The script's own wins, unless the request
    # has variables: --export=NONE would lose them.
    if submission.environment or not _EXPORT.match(submission.script):
        options.append("--export=ALL")
    options.append(f"--chdir={_directory(submission, home)}")
    for field, option in _PLAIN.items():
        value = getattr(submission, field)
        if value is not None:
            options.append(f"--{option}={value}")
    return options + _amounts(submission) + _times(submission) + _flags(submission)


def script(submission: JobSubmission) -> bytes:
    """What goes to sbatch's standard input. Raises `ValidationError`."""
    return _encoded("script", submission.script)


def environment(submission: JobSubmission, login: Mapping[str, str]) -> bytes:
    """The whole environment that the job begins with, as ``--export-file`` reads it.

    It never becomes the environment of sbatch on this host.

    Args:
        submission: Its variables win over all others.
        login: What its user has after a login, HOME among it.

    Raises:
        ValidationError: for what cannot be a variable.
    """
    # sbatch would say where it was started, and 22.05 takes the name from its own environment.
    variables = {**login, "SLURM_SUBMIT_DIR": _directory(submission, login["HOME"])}
    name = submission.job_name or parse_directives(submission.script).submission_fields.get("job_name")
    if isinstance(name, str):
        variables["SLURM_JOB_NAME"] = name
    variables |= submission.environment
    return b"".join(_variable(name, value) for name, value in variables.items())


def _directory(submission: JobSubmission, home: str) -> str:
    if submission.working_directory is not None:
        return submission.working_directory
    directives = parse_directives(submission.script)
    if isinstance(absolute := directives.submission_fields.get("working_directory"), str):
        return absolute
    relative = [match[1] for option in directives.unknown if (match := _CHDIR.fullmatch(option))]
    return posixpath.join(home, relative[-1]) if relative else home


def _variable(name: str, value: str) -> bytes:
    if not name or "=" in name or "\0" in name or "\0" in value:
        allowed = "names without =, and neither names nor values with NUL"
        raise ValidationError.of("environment", ascii(name), allowed)
    return _encoded("environment", f"{name}={value}\0")


def _encoded(parameter: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValidationError.of(parameter, ascii(text[:200]), "text that UTF-8 can hold") from error


def parse(stdout: bytes, stderr: str) -> Submitted:
    """The id of the job (``123`` or ``123;cluster``) and what Slurm remarked. Raises `ValueError`."""
    match = _JOB_ID.fullmatch(stdout.decode("utf-8", "replace").strip())
    if match is None:
        raise ValueError("sbatch printed no job id")
    return Submitted(job_id=match[1], message=stderr.strip()[:2000] or None)


def _amounts(submission: JobSubmission) -> list[str]:
    options = []
    if submission.nodes is not None:
        most = f"-{submission.nodes_max}" if submission.nodes_max is not None else ""
        options.append(f"--nodes={submission.nodes}{most}")
    if submission.memory_mib is not None:
        options.append(f"--mem={submission.memory_mib}M")
    if submission.memory_per_cpu_mib is not None:
        options.append(f"--mem-per-cpu={submission.memory_per_cpu_mib}M")
    if submission.cpus_per_node is not None:
        options += ["--ntasks-per-node=1", f"--cpus-per-task={submission.cpus_per_node}"]
    return options


def _times(submission: JobSubmission) -> list[str]:
    options = []
    if submission.time_limit_seconds is not None:
        options.append(f"--time={format_duration(submission.time_limit_seconds)}")
    if submission.time_min_seconds is not None:
        options.append(f"--time-min={format_duration(submission.time_min_seconds)}")
    # "uts" and epoch seconds: the one form that needs no time zone.
    if submission.begin_time is not None:
        options.append(f"--begin=uts{submission.begin_time}")
    if submission.deadline is not None:
        options.append(f"--deadline=uts{submission.deadline}")
    return options


def _flags(submission: JobSubmission) -> list[str]:
    options = []
    if submission.hold:
        options.append("--hold")
    if submission.requeue is not None:
        options.append("--requeue" if submission.requeue else "--no-requeue")
    if submission.exclusive:
        options.append("--exclusive")
    return options
