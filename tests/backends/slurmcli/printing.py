"""Prints jobs as squeue would, for tests that have no squeue."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from s9s.backends.command import Finished
from s9s.backends.slurmcli.squeue import Marks

#: By squeue's names, in its order.
_DEFAULTS: dict[str, str] = {
    "JobID": "7", "JobArrayID": "", "State": "RUNNING", "UserName": "alice", "Name": "job",
    "Account": "research", "Partition": "normal", "QOS": "normal", "Reason": "None",
    "SubmitTime": "1700000000", "EligibleTime": "1700000000", "StartTime": "1700000100",
    "EndTime": "1700003700", "TimeLimit": "1:00:00", "NodeList": "node[001-002]", "NumNodes": "2",
    "NumCPUs": "4", "tres-alloc": "cpu=4,mem=8G,node=2,billing=4",
    "PriorityLong": "1000", "WorkDir": "/home/alice", "Command": "(null)", "STDIN": "/dev/null",
    "STDOUT": "/home/alice/slurm-%j.out", "STDERR": "(null)", "exit_code": "0:0", "Dependency": "(null)",
    "Comment": "(null)", "Feature": "(null)", "Reservation": "(null)", "RestartCnt": "0", "TimeUsed": "0:10",
}  # fmt: skip


def line(format_: str, values: Mapping[str, str]) -> bytes:
    """One job in the format that squeue was asked for."""
    values = _DEFAULTS | dict(values)
    values["JobArrayID"] = values["JobArrayID"] or values["JobID"]
    text = ""
    for column in format_.split(","):
        name, _, suffix = column.partition(":")
        text += values[name] + suffix
    return text.encode() + b"\n"


def row(marks: Marks, **values: str) -> bytes:
    """The columns of one job, without what stands behind the row's mark."""
    return line(marks.format, values).rpartition(marks.row.encode())[0]


class Squeue:
    """Stands for the commands of a host: squeue lists `jobs`, and nothing else is there."""

    def __init__(self, *jobs: Mapping[str, str]) -> None:
        self.jobs: list[Mapping[str, str]] = list(jobs)
        self.failure: Finished | None = None
        self.formats: list[str] = []
        self.arguments: list[Sequence[str]] = []

    async def run(self, argv: Sequence[str], *, env: Mapping[str, str], stdout: int, **_: Any) -> Finished:
        self.arguments.append(argv)
        self.formats.append(env["SQUEUE_FORMAT2"])
        if self.failure is not None:
            return self.failure
        os.write(stdout, b"".join(line(env["SQUEUE_FORMAT2"], job) for job in self.jobs))
        return Finished(returncode=0, stdout=b"", stderr="")
