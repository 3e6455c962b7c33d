"""One job by any of its names."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from s9s.backends.slurmrestd.lookup import _stands_for
from s9s.domain.errors import ResourceNotFound
from s9s.domain.jobs import JobState
from tests.backends.slurmrestd.recorded import NATIVE, Slurmrestd, body

native = pytest.mark.parametrize("where", NATIVE)


def knowing(where: str, *names: str) -> Slurmrestd:
    """One that knows the recorded jobs, array 3 and the heterogeneous job 16 by their numbers too."""
    jobs = json.loads(body(where, "jobs"))

    def number(value: Any) -> int:
        return int(value["number"] if isinstance(value, dict) else value or 0)

    def family(request: httpx2.Request) -> httpx2.Response:
        asked = int(request.url.path.rpartition("/")[2])
        found = [
            job
            for job in jobs["jobs"]
            if asked in (job["job_id"], number(job["array_job_id"]), number(job["het_job_id"]))
        ]
        if not found:
            return httpx2.Response(404, content=body(where, "job_unknown"))
        return httpx2.Response(200, json=jobs | {"jobs": found})

    slurmrestd = Slurmrestd(where)
    for name in names:
        leading = name.replace("+", "_").partition("_")[0]
        slurmrestd.answers["GET", f"slurm/job/{leading}"] = family
        slurmrestd.answers["GET", f"slurmdb/job/{name}"] = "accounted_unknown"
    return slurmrestd


@native
@pytest.mark.parametrize(
    ("name", "job_id", "numeric_id", "task"),
    [
        ("1", "1", 1, None),
        ("3", "3", 3, None),  # the rest of the array
        ("3_1", "3_1", 15, 1),
        ("15", "3_1", 15, 1),
        ("3_4", "3_4", 3, 4),  # a task that has no record of its own
        ("16", "16+0", 16, None),
        ("16+1", "16+1", 17, None),
        ("17", "16+1", 17, None),
    ],
)
async def test_names(where: str, name: str, job_id: str, numeric_id: int, task: int | None) -> None:
    job = (await knowing(where, name).backend().job(name)).job
    assert (job.job_id, job.numeric_id, job.array_task_id) == (job_id, numeric_id, task)
    assert (job.array_tasks is None) == (name != "3")


@native
@pytest.mark.parametrize("name", ["3_77", "3_0001234", "16+7", "1_1", "1+1", "60000000"])
async def test_names_of_nobody(where: str, name: str) -> None:
    with pytest.raises(ResourceNotFound, match=f"Job {name.replace('+', '.')} not found"):
        await knowing(where, name).backend().job(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "0", "-1", "1;id", "1 2", "1,2", "alice", "1_", "_1", "1_2_3", "1_[2-3]", "1+", "1.0", "٣", "1\n",
        "67108864", "9" * 30,
    ],
)  # fmt: skip
async def test_what_is_no_name_is_never_asked_for(name: str) -> None:
    slurmrestd = Slurmrestd(NATIVE[2])
    backend = slurmrestd.backend()
    for look in (backend.job(name), backend.cancel(name, "alice"), backend.cancel(name, "alice", force=True)):
        with pytest.raises(ResourceNotFound):
            await look
    assert not slurmrestd.requests


@native
async def test_what_slurmctld_has_forgotten_comes_from_accounting(where: str) -> None:
    forgotten = {("GET", "slurm/job/12"): "job_unknown", ("GET", "slurmdb/job/12"): "accounted_job"}
    slurmrestd = Slurmrestd(where, forgotten)
    details = await slurmrestd.backend().job("12", "alice")
    assert (details.job.job_name, details.job.state) == ("busy", JobState.COMPLETED)
    assert details.usage is not None
    assert details.environment is None
    users = {request.headers["X-SLURM-USER-NAME"] for request in slurmrestd.requests[-2:]}
    assert users == {"alice"}


@native
async def test_a_hidden_job_is_not_given_away_by_accounting(where: str) -> None:
    # PrivateData of slurmctld and of slurmdbd are two settings; to a write such a job does not exist.
    hidden = {("GET", "slurm/job/3"): "job_unknown", ("GET", "slurmdb/job/3"): "accounted_array"}
    with pytest.raises(ResourceNotFound):
        await Slurmrestd(where, hidden).backend().cancel("3", "bob")


@pytest.mark.parametrize(
    ("tasks", "inside", "outside"),
    [
        ("2-5%2", [2, 5], [1, 6]),
        ("7", [7], [0, 8]),
        ("0-20:5,33", [0, 5, 20, 33], [1, 19, 25, 34]),
        ("1-3,5-6%1", [1, 3, 6], [4, 7]),
        ("1-3,...", [2], [9]),
        ("", [], [0]),
    ],
)
def test_tasks_of_a_rest(tasks: str, inside: list[int], outside: list[int]) -> None:
    assert all(_stands_for(tasks, task) for task in inside)
    assert not any(_stands_for(tasks, task) for task in outside)
