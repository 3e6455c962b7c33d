"""`POST /v1/jobs/bulk`: each id has its own result, and one failure never stops the rest."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.jobs import FINISHED, Jobs
from tests.contract.rules import invalid, refused
from tests.contract.serving import Caller
from tests.contract.test_arrays import is_cancelled


def bulk(caller: Caller, action: str, job_ids: list[str], **options: Any) -> dict[str, Any]:
    """The answer, whose results and summary agree."""
    body: dict[str, Any] = {"action": action, "job_ids": job_ids}
    response = caller.post("/v1/jobs/bulk", json=body | ({"options": options} if options else {}))
    assert response.status_code == 200, response.text
    answer = dict(response.json())
    assert [one["job_id"] for one in answer["results"]] == job_ids
    successful = [one["status"] for one in answer["results"]].count("success")
    summary = {"total": len(job_ids), "successful": successful, "failed": len(job_ids) - successful}
    assert answer["summary"] == summary
    assert answer["batch_id"]
    return answer


def statuses(answer: dict[str, Any]) -> list[str]:
    """Of each result."""
    return [one["status"] for one in answer["results"]]


def test_cancel(alice: Caller, jobs: Jobs) -> None:
    held, running, finished = jobs.held(), jobs.running(), jobs.finished()
    answer = bulk(alice, "cancel", [held, finished, "60000001", running], force=True, reason="maintenance")
    assert statuses(answer) == ["success", "error", "error", "success"]
    assert all(one["message"] for one in answer["results"])
    assert alice.job(held)["state"] == "CANCELLED"
    assert alice.reach(running, *FINISHED)["state"] == "CANCELLED"
    assert alice.job(finished)["state"] == "COMPLETED"


def test_hold_and_release(alice: Caller, jobs: Jobs) -> None:
    waiting = [jobs.pending(), jobs.pending()]
    assert statuses(bulk(alice, "hold", waiting, reason="Emergency maintenance")) == ["success", "success"]
    for job_id in waiting:
        job = alice.job(job_id)
        assert (job["priority"], job["hold_reason"]) == (0, "Emergency maintenance")
    assert statuses(bulk(alice, "release", waiting)) == ["success", "success"]
    assert all(alice.job(job_id)["priority"] > 0 for job_id in waiting)


def test_a_running_job_is_not_held(alice: Caller, jobs: Jobs) -> None:
    running, waiting = jobs.running(), jobs.pending()
    assert statuses(bulk(alice, "hold", [running, waiting])) == ["error", "success"]
    assert alice.job(running)["priority"] > 0


def test_requeue(alice: Caller, jobs: Jobs) -> None:
    running, waiting = jobs.running(), jobs.held()
    assert statuses(bulk(alice, "requeue", [running, waiting])) == ["success", "error"]
    alice.reach(running, "PENDING")


def test_priority(carol: Caller, jobs: Jobs) -> None:
    waiting, finished = jobs.pending(), jobs.finished()
    assert statuses(bulk(carol, "priority", [waiting, finished], priority=1500)) == ["success", "error"]
    assert carol.job(waiting)["priority"] == 1500


def test_others_jobs_are_errors_of_their_own(bob: Caller, jobs: Jobs) -> None:
    mine, others = jobs.held("bob"), jobs.held("alice")
    assert statuses(bulk(bob, "cancel", [others, mine])) == ["error", "success"]
    assert bob.job(others)["state"] == "PENDING"
    assert bob.job(mine)["state"] == "CANCELLED"


def test_array_tasks_are_ids_too(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.held(script="#SBATCH --array=1-3\nsleep 300")
    assert statuses(bulk(alice, "cancel", [f"{job_id}_1", f"{job_id}_9"])) == ["success", "error"]
    assert is_cancelled(alice, f"{job_id}_1")
    assert alice.job(f"{job_id}_2")["state"] == "PENDING"


def test_an_id_twice_is_answered_twice(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.held()
    answer = bulk(alice, "cancel", [job_id, job_id])
    assert statuses(answer)[0] == "success"
    assert alice.job(job_id)["state"] == "CANCELLED"


def test_what_can_be_no_id_is_an_error_of_its_own(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.held()
    response = alice.post("/v1/jobs/bulk", json={"action": "cancel", "job_ids": ["abc", job_id]})
    if response.status_code == 200:
        assert statuses(response.json()) == ["error", "success"]
    else:
        refused(response, 400, "VALIDATION_ERROR")
        assert alice.job(job_id)["state"] == "PENDING"


def test_ten_thousand_ids_are_taken_and_no_more(alice: Caller) -> None:
    ids = [str(60_000_000 + number) for number in range(10_001)]
    answer = bulk(alice, "cancel", ids[:10_000])
    assert answer["summary"]["failed"] == 10_000
    invalid(alice.post("/v1/jobs/bulk", json={"action": "cancel", "job_ids": ids}), "job_ids")


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"action": "delete"}, "action"), ({"action": None}, "action"), ({"action": "priority"}, "priority"),
        ({"job_ids": "1"}, "job_ids"), ({"job_ids": []}, "job_ids"),
        ({"options": {"forse": True}}, "forse"), ({"options": {"force": "yes"}}, "force"),
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_request_does_nothing(
    alice: Caller, jobs: Jobs, change: dict[str, Any], parameter: str
) -> None:
    job_id = jobs.held()
    response = alice.post("/v1/jobs/bulk", json={"action": "cancel", "job_ids": [job_id], **change})
    details = refused(response, 400, "VALIDATION_ERROR")["details"]
    assert details["parameter"].rpartition(".")[2] == parameter, details
    assert alice.job(job_id)["state"] == "PENDING"


def test_bulk_is_faster_than_one_by_one(alice: Caller, jobs: Jobs) -> None:
    """No more than a request each would take; fifty held jobs within a few seconds."""
    held = [jobs.held() for _ in range(20)]
    assert statuses(bulk(alice, "cancel", held)) == ["success"] * 20
