"""`POST /v1/jobs`: what a script may be, and that every field reaches Slurm."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.contract.document import block
from tests.contract.jobs import Jobs
from tests.contract.rules import invalid, refused
from tests.contract.serving import Caller, Server, until


def written(path: Path) -> str:
    """The text of a file as soon as there is some."""
    return until(lambda: path.read_text() if path.exists() else "")


class TestScript:
    """Text that starts with #!, an absolute path, or a command line, in this order."""

    def test_text_is_the_batch_script_itself(self, jobs: Jobs) -> None:
        text = '#!/usr/bin/perl\nprint "text $ENV{SLURM_JOB_ID}\\n";\nsleep 1;\n'
        job_id = jobs.finished(text, standard_output=str(jobs.folder / "text.out"))
        assert written(jobs.folder / "text.out") == f"text {job_id}\n"

    def test_an_absolute_path_is_the_script_file(self, alice: Caller, jobs: Jobs) -> None:
        script = jobs.folder / "script with spaces.sh"
        script.write_text("#!/bin/bash\n#SBATCH --job-name=from-file\necho file\n")
        script.chmod(0o644)
        out = jobs.folder / "file.out"
        fields = {"standard_output": str(out), "working_directory": str(jobs.folder)}
        response = jobs.ask(script=str(script), **fields)
        assert response.status_code == 201, response.text
        assert written(out) == "file\n"
        assert alice.job(response.json()["job_id"])["job_name"] == "from-file"

    def test_anything_else_is_a_command_line(self, alice: Caller, jobs: Jobs) -> None:
        out = jobs.folder / "wrap.out"
        command = "echo 'a  b' | tr a-z A-Z && echo $((6 * 7))"
        fields = {"standard_output": str(out), "working_directory": str(jobs.folder)}
        response = jobs.ask(script=command, **fields)
        assert response.status_code == 201, response.text
        assert until(lambda: written(out).count("\n") == 2)
        assert out.read_text() == "A  B\n42\n"

    def test_a_file_is_read_with_the_submitters_permissions(self, server: Server, jobs: Jobs) -> None:
        """On a real cluster bob cannot submit what he cannot read; on the simulated one nor alice's home."""
        path = "/home/alice/private-of-the-contract-suite.sh"
        if not server.is_simulated:
            jobs.finished(f"umask 077; printf '#!/bin/sh\\necho secret-word\\n' > {path}")
        else:
            path = "/home/alice/test.sh"
        try:
            response = jobs.ask("bob", script=path)
            assert response.status_code in (400, 403), response.text
            assert "secret-word" not in response.text
        finally:
            if not server.is_simulated:
                Path(path).unlink(missing_ok=True)

    @pytest.mark.parametrize("what", ["missing", "folder", "fifo", "device", "binary", "empty"])
    def test_a_path_that_is_no_script_is_refused_at_once(self, jobs: Jobs, what: str) -> None:
        path = jobs.folder / what
        if what == "folder":
            path.mkdir()
        elif what == "fifo":
            os.mkfifo(path)
            path.chmod(0o666)
        elif what == "binary":
            path.write_bytes(b"\x7fELF\0\0")
        elif what == "empty":
            path.touch()
        began = time.monotonic()
        response = jobs.ask(script="/dev/zero" if what == "device" else str(path))
        invalid(response, "script")
        assert time.monotonic() - began < 10

    @pytest.mark.parametrize("script", ["", " ", "\n", 7, None, ["/bin/true"], "a\0b"])
    def test_what_is_no_script_is_refused(self, jobs: Jobs, script: Any) -> None:
        invalid(jobs.ask(script=script), "script")

    def test_there_must_be_one(self, jobs: Jobs) -> None:
        invalid(jobs.ask(job_name="nothing"), "script")

    def test_directives_count_and_fields_win(self, alice: Caller, jobs: Jobs) -> None:
        script = """#!/bin/bash
#SBATCH --job-name=directive -t 0:07:00
#SBATCH --cpus-per-task=2 --mem=100M
#SBATCH --comment="two words"   # and more
#SBATCH --hold
sleep 300
#SBATCH --partition=gpu
"""
        job_id = jobs.submit(script, job_name="field", memory="200MB", time_limit="9")
        job = alice.job(job_id)
        assert (job["job_name"], job["time_limit"], job["memory"]) == ("field", "0:09:00", "200MB")
        assert (job["cpu_count"], job["partition"], job["comment"]) == (2, "normal", "two words")
        assert job["priority"] == 0


