"""Old jobs and efficiency on a small simulated cluster."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from s9s.app.application import Application
from s9s.domain.credentials import Restrictions
from s9s.domain.history import FinishedJob
from s9s.domain.instants import format_instant
from s9s.domain.jobs import JobUsage
from s9s.services.access import Role
from s9s.storage.history import HistoryRecords
from tests.api.conftest import Client
from tests.snapshot.making import job

DAY = 86_400
USED = JobUsage(cpu_seconds=3600.0, max_memory_mib=1024.0, max_task_memory_mib=1024.0, tasks=1)


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    # Longer ago than anything that the simulated cluster remembers.
    return {"history": {"days": 200}, "snapshot": {"finished_window_seconds": 3600}}


@pytest.fixture
async def now(application: Application) -> int:
    """The cluster's time, with jobs in the history that ended a hundred days ago and later."""
    now = application.services.efficiencies.now()
    records: HistoryRecords = application.services.history._records
    jobs = []
    for number in range(100):
        end = now - 100 * DAY + number * 3600
        old = job(
            900_000_000 + number, "FAILED" if number % 10 == 0 else "COMPLETED", job_name=f"old {number % 2}",
            user="bob" if number % 4 == 0 else "alice", account="research", submit_time=end - 8000,
            start_time=end - 7200, end_time=end, cpu_count=4, memory_mib=4096, node_count=1,
            time_limit_seconds=4 * 3600, exit_code=0, partition="normal" if number % 5 else "gpu",
        )  # fmt: skip
        jobs.append(FinishedJob(old, USED if number % 3 else None))
    await records.add("default", jobs)
    async with asyncio.timeout(30):
        while not (history := application.services.health.clusters()[0].history) or history.fraction != 1.0:
            await asyncio.sleep(0.05)
    return now


async def test_the_list_goes_back_into_the_history(client: Client, now: int) -> None:
    alice = await client(user="alice", role=Role.USER)
    live = (await alice.get("/v1/jobs")).json()["total"]
    asked = {"start_time": format_instant(now - 150 * DAY), "limit": 1000}
    found = (await alice.get("/v1/jobs", params=asked)).json()
    old = [row for row in found["jobs"] if row["job_name"].startswith("old ")]
    assert len(old) == 100
    assert found["total"] == len(found["jobs"]) > live
    times = [row["submit_time"] for row in found["jobs"]]
    assert times == sorted(times, reverse=True)
    # Pages are pieces of it.
    paged = []
    while len(paged) < found["total"]:
        page = (await alice.get("/v1/jobs", params={**asked, "limit": 70, "offset": len(paged)})).json()
        paged += page["jobs"]
    assert [row["job_id"] for row in paged] == [row["job_id"] for row in found["jobs"]]
    bobs = (await alice.get("/v1/jobs", params={**asked, "user": "bob", "state": "FAILED"})).json()
    assert {row["job_id"] for row in bobs["jobs"] if row["job_name"].startswith("old ")} == {
        str(900_000_000 + number) for number in (0, 20, 40, 60, 80)
    }


async def test_an_old_job_is_looked_up_in_the_history(client: Client, now: int) -> None:
    alice, bob = await client(user="alice", role=Role.USER), await client(user="bob", role=Role.USER)
    found = (await bob.get("/v1/jobs/900000001")).json()
    assert (found["state"], found["user"], found["environment"]) == ("COMPLETED", "alice", None)
    assert found["resources"]["cpu_efficiency"] == 0.125
    assert found["resources"]["memory_efficiency"] == 0.25
    mine = (await alice.get("/v1/jobs/900000001")).json()
    assert mine["resources"] == found["resources"]
    unmeasured = (await bob.get("/v1/jobs/900000003")).json()
    assert unmeasured["resources"]["cpu_efficiency"] is None
    assert (await alice.get("/v1/jobs/900000100")).status_code == 404


