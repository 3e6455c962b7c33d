"""From a submission to sbatch's options."""

from __future__ import annotations

import pytest

from s9s.backends.slurmcli import sbatch
from s9s.domain.durations import UNLIMITED
from s9s.domain.errors import ValidationError
from s9s.domain.jobs import JobSubmission

SCRIPT = "#!/bin/sh\ntrue\n"


def options(script: str = SCRIPT, **fields: object) -> list[str]:
    return sbatch.argv(JobSubmission(script=script, **fields), "/home/alice", 9)  # type: ignore[arg-type]


def test_nothing_asked_for() -> None:
    assert options() == [
        "sbatch", "--parsable", "--export-file=/dev/fd/9", "--export=ALL", "--chdir=/home/alice",
    ]  # fmt: skip


def test_every_field_is_one_argument() -> None:
    fields: dict[str, object] = {
        "job_name": "--wrap=id", "partition": "gpu,normal", "account": "research", "qos": "high", "nodes": 2,
        "nodes_max": 4, "tasks": 8, "tasks_per_node": 2, "cpus_per_task": 3, "memory_mib": 1500, "gpus": 4,
        "gpus_per_node": 2, "gres": "gpu:a100:2", "time_limit_seconds": 90061, "time_min_seconds": 60,
        "working_directory": "/tmp/x y", "standard_input": "-in", "standard_output": "%j.out",
        "standard_error": "%j.err", "dependency": "afterok:1:2", "array": "0-9%2", "begin_time": 1700000000,
        "deadline": 1700009999, "constraint": "a&b", "reservation": "r", "nodelist": "n[1-2]",
        "exclude": "n3", "licenses": "l:2", "nice": -5, "priority": 9, "hold": True, "requeue": False,
        "exclusive": True, "comment": "$(id)", "mail_type": "END", "mail_user": "a@b.example",
        "open_mode": "append", "signal": "B:USR1@60",
    }  # fmt: skip
    assert "--chdir=/tmp/x y" in options(**fields)
    assert options(**fields)[5:] == [
        "--job-name=--wrap=id", "--partition=gpu,normal", "--account=research", "--qos=high", "--ntasks=8",
        "--ntasks-per-node=2", "--cpus-per-task=3", "--gpus=4", "--gpus-per-node=2", "--gres=gpu:a100:2",
        "--input=-in", "--output=%j.out", "--error=%j.err", "--dependency=afterok:1:2",
        "--array=0-9%2", "--constraint=a&b", "--reservation=r", "--nodelist=n[1-2]", "--exclude=n3",
        "--licenses=l:2", "--nice=-5", "--priority=9", "--comment=$(id)", "--mail-type=END",
        "--mail-user=a@b.example", "--open-mode=append", "--signal=B:USR1@60", "--nodes=2-4", "--mem=1500M",
        "--time=1-01:01:01", "--time-min=0:01:00", "--begin=uts1700000000", "--deadline=uts1700009999",
        "--hold", "--no-requeue", "--exclusive",
    ]  # fmt: skip
    assert not set(JobSubmission.__struct_fields__) - set(fields) - {
        "script", "environment", "cpus_per_node", "memory_per_cpu_mib",
    }  # fmt: skip


def test_cpus_per_node_and_other_amounts() -> None:
    assert options(nodes=2, cpus_per_node=16, memory_per_cpu_mib=100, time_limit_seconds=UNLIMITED)[5:] == [
        "--nodes=2", "--mem-per-cpu=100M", "--ntasks-per-node=1", "--cpus-per-task=16", "--time=UNLIMITED",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("directive", "environment", "exports"),
    [
        ("-J x", {}, True),
        ("--export=NONE", {}, False),
        ("--export=A=1,ALL", {}, False),
        ("--export=NONE", {"B": "2"}, True),
        ("-J x\n\n  # words\n#SBATCH -t 5 --export NONE", {}, False),
        ("-J x\necho\n#SBATCH --export=NONE", {}, True),
        ("--export-file=/x", {}, True),
    ],
)
def test_a_scripts_own_export(directive: str, environment: dict[str, str], exports: bool) -> None:
    script = f"#!/bin/sh\n#SBATCH {directive}\ntrue\n"
    assert ("--export=ALL" in options(script, environment=environment)) is exports


@pytest.mark.parametrize(
    ("directive", "asked", "directory"),
    [
        ("-J x", None, "/home/alice"),
        ("-D /data", None, "/data"),
        ("--chdir=sub", None, "/home/alice/sub"),
        ("-D /data", "/tmp", "/tmp"),
    ],
)
def test_where_a_job_runs(directive: str, asked: str | None, directory: str) -> None:
    script = f"#!/bin/sh\n#SBATCH {directive}\n"
    assert f"--chdir={directory}" in options(script, working_directory=asked)
    submission = JobSubmission(script=script, working_directory=asked)
    environment = sbatch.environment(submission, {"HOME": "/home/alice"})
    assert f"SLURM_SUBMIT_DIR={directory}".encode() in environment.split(b"\0")


def test_environment() -> None:
    script = "#!/bin/sh\n#SBATCH --job-name=directive\n"
    login = {"PATH": "/bin", "HOME": "/home/alice"}
    submission = JobSubmission(script=script, environment={"A": "1\n2=3", "PATH": "/opt/bin"})
    assert sbatch.environment(submission, login).split(b"\0") == [
        b"PATH=/opt/bin", b"HOME=/home/alice", b"SLURM_SUBMIT_DIR=/home/alice", b"SLURM_JOB_NAME=directive",
        b"A=1\n2=3", b"",
    ]  # fmt: skip
    named = JobSubmission(script=script, job_name="request", environment={"HOME": "/x"})
    assert b"\0SLURM_JOB_NAME=request\0" in sbatch.environment(named, login)


@pytest.mark.parametrize(
    "variables", [{"A=B": "1"}, {"": "1"}, {"A": "\0B=2"}, {"A\0": "1"}, {"A": "\ud800"}]
)
def test_what_is_no_variable_is_refused(variables: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        sbatch.environment(JobSubmission(script=SCRIPT, environment=variables), {"HOME": "/"})
    assert caught.value.details["parameter"] == "environment"


def test_a_script_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValidationError):
        sbatch.script(JobSubmission(script="#!/bin/sh\n\ud800\n"))


def test_answers() -> None:
    assert sbatch.parse(b"123\n", "").job_id == "123"
    accepted = sbatch.parse(b"123;cluster\n", "sbatch: lua: be nice\n")
    assert (accepted.job_id, accepted.message) == ("123", "sbatch: lua: be nice")
    for nonsense in (b"", b"Submitted batch job 7", b"12\n13\n"):
        with pytest.raises(ValueError, match="no job id"):
            sbatch.parse(nonsense, "")
