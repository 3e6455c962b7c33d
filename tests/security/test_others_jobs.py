"""One user at another's job, by every route there is; operators and administrators at theirs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from s9s.api.openapi import Document
from tests.contract.clusters import real_environment
from tests.contract.jobs import Jobs
from tests.contract.nodes import bring_back
from tests.contract.rules import refused
from tests.contract.serving import Caller, Server, until

ROUTES = {
    operation["operationId"]: (method.upper(), path)
    for path, item in Document().content["paths"].items()
    if "{job_id}" in path
    for method, operation in item.items()
}
SECRET = "S9S_SECURITY_SUITE"


def ask(caller: Caller, operation: str, job_id: str, **request: Any) -> httpx2.Response:
    method, path = ROUTES[operation]
    return caller.request(method, path.format(job_id=job_id), **request)


def test_the_routes_are_those_that_are_tried() -> None:
    assert ROUTES.keys() == {
        "get_job", "get_job_output", "get_job_error", "cancel_job", "hold_job", "release_job",
        "set_job_priority", "requeue_job", "suspend_job", "resume_job",
    }  # fmt: skip


@pytest.fixture
def bobs(jobs: Jobs) -> str:
    """A running job of bob's, with a secret in its environment, its script and its output."""
    script = f"echo {SECRET}-printed; echo {SECRET}-failed >&2; sleep 300"
    return jobs.running(script, "bob", environment={"S9S_KEY": f"{SECRET}-environment"})


@pytest.mark.parametrize("role", ["user", "operator"])
def test_nothing_secret_is_shown(server: Server, bobs: str, role: str) -> None:
    """A role of S9S gives sight of jobs, not of what is in them."""
    with server.caller(server.new_token("alice", "--role", role)) as alice:
        for operation in ("get_job_output", "get_job_error"):
            for parameters in ({}, {"lines": "1"}, {"offset": "0", "length": "10"}):
                response = ask(alice, operation, bobs, params=parameters)
                refused(response, 403, "PERMISSION_DENIED")
                text = ask(alice, operation, bobs, params=parameters, headers={"accept": "text/plain"})
                refused(text, 403, "PERMISSION_DENIED")
        shown = ask(alice, "get_job", bobs)
        assert shown.status_code == 200
        assert (shown.json()["environment"], shown.json()["command"]) == (None, None)
        for path in (f"/v1/jobs?job_id={bobs}", f"/v1/jobs/{bobs}", "/v1/jobs?user=bob&limit=1000"):
            assert SECRET not in alice.get(path).text


@pytest.mark.parametrize("role", ["user", "operator", "admin"])
def test_nothing_can_be_changed(server: Server, jobs: Jobs, bob: Caller, bobs: str, role: str) -> None:
    """Not even with the role of an administrator: Slurm decides about alice, and she is nobody there."""
    pending, held = jobs.pending("bob"), jobs.held("bob")
    before = {job_id: bob.job(job_id) for job_id in (bobs, pending, held)}
    with server.caller(server.new_token("alice", "--role", role)) as alice:
        tried: list[tuple[str, str, dict[str, Any]]] = [
            ("cancel_job", bobs, {}),
            ("cancel_job", bobs, {"params": {"force": "true"}}),
            ("cancel_job", bobs, {"params": {"signal": "USR1"}}),
            ("cancel_job", pending, {}),
            ("hold_job", pending, {"json": {"reason": "mine now"}}),
            ("release_job", held, {"json": {}}),
            ("set_job_priority", pending, {"json": {"priority": 1}}),
            ("requeue_job", bobs, {"json": {}}),
            ("suspend_job", bobs, {"json": {}}),
        ]
        for operation, job_id, request in tried:
            refused(ask(alice, operation, job_id, **request), 403, "PERMISSION_DENIED")
        refused(ask(alice, "resume_job", bobs, json={}), 409, "RESOURCE_CONFLICT")
        for action in ("cancel", "hold", "release", "requeue"):
            body = {"action": action, "job_ids": [bobs, pending, held]}
            results = alice.post("/v1/jobs/bulk", json=body).json()["results"]
            assert {one["code"] for one in results} <= {"PERMISSION_DENIED", "RESOURCE_CONFLICT"}
    for job_id, one in before.items():
        after = bob.job(job_id)
        assert [after[field] for field in ("state", "hold_reason")] == [one["state"], one["hold_reason"]]
        assert (after["priority"] == 0) == (one["priority"] == 0)


def test_a_submission_is_never_somebody_elses(alice: Caller, jobs: Jobs) -> None:
    for fields in ({"user": "bob"}, {"uid": 0}, {"actor": "root"}):
        response = alice.post("/v1/jobs", json={"script": "true", **fields})
        refused(response, 400, "VALIDATION_ERROR")
    script = "#!/bin/sh\n#SBATCH --uid=bob\n#SBATCH --gid=0\nid -un\n"
    response = jobs.ask("alice", script=script, working_directory=str(jobs.folder))
    refused(response, 403, "PERMISSION_DENIED")


