"""Names of output files, as real clusters were seen to choose them."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from s9s.domain.jobs import Job, JobState
from s9s.domain.output_paths import output_paths

JOB = Job(
    job_id="122",
    numeric_id=122,
    job_name="na me",
    user="alice",
    state=JobState.RUNNING,
    partition="normal",
    submit_time=1,
    nodes=("node001.example.org", "node002"),
    working_directory="/home/alice",
)
TASK = replace(JOB, job_id="130_12", numeric_id=142, array_job_id=130, array_task_id=12)
REST = replace(TASK, job_id="130", numeric_id=130, array_task_id=None, array_tasks="3-20", nodes=())

#: Pattern, file. Seen alike on 22.05, 24.11 and 26.05.
PATTERNS = {
    "j%j-A%A-u%u-x%x-J%J-s%s-t%t-n%n": "j122-A122-ualice-xna me-J122-sbatch-t0-n0",
    "a%a-b%b": "a4294967294-b4",
    "%4j-%12j-%5x-%05u-%2t-%8s": "0122-0000000122-na me-alice-00-batch",
    "%0j-%00012j-%99j": "122-0000000122-0000000122",
    "%%j-%%%j-%%%%j-%z": "%j-%122-%%j-%z",
    "%M-%w": "%M-%w",
    "sub\\%j": "sub%j",
    "/tmp/x-%j": "/tmp/x-122",
}
TASK_PATTERNS = {"j%j-A%A-a%a-%3a-J%J-b%b-%5b": "j142-A130-a12-012-J142-b2-00002"}


def stdout(job: Job, pattern: str | None) -> str | None:
    return output_paths(replace(job, standard_output=pattern))[0]


@pytest.mark.parametrize(("pattern", "name"), PATTERNS.items())
def test_resolves_patterns(pattern: str, name: str) -> None:
    assert stdout(JOB, pattern) == (name if name.startswith("/") else f"/home/alice/{name}")


@pytest.mark.parametrize(("pattern", "name"), TASK_PATTERNS.items())
def test_resolves_patterns_of_array_tasks(pattern: str, name: str) -> None:
    assert stdout(TASK, pattern) == f"/home/alice/{name}"


def test_defaults_are_those_of_sbatch() -> None:
    assert output_paths(JOB) == ("/home/alice/slurm-122.out",) * 2
    assert output_paths(TASK) == ("/home/alice/slurm-130_12.out",) * 2


def test_standard_error_can_be_a_file_of_its_own() -> None:
    assert output_paths(replace(JOB, standard_error="e-%j")) == (
        "/home/alice/slurm-122.out",
        "/home/alice/e-122",
    )


def test_the_short_name_of_the_first_node() -> None:
    assert stdout(JOB, "%N") == "/home/alice/node001"


def test_what_is_decided_at_the_start_stays_as_written() -> None:
    assert stdout(REST, "%A-%a-%j-%J-%b-%N") == "/home/alice/130-%a-%j-%J-%b-%N"


def test_relative_to_nowhere_is_unknown() -> None:
    homeless = replace(JOB, working_directory=None)
    assert output_paths(homeless) == (None, None)
    assert stdout(homeless, "/tmp/%j") == "/tmp/122"


@given(st.text(min_size=1) | st.text("%0123456789jaAxN\\/", min_size=1, max_size=20))
def test_any_pattern_has_a_path(pattern: str) -> None:
    for job in (JOB, TASK, REST):
        path = stdout(job, pattern)
        assert path is not None
        assert path.startswith("/")


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="s9s-output-"))
    path.chmod(0o1777)
    yield path
    shutil.rmtree(path)


@pytest.mark.slurm
@pytest.mark.parametrize(
    "version",
    [pytest.param(v, marks=pytest.mark.xdist_group(f"lab{v}")) for v in ("22.05", "24.11", "26.05")],
)
def test_slurm_writes_to_these_files(version: str, folder: Path, request: pytest.FixtureRequest) -> None:
    lab = request.getfixturevalue(f"lab{version[:2]}")

    def submit(pattern: str, *options: str) -> None:
        script = f"#!/bin/sh\necho '{pattern}' $SLURM_JOB_ID $SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID\n"
        common = (
            "sbatch",
            f"--chdir={folder}",
            "--job-name=na me",
            "--time=1",
            "--mem=1",
            f"--output={pattern}",
        )
        lab.run("alice", *common, *options, stdin=script)

    single = [
        pattern for pattern in PATTERNS if "/" not in pattern and (version != "22.05" or "%b" not in pattern)
    ]
    for pattern in single:
        submit(pattern)
    in_array = "j%j-A%A-a%a-%3a-J%J-s%s"
    submit(in_array, "--array=3,12")

    written = list(wait_for_files(folder, len(single) + 2))
    seen = set()
    for path, (pattern, job_id, *array) in written:
        job = replace(JOB if not array else TASK, numeric_id=int(job_id))
        job = replace(job, working_directory=str(folder), standard_output=pattern)
        if array:
            job = replace(job, array_job_id=int(array[0]), array_task_id=int(array[1]))
        assert output_paths(job) == (str(path), str(path))
        seen.add(pattern)
    assert seen == {*single, in_array}


def wait_for_files(folder: Path, count: int) -> list[tuple[Path, list[str]]]:
    """Each file that jobs have written completely, with its words."""
    deadline = time.monotonic() + 60
    while True:
        found = [
            (path, text.split()) for path in folder.iterdir() if (text := path.read_text()).endswith("\n")
        ]
        if len(found) >= count or time.monotonic() > deadline:
            return found
        time.sleep(0.2)
