"""Slurm's words to the domain's errors."""

from __future__ import annotations

import pytest

from s9s.backends.command import Finished
from s9s.backends.slurmcli.errors import Asked, check, error_of
from s9s.domain.errors import (
    PermissionDenied,
    ResourceConflict,
    ResourceNotFound,
    S9SError,
    SlurmError,
    SlurmUnavailable,
    ValidationError,
)
from s9s.domain.jobs import JobUpdate

JOB = Asked(action="hold job 7", resource_type="job", resource_id="7")
NODE = Asked(action="set node003 to DRAIN", resource_type="node", resource_id="node003")
SUBMISSION = Asked(action="submit the job")
LISTING = Asked(action="list jobs")

SCANCEL = "scancel: error: Kill job error on job id 7"
SBATCH = "sbatch: error: Batch job submission failed"


def error(stderr: str, asked: Asked, returncode: int = 1) -> S9SError:
    return error_of(Finished(returncode=returncode, stdout=b"", stderr=stderr), asked)


# As printed by 22.05, 24.11 and 26.05.
ABOUT_A_JOB = [
    (
        "Invalid job id specified for job 7\nslurm_suspend error: Invalid job id specified",
        ResourceNotFound,
        2017,
    ),
    (
        "Invalid job id specified for job 7\nslurm_suspend error:Invalid job id specified",
        ResourceNotFound,
        2017,
    ),
    ("Unexpected message received for job 7", ResourceNotFound, 1000),
    ("slurm_load_jobs error: Invalid job id specified", ResourceNotFound, 2017),
    ("Job has already finished for job 7", ResourceConflict, 2084),
    ("Job is pending execution for job 7_3", ResourceConflict, 2024),
    ("Job is not suspended for job 7", ResourceConflict, 2087),
    (f"{SCANCEL}: Job can not be altered now, try again later", ResourceConflict, 2020),
    (f"{SCANCEL}: Access/permission denied", PermissionDenied, 2002),
    ("Invalid user id for job 7", PermissionDenied, 2010),
    ("Changes to job priority are not persistent, change nice instead for job 7", PermissionDenied, 2095),
]
ABOUT_A_NODE = [
    ("slurm_update error: Invalid user id", PermissionDenied, 2010),
    ("slurm_update error: Invalid node name specified", ResourceNotFound, 2018),
    ("slurm_update error: Invalid node state specified", ResourceConflict, 2028),
    ("slurm_update error: Invalid node state transition", ResourceConflict, 2180),
    ("slurm_update error: Invalid power action", ResourceConflict, 2187),
]
ABOUT_A_SUBMISSION = [
    (f"{SBATCH}: Unable to contact slurm controller (connect failure)", SlurmUnavailable, 1800),
    (f"{SBATCH}: Socket timed out on send/recv operation", SlurmUnavailable, 5004),
    (f"{SBATCH}: Invalid node name specified", ValidationError, 2018),
    (f"{SBATCH}: Unspecified error", SlurmError, None),
]
ABOUT_A_LIST = [
    ("slurm_load_jobs error: Unable to contact slurm controller (connect failure)", SlurmUnavailable, 1800),
    ("sacct: error: Problem talking to the database: Connection refused", SlurmUnavailable, None),
]


@pytest.mark.parametrize(
    ("asked", "stderr", "expected", "number"),
    [(JOB, *said) for said in ABOUT_A_JOB]
    + [(NODE, *said) for said in ABOUT_A_NODE]
    + [(SUBMISSION, *said) for said in ABOUT_A_SUBMISSION]
    + [(LISTING, *said) for said in ABOUT_A_LIST],
)
def test_what_is_said_means(asked: Asked, stderr: str, expected: type[S9SError], number: int | None) -> None:
    found = error(f"{stderr}\n", asked)
    assert type(found) is expected
    if expected is ResourceNotFound:
        assert found.message == f"{asked.resource_type.capitalize()} {asked.resource_id} not found"
    else:
        assert found.details["slurm_error_number"] == number
        assert found.details["slurm_error"] in stderr


def test_an_update_names_field_and_value() -> None:
    asked = Asked(action="update job 7", resource_type="job", resource_id="7", values=JobUpdate(qos="nosuch"))
    found = error("Invalid qos specification for job 7\n", asked)
    assert isinstance(found, ValidationError)
    assert (found.details["parameter"], found.details["value"]) == ("qos", "nosuch")


def test_texts_of_users_decide_nothing() -> None:
    """sbatch repeats a partition's name; what is asked for must not look like an answer."""
    stderr = (
        "sbatch: error: invalid partition specified: Access/permission denied for you\n"
        "sbatch: error: Batch job submission failed: Invalid partition name specified\n"
    )
    assert isinstance(error(stderr, SUBMISSION), ValidationError)


def test_what_a_site_says_is_passed_on() -> None:
    found = error("sbatch: error: Ask for GPUs in the partition gpu\n", SUBMISSION)
    assert found.message == "Slurm refused to submit the job: Ask for GPUs in the partition gpu"


def test_silence_and_success() -> None:
    check(Finished(returncode=0, stdout=b"", stderr="warning"), LISTING)
    assert error("", LISTING, returncode=-9).details["slurm_error"] == "exit -9"


@pytest.mark.parametrize("option", ["--uid", "--gid"])
def test_what_is_roots_alone_is_denied(option: str) -> None:
    refusal = error(f"sbatch: error: {option} only permitted by root user\n", SUBMISSION, 255)
    assert isinstance(refusal, PermissionDenied)
    assert refusal.details["slurm_error"].startswith(option)
