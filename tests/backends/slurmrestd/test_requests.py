"""What is sent: the newest form, and what v0.0.38 makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from s9s.backends.base import Unsupported
from s9s.backends.slurmrestd import build, submissions, versions
from s9s.domain.durations import UNLIMITED
from s9s.domain.errors import ValidationError
from s9s.domain.jobs import JobSubmission, JobUpdate
from s9s.domain.nodes import NodeAction, NodeUpdate
from tests.backends.slurmrestd.recorded import NATIVE, Slurmrestd

SCRIPT = "#!/bin/sh\ntrue\n"
OLD = versions.dialect("v0.0.38")
NEVER: dict[str, Any] = {"set": True, "infinite": True, "number": 0}
SUBMIT = ("POST", "slurm/job/submit")


def number(value: int) -> dict[str, Any]:
    return {"set": True, "infinite": False, "number": value}


def warning(signal: str, seconds: int) -> dict[str, Any]:
    return {"kill_warning_signal": signal, "kill_warning_delay": number(seconds)}


def newest(**fields: Any) -> dict[str, Any]:
    request = submissions.submit(JobSubmission(script=SCRIPT, **fields), actor="alice", home="/home/alice")
    assert request.body is not None
    return dict(request.body["job"])


def oldest(**fields: Any) -> dict[str, Any]:
    request = submissions.submit(JobSubmission(script=SCRIPT, **fields), actor="alice", home="/home/alice")
    body = OLD.request(request).body
    assert body is not None
    assert body["script"] == SCRIPT
    return dict(body["job"])


def test_what_every_submission_has() -> None:
    assert newest(environment={"A": "b=c\nd", "PATH": "/opt/bin"}) == {
        "script": SCRIPT,
        "current_working_directory": "/home/alice",
        "environment": [
            "PATH=/opt/bin", "USER=alice", "LOGNAME=alice", "SHELL=/bin/bash", "HOME=/home/alice", "A=b=c\nd",
        ],
    }  # fmt: skip
    assert oldest(environment={"A": "b=c\nd"}) == {
        "current_working_directory": "/home/alice",
        "environment": {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "USER": "alice",
            "LOGNAME": "alice",
            "SHELL": "/bin/bash",
            "HOME": "/home/alice",
            "A": "b=c\nd",
        },
    }


def test_a_job_must_start_somewhere() -> None:
    submission = JobSubmission(script=SCRIPT)
    with pytest.raises(ValidationError) as caught:
        submissions.submit(submission, actor="alice", home=None)
    assert caught.value.details["parameter"] == "working_directory"
    request = submissions.submit(
        JobSubmission(script=SCRIPT, working_directory="/tmp"), actor="alice", home=None
    )
    assert not any(variable.startswith("HOME=") for variable in (request.body or {})["job"]["environment"])


@pytest.mark.parametrize(
    "script", ["", "/bin/sleep 60", "echo hello", "#!/bin/sh\r\ntrue\r\n", " #!/bin/sh\n", "#!/bin/sh\n\0"]
)
async def test_what_would_fail_only_when_it_runs_is_refused_before(script: str) -> None:
    slurmrestd = Slurmrestd(NATIVE[0])
    with pytest.raises(ValidationError) as caught:
        await slurmrestd.backend().submit(JobSubmission(script=script), "alice")
    assert caught.value.details["parameter"] == "script"
    assert not slurmrestd.requests


FIELDS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # our fields, the newest form of them, and options of sbatch
    ({"nodes": 2}, {"nodes": "2"}, {"nodes": "2"}),
    ({"nodes": 2, "nodes_max": 4}, {"nodes": "2-4"}, {"nodes": "2-4"}),
    (
        {"cpus_per_node": 9},
        {"tasks_per_node": 1, "cpus_per_task": 9},
        {"tasks_per_node": 1, "cpus_per_task": 9},
    ),
    (
        {"tasks": 8, "cpus_per_node": 4},
        {"tasks": 8, "minimum_cpus_per_node": 4},
        {"tasks": 8, "minimum_cpus_per_node": 4},
    ),
    ({"memory_mib": 65536}, {"memory_per_node": number(65536)}, {"memory_per_node": 65536}),
    ({"memory_mib": 0}, {"memory_per_node": number(0)}, {"memory_per_node": 0}),
    ({"memory_per_cpu_mib": 5}, {"memory_per_cpu": number(5)}, {"memory_per_cpu": 5}),
    ({"gpus": 2}, {"tres_per_job": "gres/gpu:2"}, {"gpus": "2"}),
    ({"gpus_per_node": 2}, {"tres_per_node": "gres/gpu:2"}, {"gres": "gpu:2"}),
    (
        {"gres": "gpu:a:1,shard:2"},
        {"tres_per_node": "gres/gpu:a:1,gres/shard:2"},
        {"gres": "gpu:a:1,shard:2"},
    ),
    ({"gres": "gres:gpu:1"}, {"tres_per_node": "gres/gpu:1"}, {"gres": "gpu:1"}),
    ({"time_limit_seconds": 4 * 3600}, {"time_limit": number(240)}, {"time_limit": 240}),
    ({"time_limit_seconds": 61}, {"time_limit": number(2)}, {"time_limit": 2}),
    ({"time_limit_seconds": UNLIMITED}, {"time_limit": NEVER}, {"time_limit": "infinite"}),
    ({"time_min_seconds": 60}, {"time_minimum": number(1)}, {"time_minimum": 1}),
    ({"begin_time": 1700000000}, {"begin_time": number(1700000000)}, {"begin_time": "uts1700000000"}),
    ({"deadline": 1700000000}, {"deadline": 1700000000}, {"deadline": "uts1700000000"}),
    ({"nodelist": "n[1-2]"}, {"required_nodes": ["n[1-2]"]}, {"nodelist": "n[1-2]"}),
    ({"exclude": "n[1-2],x"}, {"excluded_nodes": ["n[1-2],x"]}, {"exclude_nodes": "n[1-2],x"}),
    ({"priority": 7}, {"priority": number(7)}, {"priority": 7}),
    ({"exclusive": True}, {"shared": ["none"]}, {"exclusive": "exclusive"}),
    ({"requeue": False}, {"requeue": False}, {"no_requeue": True}),
    ({"requeue": True}, {"requeue": True}, {"requeue": True}),
    ({"open_mode": "append"}, {"open_mode": ["APPEND"]}, {"open_mode": "append"}),
    ({"mail_type": "END,TIME_LIMIT"}, {"mail_type": ["END", "TIME=100%"]}, {"mail_type": "END,TIME_LIMIT"}),
    ({"mail_type": "NONE"}, {"mail_type": []}, {"mail_type": "NONE"}),
    ({"signal": "USR1"}, warning("USR1", 60), {"signal": "USR1@60"}),
    (
        {"signal": "R:10@9"},
        warning("10", 9) | {"kill_warning_flags": ["RESERVATION_JOB"]},
        {"signal": "R:10@9"},
    ),
    ({"job_name": "a b|c"}, {"name": "a b|c"}, {"name": "a b|c"}),
    ({"constraint": "gpu&ib"}, {"constraints": "gpu&ib"}, {"constraints": "gpu&ib"}),
    ({"dependency": "afterok:1:2"}, {"dependency": "afterok:1:2"}, {"dependency": "afterok:1:2"}),
    ({"array": "0-9%2"}, {"array": "0-9%2"}, {"array": "0-9%2"}),
    ({"hold": True}, {"hold": True}, {"hold": True}),
    ({"nice": -5}, {"nice": -5}, {"nice": -5}),
]


@pytest.mark.parametrize(("fields", "new", "old"), FIELDS, ids=[str(fields) for fields, _, _ in FIELDS])
def test_fields_of_a_submission(fields: dict[str, Any], new: dict[str, Any], old: dict[str, Any]) -> None:
    made = newest(**fields)
    assert {name: made[name] for name in made if name not in newest()} == new
    made = oldest(**fields)
    assert {name: made[name] for name in made if name not in oldest()} == old


def test_every_field_of_a_submission_reaches_slurm() -> None:
    numbers = (
        "nodes", "tasks", "tasks_per_node", "cpus_per_task", "cpus_per_node", "memory_mib",
        "memory_per_cpu_mib", "gpus", "gpus_per_node", "time_limit_seconds", "time_min_seconds", "begin_time",
        "deadline", "nice", "priority", "hold", "requeue", "exclusive",
    )  # fmt: skip
    values: dict[str, Any] = dict.fromkeys(numbers, 1) | {"environment": {"A": "1"}, "signal": "USR1"}
    plain = newest()
    for name in set(JobSubmission.__struct_fields__) - {"script", "nodes_max"}:
        assert newest(**{name: values.get(name, "x")}) != plain, name
    assert newest(nodes=1, nodes_max=2) != newest(nodes=1)


def test_22_has_no_signal_for_the_script_alone() -> None:
    assert newest(signal="B:USR1@10")["kill_warning_flags"] == ["BATCH_JOB"]
    with pytest.raises(Unsupported):
        oldest(signal="B:USR1@10")


@pytest.mark.parametrize("signal", ["", "USR1@", "B:", "X:USR1", "USR1@999999", "USR1 @5"])
def test_a_warning_that_is_none(signal: str) -> None:
    with pytest.raises(ValidationError):
        newest(signal=signal)


@pytest.mark.parametrize("where", NATIVE)
async def test_directives_count_and_the_request_wins(where: str) -> None:
    script = "#!/bin/sh\n#SBATCH --job-name=directive -t 10\n#SBATCH --gres=gpu:1\ntrue\n"
    slurmrestd = Slurmrestd(where, {SUBMIT: "submit"})
    await slurmrestd.backend().submit(JobSubmission(script=script, job_name="request"), "alice")
    job = slurmrestd.sent(*SUBMIT)["job"]
    assert job["name"] == "request"
    assert job["time_limit"] in (10, number(10))
    assert job.get("gres", job.get("tres_per_node")) in ("gpu:1", "gres/gpu:1")
    assert slurmrestd.asked(*SUBMIT)[0].headers["X-SLURM-USER-NAME"] == "alice"


@pytest.mark.parametrize("where", NATIVE)
async def test_a_directive_without_a_field_is_left_to_sbatch(where: str) -> None:
    slurmrestd = Slurmrestd(where, {SUBMIT: "submit"})
    submission = JobSubmission(script="#!/bin/sh\n#SBATCH --spread-job\ntrue\n")
    with pytest.raises(Unsupported, match="spread-job"):
        await slurmrestd.backend().submit(submission, "alice")
    assert not slurmrestd.requests


def test_updates() -> None:
    update = JobUpdate(
        hold=False,
        priority=5,
        time_limit_seconds=90,
        partition="p",
        qos="q",
        account="a",
        nice=1,
        comment="c",
    )
    new = build.update_job("7", update)
    plain = {"hold": False, "partition": "p", "qos": "q", "account": "a", "nice": 1, "comment": "c"}
    assert (new.method, new.path) == ("POST", ("job", "7"))
    assert new.body == plain | {"priority": number(5), "time_limit": number(2)}
    assert OLD.request(new).body == plain | {"priority": 5, "time_limit": 2}
    assert build.update_job("7", JobUpdate(job_name="n")).body == {"name": "n"}


@pytest.mark.parametrize("priority", [0, -1, 4294967294, 1 << 40])
def test_a_priority_that_means_something_else(priority: int) -> None:
    with pytest.raises(ValidationError):
        build.update_job("7", JobUpdate(priority=priority))


def test_changes_of_nodes() -> None:
    update = NodeUpdate(action=NodeAction.DRAIN, reason="disk | x", resume_after_seconds=20)
    request = build.update_nodes(["n1", "n2"], update)
    assert request.body == {
        "name": ["n1", "n2"],
        "state": ["DRAIN"],
        "reason": "disk | x",
        "resume_after": number(20),
    }
    with pytest.raises(Unsupported):
        OLD.request(request)


@pytest.mark.parametrize("version", versions.VERSIONS)
def test_what_a_version_lacks_is_said_before_anything_is_sent(version: str) -> None:
    dialect = versions.dialect(version)
    lacking = [name for name in ("requeue", "kill", "update nodes", "list shares") if dialect.lacks(name)]
    expected = {"v0.0.45": [], "v0.0.38": ["requeue", "kill", "update nodes", "list shares"]}
    assert lacking == expected.get(version, ["requeue"])
    assert dialect.lacks("submit") is None
