"""squeue: every job that slurmctld holds, as text that no job's name can forge.

Names, comments and paths hold whatever their owners put there: ``|``, newlines, control characters. So
columns and rows end in random marks. These travel in the environment (``SQUEUE_FORMAT2``), which nobody but
root can read, not in the arguments, which every user of the host sees in ``ps``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from s9s.backends.slurmcli.job_ids import parse_address
from s9s.backends.slurmcli.values import hosts, instant, number, span, text, tres
from s9s.domain.jobs import Job, JobState, job_state

_COLUMNS: Final = (
    "JobID", "JobArrayID", "State", "UserName", "Name", "Account", "Partition", "QOS", "Reason", "SubmitTime",
    "EligibleTime", "StartTime", "EndTime", "TimeLimit", "NodeList", "NumNodes", "NumCPUs", "tres-alloc",
    "PriorityLong", "WorkDir", "Command", "STDIN", "STDOUT", "STDERR", "exit_code", "Dependency", "Comment",
    "Feature", "Reservation", "RestartCnt",
)  # fmt: skip

_STEP: Final = re.compile(r"^\d+(?:[_+]\d+)?\.\d+$", re.MULTILINE | re.ASCII)

#: squeue takes its time from its own clock, row by row.
_CLOCK_SLACK_SECONDS: Final = 2


class MarkForged(Exception):
    """Somebody's text holds our mark, by an incredible chance; other marks will do."""


class Marks:
    """Random ends of columns and rows, and the format that asks for them; given ones are for recordings."""

    def __init__(self, column: str | None = None, row: str | None = None) -> None:
        # 36 and 48 bits: a forged row needs a right guess in every column, and a wrong number of them shows.
        self.column: Final = column or f"~{secrets.token_urlsafe(6)[:6]}"
        self.row: Final = row or f"^{secrets.token_urlsafe(8)[:8]}"
        marks = [self.column] * (len(_COLUMNS) - 1) + [self.row]
        # A type with a colon and no size is neither padded nor cut, and takes a suffix. What moves every
        # second stands behind the row's mark.
        columns = [f"{column}:{mark}" for column, mark in zip(_COLUMNS, marks, strict=True)]
        self.format: Final = ",".join([*columns, "TimeUsed:"])
        self._row_end: Final = re.compile(re.escape(self.row.encode()) + rb"([^\n]*)\n")

    @property
    def env(self) -> Mapping[str, str]:
        """What tells squeue. Instants are epoch seconds in any zone, and soonest printed without one."""
        return {"SQUEUE_FORMAT2": self.format, "TZ": "UTC0"}

    def split(self, output: bytes) -> tuple[list[bytes], list[bytes], bytes]:
        """The rows, the time that each job has used, and the beginning of a row at the end."""
        parts = self._row_end.split(output)
        rest = parts.pop()
        return parts[0::2], parts[1::2], rest


def argv(job_id: str | None = None) -> list[str]:
    """The command for all jobs, or for one as squeue finds it."""
    command = ["squeue", "--noheader", "--local", "--all", "--states=all"]
    return command if job_id is None else [*command, f"--jobs={job_id}"]


def steps(job_id: str) -> list[str]:
    """The command for the steps of a job or of an array's tasks."""
    return ["squeue", "--noheader", "--local", "--all", "--steps", f"--jobs={job_id}", "--format=%i"]


def parse_steps(output: str) -> list[str]:
    """The ids of those that srun made, ``123.0``; the script's own step is ``123.batch``."""
    return _STEP.findall(output)


def rows(output: bytes, marks: Marks) -> list[tuple[bytes, bytes]]:
    """The rows of a whole output with the time that each job has used. Raises `MarkForged`."""
    found, used, rest = marks.split(output)
    if rest:
        raise MarkForged
    return list(zip(found, used, strict=True))


