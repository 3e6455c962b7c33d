"""A Slurm that only prints: commands whose output lies ready in files that a process of its own keeps true.

What a server sees of a large Slurm, without its daemons: squeue's 100,000 lines, of which some are others
each second, and scontrol's lines of the nodes that these jobs run on. `python -m benchmarks.printed` is
that process.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks import machine
from benchmarks.servers import ROOT

_USERS: Final = [f"user{number:03}" for number in range(300)]
_PARTITIONS: Final = ("normal", "gpu", "long", "debug")
_SHAPES: Final = ((1, 1), (1, 4), (1, 16), (4, 64))
_CPUS: Final = 64
_SHARES: Final = {"PENDING": 0.55, "RUNNING": 0.42, "COMPLETED": 0.03}

#: Where a command writes what it is asked for, and where its answer stands. What runs beside the server stays
#: off the server's core, as it would on a host of more than two.
_COMMAND: Final = """\
#!/bin/sh
cd {directory}
case "${{0##*/}} $*" in
sacctmgr*) cat users;;
scontrol*ping) echo "Slurmctld(primary) at bench is UP";;
scontrol*config) cat config;;
scontrol*partition) cat partitions;;
scontrol*node) exec {beside} cat nodes;;
squeue*--jobs*) echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1;;
squeue*)
  [ "$(cat format 2>/dev/null)" = "$SQUEUE_FORMAT2" ] || printf %s "$SQUEUE_FORMAT2" >format
  while [ "$(cat printed 2>/dev/null)" != "$SQUEUE_FORMAT2" ]; do sleep 0.05; done
  exec {beside} cat jobs;;
