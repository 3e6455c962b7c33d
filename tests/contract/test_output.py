"""`GET /v1/jobs/{job_id}/output` and `/error`."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

import pytest

from tests.contract.jobs import Jobs
from tests.contract.rules import invalid, refused
from tests.contract.serving import Caller, until

FIELDS = {"job_id", "stream", "path", "content", "lines", "size", "offset", "truncated"}
TEXT = "".join(f"line {number}: żółć ✓\n" for number in range(1, 501))


@pytest.fixture
def told(jobs: Jobs) -> str:
    """A finished job with 500 lines of output, and one of errors."""
    script = 'for n in $(seq 500); do echo "line $n: żółć ✓"; done; echo trouble >&2'
    fields = {"standard_output": str(jobs.folder / "%j.out"), "standard_error": str(jobs.folder / "%j.err")}
    return jobs.finished(script, **fields)


def test_the_whole_output(alice: Caller, jobs: Jobs, told: str) -> None:
    answer = alice.read(f"/v1/jobs/{told}/output")
    assert set(answer) >= FIELDS
    assert (answer["job_id"], answer["stream"]) == (told, "output")
    assert answer["path"] == str(jobs.folder / f"{told}.out")
    assert answer["size"] == len(TEXT.encode())
    assert answer["content"] == TEXT
    assert (answer["offset"], answer["lines"], answer["truncated"]) == (0, 500, False)


def test_the_errors(alice: Caller, jobs: Jobs, told: str) -> None:
    answer = alice.read(f"/v1/jobs/{told}/error")
    assert (answer["stream"], answer["content"]) == ("error", "trouble\n")
    assert answer["path"] == str(jobs.folder / f"{told}.err")


def test_the_last_lines(alice: Caller, told: str) -> None:
    last = "".join(TEXT.splitlines(keepends=True)[-3:])
    answer = alice.read(f"/v1/jobs/{told}/output", lines=3)
    assert (answer["content"], answer["lines"]) == (last, 3)
    assert answer["offset"] == len(TEXT.encode()) - len(last.encode())
    assert answer["truncated"] is True
    answer = alice.read(f"/v1/jobs/{told}/output", lines=1000)
    assert (answer["content"], answer["truncated"]) == (TEXT, False)


def test_a_range_of_bytes(alice: Caller, told: str) -> None:
    whole = TEXT.encode()
    answer = alice.read(f"/v1/jobs/{told}/output", offset=6, length=10)
    assert answer["content"].encode() == whole[6:16]
    assert (answer["offset"], answer["size"], answer["truncated"]) == (6, len(whole), True)
    answer = alice.read(f"/v1/jobs/{told}/output", offset=len(whole) - 4)
    assert answer["content"].encode() == whole[-4:]
    answer = alice.read(f"/v1/jobs/{told}/output", offset=len(whole) + 5)
    assert answer["content"] == ""


def test_plain_text_gives_the_bytes(alice: Caller, jobs: Jobs, told: str) -> None:
    headers = {"Accept": "text/plain"}
    response = alice.get(f"/v1/jobs/{told}/output", headers=headers)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.content == TEXT.encode()
    response = alice.get(f"/v1/jobs/{told}/output", params={"lines": 2}, headers=headers)
    assert response.content == "".join(TEXT.splitlines(keepends=True)[-2:]).encode()
    # Also where they are no text.
    binary = jobs.finished("printf 'a\\0b\\377c'", standard_output=str(jobs.folder / "binary"))
    assert alice.get(f"/v1/jobs/{binary}/output", headers=headers).content == b"a\0b\xffc"
    assert alice.read(f"/v1/jobs/{binary}/output")["size"] == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [("lines", "-1"), ("lines", "x"), ("offset", "-1"), ("offset", "x"), ("length", "-1"), ("length", "1.5"),
     ("tail", "5"), ("follow", "perhaps")],
)  # fmt: skip
def test_a_bad_parameter_is_refused(alice: Caller, told: str, name: str, value: str) -> None:
    invalid(alice.get(f"/v1/jobs/{told}/output", params={name: value}), name)


def test_a_running_jobs_output_grows(alice: Caller, jobs: Jobs) -> None:
    go = jobs.folder / "go"
    script = f"echo one\nuntil [ -e {go} ]; do sleep 0.1; done\necho two\nsleep 300"
    job_id = jobs.running(script, standard_output=str(jobs.folder / "grows"))
    until(lambda: alice.read(f"/v1/jobs/{job_id}/output")["content"] == "one\n")
    go.touch()
    until(lambda: alice.read(f"/v1/jobs/{job_id}/output")["content"] == "one\ntwo\n")


def test_by_default_both_streams_are_one_file_beside_the_job(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.finished("echo out; echo err >&2")
    path = str(jobs.folder / f"slurm-{job_id}.out")
    job = alice.job(job_id)
    assert (job["standard_output"], job["standard_error"]) == (path, path)
    for stream in ("output", "error"):
        answer = alice.read(f"/v1/jobs/{job_id}/{stream}")
        assert (answer["path"], answer["content"]) == (path, "out\nerr\n")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("%j.out", "{id}.out"), ("%x-%u.out", "my name-alice.out"), ("%8j", "{id:0>8}"), ("100%%", "100%"),
        ("%A.%j", "{id}.{id}"), ("%N.out", "{node}.out"), ("relative/../%x", "my name"),
    ],
)  # fmt: skip
def test_patterns_are_resolved(alice: Caller, jobs: Jobs, pattern: str, expected: str) -> None:
    (jobs.folder / "relative").mkdir()
    (jobs.folder / "relative").chmod(0o777)
    job_id = jobs.finished("echo here", job_name="my name", standard_output=pattern)
    job = alice.job(job_id)
    path = expected.format(id=job_id, node=job["nodes"][0])
    assert os.path.normpath(job["standard_output"]) == str(jobs.folder / path)
    if "%N" in pattern and not (jobs.folder / path).exists():
        # All slurmd of a lab are on one host, and 22.05 and 24.11 call the file after the host, not the node.
        assert (jobs.folder / f"{platform.node()}.out").exists()
        return
    assert (jobs.folder / path).read_text() == "here\n"
    assert alice.read(f"/v1/jobs/{job_id}/output")["content"] == "here\n"


def test_the_tail_of_a_huge_file_is_read_at_once(alice: Caller, jobs: Jobs) -> None:
    """200 GB with nothing on the disk but the last line."""
    path = jobs.folder / "huge"
    job_id = jobs.finished(f"truncate -s 200G {path}.new; echo end >> {path}.new; mv {path}.new {path}",
                           standard_output=str(path))  # fmt: skip
    began = time.monotonic()
    answer = alice.read(f"/v1/jobs/{job_id}/output", lines=1)
    assert answer["content"].endswith("end\n")
    assert answer["size"] == 200 * 2**30 + 4
    whole = alice.read(f"/v1/jobs/{job_id}/output", length=100)
    assert len(whole["content"]) == 100
    assert whole["truncated"] is True
    assert time.monotonic() - began < 15


class TestWhatIsNotThere:
    """No file, a file of others, no file at all."""

    def test_yet(self, alice: Caller, jobs: Jobs) -> None:
        response = alice.get(f"/v1/jobs/{jobs.held()}/output")
        assert response.status_code in (200, 404), response.text
        assert response.status_code == 404 or response.json()["content"] == ""

    def test_any_more(self, alice: Caller, jobs: Jobs) -> None:
        path = jobs.folder / "removed"
        job_id = jobs.finished("echo x", standard_output=str(path))
        path.unlink()
        refused(alice.get(f"/v1/jobs/{job_id}/output"), 404, "RESOURCE_NOT_FOUND")

    def test_for_others(self, alice: Caller, bob: Caller, jobs: Jobs) -> None:
        job_id = jobs.finished("umask 077; echo secret", standard_output=str(jobs.folder / "mine"))
        (jobs.folder / "mine").chmod(0o600)
        for headers in ({}, {"Accept": "text/plain"}):
            response = bob.get(f"/v1/jobs/{job_id}/output", headers=headers)
            refused(response, 403, "PERMISSION_DENIED")
        assert alice.read(f"/v1/jobs/{job_id}/output")["content"] == "secret\n"

    @pytest.mark.parametrize("what", ["folder", "fifo", "device", "link"])
    def test_as_a_file(self, server: object, alice: Caller, jobs: Jobs, what: str) -> None:
        """What the job's owner has put in its place: nothing hangs, and nothing of others is told."""
        path = jobs.folder / "replaced"
        job_id = jobs.finished("echo x", standard_output=str(path))
        path.unlink()
        if what == "folder":
            path.mkdir()
        elif what == "fifo":
            os.mkfifo(path, 0o666)
            path.chmod(0o666)
        else:
            path.symlink_to("/dev/zero" if what == "device" else "/etc/shadow")
        began = time.monotonic()
        response = alice.get(f"/v1/jobs/{job_id}/output", params={"length": 1000})
        assert time.monotonic() - began < 10
        assert response.status_code in (400, 403, 404, 409), response.text
        assert "root:" not in response.text
        assert alice.get("/v1/status").status_code == 200


def test_environment_and_command_are_shown_to_the_owner_and_administrators_only(
    alice: Caller, bob: Caller, dave: Caller, jobs: Jobs
) -> None:
    script = Path(jobs.folder / "command.sh")
    script.write_text("#!/bin/sh\nsleep 300\n")
    response = jobs.ask(
        script=str(script), environment={"SECRET_WORD": "xyzzy"}, working_directory=str(jobs.folder)
    )
    job_id = response.json()["job_id"]
    alice.reach(job_id, "RUNNING")
    until(lambda: (alice.job(job_id)["environment"] or {}).get("SECRET_WORD") == "xyzzy")
    assert dave.job(job_id)["environment"]["SECRET_WORD"] == "xyzzy"
    assert alice.job(job_id)["command"] == dave.job(job_id)["command"]
    for caller in (bob,):
        job = caller.job(job_id)
        assert not job["environment"]
        assert not job["command"]
        assert "xyzzy" not in caller.get("/v1/jobs", params={"user": "alice"}).text
