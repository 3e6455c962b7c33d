"""How values are written, and which notations are taken."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.contract.jobs import Jobs
from tests.contract.serving import Caller, until


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("30", "0:30:00"), ("90:00", "1:30:00"), ("4:00:00", "4:00:00"), ("0:45:00", "0:45:00"),
        ("1-12", "1-12:00:00"), ("1-12:30", "1-12:30:00"), ("1-02:03:00", "1-02:03:00"),
        ("26:00:00", "1-02:00:00"), ("2h", "2:00:00"), ("30m", "0:30:00"), ("7d", "7-00:00:00"),
        ("UNLIMITED", "UNLIMITED"), ("INFINITE", "UNLIMITED"),
    ],
)  # fmt: skip
def test_time_limits_are_taken_as_slurm_takes_them(alice: Caller, jobs: Jobs, given: str, shown: str) -> None:
    assert alice.job(jobs.held(time_limit=given))["time_limit"] == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("64GB", "64GB"), ("64G", "64GB"), ("64GiB", "64GB"), ("65536MB", "64GB"), ("65536M", "64GB"),
        ("1500MB", "1500MB"), ("1500M", "1500MB"), ("2048K", "2MB"), ("1GB", "1GB"), ("1025M", "1025MB"),
        ("64gb", "64GB"),
    ],
)  # fmt: skip
def test_memory_is_taken_with_any_unit(alice: Caller, jobs: Jobs, given: str, shown: str) -> None:
    assert alice.job(jobs.held(memory=given))["memory"] == shown


def test_terabytes_are_shown_in_gb(alice: Caller, dave: Caller) -> None:
    """No node of a small cluster holds one: what is shown of nodes is GB or MB, never TB."""
    for row in alice.read("/v1/nodes", limit=1000)["nodes"]:
        for name in ("memory_total", "memory_allocated", "memory_free"):
            assert row[name] is None or re.fullmatch(r"\d+(GB|MB)", row[name]), row
            assert not re.fullmatch(r"\d+MB", row[name] or "") or int(row[name][:-2]) % 1024, row


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("exit 0", {"state": "COMPLETED", "exit_code": 0, "signal": None}),
        ("exit 3", {"state": "FAILED", "exit_code": 3, "signal": None}),
        ("exit 255", {"state": "FAILED", "exit_code": 255, "signal": None}),
    ],
)
def test_a_job_ends_with_its_exit_code(
    alice: Caller, jobs: Jobs, script: str, expected: dict[str, Any]
) -> None:
    job = alice.job(jobs.finished(script))
    assert {name: job[name] for name in expected} == expected
    assert job["submit_time"] <= job["start_time"] <= job["end_time"]
    assert re.fullmatch(r"0:00:\d\d", job["elapsed_time"])


def test_a_job_that_was_killed_by_a_signal_says_so(alice: Caller, jobs: Jobs) -> None:
    job = alice.job(jobs.finished("kill -SEGV $$; sleep 60"))
    assert job["state"] == "FAILED"
    assert isinstance(job["exit_code"], int)
    assert job["signal"] in (11, "SIGSEGV", "SEGV")


def test_what_has_not_happened_is_null(alice: Caller, jobs: Jobs) -> None:
    job = alice.job(jobs.held())
    assert (job["start_time"], job["end_time"], job["exit_code"], job["nodes"]) == (None, None, None, [])
    job = alice.job(jobs.running())
    assert (job["end_time"], job["exit_code"], job["reason"]) == (None, None, None)
    assert job["start_time"]


def test_elapsed_time_goes_on_while_a_job_runs(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.running()
    first = alice.job(job_id)["elapsed_time"]
    until(lambda: alice.job(job_id)["elapsed_time"] > first, seconds=15)


def test_ids_are_texts(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.running()
    job = alice.job(job_id)
    assert job["job_id"] == job_id
    assert alice.node(job["nodes"][0])["jobs"].count(job_id) == 1
