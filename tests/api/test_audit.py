"""What of requests is audited, and who may read it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from s9s.app.application import Application
from s9s.backends.base import Acts
from s9s.services.access import Role
from s9s.storage.database import DatabaseUnavailable, OnDisk
from tests.api.conftest import Client

JOB: dict[str, Any] = {
    "job_name": "a",
    "script": "#!/bin/sh\necho secret-in-script\n",
    "environment": {"API_KEY": "secret-in-env"},
}


@pytest.fixture
async def admin(client: Client) -> Any:
    return await client(user="dave", role=Role.ADMIN, tier="enterprise")


async def records(admin: Any, **filters: Any) -> list[dict[str, Any]]:
    response = await admin.get("/v1/audit", params=filters)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["records"]
    return found


async def test_a_submission_is_recorded_without_its_secrets(
    client: Client, admin: Any, tmp_path: Path
) -> None:
    alice = await client(user="alice", tier="pro")
    response = await alice.post("/v1/jobs", json=JOB, headers={"x-request-id": "r1"})
    assert response.status_code == 201
    [record] = await records(admin, user="alice")
    job_id = response.json()["job_id"]
    whoami = (await alice.get("/v1/whoami")).json()
    assert record["what"]["script"] == {
        "sha256": hashlib.sha256(JOB["script"].encode()).hexdigest(),
        "bytes": len(JOB["script"]),
    }
    assert record["what"]["environment"] == ["API_KEY"]
    assert record["what"]["job_name"] == "a"
    assert {
        key: record[key]
        for key in (
            "action",
            "user",
            "address",
            "method",
            "route",
            "resource",
            "result",
            "status",
            "request_id",
        )
    } == {
        "action": "submit_job",
        "user": "alice",
        "address": "192.0.2.1",
        "method": "POST",
        "route": "/v1/jobs",
        "resource": f"jobs/{job_id}",
        "result": "SUCCESS",
        "status": 201,
        "request_id": "r1",
    }
    assert record["credential"] == whoami["credential"]["token_id"]
    assert record["after"][f"jobs/{job_id}"]["state"] == "PENDING"
    everything = b"".join(file.read_bytes() for file in tmp_path.glob("state/s9s.db*"))
    assert b"secret-in" not in everything


async def test_a_change_is_recorded_with_the_state_before_and_after(client: Client, admin: Any) -> None:
    alice = await client(user="alice", tier="pro")
    job_id = (await alice.post("/v1/jobs", json=JOB)).json()["job_id"]
    await alice.put(f"/v1/jobs/{job_id}/hold", json={"reason": "not now"})
    await alice.delete(f"/v1/jobs/{job_id}", params={"force": "true"})
    again = await alice.delete(f"/v1/jobs/{job_id}")
    assert again.status_code == 409
    late, cancelled, held, _ = await records(admin, resource=f"jobs/{job_id}")
    name = f"jobs/{job_id}"
    assert (held["action"], held["route"], held["what"]) == (
        "hold_job",
        "/v1/jobs/{job_id}/hold",
        {"reason": "not now"},
    )
    assert held["before"][name]["user"] == "alice"
    assert held["after"][name] == {"state": "PENDING", "priority": 0}
    assert (cancelled["what"]["force"], cancelled["after"][name]["state"]) == (True, "CANCELLED")
    assert (late["result"], late["status"]) == ("RESOURCE_CONFLICT", 409)


async def test_many_changes_in_one_say_which_failed(client: Client, admin: Any) -> None:
    alice = await client(user="alice", tier="pro")
    job_id = (await alice.post("/v1/jobs", json=JOB)).json()["job_id"]
    await alice.post("/v1/jobs/bulk", json={"action": "cancel", "job_ids": [job_id, "99999999"]})
    [record] = await records(admin, action="bulk_jobs")
    assert (record["result"], record["what"]["job_ids"]) == ("PARTIAL", [job_id, "99999999"])
    assert record["after"]["jobs/99999999"] == {"error": "RESOURCE_NOT_FOUND"}
    assert record["after"][f"jobs/{job_id}"] == {"state": "CANCELLED"}


async def test_changes_of_nodes(admin: Any) -> None:
    [node] = (await admin.get("/v1/nodes", params={"state": "IDLE", "limit": 1})).json()["nodes"]
    name = node["node_name"]
    response = await admin.put(f"/v1/nodes/{name}/drain", json={"reason": "fan"})
    [record] = await records(admin, resource=f"nodes/{name}")
    assert record["before"] == {f"nodes/{name}": {"state": "IDLE", "reason": None}}
    if response.status_code == 200:
        assert record["after"][f"nodes/{name}"] == {"state": "DRAIN", "reason": "fan"}
    else:
        assert record["result"] == "PERMISSION_DENIED"


async def test_changes_of_credentials(client: Client, admin: Any) -> None:
    alice = await client(user="alice", tier="pro")
    made = (await alice.post("/v1/tokens", json={"name": "x"})).json()
    await alice.delete(f"/v1/tokens/{made['token_id']}")
    revoked, created = await records(admin, resource=f"tokens/{made['token_id']}")
    name = f"tokens/{made['token_id']}"
    assert (created["action"], created["after"][name]["user"], created["result"]) == (
        "create_token",
        "alice",
        "SUCCESS",
    )
    assert revoked["after"][name]["revoked_at"] is not None
    assert made["token"] not in json.dumps([revoked, created])


async def test_reads_leave_nothing(client: Client, admin: Any) -> None:
    alice = await client(user="alice", tier="pro")
    for path in ("/v1/jobs", "/v1/nodes", "/v1/jobs/1", "/v1/jobs?limit=0", "/v1/nowhere"):
        await alice.get(path)
    assert (await admin.get("/v1/audit")).json()["total"] == 0


async def test_failed_logins_are_recorded_and_nothing_presented_is_none(client: Client, admin: Any) -> None:
    nobody, guesser = await client(), await client("s9s_guess")
    assert (await nobody.get("/v1/jobs")).status_code == 401
    assert (await nobody.post("/v1/jobs", json=JOB)).status_code == 401
    assert (await guesser.get("/v1/jobs/7", headers={"x-request-id": "r7"})).status_code == 401
    [record] = await records(admin)
    assert (record["action"], record["result"], record["user"]) == ("login", "AUTHENTICATION_FAILED", None)
    assert (record["address"], record["request_id"], record["status"]) == ("192.0.2.1", "r7", 401)
    assert "guess" not in json.dumps(record)


async def test_a_revoked_credential_is_named(application: Application, client: Client, admin: Any) -> None:
    alice = await client(user="alice")
    token_id = (await alice.get("/v1/whoami")).json()["credential"]["token_id"]
    await application.tokens.revoke(token_id)
    assert (await alice.get("/v1/jobs")).status_code == 401
    [record] = await records(admin, action="login")
    assert record["credential"] == token_id


async def test_a_failed_login_of_a_client_is_recorded(client: Client, admin: Any) -> None:
    nobody = await client()
    asked = {"client_id": "cli_0", "client_secret": "hidden", "grant_type": "client_credentials"}
    assert (await nobody.post("/oauth/token", json=asked)).status_code == 401
    [record] = await records(admin, action="login")
    assert record["route"] == "/oauth/token"
    assert "hidden" not in json.dumps(record)


async def test_refusals_are_recorded_reads_too(client: Client, admin: Any) -> None:
    alice = await client(user="alice", scopes=frozenset({"nodes:read"}), tier="pro")
    assert (await alice.get("/v1/jobs")).status_code == 403
    assert (await alice.post("/v1/jobs", json=JOB)).status_code == 403
    assert (await alice.get("/v1/audit")).status_code == 403
    found = await records(admin, result="permission_denied")
    assert [one["action"] for one in found] == ["list_audit", "submit_job", "list_jobs"]
    assert found[2]["what"]["required_scope"] == "jobs:read"
    assert "secret-in" not in json.dumps(found)


async def test_what_cannot_be_read_leaves_nothing_but_what_is_refused_later_does(
    client: Client, admin: Any
) -> None:
    alice = await client(user="alice", tier="pro")
    for content in (b"{", b'{"unknown": 1}', b"[]"):
        assert (await alice.post("/v1/jobs", content=content)).status_code == 400
    assert await records(admin) == []
    assert (await alice.post("/v1/jobs", json={**JOB, "time_limit": "never ever"})).status_code == 400
    [record] = await records(admin)
    assert record["result"] == "VALIDATION_ERROR"


async def test_without_the_log_nothing_is_changed_and_reads_go_on(
    application: Application, client: Client, tmp_path: Path
) -> None:
    alice = await client(user="alice", tier="pro")
    job_id = (await alice.post("/v1/jobs", json=JOB)).json()["job_id"]
    with sqlite3.connect(tmp_path / "state" / "s9s.db") as other:
        other.execute("ALTER TABLE audit RENAME TO elsewhere")
    other.close()
    refused = await alice.delete(f"/v1/jobs/{job_id}")
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "5"
    assert "audit" in refused.json()["error"]["message"]
    assert (await alice.get(f"/v1/jobs/{job_id}")).json()["state"] in ("PENDING", "RUNNING")
    assert (await alice.get("/v1/jobs")).status_code == 200
    with sqlite3.connect(tmp_path / "state" / "s9s.db") as other:
        other.execute("ALTER TABLE elsewhere RENAME TO audit")
    other.close()
    assert (await alice.delete(f"/v1/jobs/{job_id}")).status_code == 200


_WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/v1/jobs", JOB),
    ("DELETE", "/v1/jobs/{id}", {}),
    ("PUT", "/v1/jobs/{id}/hold", {}),
    ("PUT", "/v1/jobs/{id}/release", {}),
    ("POST", "/v1/jobs/bulk", {"action": "cancel", "job_ids": ["{id}"]}),
    ("PUT", "/v1/nodes/{node}/drain", {"reason": "r"}),
    ("PUT", "/v1/nodes/{node}/state", {"state": "DRAIN", "reason": "r"}),
]


class Kept:
    """When the disk has what is committed, whichever way that went."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.fails = False

    async def wait(self) -> None:
        self.asked.set()
        await self.may_go_on.wait()
        if self.fails:
            raise DatabaseUnavailable("Input/output error")


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Kept:
    made = Kept()
    monkeypatch.setattr(OnDisk, "wait", lambda _: made.wait())
    return made