def test_every_field_of_the_contracts_body_reaches_slurm(alice: Caller, jobs: Jobs) -> None:
    """A body with all of the contract's fields, other values, and a job that tells what it got."""
    body = block("Submit Job", "Request Body").json()
    first = jobs.held()
    script = jobs.folder / "tell.sh"
    told = '"$SLURM_JOB_NAME|$SLURM_JOB_NUM_NODES|$SLURM_CPUS_ON_NODE|$CUDA_TEST|$PWD"'
    script.write_text(f"#!/bin/bash\necho {told}\necho oops >&2\nsleep 300\n")
    changed = {
        "job_name": "every field", "script": str(script), "partition": "gpu", "nodes": 2, "cpus_per_node": 3,
        "memory": "1500MB", "gpus": 2, "time_limit": "1:15:00", "account": "research", "qos": "high",
        "working_directory": str(jobs.folder), "standard_output": str(jobs.folder / "%j-%x.out"),
        "standard_error": str(jobs.folder / "%j.err"), "environment": {"CUDA_TEST": "a b"},
        "dependencies": [{"type": "after", "job_id": first}],
    }  # fmt: skip
    assert changed.keys() == body.keys()
    response = jobs.ask(**changed)
    assert response.status_code == 201, response.text
    job_id = response.json()["job_id"]
    job = alice.job(job_id)
    for name in ("job_name", "partition", "gpus", "time_limit", "account", "qos", "working_directory"):
        assert job[name] == changed[name], name
    assert (job["node_count"], job["cpu_count"], job["memory"]) == (2, 6, "3000MB")
    assert [(one["type"], one["job_id"]) for one in job["dependencies"]] == [("after", first)]
    assert alice.delete(f"/v1/jobs/{first}").status_code == 200  # "after" is also met by a cancel
    job = alice.reach(job_id, "RUNNING")
    assert (len(job["nodes"]), job["node_count"], job["cpu_count"], job["gpus"]) == (2, 2, 6, 2)
    assert job["memory"] == "3000MB"
    assert job["dependencies"] == []
    out, err = jobs.folder / f"{job_id}-every field.out", jobs.folder / f"{job_id}.err"
    assert (job["standard_output"], job["standard_error"]) == (str(out), str(err))
    assert written(out) == f"every field|2|3|a b|{jobs.folder}\n"
    assert written(err) == "oops\n"


def test_the_answer_says_where_the_job_is(alice: Caller, jobs: Jobs) -> None:
    response = jobs.ask(script="true", working_directory=str(jobs.folder))
    assert response.status_code == 201
    assert response.headers["Location"].endswith(f"/v1/jobs/{response.json()['job_id']}")
    assert alice.get(response.headers["Location"]).json()["job_id"] == response.json()["job_id"]


def test_name_is_an_alias_of_job_name(alice: Caller, jobs: Jobs) -> None:
    assert alice.job(jobs.held(name="by its alias"))["job_name"] == "by its alias"
    response = jobs.ask(script="true", name="one", job_name="two")
    assert response.status_code == 400, response.text


@pytest.mark.parametrize(
    "value",
    ["a=b, c;d $HOME `id` \"q\" 'q' \\ %j", "zwei\nZeilen", "żółć ✓", " spaced ", "", "x" * 5000],
)  # fmt: skip
def test_environment_arrives_as_it_was_sent(jobs: Jobs, value: str) -> None:
    out = jobs.folder / "env.out"
    jobs.finished('printf "[%s]" "$VALUE"', environment={"VALUE": value}, standard_output=str(out))
    assert written(out) == f"[{value}]"


