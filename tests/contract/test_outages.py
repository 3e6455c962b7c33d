"""Daemons that die and come back, on clusters of these tests' own; nothing is told to the server."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from lab import Lab, LabUnavailable
from tests.contract.clusters import REAL, real_environment
from tests.contract.jobs import Jobs
from tests.contract.rules import refused
from tests.contract.serving import Caller, Server, until
from tests.programs import uninstallable

PATIENCE = 30.0
"""Seconds within which everything is answered, however dead Slurm is: its own tools wait for ten."""


@pytest.fixture(scope="module", params=REAL)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a cluster that may be broken."""
    directory = Path(tempfile.mkdtemp(prefix=f"s9s-outages-{request.param}-"))
    directory.chmod(0o755)
    lab = Lab(request.param, directory, nodes=2)
    try:
        lab.up()
    except LabUnavailable as reason:
        uninstallable(str(reason))
    try:
        state_dir = tmp_path_factory.mktemp(f"s9s-outages-{request.param}")
        with Server(state_dir, real_environment(lab), lab) as server:
            yield server
    finally:
        lab.down(purge=True)


@pytest.fixture(autouse=True)
def _mended(server: Server, jobs: Jobs) -> Iterator[None]:
    """Whatever a test breaks is whole again after it, and the server has noticed."""
    yield
    for daemon in ("slurmdbd", "slurmctld", "slurmrestd"):
        server.lab.start(daemon)
    until(lambda: _submitted(jobs), seconds=60, pause=0.5)
    until(lambda: not _warning(server.as_user("alice").get("/v1/jobs")), seconds=60)


class TestSlurmctld:
    """Reads go on from the last snapshot with a header of its own, writes are 503, all recovers by itself."""

    def test_killed_leaves_the_reads(self, server: Server, alice: Caller, jobs: Jobs) -> None:
        running, held = jobs.running(), jobs.held()
        until(lambda: _ids(alice) >= {running, held})
        server.lab.kill("slurmctld")
        warned = until(lambda: _warning(alice.get("/v1/jobs")), seconds=PATIENCE)
        assert warned.isprintable()
        assert _ids(alice) >= {running, held}
        for path in (f"/v1/jobs/{running}", "/v1/nodes", "/v1/nodes/node001", "/v1/users", "/v1/partitions"):
            response, seconds = _timed(alice, "GET", path)
            assert response.status_code == 200, (path, response.text)
            assert seconds < PATIENCE, path
        assert alice.job(running)["state"] == "RUNNING"
        cluster = alice.read("/v1/status")["clusters"][0]
        assert cluster["reachable"] is False
        assert cluster["last_error"]
        until(lambda: alice.read("/v1/status")["clusters"][0]["snapshot_age"] > cluster["snapshot_age"])
        with server.caller(None) as nobody:
            assert nobody.get("/healthz").status_code == 200
            assert nobody.get("/readyz").status_code == 200

    def test_killed_refuses_the_writes(self, server: Server, alice: Caller, dave: Caller, jobs: Jobs) -> None:
        running, waiting = jobs.running(), jobs.pending()
        until(lambda: _ids(alice) >= {running, waiting})
        server.lab.kill("slurmctld")
        for caller, method, path, body in (
            (alice, "POST", "/v1/jobs", {"script": "true"}),
            (alice, "DELETE", f"/v1/jobs/{running}", None),
            (alice, "DELETE", f"/v1/jobs/{running}?signal=USR1", None),
            (alice, "PUT", f"/v1/jobs/{waiting}/hold", {}),
            (alice, "PUT", f"/v1/jobs/{waiting}/release", None),
            (alice, "PUT", f"/v1/jobs/{running}/requeue", None),
            (dave, "PUT", f"/v1/jobs/{waiting}/priority", {"priority": 5}),
            (dave, "PUT", "/v1/nodes/node002/drain", {"reason": "x"}),
        ):
            response, seconds = _timed(caller, method, path, body)
            refused(response, 503, "SLURM_ERROR")
            assert int(response.headers["Retry-After"]) > 0
            assert seconds < PATIENCE, (method, path)

    def test_killed_fails_each_job_of_a_bulk(self, server: Server, alice: Caller, jobs: Jobs) -> None:
        held = [jobs.held() for _ in range(5)]
        server.lab.kill("slurmctld")
        body = {"action": "cancel", "job_ids": held}
        response, seconds = _timed(alice, "POST", "/v1/jobs/bulk", body)
        if response.status_code == 200:
            assert response.json()["summary"] == {"total": 5, "successful": 0, "failed": 5}
        else:
            refused(response, 503, "SLURM_ERROR")
        assert seconds < PATIENCE

    def test_back_again_serves_everything(self, server: Server, alice: Caller, jobs: Jobs) -> None:
        running = jobs.running()
        _have_saved(server, jobs)
        server.lab.kill("slurmctld")
        until(lambda: _warning(alice.get("/v1/jobs")), seconds=PATIENCE)
        server.lab.start("slurmctld")
        until(lambda: alice.read("/v1/status")["clusters"][0]["reachable"], seconds=60)
        until(lambda: not _warning(alice.get("/v1/jobs")), seconds=30)
        assert alice.read("/v1/status")["clusters"][0]["snapshot_age"] < 15
        assert alice.job(running)["state"] == "RUNNING"
        job_id = until(lambda: _submitted(jobs), seconds=60)
        assert alice.reach(job_id, "COMPLETED")