esac
"""


@contextmanager
def printed(*, jobs: int, nodes: int, churn: float) -> Iterator[dict[str, str]]:
    """Settings for a server on such a Slurm; the part `churn` of the jobs changes each second."""
    with tempfile.TemporaryDirectory(prefix="s9s-bench-") as parent:
        directory = Path(parent)
        directory.chmod(0o755)
        beside = " ".join(machine.pinned(machine.LOAD_CORE, ["nice", "-n5"]))
        for name in ("squeue", "scontrol", "sacct", "sacctmgr"):
            (directory / name).write_text(_COMMAND.format(directory=directory, beside=beside))
            (directory / name).chmod(0o755)
        argv = [sys.executable, "-m", "benchmarks.printed", parent, str(jobs), str(nodes), str(churn)]
        with subprocess.Popen(machine.pinned(machine.LOAD_CORE, argv), cwd=ROOT) as process:
            try:
                while not (directory / "nodes").exists():
                    if process.poll() is not None:
                        raise RuntimeError("the printing Slurm has ended")
                    time.sleep(0.05)
                yield {"CLUSTER__MODE": "cli", "CLUSTER__BIN_DIR": parent}
            finally:
                process.send_signal(signal.SIGTERM)


class _Nodes:
    """Nodes and the CPUs of each that jobs hold."""

    def __init__(self, count: int) -> None:
        self.names = [f"n{number:05}" for number in range(count)]
        self._used = [0] * count
        self._lines = [self._line(number) for number in range(count)]
        self._cursor = 0

    def take(self, nodes: int, cpus: int) -> list[int]:
        """The next few in turn, whether they are free or not."""
        chosen = [(self._cursor + number) % len(self.names) for number in range(nodes)]
        self._cursor = (self._cursor + nodes) % len(self.names)
        self._change(chosen, cpus // nodes)
        return chosen

    def give_back(self, chosen: list[int], cpus: int) -> None:
        self._change(chosen, -(cpus // max(1, len(chosen))))

    def text(self) -> bytes:
        return b"".join(self._lines)

    def _change(self, chosen: list[int], cpus: int) -> None:
        for number in chosen:
            self._used[number] += cpus
            self._lines[number] = self._line(number)

    def _line(self, number: int) -> bytes:
        used = min(_CPUS, self._used[number])
        state = "ALLOCATED" if used == _CPUS else "MIXED" if used else "IDLE"
        return (
            f"NodeName={self.names[number]} Arch=x86_64 CoresPerSocket=32 CPUAlloc={used} CPUEfctv={_CPUS} "
            f"CPUTot={_CPUS} CPULoad={used}.00 AvailableFeatures=icelake ActiveFeatures=icelake "
            f"Gres=gpu:a100:4 GresUsed=gpu:a100:{used // 16}(IDX:N/A) OS=Linux 6.1.0 RealMemory=512000 "
            f"AllocMem={used * 4000} FreeMem={500000 - used * 4000} Sockets=2 State={state} ThreadsPerCore=1 "
            f"TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A Partitions={','.join(_PARTITIONS)} "
            "BootTime=1700000000 SlurmdStartTime=1700000100 LastBusyTime=1700000200 ResumeAfterTime=None "
            f"CfgTRES=cpu={_CPUS},mem=500G AllocTRES=cpu={used} Version=24.11.5\n"
        ).encode()


class _Jobs:
    """Jobs that wait, start, end and are forgotten, each as a line of squeue's."""

    def __init__(self, count: int, nodes: _Nodes) -> None:
        self._dice = random.Random(1)
        self._nodes = nodes
        self._ids = itertools.count(1_000_001)
        self._held: dict[int, list[int]] = {}
        self.values: dict[int, dict[str, str]] = {}
        #: By state, the oldest first.
        self._queues: dict[str, deque[int]] = {state: deque() for state in _SHARES}
        now = int(time.time())
        for _ in range(count):
            job = self._submit(now - self._dice.randrange(100_000))
            state = self._dice.choices(list(_SHARES), list(_SHARES.values()))[0]
            if state != "PENDING":
                self._start(job, now - self._dice.randrange(20_000))
            if state == "COMPLETED":
                self._end(job, now)
            self._queues[state].append(job)

    def change(self, count: int) -> tuple[list[int], list[int]]:
        """A third starts, a third ends, as many are forgotten and come; who changed and who went."""
        now, each = int(time.time()), count // 3
        waiting, running, done = self._queues["PENDING"], self._queues["RUNNING"], self._queues["COMPLETED"]
        gone = [done.popleft() for _ in range(min(each, len(done)))]
        for job in gone:
            del self.values[job]
        ended = [running.popleft() for _ in range(each)]
        for job in ended:
            self._end(job, now)
        started = [waiting.popleft() for _ in range(each)]
        for job in started:
            self._start(job, now)
        come = [self._submit(now) for _ in gone]
        done.extend(ended)
        running.extend(started)
        waiting.extend(come)
        return [*ended, *started, *come], gone

    def _submit(self, now: int) -> int:
        job, dice = next(self._ids), self._dice
        user, (nodes, cpus) = dice.choice(_USERS), dice.choice(_SHAPES)
        home = f"/home/{user}/project{dice.randrange(20)}"
        self.values[job] = {
            "JobID": str(job), "JobArrayID": str(job), "State": "PENDING", "UserName": user,
            "Name": f"run_{dice.randrange(5000)}", "Account": f"group{int(user[4:]) // 8}",
            "Partition": dice.choice(_PARTITIONS), "QOS": dice.choice(("normal", "high")),
            "Reason": "Priority", "SubmitTime": str(now), "EligibleTime": str(now), "StartTime": "N/A",
            "EndTime": "N/A", "TimeLimit": dice.choice(("1:00:00", "4:00:00", "2-00:00:00")), "NodeList": "",
            "NumNodes": str(nodes), "NumCPUs": str(cpus),
            "tres-alloc": f"cpu={cpus},mem={cpus * 4}G,node={nodes},billing={cpus}",
            "PriorityLong": str(dice.randrange(1, 1_000_000)), "WorkDir": home, "Command": f"{home}/run.sh",
            "STDIN": "/dev/null", "STDOUT": f"{home}/logs/%x-%j.out", "STDERR": f"{home}/logs/%x-%j.err",
            "exit_code": "0:0", "Dependency": "(null)", "Comment": "(null)", "Feature": "(null)",
            "Reservation": "(null)", "RestartCnt": "0", "TimeUsed": "0:00",
        }  # fmt: skip
        return job

    def _start(self, job: int, now: int) -> None:
        values = self.values[job]
        held = self._held[job] = self._nodes.take(int(values["NumNodes"]), int(values["NumCPUs"]))
        values["NodeList"] = ",".join(self._nodes.names[number] for number in held)
        values |= {"State": "RUNNING", "StartTime": str(now), "EndTime": str(now + 86_400), "Reason": "None"}

    def _end(self, job: int, now: int) -> None:
        values = self.values[job]
        self._nodes.give_back(self._held.pop(job), int(values["NumCPUs"]))
        values |= {"State": "COMPLETED", "EndTime": str(now)}


