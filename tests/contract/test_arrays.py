"""Job arrays: tasks by `12345_7` and by their own ids."""

from __future__ import annotations

import time

import pytest

from tests.contract.jobs import FINISHED, Jobs
from tests.contract.rules import refused
from tests.contract.serving import Caller, until
from tests.contract.test_submission import written


def array(jobs: Jobs, tasks: str, script: str = "sleep 300", held: bool = False, **fields: str) -> str:
    """Id of a new array."""
    hold = "#SBATCH --hold\n" if held else ""
    return jobs.submit(f"#!/bin/bash\n#SBATCH --array={tasks}\n{hold}{script}\n", **fields)


def is_cancelled(caller: Caller, task: str) -> bool:
    """Whether a task that never began is cancelled; Slurm itself may keep no record of such a one."""
    response = caller.get(f"/v1/jobs/{task}")
    return response.status_code == 404 or response.json()["state"] == "CANCELLED"


def test_a_task_is_addressed_by_array_and_number(alice: Caller, jobs: Jobs) -> None:
    job_id = array(jobs, "5,7")
    for number in (5, 7):
        task = alice.reach(f"{job_id}_{number}", "RUNNING")
        assert task["job_id"] == f"{job_id}_{number}"
        assert (task["array_job_id"], task["array_task_id"]) == (job_id, number)
    node = alice.node(task["nodes"][0])
    assert f"{job_id}_7" in node["jobs"]


def test_a_task_is_addressed_by_its_own_id(alice: Caller, jobs: Jobs) -> None:
    out = jobs.folder / "own-%a"
    job_id = array(jobs, "1-2", "echo $SLURM_JOB_ID; sleep 300", standard_output=str(out))
    for number in (1, 2):
        alice.reach(f"{job_id}_{number}", "RUNNING")
        own = written(jobs.folder / f"own-{number}").strip()
        if own != job_id:  # the last task to start keeps the array's id, which means the whole array
            assert alice.job(own)["job_id"] == f"{job_id}_{number}"


def test_a_job_that_is_no_array_has_none(alice: Caller, jobs: Jobs) -> None:
    job = alice.job(jobs.held())
    assert (job["array_job_id"], job["array_task_id"]) == (None, None)


def test_each_task_writes_its_own_output(alice: Caller, jobs: Jobs) -> None:
    job_id = array(jobs, "1-3", "echo task $SLURM_ARRAY_TASK_ID", standard_output="%A_%a.out")
    for number in (1, 2, 3):
        alice.reach(f"{job_id}_{number}", "COMPLETED")
        answer = alice.read(f"/v1/jobs/{job_id}_{number}/output")
        assert answer["path"] == str(jobs.folder / f"{job_id}_{number}.out")
        assert answer["content"].startswith(f"task {number}\n")


def test_by_default_each_task_has_its_file(alice: Caller, jobs: Jobs) -> None:
    job_id = array(jobs, "4", "echo $SLURM_ARRAY_TASK_ID")
    job = alice.reach(f"{job_id}_4", "COMPLETED")
    assert job["standard_output"] == str(jobs.folder / f"slurm-{job_id}_4.out")


def test_the_list_holds_the_tasks_that_began_and_the_rest_once(alice: Caller, jobs: Jobs) -> None:
    job_id = array(jobs, "0-9%2")

    def listed() -> dict[str, str]:
        rows = alice.read("/v1/jobs", user="alice", limit=1000)["jobs"]
        return {row["job_id"]: row["state"] for row in rows if row["array_job_id"] == job_id}

    until(lambda: list(listed().values()).count("RUNNING") == 2)
    states = listed()
    assert {f"{job_id}_0", f"{job_id}_1"} <= set(states)
    assert list(states.values()).count("PENDING") == 1
    assert len(states) == 3
    # A task that waits is part of the rest, and found all the same.
    waiting = alice.job(f"{job_id}_9")
    assert waiting["state"] == "PENDING"
    assert waiting["array_job_id"] == job_id


@pytest.mark.parametrize("number", ["77", "x", "-1", ""])
def test_a_task_that_is_not_there_is_not_found(alice: Caller, jobs: Jobs, number: str) -> None:
    job_id = array(jobs, "1-2", held=True)
    assert alice.get(f"/v1/jobs/{job_id}_{number}").status_code in ((404,) if number == "77" else (400, 404))