@pytest.mark.parametrize(
    "fields",
    [
        {"nodes": 0}, {"nodes": -1}, {"nodes": "two"}, {"nodes": 1.5}, {"cpus_per_node": 0}, {"gpus": -1},
        {"memory": "much"}, {"memory": "-5GB"}, {"time_limit": "soon"}, {"time_limit": -5}, {"job_name": 5},
        {"environment": ["A=b"]}, {"environment": {"A": 1}}, {"environment": {"A=B": "c"}},
        {"environment": {"": "c"}}, {"dependencies": "afterok:1"}, {"dependencies": [{"type": "afterok"}]},
        {"dependencies": [{"type": "whenever", "job_id": "1"}]}, {"working_directory": "relative"},
        {"dependencies": [{"type": "afterok", "job_id": "x"}]}, {"job_name": "nul\0"}, {"nodes": True},
        {"nodes": 10**30},
    ],
    ids=str,
)  # fmt: skip
def test_a_bad_value_is_refused_and_named(jobs: Jobs, fields: dict[str, Any]) -> None:
    response = jobs.ask(script="true", **fields)
    details = refused(response, 400, "VALIDATION_ERROR")["details"]
    assert details["parameter"].startswith(next(iter(fields))), details
    assert details["allowed"]


@pytest.mark.parametrize(
    "fields",
    [{"partition": "nosuch"}, {"account": "nosuch"}, {"account": "engineering"}, {"qos": "nosuch"}],
    ids=str,
)
def test_what_slurm_does_not_know_is_refused(server: Server, jobs: Jobs, fields: dict[str, Any]) -> None:
    if fields == {"account": "engineering"} and server.is_simulated:
        fields = {"account": "physics"}  # which is not alice's either
    refused(jobs.ask(script="true", working_directory=str(jobs.folder), **fields), 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("option", ["--uid=bob", "--uid=0", "--gid root"])
def test_a_script_that_would_run_as_somebody_else_is_refused(jobs: Jobs, option: str) -> None:
    script = f"#!/bin/sh\n#SBATCH {option}\nid\n"
    file = jobs.folder / "script.sh"
    file.write_text(script)
    file.chmod(0o644)
    for given in (script, str(file)):
        error = refused(jobs.ask(script=given), 403, "PERMISSION_DENIED")
        assert error["details"]["value"] == option[:5]


def test_a_time_limit_above_the_partitions_is_accepted_with_a_warning(alice: Caller, jobs: Jobs) -> None:
    response = jobs.ask(script="true", partition="debug", time_limit="3-00:00:00")
    assert response.status_code == 201, response.text
    assert any("limit" in warning.lower() for warning in response.json()["warnings"])
    until(lambda: alice.job(response.json()["job_id"])["reason"] == "PartitionTimeLimit")


def test_more_nodes_than_there_are_is_accepted_with_a_warning_or_refused_by_slurm(jobs: Jobs) -> None:
    """Slurm 24.11 refuses it itself (2014)."""
    response = jobs.ask(script="true", partition="debug", nodes=900, memory="10MB")
    if response.status_code == 201:
        assert any("node" in warning.lower() for warning in response.json()["warnings"])
    else:
        refused(response, 400, "VALIDATION_ERROR")


def test_an_ordinary_job_has_no_warnings(jobs: Jobs) -> None:
    response = jobs.ask(script="true", time_limit="5", working_directory=str(jobs.folder))
    assert not response.json().get("warnings")


@pytest.mark.parametrize(
    "name",
    ["a|b|c", "two\nlines", "tab\there", "quote'\"s", "--wrap=id", "-J", "%j%x", "żółć ✓", "$(id)", "None",
     "(null)", "\x1b[31mred", "\x1b]0;title\x07", "a\rb", "\x9b2J",
     "\u202egnp", "a,b;c=d", "back\\slash", "x" * 200, "<b>&amp;"],
)  # fmt: skip
def test_names_forge_nothing(alice: Caller, jobs: Jobs, name: str) -> None:
    job_id = jobs.held(job_name=name)
    assert alice.job(job_id)["job_name"] == name
    listed = alice.read("/v1/jobs", user="alice", state="PENDING", limit=1000)["jobs"]
    assert [row["job_name"] for row in listed if row["job_id"] == job_id] == [name]
    assert all(row["user"] == "alice" for row in listed)