class TestSlurmrestd:
    """Another route is taken, or the write is refused; the reads need it least of all."""

    def test_killed_and_back(self, server: Server, alice: Caller, jobs: Jobs) -> None:
        running = jobs.running()
        server.lab.kill("slurmrestd")
        for _ in range(3):
            response, seconds = _timed(alice, "POST", "/v1/jobs", {"script": "true"})
            assert seconds < PATIENCE
            if response.status_code == 201:
                jobs.submitted.append((response.json()["job_id"], "alice"))
            else:
                refused(response, 503, "SLURM_ERROR")
                assert int(response.headers["Retry-After"]) > 0
            for path in ("/v1/jobs", f"/v1/jobs/{running}", "/v1/nodes", "/v1/partitions", "/v1/users"):
                response, seconds = _timed(alice, "GET", path)
                assert response.status_code == 200, (path, response.text)
                assert seconds < PATIENCE, path
        server.lab.start("slurmrestd")
        job_id = until(lambda: _submitted(jobs), seconds=60)
        assert alice.reach(job_id, "COMPLETED")


class TestSlurmdbd:
    """slurmctld goes on without it, and so does what needs only slurmctld."""

    def test_stopped_and_back(self, server: Server, alice: Caller, jobs: Jobs) -> None:
        finished = jobs.finished("exit 3")
        server.lab.stop("slurmdbd")
        assert finished in _ids(alice)
        job_id = jobs.running()
        assert alice.job(job_id)["state"] == "RUNNING"
        assert alice.delete(f"/v1/jobs/{job_id}").status_code == 200
        for path in ("/v1/jobs", "/v1/nodes", "/v1/partitions", "/v1/users", "/v1/users/alice"):
            response, seconds = _timed(alice, "GET", path)
            assert response.status_code == 200, (path, response.text)
            assert seconds < PATIENCE, path
        # Whether there ever was such a job, nobody can say now.
        response, seconds = _timed(alice, "GET", "/v1/jobs/60000001")
        assert response.status_code in (404, 503), response.text
        assert seconds < PATIENCE
        server.lab.start("slurmdbd")
        until(lambda: alice.get("/v1/jobs/60000001").status_code == 404, seconds=30)