async def test_efficiency_of_jobs_names_the_worst_and_what_to_ask_for(client: Client, now: int) -> None:
    alice = await client(user="alice", role=Role.USER)
    span = {"start_time": format_instant(now - 150 * DAY), "end_time": format_instant(now - 50 * DAY)}
    asked = {**span, "user": "alice", "limit": 10}
    found = (await alice.get("/v1/metrics/efficiency", params=asked)).json()
    assert found["total"] == 75
    assert (found["limit"], found["offset"], found["has_more"]) == (10, 0, True)
    first = found["efficiency"][0]
    assert first["jobs"] == 1
    assert (first["cpu_efficiency"], first["memory_efficiency"], first["gpu_efficiency"]) == (
        0.125,
        0.25,
        None,
    )
    assert (first["wasted_cpu_hours"], first["wasted_memory_gib_hours"]) == (7.0, 6.0)
    assert first["wasted_gpu_hours"] is None
    assert first["request"] == {"cpus": 4, "memory": "4GB", "time_limit": "4:00:00", "nodes": 1, "gpus": 0}
    completed = next(one for one in found["efficiency"] if one["state"] == "COMPLETED")
    suggestion = completed["suggested_request"]
    assert (suggestion["cpus"], suggestion["memory"], suggestion["time_limit"]) == (1, "1280MB", "2:30:00")
    assert 0.9 < suggestion["confidence"] <= 1
    wasted = [one["wasted_cpu_hours"] for one in found["efficiency"]]
    assert wasted == sorted(wasted, reverse=True)
    assert found["summary"]["jobs"] == 75
    assert found["summary"]["cpu_efficiency"] == 0.125


async def test_sums_by_user_and_the_filters_of_the_contract(client: Client, now: int) -> None:
    alice = await client(user="alice", role=Role.USER)
    span = {"start_time": format_instant(now - 150 * DAY), "end_time": format_instant(now - 50 * DAY)}

    async def ask(**parameters: Any) -> dict[str, Any]:
        answer = await alice.get("/v1/metrics/efficiency", params={**span, **parameters})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    users = await ask(group_by="user")
    assert [(one["user"], one["jobs"]) for one in users["efficiency"]] == [("alice", 75), ("bob", 25)]
    assert (await ask(user="bob", partition="gpu"))["total"] == 5
    assert (await ask(min_runtime="1:59:59"))["total"] == 100
    assert (await ask(min_runtime="2:00:01"))["total"] == 0
    assert (await ask(state="FAILED,TIMEOUT"))["total"] == 10
    kinds = await ask(group_by="job_name", sort="jobs")
    assert kinds["efficiency"][0]["suggested_request"]["based_on_jobs"] > 1
    assert (await ask(group_by="account"))["efficiency"][0]["account"] == "research"
    for bad in (
        {"min_runtime": "soon"}, {"min_runtime": "UNLIMITED"}, {"sort": "waste"}, {"group_by": "node"},
        {"state": "PENDING"}, {"limit": 0}, {"min_cpus": 0}, {"nonsense": 1},
        {"start_time": span["end_time"], "end_time": span["start_time"]},
    ):  # fmt: skip
        answer = await alice.get("/v1/metrics/efficiency", params={**span, **bad})
        assert answer.status_code == 400, bad
        assert answer.json()["error"]["code"] == "VALIDATION_ERROR"


async def test_a_credential_for_ones_own_jobs_shows_only_their_efficiency(client: Client, now: int) -> None:
    bob = await client(user="bob", role=Role.USER, restrictions=Restrictions(own_jobs_only=True))
    asked = {"start_time": format_instant(now - 150 * DAY), "group_by": "user"}
    found = (await bob.get("/v1/metrics/efficiency", params=asked)).json()
    assert [one["user"] for one in found["efficiency"]] == ["bob"]
    assert found["summary"]["jobs"] == found["efficiency"][0]["jobs"]
    old = (await bob.get("/v1/jobs", params={"start_time": asked["start_time"], "limit": 1000})).json()
    assert {row["user"] for row in old["jobs"]} == {"bob"}


async def test_the_status_says_how_far_the_history_reaches(client: Client, now: int) -> None:
    alice = await client(user="alice", role=Role.USER)
    history = (await alice.get("/v1/status")).json()["clusters"][0]["history"]
    assert (history["source"], history["progress"], history["last_error"]) == ("accounting", 1.0, None)
    assert history["since"] == history["wanted_since"] < history["until"]
