"""`s9s export` on a real database."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobState
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords


@pytest.fixture
def state(tmp_path: Path) -> Path:
    async def fill() -> None:
        async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
            jobs = [
                Job(
                    job_id=str(number), numeric_id=number, job_name="=a", user="alice", partition="cpu",
                    state=JobState.COMPLETED if number % 2 else JobState.FAILED,
                    submit_time=1000, start_time=1000, end_time=1000 + number,
                )
                for number in range(1, 5)
            ]  # fmt: skip
            await HistoryRecords(database).add("default", [FinishedJob(job) for job in jobs])

    asyncio.run(fill())
    return tmp_path


def s9s(state: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "s9s", *arguments, "--state-dir", str(state)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env=os.environ | {"S9S_CONFIG": ""}
    )


def test_the_same_file_as_the_api_makes(state: Path) -> None:
    output = state / "jobs.csv"
    output.write_text("old")
    done = s9s(
        state, "export", "jobs", "--filter", "state=COMPLETED", "--fields", "job_id,job_name,runtime",
        "-o", str(output),
    )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, f"2 rows in {output}")
    assert output.read_bytes() == b"job_id,job_name,runtime\r\n1,'=a,0:00:01\r\n3,'=a,0:00:03\r\n"


def test_standard_output_and_what_cannot_be_meant(state: Path) -> None:
    done = s9s(state, "export", "jobs", "--format", "ndjson", "--fields", "job_id")
    assert [json.loads(line)["job_id"] for line in done.stdout.splitlines()] == ["1", "2", "3", "4"]
    wrong = s9s(state, "export", "jobs", "--fields", "nope")
    assert wrong.returncode == 1
    assert "Unknown field of jobs: nope; allowed: account," in wrong.stderr
