"""`Idempotency-Key` on submissions: one job, whatever happens in between."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from s9s.app.application import Application
from s9s.domain.errors import SlurmUnavailable
from s9s.domain.jobs import JobDetails, JobSubmission, Submitted
from s9s.services.jobs.idempotency import Submissions
from s9s.storage.idempotency import IdempotencyRecords
from tests.api.conftest import Client
from tests.contract.clusters import REAL, SIMULATED, real_environment
from tests.contract.serving import Server, until

JOB = {"job_name": "once", "script": "#!/bin/sh\nsleep 600\n"}


async def submit(client: httpx2.AsyncClient, key: str, **changes: Any) -> httpx2.Response:
    return await client.post("/v1/jobs", json={**JOB, **changes}, headers={"Idempotency-Key": key})


async def count(client: httpx2.AsyncClient) -> int:
    total: int = (await client.get("/v1/jobs?job_name=once")).json()["total"]
    return total


@pytest.fixture
async def alice(client: Client) -> httpx2.AsyncClient:
    return await client(user="alice", tier="enterprise")


async def test_the_same_key_is_answered_with_the_same_job(alice: httpx2.AsyncClient) -> None:
    first = await submit(alice, "k")
    again = await alice.post(
        "/v1/jobs",
        content=f'{{ "script": {JOB["script"]!r}, "job_name": "once"}}'.replace("'", '"'),
        headers={"Idempotency-Key": "k"},
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert await count(alice) == 1


async def test_another_request_with_the_same_key_is_a_conflict_that_says_why(
    alice: httpx2.AsyncClient,
) -> None:
    await submit(alice, "k")
    other = await submit(alice, "k", nodes=1)
    assert other.status_code == 409
    error = other.json()["error"]
    assert error["code"] == "RESOURCE_CONFLICT"
    assert "another submission" in error["message"]
    assert error["details"] == {"resource_type": "idempotency_key", "resource_id": "k"}
    assert await count(alice) == 1


async def test_keys_of_different_users_have_nothing_to_do_with_each_other(
    alice: httpx2.AsyncClient, client: Client
) -> None:
    bob = await client(user="bob")
    ids = {(await submit(one, "k")).json()["job_id"] for one in (alice, bob)}
    assert len(ids) == 2


async def test_another_credential_of_the_same_user_gets_the_same_answer(
    alice: httpx2.AsyncClient, client: Client
) -> None:
    renewed = await client(user="alice")
    assert (await submit(alice, "k")).json() == (await submit(renewed, "k")).json()


async def test_duplicates_at_the_same_time_wait_for_the_first(alice: httpx2.AsyncClient) -> None:
    answers = await asyncio.gather(*(submit(alice, "k") for _ in range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await count(alice) == 1


async def test_a_refused_request_leaves_its_key_unused(alice: httpx2.AsyncClient) -> None:
    assert (await submit(alice, "k", partition="nowhere")).status_code == 400
    assert (await submit(alice, "k")).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
async def test_a_key_that_is_none_is_refused(alice: httpx2.AsyncClient, key: str) -> None:
    answer = await submit(alice, key)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]["parameter"] == "Idempotency-Key"


async def test_an_expired_key_is_a_new_one(application: Application, tmp_path: Path) -> None:
    now = [1_000_000.0]
    once = _submissions(application, clock=lambda: now[0])
    caller = _caller()
    first = await once.submit(JobSubmission(script=JOB["script"]), caller, "k", JOB)
    now[0] += 60
    assert (await once.submit(JobSubmission(script=JOB["script"]), caller, "k", JOB)).is_replay
    now[0] += 1
    later = await once.submit(JobSubmission(script=JOB["script"]), caller, "k", JOB)
    assert not later.is_replay
    assert later.accepted.job_id != first.accepted.job_id


class LosesAnswers:
    """A way to a cluster that accepts a job and is gone before it has said so."""

    def __init__(self, backend: Any, *, shows_environment: bool = True) -> None:
        self._backend = backend
        self._shows_environment = shows_environment
        self.submitted: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    async def submit(self, submission: JobSubmission, actor: str) -> Submitted:
        accepted: Submitted = await self._backend.submit(submission, actor)
        self.submitted.append(accepted.job_id)
        raise SlurmUnavailable("Slurm did not answer in time")

    async def job(self, job_id: str, actor: str | None = None) -> JobDetails:
        details: JobDetails = await self._backend.job(job_id, actor)
        return details if self._shows_environment else JobDetails(job=details.job)


@pytest.fixture
def loses(application: Application) -> Iterator[LosesAnswers]:
    loses = LosesAnswers(application.cluster.backend)
    application.cluster._backend = loses  # type: ignore[assignment]
    return loses


def _submissions(application: Application, **changes: Any) -> Submissions:
    services = application.services
    database = services.submissions._records._database
    settings = {"keep_seconds": 60, "patience_seconds": 4.0, **changes}
    return Submissions(application.cluster, services.control, IdempotencyRecords(database), **settings)


def _caller() -> Any:
    from s9s.services.access import Caller, Role

    return Caller("alice", Role.USER, frozenset(), "tok_1", "free")


async def test_a_job_whose_answer_was_lost_is_found_by_its_mark(
    alice: httpx2.AsyncClient, loses: LosesAnswers
) -> None:
    assert (await submit(alice, "k", array="0-3")).status_code == 503
    again = await submit(alice, "k", array="0-3")
    assert again.status_code == 201, again.text
    assert [again.json()["job_id"]] == loses.submitted
    assert (await submit(alice, "k", array="0-3")).json() == again.json()


async def test_where_no_mark_can_be_seen_the_answer_is_that_nobody_knows(
    application: Application, alice: httpx2.AsyncClient, loses: LosesAnswers
) -> None:
    loses._shows_environment = False
    application.services.submissions._patience_seconds = 1.5
    assert (await submit(alice, "k")).status_code == 503
    again = await submit(alice, "k")
    assert again.status_code == 409
    error = again.json()["error"]
    assert error["code"] == "RESOURCE_CONFLICT"
    assert "may have been submitted" in error["message"]
    assert error["details"]["candidates"] == loses.submitted
    assert len(loses.submitted) == 1


def test_a_key_survives_a_kill_of_the_server(tmp_path: Path) -> None:
    server = Server(tmp_path, SIMULATED)
    server.start()
    alice = server.as_user("alice")
    first = alice.post("/v1/jobs", json=JOB, headers={"Idempotency-Key": "k"}).json()
    server.kill()
    with server:
        again = server.as_user("alice").post("/v1/jobs", json=JOB, headers={"Idempotency-Key": "k"})
        assert again.status_code == 201
        assert again.json() == first


class KillsOnSubmission:
    """A proxy before slurmrestd that lets Slurm take a job and kills the server before it hears of it."""

    def __init__(self, target: str) -> None:
        self.kill: Any = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {
                    k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")
                }
                with httpx2.Client(timeout=30) as client:
                    got = client.request(self.command, target + self.path, content=body, headers=headers)
                if outer.kill is not None and self.path.endswith("/job/submit"):
                    assert got.status_code == 200, got.text
                    kill, outer.kill = outer.kill, None
                    kill()
                    self.close_connection = True
                    return
                self.send_response(got.status_code)
                self.send_header("content-type", got.headers.get("content-type", "application/json"))
                self.send_header("content-length", str(len(got.content)))
                self.end_headers()
                self.wfile.write(got.content)

            do_GET = do_POST = do_DELETE = answer  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.mark.parametrize("version", REAL)
def test_a_kill_between_slurms_acceptance_and_our_record(
    request: pytest.FixtureRequest, version: str, tmp_path: Path
) -> None:
    lab = request.getfixturevalue(f"lab{version[:2]}")
    proxy = KillsOnSubmission(lab.slurmrestd_url)
    environment = {**real_environment(lab), "S9S_CLUSTER__SLURMRESTD_URL": proxy.url}
    server = Server(tmp_path, environment, lab)
    server.start()
    server.token("alice")
    key, name = {"Idempotency-Key": "k"}, f"once-{tmp_path.name}"
    job = {**JOB, "job_name": name, "working_directory": "/tmp"}
    killed = threading.Event()

    def kill() -> None:
        server._process.kill()  # type: ignore[union-attr]
        killed.set()

    try:
        proxy.kill = kill
        with pytest.raises(httpx2.TransportError):
            server.as_user("alice").post("/v1/jobs", json=job, headers=key)
        assert killed.wait(5)
        server.kill()
        with server:
            alice = server.as_user("alice")
            again = alice.post("/v1/jobs", json=job, headers=key)
            assert again.status_code == 201, again.text
            assert again.headers["idempotent-replayed"] == "true"
            [only] = until(lambda: alice.read("/v1/jobs", job_name=name)["jobs"])
            assert again.json()["job_id"] == only["job_id"]
            alice.delete(f"/v1/jobs/{only['job_id']}", params={"force": "true"})
    finally:
        proxy.close()
