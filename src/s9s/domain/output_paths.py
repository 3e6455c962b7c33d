"""Where a batch job's output goes: the patterns of ``--output`` and ``--error`` resolved."""

from __future__ import annotations

import posixpath
import re
from typing import Final

from s9s.domain.jobs import Job

# As slurmd reads them: %%, %j, %4j; a letter that it does not know stays as it is.
_PATTERN: Final = re.compile(r"%(?:(%)|(\d*)([AJNajnstuxb]))", re.ASCII)
_WIDEST: Final = 10


def output_paths(job: Job) -> tuple[str | None, str | None]:
    """Absolute paths of standard output and standard error, the same one where the job does not split them.

    ``None`` where it cannot be known: a relative path and no working directory. What is decided only when
    the job starts (``%N``, or ``%a`` of tasks that have no record yet) stays as written.
    """
    in_array = job.array_job_id is not None
    stdout = _resolve(job.standard_output or ("slurm-%A_%a.out" if in_array else "slurm-%j.out"), job)
    stderr = _resolve(job.standard_error, job) if job.standard_error else stdout
    return stdout, stderr


def _resolve(path: str, job: Job) -> str | None:
    if "\\" in path:
        # A backslash anywhere switches the patterns off, and is itself dropped.
        resolved = path.replace("\\", "")
    else:
        resolved = _PATTERN.sub(lambda match: _value(match, job), path)
    if resolved.startswith("/"):
        return resolved
    return posixpath.join(job.working_directory, resolved) if job.working_directory else None


def _value(match: re.Match[str], job: Job) -> str:
    literal, digits, letter = match.groups()
    if literal:
        return "%"
    width = min(int(digits[:3] or 0), _WIDEST)
    # The unstarted rest of an array: its tasks get their own numbers when they start.
    unstarted_rest = job.array_job_id is not None and job.array_task_id is None
    match letter:
        case "u":
            return job.user
        case "x":
            return job.job_name
        case "N" if job.nodes:
            return job.nodes[0].partition(".")[0]
        case "A":
            return str(job.array_job_id or job.numeric_id).zfill(width)
        case "n" | "t":
            return "0".zfill(width)
        case "j" | "J" if not unstarted_rest:
            return str(job.numeric_id).zfill(width)
        case "a" if job.array_task_id is not None:
            return str(job.array_task_id).zfill(width)
        case _:
            return match[0]
