"""sacct: jobs that have ended, what they used, and the environment that they had.

sacct has no variable for its separator, so it stands in the arguments, new for each call: to forge a row
somebody would have to read it there and rename a job of theirs in the milliseconds before slurmdbd answers.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from s9s.backends.slurmcli.job_ids import parse_address
from s9s.backends.slurmcli.values import hosts, instant, number, text, tres
from s9s.domain.durations import UNLIMITED
from s9s.domain.jobs import Job, JobState, JobUsage, job_state
from s9s.domain.usage import StepUsage, usage_of_steps

# The first and the last are Slurm's own numbers: the newline between two rows stands between these.
_COLUMNS: Final = (
    "JobIDRaw", "JobID", "State", "User", "JobName", "Account", "Partition", "QOS", "ExitCode", "Submit",
    "Eligible", "Start", "End", "Suspended", "TimelimitRaw", "NodeList", "NNodes", "NCPUS", "ReqTRES",
    "AllocTRES", "Priority", "WorkDir", "Reason", "Comment", "Constraints", "Reservation", "TotalCPU",
    "TRESUsageInTot", "TRESUsageInAve", "MaxRSS", "MaxRSSNode", "NTasks", "ElapsedRaw",
)  # fmt: skip
#: In 24.11 and 26.05.
_LATER_COLUMNS: Final = ("Restarts", "StdIn", "StdOut", "StdErr")

# With states, a window finds jobs by their end, those that were cancelled before they could start included.
_FINISHED: Final = "CD,F,CA,TO,NF,PR,OOM,BF,DL"
_CPU_TIME: Final = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)", re.ASCII)
_VARIABLE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:%%|\(\))?)=(.*)", re.DOTALL)

HELP_FORMAT: Final = ("sacct", "--helpformat")


class Query(Struct, frozen=True):
    """A call of sacct and what is needed to read its answer."""

    argv: list[str]
    delimiter: str
    columns: tuple[str, ...]


class Record(Struct, frozen=True, gc=False):
    """One row: a job's, or a step's (``123.batch``)."""

    values: dict[str, str]

    @property
    def is_step(self) -> bool:
        """Whether it is a step of a job."""
        return "." in self.values["JobIDRaw"]

    @property
    def job_id(self) -> str:
        """The number of its job."""
        return self.values["JobIDRaw"].partition(".")[0]

    def matches(self, job_id: str) -> bool:
        """Whether this is the job that is meant: not another task of the array that has this id."""
        return job_id in (self.values["JobIDRaw"], self.values["JobID"])


def columns(helpformat: str) -> tuple[str, ...]:
    """The columns to ask this sacct for."""
    known = {name.lower() for name in helpformat.split()}
    later = tuple(name for name in _LATER_COLUMNS if name.lower() in known)
    return (*_COLUMNS[:-1], *later, _COLUMNS[-1])


def finished_between(start: int, end: int, wanted: tuple[str, ...]) -> Query:
    """Jobs that ended in [start, end), and perhaps some around it."""
    return _query([*_window(start, end), "--allocations"], wanted)


def running_at(instant: int, wanted: tuple[str, ...]) -> Query:
    """Jobs that ran in the minute before, however long ago they began."""
    window = [f"--starttime=uts{instant - 60}", f"--endtime=uts{instant}", "--state=RUNNING,SUSPENDED"]
    return _query([*window, "--allocations"], wanted)


def finished_with_steps(start: int, end: int, wanted: tuple[str, ...]) -> Query:
    """The same jobs, each followed by its steps: those are not asked for their state."""
    return _query(_window(start, end), wanted)


def _window(start: int, end: int) -> list[str]:
    return [f"--starttime=uts{start}", f"--endtime=uts{end}", f"--state={_FINISHED}"]


def of_job(job_id: str, wanted: tuple[str, ...]) -> Query:
    """One job with its steps, or an array's tasks with theirs."""
    return _query([f"--jobs={job_id}"], wanted)


def latest_of(job_ids: Sequence[int], wanted: tuple[str, ...]) -> Query:
    """The last record of each of these jobs."""
    return _query([f"--jobs={','.join(map(str, job_ids))}", "--allocations"], wanted)


def _query(arguments: list[str], wanted: tuple[str, ...]) -> Query:
    delimiter = f"~{secrets.token_urlsafe(9)}~"
    command = ["sacct", "--noheader", "--parsable2", "--allusers", f"--delimiter={delimiter}"]
    return Query([*command, f"--format={','.join(wanted)}", *arguments], delimiter, wanted)


def parse(output: bytes, query: Query) -> Iterator[Record]:
    """The rows. Raises `ValueError` for what is not sacct's answer to the query."""
    values = output.decode("utf-8", "replace").split(query.delimiter)
    width = len(query.columns) - 1  # of a row's columns the last comes with the next row's first
    if len(values) == 1 and not output.strip():
        return
    if len(values) % width != 1:
        raise ValueError("sacct's answer is incomplete")
    first = values[0]
    for begin in range(1, len(values), width):
        last, newline, following = values[begin + width - 1].partition("\n")
        if not newline:
            raise ValueError("sacct's answer is incomplete")
        row = [first, *values[begin : begin + width - 1], last]
        yield Record(dict(zip(query.columns, row, strict=True)))
        first = following


