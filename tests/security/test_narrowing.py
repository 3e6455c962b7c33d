"""What a narrowed credential sees and does over HTTP, in both lanes."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from s9s.app.application import Application
from s9s.domain.credentials import Restrictions
from s9s.services.access import Role
from tests.api.conftest import Client, serving

RESTRICTIONS = {
    "account": Restrictions(accounts=frozenset({"research"})),
    "partition": Restrictions(partitions=frozenset({"gpu"})),
    "own": Restrictions(own_jobs_only=True),
    "all": Restrictions(accounts=frozenset({"research"}), partitions=frozenset({"gpu"}), own_jobs_only=True),
}


def is_inside(job: dict[str, Any], narrow: Restrictions) -> bool:
    return (
        (not narrow.accounts or job["account"] in narrow.accounts)
        and (not narrow.partitions or not narrow.partitions.isdisjoint(job["partition"].split(",")))
        and (not narrow.own_jobs_only or job["user"] == "alice")
    )


@pytest.fixture
def changed_settings() -> dict[str, Any]:
    return {"simulated": {"jobs": 300}}


async def everything(caller: httpx2.AsyncClient, **filters: Any) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = []
    while True:
        parameters = {"limit": 1000, "offset": len(jobs), **filters}
        page = (await caller.get("/v1/jobs", params=parameters)).json()
        jobs += page["jobs"]
        if not page["has_more"]:
            assert len({job["job_id"] for job in jobs}) == len(jobs) == page["total"]
            return jobs


@pytest.mark.parametrize("name", RESTRICTIONS)
async def test_lists_totals_details_and_outputs_are_narrowed(client: Client, name: str) -> None:
    narrow = RESTRICTIONS[name]
    admin = await client(user="dave", role=Role.ADMIN)
    alice = await client(user="alice", role=Role.ADMIN, restrictions=narrow)
    jobs = await everything(admin)
    inside = {job["job_id"] for job in jobs if is_inside(job, narrow)}
    outside = {job["job_id"] for job in jobs} - inside
    assert inside
    assert outside
    assert {job["job_id"] for job in await everything(alice)} == inside
    assert {job["job_id"] for job in await everything(alice, sort="priority", order="asc")} == inside
    some_outside = sorted(outside)[:5]
    assert await everything(alice, job_id=",".join(some_outside)) == []
    for job_id in some_outside:
        for path in ("", "/output", "/error"):
            response = await alice.get(f"/v1/jobs/{job_id}{path}")
            assert (response.status_code, response.json()["error"]["code"]) == (404, "RESOURCE_NOT_FOUND")
    assert (await alice.get(f"/v1/jobs/{min(inside)}")).status_code == 200
    for node in (await alice.get("/v1/nodes", params={"limit": 1000})).json()["nodes"]:
        assert set(node["jobs"]) <= inside
    users = (await alice.get("/v1/users", params={"limit": 1000})).json()["users"]
    for user in users:
        for field, state in (("jobs_running", "RUNNING"), ("jobs_pending", "PENDING")):
            visible = [
                job for job in jobs
                if job["job_id"] in inside and job["user"] == user["username"] and job["state"] == state
            ]  # fmt: skip
            assert user[field] >= len(visible)
            assert bool(user[field]) == bool(visible)


@pytest.mark.parametrize("name", RESTRICTIONS)
async def test_jobs_outside_cannot_be_changed(client: Client, name: str) -> None:
    narrow = RESTRICTIONS[name]
    admin = await client(user="dave", role=Role.ADMIN)
    caller = await client(user="dave", role=Role.ADMIN, restrictions=narrow)
    before = await everything(admin)
    outside = [
        job["job_id"] for job in before
        if not is_inside(job, narrow) and job["user"] != "dave" and job["state"] in ("RUNNING", "PENDING")
    ][:3]  # fmt: skip
    assert outside
    for job_id in outside:
        url = f"/v1/jobs/{job_id}"
        responses = [await caller.delete(url), await caller.put(f"{url}/priority", json={"priority": 1})]
        actions = ("hold", "release", "requeue", "suspend", "resume")
        responses += [await caller.put(f"{url}/{action}", json={}) for action in actions]
        assert {response.status_code for response in responses} == {404}
    for action in ("cancel", "hold", "release", "requeue"):
        bulk = (await caller.post("/v1/jobs/bulk", json={"action": action, "job_ids": outside})).json()
        assert bulk["summary"]["successful"] == 0
        assert {one["code"] for one in bulk["results"]} == {"RESOURCE_NOT_FOUND"}
    after = {job["job_id"]: job["state"] for job in await everything(admin)}
    assert all(after[job["job_id"]] == job["state"] for job in before if job["job_id"] in outside)


async def test_submissions_stay_inside(client: Client) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    narrow = Restrictions(accounts=frozenset({"research"}), partitions=frozenset({"gpu"}))
    alice = await client(user="alice", restrictions=narrow)

    async def submit(**fields: str) -> httpx2.Response:
        return await alice.post("/v1/jobs", json={"script": "true", "partition": "gpu", **fields})

    good = await submit()
    assert good.status_code == 201, good.text
    job = (await admin.get(f"/v1/jobs/{good.json()['job_id']}")).json()
    assert (job["account"], job["partition"]) == ("research", "gpu")
    before = len(await everything(admin))
    for fields in (
        {"account": "physics"},
        {"partition": "normal"},
        {"script": "#!/bin/sh\n#SBATCH --account=physics\ntrue\n"},
        {"script": "#!/bin/sh\n#SBATCH -n1\n#SBATCH hetjob\n#SBATCH -A physics -p normal\ntrue\n"},
    ):
        response = await submit(**fields)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "PERMISSION_DENIED")
    over = await submit(script="#!/bin/sh\n#SBATCH -A physics -p normal\ntrue\n", account="research")
    assert over.status_code == 201
    job = (await admin.get(f"/v1/jobs/{over.json()['job_id']}")).json()
    assert (job["account"], job["partition"]) == ("research", "gpu")
    assert len(await everything(admin)) == before + 1


async def test_nodes_are_not_changed_for_others(client: Client) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    nodes = (await admin.get("/v1/nodes", params={"limit": 1000})).json()["nodes"]
    gpu = next(node for node in nodes if node["partitions"] == ["gpu"] or "gpu" in node["partitions"])
    other = next(node for node in nodes if "gpu" not in node["partitions"])

    async def drain(name: str, restrictions: Restrictions) -> int:
        caller = await client(user="dave", role=Role.ADMIN, restrictions=restrictions)
        response = await caller.put(f"/v1/nodes/{name}/drain", json={"reason": "test"})
        return response.status_code

    for narrow in RESTRICTIONS.values():
        assert await drain(other["node_name"], narrow) == 403
    enough = Restrictions(partitions=frozenset(gpu["partitions"]))
    assert await drain(gpu["node_name"], enough) == 200


async def test_the_fast_lane_knows_networks_and_restrictions(
    application: Application, client: Client
) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    inside = {job["job_id"] for job in await everything(admin) if job["user"] == "alice"}

    def credential(restrictions: Restrictions) -> dict[str, Any]:
        return {"user": "alice", "restrictions": restrictions}

    near = await client(
        **credential(Restrictions(own_jobs_only=True, networks=frozenset({"127.0.0.0/8"}))),
        address="127.0.0.1",
    )
    far = await client(**credential(Restrictions(networks=frozenset({"192.0.2.0/24"}))))
    # Known from a good address, and then used from another one.
    assert (await far.get("/v1/jobs")).status_code == 200
    async with serving(application) as port, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as real:
        for _ in range(3):
            page = await real.get("/v1/jobs?limit=1000", headers=bearer_of(near))
            assert {job["user"] for job in page.json()["jobs"]} == {"alice"}
            assert page.json()["total"] == len(inside)
            spoofed = {**bearer_of(far), "x-forwarded-for": "192.0.2.1"}
            assert (await real.get("/v1/jobs?limit=1000", headers=spoofed)).status_code == 401


def bearer_of(caller: httpx2.AsyncClient) -> dict[str, str]:
    return {"authorization": caller.headers["authorization"]}