def test_one_task_is_cancelled_and_the_others_go_on(alice: Caller, jobs: Jobs) -> None:
    job_id = array(jobs, "1-3")
    for number in (1, 2, 3):
        alice.reach(f"{job_id}_{number}", "RUNNING")
    response = alice.delete(f"/v1/jobs/{job_id}_2")
    assert response.status_code == 200, response.text
    assert response.json()["job_id"] == f"{job_id}_2"
    assert alice.reach(f"{job_id}_2", *FINISHED)["state"] == "CANCELLED"
    assert alice.job(f"{job_id}_1")["state"] == alice.job(f"{job_id}_3")["state"] == "RUNNING"
    refused(alice.delete(f"/v1/jobs/{job_id}_2"), 409, "RESOURCE_CONFLICT")


def test_a_waiting_task_is_cancelled_alone(alice: Caller, jobs: Jobs) -> None:
    job_id = array(jobs, "1-4", held=True)
    assert alice.delete(f"/v1/jobs/{job_id}_3").status_code == 200
    assert is_cancelled(alice, f"{job_id}_3")
    assert alice.job(f"{job_id}_4")["state"] == "PENDING"


def states(caller: Caller, job_id: str) -> list[str]:
    """States of all that the list has of an array."""
    rows = caller.read("/v1/jobs", user="alice", limit=1000)["jobs"]
    return [row["state"] for row in rows if row["array_job_id"] == job_id]


def test_the_whole_array_is_cancelled_by_its_id(alice: Caller, jobs: Jobs) -> None:
    job_id = array(jobs, "1-4%2")
    alice.reach(f"{job_id}_1", "RUNNING")
    assert alice.delete(f"/v1/jobs/{job_id}").status_code == 200
    until(lambda: set(states(alice, job_id)) == {"CANCELLED"})


def test_a_whole_array_is_ended_by_force(alice: Caller, jobs: Jobs) -> None:
    """A task that dies before slurmctld hears of its cancel is FAILED: Slurm's, see docs/jobs.md."""
    begun = jobs.folder / "begun-$SLURM_ARRAY_TASK_ID"
    job_id = array(jobs, "1-4%2", f"trap '' TERM\ntouch {begun}\nwhile :; do sleep 0.2; done")
    until(lambda: len(list(jobs.folder.glob("begun-*"))) == 2)
    began = time.monotonic()
    assert alice.delete(f"/v1/jobs/{job_id}", params={"force": "true"}).status_code == 200
    tasks = [alice.reach(f"{job_id}_{number}", *FINISHED) for number in (1, 2)]
    assert time.monotonic() - began < 5, "KillWait is not waited for"
    until(lambda: is_cancelled(alice, f"{job_id}_4"))
    assert len(list(jobs.folder.glob("begun-*"))) == 2
    for task in tasks:
        assert task["state"] == "CANCELLED" or (task["state"], task["signal"]) == ("FAILED", 9)


def test_a_whole_array_is_held_and_released(alice: Caller, jobs: Jobs) -> None:
    first = jobs.held()
    job_id = jobs.submit(
        "#!/bin/bash\n#SBATCH --array=1-3\ntrue\n", dependencies=[{"type": "afterany", "job_id": first}]
    )
    assert alice.put(f"/v1/jobs/{job_id}/hold").status_code == 200
    assert alice.job(job_id)["priority"] == 0
    assert alice.put(f"/v1/jobs/{job_id}/release").status_code == 200
    assert alice.job(job_id)["priority"] > 0


def test_one_waiting_task_is_held_alone(alice: Caller, jobs: Jobs) -> None:
    first = jobs.held()
    job_id = jobs.submit(
        "#!/bin/bash\n#SBATCH --array=1-3\ntrue\n", dependencies=[{"type": "afterany", "job_id": first}]
    )
    response = alice.put(f"/v1/jobs/{job_id}_2/hold")
    assert response.status_code == 200, response.text
    assert alice.job(f"{job_id}_2")["priority"] == 0
    assert alice.job(f"{job_id}_3")["priority"] > 0
    assert alice.put(f"/v1/jobs/{job_id}_2/release").status_code == 200
    assert alice.job(f"{job_id}_2")["priority"] > 0
