"""Filters of the job list, and which jobs it holds."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from tests.contract.jobs import Jobs
from tests.contract.serving import Caller
from tests.contract.test_lists import rows


def instant(offset: float) -> str:
    """The time so many seconds from now, as the API writes it."""
    return datetime.fromtimestamp(time.time() + offset, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ids(caller: Caller, **parameters: str) -> set[str]:
    """Ids of all jobs that a filter lets through."""
    found: list[str] = []
    while len(found) == len(set(found)):
        page = caller.read(
            "/v1/jobs", limit=1000, offset=len(found), sort="job_id", order="asc", **parameters
        )
        found += [row["job_id"] for row in page["jobs"]]
        if not page["has_more"]:
            return set(found)
    raise AssertionError("a job is in the list twice")


def test_each_filter_holds_for_every_row(alice: Caller, jobs: Jobs) -> None:
    mine, others = jobs.running(), jobs.held("bob")
    gpu = jobs.running(partition="gpu", gpus=1)
    for name, value, found, left_out in (
        ("user", "alice", {mine, gpu}, {others}),
        ("state", "RUNNING", {mine, gpu}, {others}),
        ("state", "PENDING", {others}, {mine, gpu}),
        ("partition", "gpu", {gpu}, {mine, others}),
    ):
        listed = ids(alice, **{name: value})
        assert found <= listed, (name, value)
        assert not left_out & listed, (name, value)
        for row in rows(alice, "jobs", **{name: value}, limit=1000):
            assert value in row[name].split(","), (name, value, row["job_id"])


def test_filters_together_mean_all_of_them(alice: Caller, jobs: Jobs) -> None:
    mine, others = jobs.held(), jobs.held("bob")
    assert mine in ids(alice, user="alice", state="PENDING", partition="normal")
    assert not {mine, others} & ids(alice, user="alice", state="RUNNING", partition="normal")
    assert others not in ids(alice, user="alice", state="PENDING")


def test_a_comma_list_means_any_of_them(alice: Caller, jobs: Jobs) -> None:
    mine, others, ended = jobs.running(), jobs.held("bob"), jobs.finished()
    assert {mine, others} <= ids(alice, state="RUNNING,PENDING")
    assert ended not in ids(alice, state="RUNNING,PENDING")
    assert {mine, others} <= ids(alice, user="alice,bob")
    assert {mine, others} <= ids(alice, partition="normal,gpu")


@pytest.mark.parametrize("state", ["running", "Running", "R", "pending,running"])
def test_states_have_no_case(alice: Caller, jobs: Jobs, state: str) -> None:
    if state == "R":
        # Slurm's short forms are a courtesy: taken or refused, never misunderstood.
        assert alice.get("/v1/jobs", params={"state": state}).status_code in (200, 400)
        return
    assert jobs.running() in ids(alice, state=state)


def test_nobodys_jobs_are_none(alice: Caller) -> None:
    page = alice.read("/v1/jobs", user="nosuchuser")
    assert (page["jobs"], page["total"], page["has_more"]) == ([], 0, False)


def test_a_job_appears_once_also_when_it_has_ended(alice: Caller, jobs: Jobs) -> None:
    found = {jobs.finished("true"), jobs.finished("exit 1"), jobs.running(), jobs.held()}
    assert found <= ids(alice, user="alice")  # which fails on a job that is there twice


def test_ended_jobs_are_found_by_their_state(alice: Caller, jobs: Jobs) -> None:
    completed, failed = jobs.finished("true"), jobs.finished("exit 1")
    assert completed in ids(alice, state="COMPLETED", user="alice")
    assert failed in ids(alice, state="FAILED", user="alice")
    assert not {completed, failed} & ids(alice, state="TIMEOUT,CANCELLED", user="alice")


class TestWindow:
    """`start_time` and `end_time` bound the list as in `sacct`: jobs that were there in between."""

    def test_holds_what_ran_in_it(self, alice: Caller, jobs: Jobs) -> None:
        ended, running = jobs.finished(), jobs.running()
        assert {ended, running} <= ids(alice, start_time=instant(-600), end_time=instant(60), user="alice")

    def test_leaves_out_what_ended_before(self, alice: Caller, jobs: Jobs) -> None:
        ended, running = jobs.finished(), jobs.running()
        found = ids(alice, start_time=instant(30), user="alice")
        assert ended not in found
        assert running in found

    def test_leaves_out_what_came_after(self, alice: Caller, jobs: Jobs) -> None:
        made = {jobs.finished(), jobs.running(), jobs.held()}
        assert not made & ids(alice, end_time=instant(-600), user="alice")

    def test_takes_an_offset(self, alice: Caller, jobs: Jobs) -> None:
        ended = jobs.finished()
        early = datetime.fromtimestamp(time.time() - 600, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")
        assert ended in ids(alice, start_time=early, user="alice")

    def test_that_ends_before_it_begins_holds_nothing(self, alice: Caller) -> None:
        response = alice.get("/v1/jobs", params={"start_time": instant(0), "end_time": instant(-600)})
        assert response.status_code == 400 or response.json()["total"] == 0


class TestReadYourWrites:
    """A change that a client makes is visible in the client's next read: no waiting here."""

    def test_a_submission(self, alice: Caller, jobs: Jobs) -> None:
        for _ in range(5):
            job_id = jobs.submit()
            assert job_id in ids(alice, user="alice")
            assert alice.job(job_id)["state"] in ("PENDING", "RUNNING")

    def test_a_hold_and_a_release(self, alice: Caller, jobs: Jobs) -> None:
        job_id = jobs.pending()
        for _ in range(3):
            assert alice.put(f"/v1/jobs/{job_id}/hold").status_code == 200
            assert self._listed(alice, job_id)["priority"] == 0
            assert alice.put(f"/v1/jobs/{job_id}/release").status_code == 200
            assert self._listed(alice, job_id)["priority"] > 0

    def test_a_cancel(self, alice: Caller, jobs: Jobs) -> None:
        job_id = jobs.held()
        assert alice.delete(f"/v1/jobs/{job_id}").status_code == 200
        assert job_id not in ids(alice, state="PENDING", user="alice")
        assert job_id in ids(alice, state="CANCELLED", user="alice")
        assert alice.job(job_id)["state"] == "CANCELLED"

    def test_a_priority(self, carol: Caller, jobs: Jobs) -> None:
        job_id = jobs.pending()
        assert carol.put(f"/v1/jobs/{job_id}/priority", json={"priority": 4321}).status_code == 200
        assert self._listed(carol, job_id)["priority"] == 4321
        assert carol.job(job_id)["priority"] == 4321

    def test_a_drain(self, dave: Caller, spare_node: str) -> None:
        assert dave.put(f"/v1/nodes/{spare_node}/drain", json={"reason": "seen"}).status_code == 200
        assert spare_node in {row["node_name"] for row in rows(dave, "nodes", state="DRAIN", limit=1000)}
        assert dave.node(spare_node)["reason"] == "seen"

    def test_an_array(self, alice: Caller, jobs: Jobs) -> None:
        job_id = jobs.held(script="#SBATCH --array=0-3\nsleep 300")
        found = [
            row for row in rows(alice, "jobs", user="alice", limit=1000) if row["array_job_id"] == job_id
        ]
        assert found

    @staticmethod
    def _listed(caller: Caller, job_id: str) -> dict[str, object]:
        (row,) = [row for row in rows(caller, "jobs", user="alice", limit=1000) if row["job_id"] == job_id]
        return row
