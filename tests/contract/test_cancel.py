"""`DELETE /v1/jobs/{job_id}`: a cancel as scancel does it, a kill, or a signal that is only delivered."""

from __future__ import annotations

import time

import pytest

from tests.contract.jobs import FINISHED, Jobs
from tests.contract.rules import invalid, refused
from tests.contract.serving import Caller, until

TRAP = """trap 'echo USR1 >> {file}' USR1
trap 'echo TERM >> {file}' TERM
while :; do sleep 0.1; done
"""


def test_a_pending_job_is_cancelled_at_once(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.held()
    response = alice.delete(f"/v1/jobs/{job_id}")
    assert response.status_code == 200, response.text
    assert {key: response.json()[key] for key in ("job_id", "state")} == {
        "job_id": job_id,
        "state": "CANCELLED",
    }
    job = alice.job(job_id)
    assert (job["state"], job["start_time"]) == ("CANCELLED", None)
    assert job["end_time"]


@pytest.mark.parametrize("parameters", [{}, {"signal": "SIGTERM"}, {"signal": "TERM"}, {"signal": "15"}])
def test_a_running_job_is_cancelled(alice: Caller, jobs: Jobs, parameters: dict[str, str]) -> None:
    job_id = jobs.running()
    response = alice.delete(f"/v1/jobs/{job_id}", params=parameters)
    assert response.status_code == 200, response.text
    assert response.json()["state"] in ("CANCELLED", "COMPLETING")
    job = alice.reach(job_id, *FINISHED)
    assert job["state"] == "CANCELLED"
    assert job["end_time"]


def test_a_cancel_lets_the_job_clean_up(alice: Caller, jobs: Jobs) -> None:
    """SIGTERM comes first, the kill after Slurm's KillWait."""
    file = jobs.folder / "cleaned"
    job_id = jobs.running(f"trap 'echo cleaned > {file}; exit 0' TERM\nwhile :; do sleep 0.1; done")
    assert alice.delete(f"/v1/jobs/{job_id}").status_code == 200
    alice.reach(job_id, *FINISHED)
    assert file.read_text() == "cleaned\n"


def test_force_kills_at_once(alice: Caller, jobs: Jobs) -> None:
    file = jobs.folder / "signals"
    job_id = jobs.running(TRAP.format(file=file))
    began = time.monotonic()
    response = alice.delete(f"/v1/jobs/{job_id}", params={"force": "true"})
    assert response.status_code == 200, response.text
    assert response.json()["state"] in ("CANCELLED", "COMPLETING")
    job = alice.reach(job_id, *FINISHED)
    assert time.monotonic() - began < 5, "KillWait is not waited for"
    assert job["state"] == "CANCELLED"
    assert not file.exists()


@pytest.mark.parametrize("signal", ["SIGUSR1", "USR1", "usr1", "10"])
def test_another_signal_is_only_delivered(alice: Caller, jobs: Jobs, signal: str) -> None:
    file = jobs.folder / "signals"
    job_id = jobs.running(TRAP.format(file=file))
    response = alice.delete(f"/v1/jobs/{job_id}", params={"signal": signal})
    assert response.status_code == 200, response.text
    assert response.json()["state"] == "RUNNING"
    assert until(lambda: file.exists() and file.read_text()) == "USR1\n"
    assert alice.job(job_id)["state"] == "RUNNING"


@pytest.mark.parametrize("signal", ["NONSENSE", "0", "99", "-9", "", "SIGSIGTERM", "9 9"])
def test_an_unknown_signal_is_refused_and_the_job_lives(alice: Caller, jobs: Jobs, signal: str) -> None:
    job_id = jobs.running()
    invalid(alice.delete(f"/v1/jobs/{job_id}", params={"signal": signal}), "signal")
    assert alice.job(job_id)["state"] == "RUNNING"


@pytest.mark.parametrize("force", ["perhaps", "", "2"])
def test_force_is_true_or_false(alice: Caller, jobs: Jobs, force: str) -> None:
    job_id = jobs.held()
    invalid(alice.delete(f"/v1/jobs/{job_id}", params={"force": force}), "force")
    assert alice.job(job_id)["state"] == "PENDING"


@pytest.mark.parametrize("parameters", [{}, {"force": "true"}, {"signal": "USR1"}], ids=str)
def test_a_finished_job_is_a_conflict(alice: Caller, jobs: Jobs, parameters: dict[str, str]) -> None:
    job_id = jobs.finished()
    refused(alice.delete(f"/v1/jobs/{job_id}", params=parameters), 409, "RESOURCE_CONFLICT")
    assert alice.job(job_id)["state"] == "COMPLETED"


def test_a_job_is_cancelled_once(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.held()
    assert alice.delete(f"/v1/jobs/{job_id}").status_code == 200
    refused(alice.delete(f"/v1/jobs/{job_id}"), 409, "RESOURCE_CONFLICT")


def test_a_signal_to_a_pending_job_is_a_conflict(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.held()
    refused(alice.delete(f"/v1/jobs/{job_id}", params={"signal": "USR1"}), 409, "RESOURCE_CONFLICT")
    assert alice.job(job_id)["state"] == "PENDING"


class TestOthers:
    """Another user's job takes an operator."""

    @pytest.mark.parametrize("parameters", [{}, {"force": "true"}, {"signal": "USR1"}], ids=str)
    def test_is_denied_to_a_user(self, bob: Caller, jobs: Jobs, parameters: dict[str, str]) -> None:
        for job_id in (jobs.running(), jobs.held()) if not parameters else (jobs.running(),):
            refused(bob.delete(f"/v1/jobs/{job_id}", params=parameters), 403, "PERMISSION_DENIED")
            assert bob.job(job_id)["state"] in ("RUNNING", "PENDING")

    def test_is_denied_for_every_write(self, bob: Caller, jobs: Jobs) -> None:
        job_id = jobs.pending()
        for action in ("hold", "release", "requeue"):
            response = bob.put(f"/v1/jobs/{job_id}/{action}")
            # A pending job cannot be requeued by anybody; Slurm may say either first.
            assert response.status_code in ((403, 409) if action == "requeue" else (403,)), response.text
        response = bob.put(f"/v1/jobs/{job_id}/priority", json={"priority": 1})
        refused(response, 403, "PERMISSION_DENIED")
        assert bob.job(job_id)["priority"] > 1

    def test_is_an_operators_business(self, alice: Caller, carol: Caller, jobs: Jobs) -> None:
        job_id = jobs.running()
        assert carol.delete(f"/v1/jobs/{job_id}").status_code == 200
        assert alice.reach(job_id, *FINISHED)["state"] == "CANCELLED"
