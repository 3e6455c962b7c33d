"""`s9s history` on real clusters: sums are those of sacct, whatever comes between."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import Lab

VERSIONS = ("22.05", "24.11", "26.05")
SINCE = "2025-01-01"
ENDED = "CD,F,CA,TO,NF,PR,OOM,BF,DL"
#: A known amount of CPU time in two processes, and a known amount of memory for longer than two samples.
BURN = "perl -e 'do { for (1..99999) {} @t = times } until $t[0] + $t[1] > 3'"
#: Tells of another, old job like a running one when it is asked for those.
SACCT = r"""#!/bin/sh
'{sacct}' "$@" || exit
case $* in
    *--state=RUNNING*)
        '{sacct}' "$@" | sed -n 's/\b{job}\b/9{job}/g; s/\b1[0-9]\{{9\}}\b/1700000000/g; /9{job}/p' ;;
esac
"""
FILL = """perl -e 'my $x = ""; vec($x, (400 << 20) - 1, 8) = 1; sleep 12'"""


@pytest.fixture(
    params=[
        pytest.param(version, marks=[pytest.mark.slurm, pytest.mark.xdist_group(f"lab{version}")])
        for version in VERSIONS
    ]
)
def lab(request: pytest.FixtureRequest) -> Lab:
    found: Lab = request.getfixturevalue(f"lab{request.param[:2]}")
    return found


class History:
    """The command, and the database that it fills."""

    def __init__(self, lab: Lab, state_dir: Path) -> None:
        self.lab = lab
        self.database = state_dir / "s9s.db"
        self.environment = {
            **os.environ,
            "S9S_STATE_DIR": str(state_dir),
            "S9S_CLUSTER__MODE": "cli",
            "S9S_CLUSTER__BIN_DIR": str(lab.bin_dir),
            "S9S_CLUSTER__SLURM_CONF": str(lab.slurm_conf),
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "s9s", "history", *arguments]

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def is_complete(self) -> bool:
        """Whether all that has ended is here, also what other tests had left running until a moment ago."""
        if self.rows() == self.sacct():
            return True
        self.run("import", "--since", SINCE, "--again")
        return self.rows() == self.sacct()

    def rows(self) -> dict[str, tuple[str, int, float, float]]:
        """State, elapsed and CPU seconds, and the largest task's memory in KiB, by address."""
        with sqlite3.connect(self.database) as connection:
            found = connection.execute(
                "SELECT job_id, state, elapsed_seconds, cpu_seconds, max_task_memory_mib FROM finished_jobs"
            ).fetchall()
        connection.close()
        return {row[0]: (*row[1:3], round(row[3] or 0.0, 3), round(1024 * (row[4] or 0.0))) for row in found}

    def sacct(self) -> dict[str, tuple[str, int, float, float]]:
        """The same as sacct tells it."""
        columns = ["-o", "JobID,State,ElapsedRaw,TotalCPU,MaxRSS"]
        window = ["-S", SINCE, "-E", "now", "-s", ENDED]
        done = self.lab.run("root", "sacct", "-nPa", "--noconvert", *window, *columns)
        told: dict[str, tuple[str, int, float, float]] = {}
        for line in done.stdout.splitlines():
            job_id, state, elapsed, cpu, memory = line.split("|")
            job_id, is_step, _ = job_id.partition(".")
            job_id = job_id.partition("_[")[0]  # tasks that never started have one record: the array's
            known = told.get(job_id, (state.split()[0], int(elapsed), 0.0, 0.0))
            used = seconds(cpu) if is_step else 0.0
            told[job_id] = (*known[:2], known[2] + used, max(known[3], kib(memory)))
        return {key: (*row[:2], round(row[2], 3), round(row[3])) for key, row in told.items()}


def seconds(text: str) -> float:
    days, _, rest = text.rpartition("-")
    total = 0.0
    for part in rest.split(":"):
        total = 60 * total + float(part or 0)
    return total + 86_400 * int(days or 0)


def kib(text: str) -> float:
    """Bytes without a unit, as ``--noconvert`` has it, or with one."""
    units = {"": 1 / 1024, "K": 1.0, "M": 1024.0, "G": 1024.0**2}
    return float(text.rstrip("KMG") or 0) * units[text[-1:] if text[-1:] in "KMG" else ""]


def until(look: Callable[[], object], patience: float = 90.0) -> None:
    deadline = time.monotonic() + patience
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture
def history(lab: Lab, tmp_path: Path) -> History:
    return History(lab, tmp_path / "state")


def submit(lab: Lab, *options: str, script: str) -> str:
    done = lab.run("alice", "sbatch", "--parsable", "-o", "/dev/null", *options, "--wrap", script)
    return done.stdout.strip().partition(";")[0]