@pytest.mark.parametrize(("method", "path", "body"), _WRITES)
async def test_nothing_is_done_before_the_disk_has_the_intent(
    application: Application, admin: Any, disk: Kept, method: str, path: str, body: dict[str, Any]
) -> None:
    job_id = (await admin.post("/v1/jobs", json={**JOB, "hold": True})).json()["job_id"]
    node = (await admin.get("/v1/nodes", params={"limit": 1})).json()["nodes"][0]["node_name"]
    slurm = Noting(application.cluster._backend)
    application.cluster._backend = slurm  # type: ignore[assignment]
    text = json.dumps(body).replace("{id}", job_id)
    disk.asked.clear()
    disk.may_go_on.clear()
    writing = asyncio.create_task(
        admin.request(
            method,
            path.format(id=job_id, node=node),
            content=text if body else None,
            headers={"content-type": "application/json"},
        )
    )
    await asyncio.wait_for(disk.asked.wait(), 10)
    await admin.get("/v1/status")
    assert (slurm.acts, writing.done()) == ([], False)
    disk.may_go_on.set()
    assert (await writing).is_success, (await writing).text
    assert len(slurm.acts) == 1


async def test_a_write_is_refused_when_the_disk_fails_and_its_key_is_left_unused(
    application: Application, client: Client, admin: Any, disk: Kept
) -> None:
    alice = await client(user="alice", tier="pro")
    slurm = Noting(application.cluster._backend)
    application.cluster._backend = slurm  # type: ignore[assignment]
    disk.fails = True
    refused = await alice.post("/v1/jobs", json=JOB, headers={"idempotency-key": "k"})
    assert refused.status_code == 503
    assert "audit" in refused.json()["error"]["message"]
    assert slurm.acts == []
    disk.fails = False
    again = await alice.post("/v1/jobs", json=JOB, headers={"idempotency-key": "k"})
    assert again.status_code == 201
    assert "idempotent-replayed" not in again.headers
    assert [one["result"] for one in await records(admin, user="alice")] == ["SUCCESS", "INTERNAL_ERROR"]


