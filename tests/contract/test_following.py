"""`GET /v1/jobs/{job_id}/output?follow=true`, as curl would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from tests.contract.clusters import only_real
from tests.contract.jobs import Jobs
from tests.contract.rules import invalid, refused
from tests.contract.serving import Caller, Server, until

# Prints what stands in say-0, say-1, ... as soon as it is there, and ends when there is a file called "last".
TALKS = """echo ready; n=0
until [ -e {folder}/last ]; do
  if [ -e {folder}/say-$n ]; then cat {folder}/say-$n; n=$((n+1)); fi
  sleep 0.1
done
echo the end"""


class Followed:
    """An output that is being followed."""

    def __init__(self, response: httpx2.Response) -> None:
        self.text = ""
        self._response = response
        self._pieces = response.iter_text()

    def until(self, wanted: str) -> None:
        """Read on until this has come."""
        while wanted not in self.text:
            try:
                self.text += next(self._pieces)
            except StopIteration:
                pytest.fail(f"ended with {self.text!r} and without {wanted!r}")

    def end(self) -> str:
        """All that came, once the server has ended it."""
        self.text += "".join(self._pieces)
        return self.text


@contextmanager
def following(caller: Caller, job_id: str, **parameters: str | int) -> Iterator[Followed]:
    asked = {"follow": "true", **parameters}
    with caller.stream("GET", f"/v1/jobs/{job_id}/output", params=asked) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["Content-Type"].startswith("text/plain")
        yield Followed(response)


def say(jobs: Jobs, number: int, text: str) -> None:
    # It is there when all of it is.
    (jobs.folder / "coming").write_text(text)
    (jobs.folder / "coming").rename(jobs.folder / f"say-{number}")


def test_a_running_job_is_followed_to_its_end(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.running(TALKS.format(folder=jobs.folder))
    with following(alice, job_id) as followed:
        followed.until("ready\n")
        say(jobs, 0, "zażółć\n")
        followed.until("zażółć\n")
        say(jobs, 1, "x" * 200_000 + "\n")
        followed.until("xxx\n")
        (jobs.folder / "last").touch()
        assert followed.end() == f"ready\nzażółć\n{'x' * 200_000}\nthe end\n"
    assert alice.reach(job_id, "COMPLETED")["exit_code"] == 0


def test_a_job_that_waits_is_waited_for(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.held(script="echo at last; sleep 0.3")
    with following(alice, job_id) as followed:
        alice.put(f"/v1/jobs/{job_id}/release").raise_for_status()
        assert followed.end().startswith("at last\n")


def test_the_last_lines_first(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.running(f"seq 500; {TALKS.format(folder=jobs.folder)}")
    until(lambda: alice.read(f"/v1/jobs/{job_id}/output", lines=1)["content"] == "ready\n")
    with following(alice, job_id, lines=3) as followed:
        followed.until("499\n500\nready\n")
        (jobs.folder / "last").touch()
        assert followed.end() == "499\n500\nready\nthe end\n"


def test_a_job_that_has_ended_has_all_of_it(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.finished("seq 1000")
    with following(alice, job_id) as followed:
        assert followed.end() == "".join(f"{number}\n" for number in range(1, 1001))
    with following(alice, job_id, lines=0) as followed:
        assert followed.end() == ""


@only_real
def test_a_requeue_begins_anew(server: Server, alice: Caller, carol: Caller, jobs: Jobs) -> None:
    again = jobs.folder / "again"
    script = f"if [ -e {again} ]; then echo second; else touch {again}; echo first; sleep 300; fi"
    job_id = jobs.running(script, requeue=True)
    with following(alice, job_id) as followed:
        followed.until("first\n")
        carol.put(f"/v1/jobs/{job_id}/requeue").raise_for_status()
        # Slurm lets a requeued job wait for two minutes.
        alice.reach(job_id, "PENDING")
        soon = ("scontrol", "update", f"JobId={job_id}", "StartTime=now")
        until(lambda: server.lab.run("root", *soon, check=False).returncode == 0)
        followed.until("second\n")
        assert followed.end().endswith("\nsecond\n")  # before it, what slurmstepd says of the requeue


def test_a_cancelled_job_ends_it(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.running("echo begun; sleep 300")
    with following(alice, job_id) as followed:
        followed.until("begun\n")
        alice.delete(f"/v1/jobs/{job_id}").raise_for_status()
        followed.end()
    alice.reach(job_id, "CANCELLED")


def test_the_errors_too(alice: Caller, jobs: Jobs) -> None:
    files = {"standard_output": str(jobs.folder / "out"), "standard_error": str(jobs.folder / "err")}
    job_id = jobs.finished("echo fine; echo trouble >&2", **files)
    response = alice.get(f"/v1/jobs/{job_id}/error", params={"follow": "true"})
    assert response.text == "trouble\n"


def test_what_is_refused(alice: Caller, bob: Caller, jobs: Jobs) -> None:
    job_id = jobs.finished("echo mine")
    path = f"/v1/jobs/{job_id}/output"
    refused(bob.get(path, params={"follow": "true"}), 403, "PERMISSION_DENIED")
    refused(alice.get("/v1/jobs/4000000/output", params={"follow": "true"}), 404, "RESOURCE_NOT_FOUND")
    for name in ("offset", "length"):
        invalid(alice.get(path, params={"follow": "true", name: 1}), name)
    (jobs.folder / f"slurm-{job_id}.out").unlink()
    refused(alice.get(path, params={"follow": "true"}), 404, "RESOURCE_NOT_FOUND")


def events_of(caller: Caller, job_id: str, last: str = "") -> Iterator[tuple[str, str | None, str]]:
    """Name, id and content of each event, for as long as somebody asks for more."""
    headers = {"Accept": "text/event-stream", "Last-Event-ID": last}
    asked = {"follow": "true"}
    with caller.stream("GET", f"/v1/jobs/{job_id}/output", params=asked, headers=headers) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["Content-Type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in response.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name.removesuffix(":")] = value
                continue
            if "data" in fields:
                message = json.loads(fields["data"])
                assert (message["channel"], message["resource_id"]) == ("output", job_id)
                assert message["action"] == fields["event"]
                yield fields["event"], fields.get("id"), message["data"].get("content", "")
            fields = {}


def test_whoever_was_cut_off_goes_on_there(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.running(TALKS.format(folder=jobs.folder))
    following = events_of(alice, job_id)
    seen, last = "", None
    while not seen.endswith("ready\n"):
        name, last, content = next(following)
        assert name == "append"
        seen += content
    following.close()
    assert last is not None
    say(jobs, 0, "zażółć\n")
    resumed = events_of(alice, job_id, last)
    told = [next(resumed)]
    (jobs.folder / "last").touch()
    told += resumed
    assert {name for name, *_ in told[:-1]} == {"append"}
    assert told[-1][0] == "end"
    assert "".join(content for *_, content in told) == "zażółć\nthe end\n"

    # After the end, too; and what is another file begins anew.
    place = told[-2][1]
    assert place is not None
    assert [name for name, *_ in events_of(alice, job_id, place)] == ["end"]
    other = place.rpartition(".")[0] + "." + "0" * 32
    again = list(events_of(alice, job_id, other))
    assert again[0][0] == "truncate"
    assert again[0][1] == ""
    assert "".join(content for *_, content in again) == "ready\nzażółć\nthe end\n"


@pytest.mark.parametrize("last", ["1", "5.0." + "0" * 32, "5.6." + "0" * 32, "x"])
def test_a_place_that_is_none(alice: Caller, jobs: Jobs, last: str) -> None:
    job_id = jobs.held(script="true")
    answer = alice.get(
        f"/v1/jobs/{job_id}/output",
        params={"follow": "true"},
        headers={"Accept": "text/event-stream", "Last-Event-ID": last},
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "INVALID_REQUEST"
