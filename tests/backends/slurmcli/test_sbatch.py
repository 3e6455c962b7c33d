"""From a submission to sbatch's options."""

from __future__ import annotations

import pytest

from s9s.backends.slurmcli import sbatch
from s9s.domain.durations import UNLIMITED
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
    assert options(**fields)[4:] == [
        "--job-name=--wrap=id", "--partition=gpu,normal", "--account=research", "--qos=high", "--ntasks=8",
        "--ntasks-per-node=2", "--cpus-per-task=3", "--gpus=4", "--gpus-per-node=2", "--gres=gpu:a100:2",
        "--chdir=/tmp/x y", "--input=-in", "--output=%j.out", "--error=%j.err", "--dependency=afterok:1:2",
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


def test_a_scripts_directory_stands() -> None:
    assert not any(option.startswith("--chdir") for option in options("#!/bin/sh\n#SBATCH -D /data\n"))


def test_environment() -> None:
    script = "#!/bin/sh\n#SBATCH --job-name=directive\n"
    login = {"PATH": "/bin", "HOME": "/home/alice"}
    submission = JobSubmission(script=script, environment={"A": "1\n2=3", "PATH": "/opt/bin"})
    expected = b"PATH=/opt/bin\0HOME=/home/alice\0A=1\n2=3\0SLURM_JOB_NAME=directive\0"
    assert sbatch.environment(submission, login) == expected
    named = JobSubmission(script=script, job_name="request")
    assert sbatch.environment(named, {}) == b"SLURM_JOB_NAME=request\0"


def test_answers() -> None:
    assert sbatch.parse(b"123\n", "").job_id == "123"
    accepted = sbatch.parse(b"123;cluster\n", "sbatch: lua: be nice\n")
    assert (accepted.job_id, accepted.message) == ("123", "sbatch: lua: be nice")
    for nonsense in (b"", b"Submitted batch job 7", b"12\n13\n"):
        with pytest.raises(ValueError, match="no job id"):
            sbatch.parse(nonsense, "")