def test_a_token_for_reading_writes_nothing(server: Server, jobs: Jobs, alice: Caller) -> None:
    job_id = jobs.running("sleep 300", "alice")
    with server.caller(server.new_token("alice", "--scopes", "jobs:read")) as reader:
        assert reader.job(job_id)["state"] == "RUNNING"
        assert ask(reader, "get_job_output", job_id).status_code == 200
        writes: list[Callable[[], httpx2.Response]] = [
            lambda operation=operation: ask(reader, operation, job_id, json={})  # type: ignore[misc]
            for operation, (method, _) in ROUTES.items()
            if method != "GET"
        ]
        writes += [
            lambda: reader.post("/v1/jobs", json={"script": "true"}),
            lambda: reader.post("/v1/jobs/bulk", json={"action": "cancel", "job_ids": [job_id]}),
            lambda: reader.put("/v1/nodes/node001/drain", json={"reason": "test"}),
            lambda: reader.post("/v1/tokens", json={}),
        ]
        for write in writes:
            assert refused(write(), 403, "PERMISSION_DENIED")["details"]["required_scope"]
    assert alice.job(job_id)["state"] == "RUNNING"


def test_an_operator_may_cancel_but_not_drain_and_an_administrator_may(
    carol: Caller, dave: Caller, bob: Caller, bobs: str, spare_node: str
) -> None:
    refused(bob.put(f"/v1/nodes/{spare_node}/drain", json={"reason": "mine"}), 403, "PERMISSION_DENIED")
    refused(carol.put(f"/v1/nodes/{spare_node}/drain", json={"reason": "mine"}), 403, "PERMISSION_DENIED")
    assert "DRAIN" not in dave.node(spare_node)["state"]
    assert ask(carol, "cancel_job", bobs).status_code == 200
    bob.reach(bobs, "CANCELLED")
    try:
        assert dave.put(f"/v1/nodes/{spare_node}/drain", json={"reason": "test"}).status_code == 200
        assert "DRAIN" in dave.node(spare_node)["state"]
    finally:
        bring_back(dave, spare_node)


def test_restrictions_hold_on_the_cluster(server: Server, jobs: Jobs, bobs: str, alice: Caller) -> None:
    mine = jobs.running("sleep 300", "alice")
    account = str(alice.job(mine)["account"])
    with server.caller(server.new_token("alice", "--own-jobs-only")) as own:
        assert own.job(mine)["user"] == "alice"
        refused(own.get(f"/v1/jobs/{bobs}"), 404, "RESOURCE_NOT_FOUND")
        assert {job["user"] for job in own.read("/v1/jobs", limit=1000)["jobs"]} == {"alice"}
    with server.caller(server.new_token("alice", "--accounts", account)) as narrow:
        response = narrow.post("/v1/jobs", json={"script": "true", "working_directory": str(jobs.folder)})
        assert response.status_code == 201, response.text
        jobs.submitted.append((response.json()["job_id"], "alice"))
        assert narrow.job(response.json()["job_id"])["account"] == account
        refused(
            narrow.post("/v1/jobs", json={"script": "true", "account": "other"}), 403, "PERMISSION_DENIED"
        )
    with server.caller(server.new_token("alice", "--accounts", "another")) as other:
        refused(other.post("/v1/jobs", json={"script": "true"}), 403, "PERMISSION_DENIED")
        refused(other.delete(f"/v1/jobs/{mine}"), 404, "RESOURCE_NOT_FOUND")
    assert alice.job(mine)["state"] == "RUNNING"


@pytest.mark.parametrize(
    "server",
    [pytest.param("24.11", marks=[pytest.mark.slurm, pytest.mark.xdist_group("lab24.11")])],
    indirect=True,
)
def test_an_admin_level_that_is_taken_away_counts_within_half_a_minute(
    server: Server, tmp_path: Path
) -> None:
    """For a token made for more, and for one made for whatever Slurm says. Accounting is read every 30 s."""

    def sacctmgr(*arguments: str) -> None:
        server.lab.run("root", "sacctmgr", "-i", *arguments)

    sacctmgr("add", "user", "zoe", "account=research", "adminlevel=Operator")
    try:
        with (
            Server(tmp_path, real_environment(server.lab), server.lab) as another,
            another.caller(another.new_token("zoe", "--role", "admin")) as wide,
            another.caller(another.new_token("zoe")) as plain,
        ):
            roles = [caller.read("/v1/whoami")["role"] for caller in (wide, plain)]
            assert roles == ["operator", "operator"]
            sacctmgr("modify", "user", "zoe", "set", "adminlevel=None")
            until(lambda: wide.read("/v1/whoami")["role"] == "user", seconds=45)
            assert plain.read("/v1/whoami")["role"] == "user"
    finally:
        sacctmgr("delete", "user", "zoe")