class TestForgotten:
    """A finished job that slurmctld has forgotten is answered from accounting, once."""

    def test_job_is_still_there(self, server: Server, alice: Caller, jobs: Jobs) -> None:
        server.lab.reconfigure(MinJobAge=2)
        try:
            job_id = jobs.finished("echo remembered; exit 3", job_name="to be forgotten")
            scontrol = (str(server.lab.bin_dir / "scontrol"), "show", "job", job_id)
            until(
                lambda: server.lab.run("alice", *scontrol, check=False).returncode != 0, seconds=90, pause=1
            )
            job = alice.job(job_id)
            assert (job["state"], job["exit_code"], job["job_name"]) == ("FAILED", 3, "to be forgotten")
            assert (job["user"], job["account"], job["working_directory"]) == (
                "alice", "research", str(jobs.folder)
            )  # fmt: skip
            assert [row["state"] for row in _rows(alice) if row["job_id"] == job_id] == ["FAILED"]
            assert alice.read(f"/v1/jobs/{job_id}/output")["content"] == "remembered\n"
            refused(alice.delete(f"/v1/jobs/{job_id}"), 409, "RESOURCE_CONFLICT")
        finally:
            server.lab.reconfigure(MinJobAge=None)

    def test_jobs_are_known_to_a_new_server(self, server: Server, jobs: Jobs, tmp_path: Path) -> None:
        """It has never seen them live: they come from accounting at its start."""
        server.lab.reconfigure(MinJobAge=2)
        try:
            job_id = jobs.finished("exit 4")
            scontrol = (str(server.lab.bin_dir / "scontrol"), "show", "job", job_id)
            until(
                lambda: server.lab.run("alice", *scontrol, check=False).returncode != 0, seconds=90, pause=1
            )
            with Server(tmp_path, real_environment(server.lab), server.lab) as another:
                alice = another.as_user("alice")
                assert alice.job(job_id)["exit_code"] == 4
                until(lambda: job_id in _ids(alice), seconds=20)
        finally:
            server.lab.reconfigure(MinJobAge=None)


class TestPrivateData:
    """Slurm's `PrivateData` is honoured in every list."""

    def test_jobs(self, server: Server, jobs: Jobs, tmp_path: Path) -> None:
        mine, others = jobs.held("bob"), jobs.running()
        server.lab.reconfigure(PrivateData="jobs")
        try:
            with Server(tmp_path, real_environment(server.lab), server.lab) as another:
                alice, bob, carol = map(another.as_user, ("alice", "bob", "carol"))
                assert {row["user"] for row in _rows(bob)} == {"bob"}
                assert mine in _ids(bob)
                refused(bob.get(f"/v1/jobs/{others}"), 404, "RESOURCE_NOT_FOUND")
                refused(bob.get(f"/v1/jobs/{others}/output"), 404, "RESOURCE_NOT_FOUND")
                assert bob.read("/v1/jobs", user="alice")["total"] == 0
                for node in bob.read("/v1/nodes")["nodes"]:
                    assert others not in node["jobs"]
                response = bob.delete(f"/v1/jobs/{others}")
                assert response.status_code in (403, 404), response.text
                assert {mine, others} <= _ids(carol)
                assert others in _ids(alice)
                assert mine not in _ids(alice)
        finally:
            server.lab.reconfigure(PrivateData=None)

    def test_nodes_and_usage(self, server: Server, tmp_path: Path) -> None:
        server.lab.reconfigure(PrivateData="nodes,usage")
        try:
            with Server(tmp_path, real_environment(server.lab), server.lab) as another:
                bob, carol, dave = map(another.as_user, ("bob", "carol", "dave"))
                for path in ("/v1/nodes", "/v1/nodes/node001"):
                    refused(bob.get(path), 403, "PERMISSION_DENIED")
                    assert carol.get(path).status_code == dave.get(path).status_code == 200
                usage = {row["username"]: row["cpu_time_used"] for row in bob.read("/v1/users")["users"]}
                assert usage["bob"] is not None
                assert {usage[name] for name in ("alice", "carol", "dave")} == {None}
                assert bob.read("/v1/users/alice")["cpu_time_used"] is None
                assert bob.read("/v1/users", sort="cpu_time_used")["total"] == len(usage)
                assert carol.read("/v1/users/alice")["cpu_time_used"] is not None
        finally:
            server.lab.reconfigure(PrivateData=None)

    def test_users(self, server: Server, tmp_path: Path) -> None:
        server.lab.reconfigure(PrivateData="users")
        try:
            with Server(tmp_path, real_environment(server.lab), server.lab) as another:
                bob, carol = map(another.as_user, ("bob", "carol"))
                shown = bob.read("/v1/users")
                assert ([row["username"] for row in shown["users"]], shown["total"]) == (["bob"], 1)
                assert bob.read("/v1/users", account="research")["total"] == 1
                refused(bob.get("/v1/users/alice"), 404, "RESOURCE_NOT_FOUND")
                assert bob.read("/v1/users/bob")["username"] == "bob"
                assert {row["username"] for row in carol.read("/v1/users")["users"]} >= {"alice", "bob"}
        finally:
            server.lab.reconfigure(PrivateData=None)

    def test_that_is_set_while_the_server_runs(self, server: Server, bob: Caller, jobs: Jobs) -> None:
        others = jobs.running()
        assert others in _ids(bob)
        server.lab.reconfigure(PrivateData="jobs")
        try:
            until(lambda: others not in _ids(bob), seconds=90)
        finally:
            server.lab.reconfigure(PrivateData=None)
        until(lambda: others in _ids(bob), seconds=90)