class _Printer:
    """Keeps the files."""

    def __init__(self, directory: Path, jobs: _Jobs, nodes: _Nodes) -> None:
        self._directory = directory
        self._jobs = jobs
        self._nodes = nodes
        self._format = ""
        self._columns: list[tuple[str, str]] = []
        self._lines: dict[int, bytes] = {}

    def write(self, changed: list[int], gone: list[int]) -> None:
        """All lines, those that changed anew; all of them once squeue is asked for another format."""
        self._put("nodes", self._nodes.text())
        asked = self._directory / "format"
        wanted = asked.read_text() if asked.exists() else ""
        if not wanted:
            return
        if wanted != self._format:
            self._format = wanted
            self._columns = [
                (name, mark) for name, _, mark in (one.partition(":") for one in wanted.split(","))
            ]
            changed = list(self._jobs.values)
            self._lines.clear()
        for job in gone:
            self._lines.pop(job, None)
        for job in changed:
            values = self._jobs.values[job]
            self._lines[job] = "".join([values[name] + mark for name, mark in self._columns]).encode() + b"\n"
        self._put("jobs", b"".join(self._lines.values()))
        self._put("printed", wanted.encode())

    def _put(self, name: str, content: bytes) -> None:
        (new := self._directory / f"{name}.new").write_bytes(content)
        new.rename(self._directory / name)


def _accounting() -> Mapping[str, str]:
    rows = [f"{user}|group0|None||bench|group0||normal,high|normal" for user in _USERS]
    rows.append("alice|group0|Administrator||bench|group0||normal,high|normal")
    partitions = [
        f"PartitionName={name} AllowAccounts=ALL AllowQos=ALL Default={'YES' if name == 'normal' else 'NO'} "
        "DefaultTime=1:00:00 MaxNodes=UNLIMITED MaxTime=7-00:00:00 Nodes=n[00000-09999] PriorityTier=1 "
        "State=UP TotalCPUs=640000 TotalNodes=10000"
        for name in _PARTITIONS
    ]
    config = {
        "AccountingStorageType": "accounting_storage/slurmdbd",
        "ClusterName": "bench",
        "MinJobAge": "300 sec",
        "PrivateData": "none",
        "SLURM_VERSION": "24.11.5",
        "SlurmUser": "slurm(64030)",
    }
    lines = [f"{name:24}= {value}" for name, value in config.items()]
    return {"users": "\n".join(rows), "partitions": "\n".join(partitions), "config": "\n".join(lines)}


def _main(directory: Path, count: int, node_count: int, churn: float) -> None:
    for name, content in _accounting().items():
        (directory / name).write_text(content + "\n")
    nodes = _Nodes(node_count)
    jobs = _Jobs(count, nodes)
    printer = _Printer(directory, jobs, nodes)
    printer.write([], [])
    os.nice(5)
    due = time.monotonic()
    while True:
        printer.write(*jobs.change(int(count * churn)))
        due = max(due + 1, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
