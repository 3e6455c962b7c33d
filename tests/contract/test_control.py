"""Hold, release, priority, requeue, suspend and resume of a job."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.jobs import FINISHED, Jobs
from tests.contract.rules import invalid, refused
from tests.contract.serving import Caller, Server, until


def change(caller: Caller, job_id: str, action: str, body: Any = None) -> dict[str, Any]:
    """The answer to a change that succeeds."""
    response = caller.put(f"/v1/jobs/{job_id}/{action}", json=body) if body is not None else caller.put(
        f"/v1/jobs/{job_id}/{action}"
    )  # fmt: skip
    assert response.status_code == 200, response.text
    answer = dict(response.json())
    assert answer["job_id"] == job_id
    assert isinstance(answer["state"], str)
    assert isinstance(answer["message"], str)
    return answer


class TestHold:
    """A hold's reason is kept and shown with the job; holding a running job is 409."""

    def test_and_release(self, alice: Caller, jobs: Jobs) -> None:
        job_id = jobs.pending()
        assert change(alice, job_id, "hold", {"reason": "Need to debug"})["state"] == "PENDING"
        job = alice.job(job_id)
        assert (job["state"], job["priority"]) == ("PENDING", 0)
        assert "Need to debug" in (job["reason"], job["hold_reason"])
        (row,) = [
            row for row in alice.read("/v1/jobs", user="alice", limit=1000)["jobs"] if row["job_id"] == job_id
        ]
        assert row["hold_reason"] == "Need to debug"
        assert change(alice, job_id, "release")["state"] == "PENDING"
        job = alice.job(job_id)
        assert job["priority"] > 0
        assert job["hold_reason"] is None

    @pytest.mark.parametrize("reason", ["quote'\" $(id) | %j", "zwei\nZeilen", "żółć ✓", "x" * 200])
    def test_keeps_any_reason(self, alice: Caller, jobs: Jobs, reason: str) -> None:
        job_id = jobs.pending()
        change(alice, job_id, "hold", {"reason": reason})
        assert alice.job(job_id)["hold_reason"] == reason

    @pytest.mark.parametrize("body", [None, {}, {"reason": None}], ids=str)
    def test_needs_no_reason(self, alice: Caller, jobs: Jobs, body: Any) -> None:
        job_id = jobs.pending()
        change(alice, job_id, "hold", body)
        assert alice.job(job_id)["priority"] == 0

    @pytest.mark.parametrize("reason", [5, ["x"], "x" * 100_000], ids=lambda value: str(value)[:9])
    def test_takes_a_text_of_sane_length(self, alice: Caller, jobs: Jobs, reason: Any) -> None:
        invalid(alice.put(f"/v1/jobs/{jobs.pending()}/hold", json={"reason": reason}), "reason")

    def test_of_a_running_job_is_a_conflict(self, alice: Caller, jobs: Jobs) -> None:
        job_id = jobs.running()
        refused(alice.put(f"/v1/jobs/{job_id}/hold"), 409, "RESOURCE_CONFLICT")
        job = alice.job(job_id)
        assert job["state"] == "RUNNING"
        assert job["priority"] > 0

    @pytest.mark.parametrize("action", ["hold", "release"])
    def test_of_a_finished_job_is_a_conflict(self, alice: Caller, jobs: Jobs, action: str) -> None:
        refused(alice.put(f"/v1/jobs/{jobs.finished()}/{action}"), 409, "RESOURCE_CONFLICT")

    def test_by_an_operator_is_not_the_owners_to_release(
        self, alice: Caller, carol: Caller, jobs: Jobs
    ) -> None:
        job_id = jobs.pending()
        change(carol, job_id, "hold", {"reason": "ask me"})
        refused(alice.put(f"/v1/jobs/{job_id}/release"), 403, "PERMISSION_DENIED")
        assert alice.job(job_id)["priority"] == 0
        change(carol, job_id, "release")
        assert alice.job(job_id)["priority"] > 0

    def test_a_released_job_runs(self, alice: Caller, jobs: Jobs) -> None:
        job_id = jobs.held(script="true")
        change(alice, job_id, "release")
        assert alice.reach(job_id, *FINISHED)["state"] == "COMPLETED"


