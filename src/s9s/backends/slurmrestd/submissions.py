"""A batch job to submit, in the newest parser's form (v0.0.45)."""

from __future__ import annotations

import re
from typing import Any, Final

from s9s.backends.slurmrestd.build import minutes, number
from s9s.backends.slurmrestd.steps import Request
from s9s.domain.errors import ValidationError
from s9s.domain.jobs import JobSubmission

#: Fields that go over as they are.
_PLAIN: Final = {
    "job_name": "name",
    "partition": "partition",
    "account": "account",
    "qos": "qos",
    "tasks": "tasks",
    "tasks_per_node": "tasks_per_node",
    "cpus_per_task": "cpus_per_task",
    "standard_input": "standard_input",
    "standard_output": "standard_output",
    "standard_error": "standard_error",
    "dependency": "dependency",
    "array": "array",
    "deadline": "deadline",
    "constraint": "constraints",
    "reservation": "reservation",
    "licenses": "licenses",
    "nice": "nice",
    "hold": "hold",
    "requeue": "requeue",
    "comment": "comment",
    "mail_user": "mail_user",
}
_MAIL: Final = {
    "TIME_LIMIT": "TIME=100%",
    "TIME_LIMIT_90": "TIME=90%",
    "TIME_LIMIT_80": "TIME=80%",
    "TIME_LIMIT_50": "TIME=50%",
    "INVALID_DEPEND": "INVALID_DEPENDENCY",
}
_ALL_MAIL: Final = ("BEGIN", "END", "FAIL", "INVALID_DEPENDENCY", "REQUEUE", "STAGE_OUT")
_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
_WARNING: Final = re.compile(
    r"(?:(?P<who>[BR]{1,2}):)?(?P<signal>[A-Za-z0-9+]+)(?:@(?P<seconds>\d{1,5}))?", re.ASCII
)
_WHO: Final = {"B": "BATCH_JOB", "R": "RESERVATION_JOB"}


def submit(submission: JobSubmission, *, actor: str, home: str | None) -> Request:
    """The request for a batch job.

    Args:
        submission: Checked, and with the script's directives in it: slurmrestd ignores them.
        actor: Whose job it will be.
        home: Where the job starts if the submission does not say; ``None`` where it is not known.

    Raises:
        ValidationError: when a signal is none, or it is not known where to start.
    """
    folder = submission.working_directory or home
    if folder is None:
        raise ValidationError.of(
            "working_directory", None, f"a path, as the home of {actor} is not known here"
        )
    # Slurm wants at least one variable; these are what a login would set.
    environment = {"PATH": _PATH, "USER": actor, "LOGNAME": actor, "SHELL": "/bin/bash"}
    if home is not None:
        environment["HOME"] = home
    job: dict[str, Any] = {
        "script": submission.script,
        "current_working_directory": folder,
        "environment": [f"{name}={value}" for name, value in (environment | submission.environment).items()],
    }
    for ours, slurms in _PLAIN.items():
        value = getattr(submission, ours)
        if value is not None:
            job[slurms] = value
    job |= _amounts(submission) | _placement(submission) | _habits(submission)
    return Request(operation="submit", method="POST", path=("job", "submit"), body={"job": job})


def check_script(script: str) -> None:
    """Raise `ValidationError` for what sbatch would refuse."""
    # slurmrestd accepts all of these, and the job fails when it starts.
    if not script.startswith("#!"):
        raise ValidationError.of("script", script[:40], "text that begins with #!")
    if "\r\n" in script:
        raise ValidationError.of("script", "CRLF", "lines that end with LF, not with CRLF as on Windows")
    if "\0" in script:
        raise ValidationError.of("script", "NUL", "text without NUL characters")


def _amounts(submission: JobSubmission) -> dict[str, Any]:
    job: dict[str, Any] = {}
    if submission.nodes is not None:
        most = submission.nodes_max
        job["nodes"] = str(submission.nodes) if most is None else f"{submission.nodes}-{most}"
    if submission.cpus_per_node is not None:
        if (
            submission.tasks_per_node is None
            and submission.cpus_per_task is None
            and submission.tasks is None
        ):
            job |= {"tasks_per_node": 1, "cpus_per_task": submission.cpus_per_node}
            if submission.nodes is not None and submission.nodes_max is None:
                # As sbatch does: otherwise 22.05 counts the CPUs of one node only while the job waits.
                job["tasks"] = submission.nodes
        else:
            job["minimum_cpus_per_node"] = submission.cpus_per_node
    if submission.memory_mib is not None:
        job["memory_per_node"] = number(submission.memory_mib)
    if submission.memory_per_cpu_mib is not None:
        job["memory_per_cpu"] = number(submission.memory_per_cpu_mib)
    if submission.gpus is not None:
        job["tres_per_job"] = f"gres/gpu:{submission.gpus}"
    per_node = [_gres(item) for item in (submission.gres or "").split(",") if item]
    if submission.gpus_per_node is not None:
        per_node.append(f"gres/gpu:{submission.gpus_per_node}")
    if per_node:
        job["tres_per_node"] = ",".join(per_node)
    if submission.time_limit_seconds is not None:
        job["time_limit"] = minutes(submission.time_limit_seconds)
    if submission.time_min_seconds is not None:
        job["time_minimum"] = minutes(submission.time_min_seconds)
    return job


def _gres(item: str) -> str:
    """``gres/gpu:2`` of ``gpu:2`` or ``gres:gpu:2``: without the prefix Slurm knows no such TRES (2115)."""
    return "gres/" + item.removeprefix("gres:").removeprefix("gres/")


def _placement(submission: JobSubmission) -> dict[str, Any]:
    job: dict[str, Any] = {}
    if submission.begin_time is not None:
        job["begin_time"] = number(submission.begin_time)
    if submission.nodelist is not None:
        job["required_nodes"] = [submission.nodelist]
    if submission.exclude is not None:
        job["excluded_nodes"] = [submission.exclude]
    if submission.priority is not None:
        job["priority"] = number(submission.priority)
    if submission.exclusive:
        job["shared"] = ["none"]
    return job


def _habits(submission: JobSubmission) -> dict[str, Any]:
    job: dict[str, Any] = {}
    if submission.open_mode is not None:
        job["open_mode"] = [submission.open_mode.upper()]
    if submission.mail_type is not None:
        job["mail_type"] = _mail(submission.mail_type)
    if submission.signal is not None:
        match = _WARNING.fullmatch(submission.signal)
        if match is None:
            raise ValidationError.of("signal", submission.signal, "[B:]SIGNAL[@SECONDS]")
        job["kill_warning_signal"] = match["signal"]
        job["kill_warning_delay"] = number(int(match["seconds"] or 60))
        if match["who"]:
            job["kill_warning_flags"] = [_WHO[letter] for letter in match["who"]]
    return job


def _mail(text: str) -> list[str]:
    words = [word.strip().upper() for word in text.split(",") if word.strip()]
    if words == ["NONE"]:
        return []
    found = [_MAIL.get(word, word) for word in words if word != "ALL"]
    return list(dict.fromkeys([*(_ALL_MAIL if "ALL" in words else ()), *found]))
