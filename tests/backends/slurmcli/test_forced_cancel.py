"""A forced cancel of a job that moves on between its commands; `test_live` has it on real clusters."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from s9s.backends.command import Finished
from s9s.backends.slurmcli.job_changes import JobChanges
from s9s.domain.errors import PermissionDenied, ResourceConflict
from s9s.domain.jobs import Job, JobState

NO_STEP = "scancel: error: Kill job error on job step id 7.0: Invalid job id specified"
OVER = "scancel: error: Kill job error on job id 7: Job/step already completing or completed"
DENIED = "scancel: error: Kill job error on job id 7: Access/permission denied"
JOB = Job(
    job_id="7", numeric_id=7, job_name="a", user="alice", state=JobState.RUNNING, partition="p", submit_time=1
)


class Programs:
    """Says what it is told to say, by the kind of scancel; the one that asks waits for its answer."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self.said = said
        self.ran: list[str] = []

    async def run(self, argv: Sequence[str], *, actor: str, input: int | None) -> Finished:  # noqa: A002 -- as `Programs.run` has it
        kind = "cancel" if "--interactive" in argv else "script" if "--batch" in argv else "steps"
        if input is not None:
            while await asyncio.to_thread(os.read, input, 2) != b"y\n":
                pass
        self.ran.append(kind)
        text = self.said.get(kind, "")
        return Finished(returncode=1 if text else 0, stdout=b"", stderr=text)


class Live:
    async def named(self, job_id: str) -> list[Job]:
        return [JOB]

    async def steps(self, job_id: str) -> list[str]:
        return ["7.0", "7.1"]


async def force(said: Mapping[str, str]) -> list[str]:
    programs: Any = Programs(said)
    live: Any = Live()
    await JobChanges(programs, live).cancel("7", "alice", None, force=True)
    return list(programs.ran)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({}, id="all as it was"),
        pytest.param({"steps": NO_STEP}, id="a step has ended since"),
        pytest.param({"steps": NO_STEP, "script": OVER}, id="and with it the script"),
        pytest.param({"cancel": OVER}, id="its death is known before the cancel comes"),
    ],
)
async def test_goes_through_whatever_has_ended_meanwhile(said: dict[str, str]) -> None:
    assert await force(said) == ["steps", "script", "cancel"]


async def test_of_a_job_that_had_ended_before_says_so() -> None:
    with pytest.raises(ResourceConflict):
        await force({"steps": OVER, "script": OVER, "cancel": OVER})


async def test_that_is_denied_kills_nothing_more() -> None:
    with pytest.raises(PermissionDenied):
        await force({"steps": DENIED})
