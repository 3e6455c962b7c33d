"""Where a batch job's output goes: the patterns of ``--output`` and ``--error`` resolved.

All of it as 22.05, 24.11 and 26.05 were seen to name the files, which is not always as they say.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

from s9s.domain.jobs import Job

#: ``%%``, ``%j``, ``%4j``. A letter that Slurm does not know stays as it is.
_PATTERN: Final = re.compile(r"%(?:(%)|([0-9]*)([AJNabjnstux]))")
_WIDEST: Final = 10

#: The index of a job that is no array task (NO_VAL): all versions really put it into the name.
_NO_TASK: Final = 4294967294


def output_paths(job: Job) -> tuple[str | None, str | None]:
    """Absolute paths of standard output and standard error; the same one where the job does not split them.

    ``None`` where it cannot be known: a relative path and no working directory. What is only decided when
    the job starts (``%N``, and all numbers of array tasks that have no record yet) stays as written.
    """
    default = f"slurm-{job.numeric_id}.out" if job.array_job_id is None else "slurm-%A_%a.out"
    stdout = _resolve(job.standard_output or default, job)
    stderr = _resolve(job.standard_error, job) if job.standard_error else stdout
    return stdout, stderr


def _resolve(path: str, job: Job) -> str | None:
    if "\\" in path:
        # One backslash anywhere switches all patterns off.
        resolved = re.sub(r"\\(.?)", r"\1", path, flags=re.DOTALL)
    elif "%" in path:
        resolved = _PATTERN.sub(lambda match: _value(match, job), path)
    else:
        resolved = path
    if resolved.startswith("/"):
        return resolved
    return posixpath.join(job.working_directory, resolved) if job.working_directory else None


def _value(match: re.Match[str], job: Job) -> str:
    percent, digits, letter = match.groups()
    if percent:
        return "%"
    # Tasks of an array get ids of their own when they start.
    unstarted = job.array_job_id is not None and job.array_task_id is None
    task = _NO_TASK if job.array_task_id is None else job.array_task_id
    match letter:
        case "u":
            return job.user
        case "x":
            return job.job_name
        case "s":
            return "batch"
        case "N" if job.nodes:
            return job.nodes[0].partition(".")[0]
        case "A":
            number = job.array_job_id or job.numeric_id
        case "n" | "t":
            number = 0
        case "j" | "J" if not unstarted:
            number = job.numeric_id
        case "a" if not unstarted:
            number = task
        case "b" if not unstarted:
            # Since 24.11 at the latest; 22.05 leaves it as it is.
            number = task % 10
        case _:
            return match[0]
    return str(number).zfill(min(int(digits[-6:] or 0), _WIDEST))