def job(record: Record) -> Job:
    """The job of a record. Raises `ValueError` for a state that is not known."""
    values = record.values
    state, flags = _state(values["State"])
    finished = state.is_finished
    nodes = hosts(values["NodeList"])
    start, end = instant(values["Start"]), instant(values["End"])
    if not nodes and (state is JobState.PENDING or start == end):
        start = None  # 22.05 gives jobs that never started their end as their start
    code, _, signal = values["ExitCode"].partition(":")
    address = parse_address(values["JobID"])
    amounts = tres(values["AllocTRES"] or values["ReqTRES"])
    directory = text(values["WorkDir"])
    stdin, stdout, stderr = (values.get(name, "") for name in ("StdIn", "StdOut", "StdErr"))
    return Job(
        job_id=address.job_id,
        numeric_id=int(values["JobIDRaw"]),
        job_name=values["JobName"],
        user=values["User"],
        state=state,
        flags=flags,
        account=text(values["Account"]),
        partition=values["Partition"],
        qos=text(values["QOS"]),
        array_job_id=address.array_job_id,
        array_task_id=address.array_task_id,
        array_tasks=address.array_tasks,
        het_job_id=address.het_job_id,
        het_job_offset=address.het_job_offset,
        submit_time=instant(values["Submit"]) or 0,
        eligible_time=instant(values["Eligible"]),
        start_time=start,
        end_time=end if finished else None,
        suspended_seconds=round(cpu_seconds(values["Suspended"]) or 0) if start is not None else 0,
        time_limit_seconds=_limit(values["TimelimitRaw"]),
        nodes=nodes,
        node_count=len(nodes) or number(values["NNodes"]) or 0,
        cpu_count=number(values["NCPUS"]) or amounts.cpus or 0,
        memory_mib=amounts.memory_mib,
        gpus=amounts.gpus,
        priority=number(values["Priority"]),
        reason=text(values["Reason"]),
        working_directory=directory,
        standard_input=None if stdin == "/dev/null" else text(stdin),
        standard_output=_output(stdout, directory),
        standard_error=None if stderr == stdout else _output(stderr, directory),
        exit_code=int(code) if finished else None,
        signal=(number(signal) or None) if finished else None,
        comment=text(values["Comment"]),
        features=text(values["Constraints"]),
        reservation=text(values["Reservation"]),
        requeue_count=number(values.get("Restarts", "")) or 0,
    )


@lru_cache(maxsize=256)
def _state(text: str) -> tuple[JobState, tuple[str, ...]]:
    return job_state([text.split(maxsplit=1)[0]])  # "CANCELLED by 1001"


def usage(steps: Sequence[Record]) -> JobUsage | None:
    """What the steps of one job used; ``None`` without any."""
    return usage_of_steps([_step(record.values) for record in steps])


def _step(values: dict[str, str]) -> StepUsage:
    total = _amount(values["TRESUsageInTot"], "mem")
    percent = _amount(values["TRESUsageInAve"], "gres/gpuutil")
    task_memory = values.get("MaxRSS")
    return StepUsage(
        cpu_seconds=cpu_seconds(values["TotalCPU"]),
        memory_mib=mib(total) if total else None,
        task_memory_mib=mib(task_memory) if task_memory else None,
        memory_node=text(values.get("MaxRSSNode", "")),
        tasks=number(values.get("NTasks", "")),
        gpu_utilization=float(percent) / 100 if percent else None,
    )


def env_vars(job_id: str) -> list[str]:
    """The environment of a batch job: kept with AccountingStoreFlags=job_env, shown to its owner."""
    return ["sacct", f"--jobs={job_id}", "--env-vars"]


def parse_env_vars(output: str) -> dict[str, str] | None:
    """The variables, or ``None``. A line that is no ``NAME=`` continues the value before it."""
    head, rule, body = output.partition("-\n")
    if not rule or not head.startswith("Environment used for "):
        return None
    variables: dict[str, str] = {}
    name = ""
    for line in body.rstrip("\n").split("\n"):
        if match := _VARIABLE.fullmatch(line):
            name = match[1]
            variables[name] = match[2]
        elif name:
            variables[name] += f"\n{line}"
    return variables or None


def _limit(minutes: str) -> int | None:
    if minutes == "UNLIMITED":
        return UNLIMITED
    amount = number(minutes)
    return None if amount is None else amount * 60


def _output(path: str, directory: str | None) -> str | None:
    name = path.removeprefix(f"{directory}/")
    return None if name in ("slurm-%j.out", "slurm-%A_%a.out") else text(path)


def cpu_seconds(value: str) -> float | None:
    """Seconds of ``00:00.123``, ``01:02:03`` or ``1-02:03:04``."""
    match = _CPU_TIME.fullmatch(value)
    if match is None:
        return None
    days, hours, minutes, seconds = match.groups(default="0")
    return int(days) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _amount(amounts: str, name: str) -> str:
    """The figure of a name in ``cpu=00:00:01,mem=89292K``; ``""`` when it is not there."""
    return f",{amounts}".partition(f",{name}=")[2].partition(",")[0]


def mib(value: str) -> float:
    """MiB of ``89292K``, ``3.50M`` (26.05) or bytes."""
    unit = value[-1:].upper()
    power = "BKMGTP".find(unit) if unit.isalpha() else 0
    return float(value.rstrip("BKMGTPbkmgtp")) * 1024.0 ** (power - 2)