class TestPriority:
    """An operator may raise it, an owner may not."""

    def test_is_set_by_an_operator(self, carol: Caller, jobs: Jobs) -> None:
        job_id = jobs.pending()
        change(carol, job_id, "priority", {"priority": 1500})
        assert carol.job(job_id)["priority"] == 1500

    def test_is_not_the_owners_to_raise(self, alice: Caller, jobs: Jobs) -> None:
        job_id = jobs.pending()
        body = {"priority": 100_000_000}
        refused(alice.put(f"/v1/jobs/{job_id}/priority", json=body), 403, "PERMISSION_DENIED")

    @pytest.mark.parametrize("value", [-1, "1500", 1.5, None, True, 10**20], ids=str)
    def test_is_a_whole_number(self, carol: Caller, jobs: Jobs, value: Any) -> None:
        invalid(carol.put(f"/v1/jobs/{jobs.pending()}/priority", json={"priority": value}), "priority")

    def test_must_be_given(self, carol: Caller, jobs: Jobs) -> None:
        invalid(carol.put(f"/v1/jobs/{jobs.pending()}/priority", json={}), "priority")

    def test_of_a_finished_job_is_a_conflict(self, carol: Caller, jobs: Jobs) -> None:
        response = carol.put(f"/v1/jobs/{jobs.finished()}/priority", json={"priority": 5})
        refused(response, 409, "RESOURCE_CONFLICT")


class TestRequeue:
    """A running or finished batch job goes back into the queue."""

    def test_of_a_running_job(self, alice: Caller, jobs: Jobs) -> None:
        job_id = jobs.running()
        change(alice, job_id, "requeue")
        alice.reach(job_id, "PENDING")
        assert alice.job(job_id)["exit_code"] is None

    def test_of_a_pending_job_is_a_conflict(self, alice: Caller, jobs: Jobs) -> None:
        refused(alice.put(f"/v1/jobs/{jobs.held()}/requeue"), 409, "RESOURCE_CONFLICT")


class TestSuspend:
    """Operators suspend and resume."""

    def test_and_resume(self, alice: Caller, carol: Caller, jobs: Jobs) -> None:
        file = jobs.folder / "ticks"
        job_id = jobs.running(f"while :; do echo tick >> {file}; sleep 0.1; done")
        change(carol, job_id, "suspend")
        assert alice.reach(job_id, "SUSPENDED")["nodes"]
        change(carol, job_id, "resume")
        alice.reach(job_id, "RUNNING")
        size = file.stat().st_size
        until(lambda: file.stat().st_size > size)

    def test_is_denied_to_the_owner_up_to_24_11(self, server: Server, alice: Caller, jobs: Jobs) -> None:
        """Slurm 26.05 lets owners suspend their jobs."""
        job_id = jobs.running()
        response = alice.put(f"/v1/jobs/{job_id}/suspend")
        if server.version == "26.05":
            assert response.status_code == 200, response.text
            return
        refused(response, 403, "PERMISSION_DENIED")
        assert alice.job(job_id)["state"] == "RUNNING"

    def test_is_denied_to_others(self, bob: Caller, jobs: Jobs) -> None:
        job_id = jobs.running()
        refused(bob.put(f"/v1/jobs/{job_id}/suspend"), 403, "PERMISSION_DENIED")
        assert bob.job(job_id)["state"] == "RUNNING"

    def test_of_a_pending_job_is_a_conflict(self, carol: Caller, jobs: Jobs) -> None:
        refused(carol.put(f"/v1/jobs/{jobs.held()}/suspend"), 409, "RESOURCE_CONFLICT")


def test_a_dependency_holds_a_job_back_until_it_is_met(alice: Caller, jobs: Jobs) -> None:
    first = jobs.held(script="sleep 1")
    second = jobs.submit("true", dependencies=[{"type": "afterok", "job_id": first}])
    job = alice.job(second)
    assert job["state"] == "PENDING"
    assert [(one["type"], one["job_id"]) for one in job["dependencies"]] == [("afterok", first)]
    change(alice, first, "release")
    after = alice.reach(second, *FINISHED)
    before = alice.job(first)
    assert (before["state"], after["state"]) == ("COMPLETED", "COMPLETED")
    assert after["start_time"] >= before["end_time"]


def test_a_dependency_that_fails_is_never_met(alice: Caller, jobs: Jobs) -> None:
    first = jobs.held(script="exit 1")
    second = jobs.submit("true", dependencies=[{"type": "afterok", "job_id": first}])
    change(alice, first, "release")
    until(lambda: alice.job(second)["reason"] == "DependencyNeverSatisfied")


def test_a_gpu_job_gets_its_gpus(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.running(partition="gpu", gpus=2, nodes=1)
    job = alice.job(job_id)
    assert job["gpus"] == 2
    node = until(lambda: _node_with(alice, job["nodes"][0], job_id), seconds=10)
    assert 2 <= node["gpus_allocated"] <= node["gpus_total"]


def _node_with(caller: Caller, name: str, job_id: str) -> dict[str, Any] | None:
    """The node as soon as it shows the job, and what the job has of it: the next look at the nodes."""
    node = caller.node(name)
    return node if job_id in node["jobs"] and node["gpus_allocated"] else None