def parse(row: bytes, time_used: bytes, marks: Marks, now: float, took: float) -> Job:
    """One job.

    Args:
        row: The columns.
        time_used: What stood behind the row.
        marks: Those that squeue was given.
        now: Epoch seconds when squeue had finished.
        took: Seconds that squeue needed.

    Raises:
        MarkForged: for a row with too many or too few columns.
        ValueError: for a value that is not understood.
    """
    (
        job_id, array_id, state_word, user, name, account, partition, qos, reason,
        submit, eligible, start, end, limit, node_list, node_count, cpus, amounts,
        priority, directory, command, stdin, stdout, stderr, exit_code, dependency, comment, features,
        reservation, restarts,
    ) = _columns(row, marks)  # fmt: skip
    state, flags = _state(state_word)
    finished = state.is_finished
    pending = state is JobState.PENDING
    nodes = hosts(node_list)
    started, ended = instant(start), instant(end)
    if pending or (finished and not nodes and started == ended):
        # Slurm gives jobs that ended before they began their end as their start.
        expected, started = (started if pending else None), None
    else:
        expected = None
    address = parse_address(array_id)
    suspended_seconds, suspend_time = 0, None
    if started is not None and (seconds := span(time_used.decode())) is not None:
        if state is JobState.SUSPENDED:
            suspend_time = started + seconds
        elif finished or state is JobState.COMPLETING:
            suspended_seconds = max(0, (ended or started) - started - seconds)
        elif (gap := int(now - took / 2) - started - seconds) > took + _CLOCK_SLACK_SECONDS:
            suspended_seconds = gap
    code, signal = _exit(exit_code) if finished else (None, None)
    allocated = tres(amounts)
    return Job(
        job_id=address.job_id,
        numeric_id=int(job_id),
        job_name=name,
        user=text(user) or user,
        state=state,
        flags=flags,
        account=text(account),
        partition=text(partition) or partition,
        qos=text(qos),
        array_job_id=address.array_job_id,
        array_task_id=address.array_task_id,
        array_tasks=address.array_tasks,
        het_job_id=address.het_job_id,
        het_job_offset=address.het_job_offset,
        submit_time=instant(submit) or 0,
        eligible_time=instant(eligible),
        start_time=started,
        expected_start_time=expected,
        end_time=ended if finished else None,
        suspended_seconds=suspended_seconds,
        suspend_time=suspend_time,
        time_limit_seconds=_limit(limit, started, ended),
        nodes=nodes,
        node_count=len(nodes) or number(node_count) or 0,
        cpu_count=number(cpus) or 0,
        memory_mib=allocated.memory_mib,
        gpus=allocated.gpus,
        priority=number(priority),
        reason=text(reason),
        working_directory=text(directory),
        command=text(command),
        standard_input=None if stdin == "/dev/null" else text(stdin),
        standard_output=None if _is_default(stdout, directory, array_id, job_id) else text(stdout),
        standard_error=None if stderr == stdout else text(stderr),
        exit_code=code,
        signal=signal,
        dependency=text(dependency),
        comment=text(comment),
        features=text(features),
        reservation=text(reservation),
        requeue_count=number(restarts) or 0,
    )


def numeric_id(row: bytes) -> int:
    """The key of a row. Raises `ValueError` where there is none."""
    digits, _, _ = row[:32].partition(b"~")
    return int(digits)


def _columns(row: bytes, marks: Marks) -> list[str]:
    columns = row.decode("utf-8", "replace").split(marks.column)
    if len(columns) != len(_COLUMNS):
        raise MarkForged
    return columns


@lru_cache(maxsize=256)
def _state(word: str) -> tuple[JobState, tuple[str, ...]]:
    return job_state([word])


def _limit(limit: str, started: int | None, ended: int | None) -> int | None:
    seconds = span(limit)
    if seconds is None and limit == "INVALID" and started is not None and ended is not None:
        return ended - started
    return seconds


def _exit(value: str) -> tuple[int, int | None]:
    """Exit code and signal from ``3:0`` (24.11 and later) or a wait status like ``768`` (22.05)."""
    code, colon, signal = value.partition(":")
    if colon:
        return int(code), int(signal) or None
    status = int(code)
    return status >> 8 & 0xFF, status & 0x7F or None


def _is_default(stdout: str, directory: str, array_id: str, job_id: str) -> bool:
    """Whether this is Slurm's own choice: 26.05 prints it bare, 24.11 with the directory, 22.05 resolved."""
    name = stdout.removeprefix(f"{directory}/")
    return name in ("slurm-%j.out", "slurm-%A_%a.out", f"slurm-{array_id}.out", f"slurm-{job_id}.out")