def test_an_import_records_what_sacct_says(lab: Lab, history: History) -> None:
    burning = submit(lab, "-c2", "--mem=64", script=f"{BURN} & {BURN} & wait")
    filling = submit(lab, "-c1", "--mem=600", script=FILL)
    array = submit(lab, "--mem=64", "-a1-2", script="exit 3")
    het = submit(lab, "--mem=64", ":", "--mem=64", script="true")
    never = submit(lab, "--mem=64", "-H", script="true")
    lab.run("root", "scancel", never)
    requeued = submit(lab, "--mem=64", script="sleep 1")
    until(lambda: "RUNNING" in lab.run("root", "squeue", "-hj", requeued, "-o", "%T").stdout)
    lab.run("root", "scontrol", "requeue", requeued)
    lab.run("root", "scontrol", "hold", requeued)
    names = {burning, filling, f"{array}_1", f"{array}_2", f"{het}+0", f"{het}+1", never}
    until(lambda: names <= history.sacct().keys())
    until(lambda: history.sacct()[filling][3] and history.sacct()[burning][2])
    # The first run of a requeued job is no end of it.
    assert requeued not in history.sacct()

    history.run("import", "--since", SINCE)
    until(history.is_complete)
    found = history.rows()
    assert requeued not in found
    assert found[burning][2] == pytest.approx(6.0, rel=0.05)
    assert found[filling][3] / 1024 == pytest.approx(400, rel=0.05)
    assert (found[never][:2], found[f"{array}_1"][0]) == (("CANCELLED", 0), "FAILED")

    # A second time changes nothing, and what was changed after the end is found when asked for.
    assert "0 of them new" in history.run("import", "--since", SINCE, "--again")
    lab.run("root", "sacctmgr", "-i", "modify", "job", "where", f"jobid={burning}", "set", "comment=late")
    assert "1 of them new or changed" in history.run("import", "--since", SINCE, "--again")
    lab.run("root", "scancel", requeued)
    told = json.loads(history.run("status", "--json"))
    assert (told["jobs"], told["since"]) == (len(found), "2025-01-01T00:00:00Z")


def test_the_status_counts_jobs_that_run_for_accounting_only(
    lab: Lab, history: History, tmp_path: Path
) -> None:
    assert json.loads(history.run("status", "--json"))["runaway_jobs"] == 0
    assert "accounting only" not in history.run("status")
    running = submit(lab, "--mem=64", script="sleep 300")
    until(lambda: running in lab.run("root", "sacct", "-nPX", "-s", "R", "-o", "JobID").stdout)
    # As after a slurmctld that lost its state: accounting has one job more than slurmctld, and an old one.
    for program in lab.bin_dir.iterdir():
        if program.name != "sacct":
            (tmp_path / program.name).symlink_to(program)
    (tmp_path / "sacct").write_text(SACCT.format(sacct=lab.bin_dir / "sacct", job=running))
    (tmp_path / "sacct").chmod(0o755)
    history.environment["S9S_CLUSTER__BIN_DIR"] = str(tmp_path)
    assert json.loads(history.run("status", "--json"))["runaway_jobs"] == 1
    assert "1 jobs run for accounting only" in history.run("status")
    lab.run("root", "scancel", running)


def test_the_status_without_slurm_counts_none(tmp_path: Path) -> None:
    for cluster in (
        {"S9S_CLUSTER__MODE": "simulated"},
        {"S9S_CLUSTER__MODE": "cli", "S9S_CLUSTER__BIN_DIR": str(tmp_path)},
    ):
        done = subprocess.run(
            [sys.executable, "-m", "s9s", "history", "status", "--json"],
            env=os.environ | {"S9S_STATE_DIR": str(tmp_path / "state")} | cluster,
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert json.loads(done.stdout) == {"jobs": 0, "since": None, "until": None, "runaway_jobs": None}


def test_a_kill_and_an_outage_in_the_middle_lose_and_double_nothing(lab: Lab, history: History) -> None:
    done = [submit(lab, "--mem=64", script="true") for _ in range(3)]
    until(lambda: set(done) <= history.sacct().keys())
    command = history.command("import", "--since", SINCE)
    with subprocess.Popen(command, env=history.environment, stderr=subprocess.PIPE) as process:
        until(lambda: (history.database.exists() and recorded(history)) or process.poll() is not None)
        process.send_signal(signal.SIGKILL)
    lab.stop("slurmdbd")
    with subprocess.Popen([*command, "--again"], env=history.environment, stderr=subprocess.PIPE) as process:
        time.sleep(2)  # nothing is to be seen of it but that it is there
        assert process.poll() is None
        lab.start("slurmdbd")
        assert process.wait(90) == 0, process.stderr and process.stderr.read()
    until(history.is_complete)


def recorded(history: History) -> int:
    try:
        return len(history.rows())
    except sqlite3.OperationalError:
        return 0