class TestServer:
    """What outlives it, and what it does when it is told of a dead cluster at its start."""

    def test_killed_remembers_tokens_and_reasons(self, server: Server, jobs: Jobs) -> None:
        alice = server.as_user("alice")
        job_id = jobs.pending()
        response = alice.put(f"/v1/jobs/{job_id}/hold", json={"reason": "remember this"})
        assert response.status_code == 200
        server.kill()
        server.start()
        alice = server.as_user("alice")
        assert alice.job(job_id)["hold_reason"] == "remember this"
        assert alice.put(f"/v1/jobs/{job_id}/release").status_code == 200


def _warning(response: httpx2.Response) -> str:
    assert response.status_code == 200, response.text
    return response.headers.get("X-S9S-Warning", "")


def _rows(caller: Caller) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = caller.read("/v1/jobs", limit=1000)["jobs"]
    return rows


def _ids(caller: Caller) -> set[str]:
    return {row["job_id"] for row in _rows(caller)}


def _timed(
    caller: Caller, method: str, path: str, body: dict[str, Any] | None = None
) -> tuple[httpx2.Response, float]:
    began = time.monotonic()
    response = caller.request(method, path, json=body)
    return response, time.monotonic() - began


def _is_forgotten(server: Server, job_id: str) -> bool:
    """Whether slurmctld knows nothing of a job any more."""
    scontrol = str(server.lab.bin_dir / "scontrol")
    return bool(server.lab.run("alice", scontrol, "show", "job", job_id, check=False).returncode)


def _submitted(jobs: Jobs) -> str | None:
    """Id of a new job, None while submissions are refused as those to a dead Slurm are."""
    response = jobs.ask(script="sleep 0.3", working_directory=str(jobs.folder), memory="64MB")
    if response.status_code == 201:
        return str(response.json()["job_id"])
    refused(response, 503, "SLURM_ERROR")
    return None


def _have_saved(server: Server, jobs: Jobs) -> None:
    """Wait until slurmctld has on disk what runs now; a kill before that costs the job, see docs/slurm.md."""
    asked_at = time.time()
    jobs.held()  # a change, so that it saves once more
    state = server.lab.directory / "spool/slurmctld/job_state"
    until(lambda: state.exists() and state.stat().st_mtime > asked_at, seconds=30)