class Noting:
    """A way to a cluster, and what is done by it."""

    def __init__(self, backend: Any) -> None:
        self.acts: list[str] = []
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        if name in vars(Acts):
            self.acts.append(name)
        return getattr(self._backend, name)


@pytest.mark.parametrize(
    ("role", "scopes", "status"),
    [
        (Role.USER, (), 403),
        (Role.OPERATOR, (), 403),
        (Role.ADMIN, (), 200),
        (Role.ADMIN, ("jobs:read",), 403),
        (Role.ADMIN, ("admin",), 200),
    ],
)
async def test_the_log_is_for_administrators(
    client: Client, role: Role, scopes: tuple[str, ...], status: int
) -> None:
    caller = await client(user="dave", role=role, scopes=frozenset(scopes))
    assert (await caller.get("/v1/audit")).status_code == status


async def test_pages_and_filters(client: Client, admin: Any) -> None:
    alice = await client(user="alice", tier="pro")
    for number in range(5):
        await alice.delete(f"/v1/jobs/{99999990 + number}")
    page = (await admin.get("/v1/audit", params={"limit": 2, "offset": 1})).json()
    assert (page["total"], page["limit"], page["offset"], page["has_more"]) == (5, 2, 1, True)
    assert [one["resource"] for one in page["records"]] == ["jobs/99999993", "jobs/99999992"]
    assert len(await records(admin, user="alice,bob", action="cancel_job", result="RESOURCE_NOT_FOUND")) == 5
    assert len(await records(admin, since="2026-01-01", order="asc", sort="resource")) == 5
    assert await records(admin, until="2026-01-01") == []
    for bad in ({"since": "yesterday"}, {"sort": "hash"}, {"limit": 0}, {"unknown": 1}):
        assert (await admin.get("/v1/audit", params=bad)).status_code == 400
