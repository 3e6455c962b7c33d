"""Nodes: what they show, filters, and what an administrator does to them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.contract.jobs import FINISHED, Jobs
from tests.contract.nodes import bring_back
from tests.contract.rules import invalid, refused
from tests.contract.serving import Caller, Server, until
from tests.contract.test_lists import rows


def names(caller: Caller, **parameters: str) -> set[str]:
    """Names of all nodes that a filter lets through."""
    return {row["node_name"] for row in rows(caller, "nodes", limit=1000, **parameters)}


class TestFilters:
    """`state` takes either form, `features` means all, `available` means now."""

    def test_by_partition(self, alice: Caller) -> None:
        gpu = rows(alice, "nodes", partition="gpu", limit=1000)
        assert gpu
        assert all("gpu" in row["partitions"] for row in gpu)
        assert names(alice, partition="gpu") < names(alice)
        assert names(alice, partition="gpu,debug") == names(alice, partition="gpu") | names(
            alice, partition="debug"
        )

    def test_by_features_means_all_of_them(self, alice: Caller) -> None:
        found = rows(alice, "nodes", features="gpu,infiniband", limit=1000)
        assert found
        assert all({"gpu", "infiniband"} <= set(row["features"]) for row in found)
        assert names(alice, features="gpu,infiniband") == {
            row["node_name"]
            for row in rows(alice, "nodes", limit=1000)
            if {"gpu", "infiniband"} <= set(row["features"])
        }
        assert not names(alice, features="gpu,nosuchfeature")

    @pytest.mark.parametrize("state", ["DRAIN", "drain", "DRAINED", "DRAINING", "DRAIN,DOWN", "DOWN"])
    def test_by_state_in_either_form(self, dave: Caller, spare_node: str, state: str) -> None:
        assert dave.put(f"/v1/nodes/{spare_node}/drain", json={"reason": "filters"}).status_code == 200
        node = dave.node(spare_node)
        assert node["state"] == "DRAIN"
        drained = not node["jobs"]
        expected = {"DRAINED": drained, "DRAINING": not drained, "DOWN": False}.get(state, True)
        assert (spare_node in names(dave, state=state)) is expected

    def test_by_availability(self, dave: Caller, spare_node: str) -> None:
        assert spare_node in names(dave, available="true")
        assert dave.put(f"/v1/nodes/{spare_node}/drain", json={"reason": "availability"}).status_code == 200
        assert spare_node not in names(dave, available="true")
        assert spare_node in names(dave)
        for row in rows(dave, "nodes", available="true", limit=1000):
            assert row["state"] in ("IDLE", "MIXED"), row


def test_amounts_agree_with_each_other(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.running(cpus_per_node=2, nodes=1)
    name = alice.job(job_id)["nodes"][0]
    # Jobs and nodes are read one after the other: for a moment the amounts may be of the jobs before.
    node = until(lambda: _showing(alice, name, job_id, cpus=2))
    assert node["cpu_allocated"] <= node["cpu_total"]
    assert node["state"] in ("MIXED", "ALLOCATED")
    assert 0 <= node["gpus_allocated"] <= node["gpus_total"]
    assert node["reason"] is None


class TestDrain:
    """`drain` takes a reason (required) and a timeout, after which the node is back by itself."""

    def test_and_resume(self, dave: Caller, spare_node: str) -> None:
        response = dave.put(f"/v1/nodes/{spare_node}/drain", json={"reason": "Hardware maintenance"})
        assert response.status_code == 200, response.text
        node = dave.node(spare_node)
        assert (node["state"], node["reason"]) == ("DRAIN", "Hardware maintenance")
        assert node["base_state"] != "DRAIN"
        assert "DRAIN" in node["flags"]
        response = dave.put(f"/v1/nodes/{spare_node}/resume")
        assert response.status_code == 200, response.text
        until(lambda: dave.node(spare_node)["state"] in ("IDLE", "MIXED", "ALLOCATED"))
        assert dave.node(spare_node)["reason"] is None

    def test_ends_by_itself_after_the_timeout(self, dave: Caller, spare_node: str) -> None:
        body = {"reason": "for a moment", "timeout": "0:05"}
        began = time.monotonic()
        assert dave.put(f"/v1/nodes/{spare_node}/drain", json=body).status_code == 200
        assert dave.node(spare_node)["state"] == "DRAIN"
        # Slurm 24.11 and 26.05 look once in a while: 27 s after 20 s were asked for.
        until(lambda: dave.node(spare_node)["state"] != "DRAIN", seconds=75)
        assert time.monotonic() - began > 4

    @pytest.mark.parametrize(
        "body", [{}, {"reason": ""}, {"reason": None}, {"reason": " "}, {"reason": 5}], ids=str
    )
    def test_needs_a_reason(self, dave: Caller, spare_node: str, body: dict[str, Any]) -> None:
        invalid(dave.put(f"/v1/nodes/{spare_node}/drain", json=body), "reason")
        assert dave.node(spare_node)["state"] != "DRAIN"

    @pytest.mark.parametrize("timeout", ["soon", "-1", "", 0, True, "UNLIMITED"], ids=repr)
    def test_takes_a_sane_timeout(self, dave: Caller, spare_node: str, timeout: Any) -> None:
        body = {"reason": "x", "timeout": timeout}
        invalid(dave.put(f"/v1/nodes/{spare_node}/drain", json=body), "timeout")
        assert dave.node(spare_node)["state"] != "DRAIN"

    def test_lets_jobs_finish(self, alice: Caller, dave: Caller, jobs: Jobs) -> None:
        go = jobs.folder / "go"
        job_id = jobs.running(f"until [ -e {go} ]; do sleep 0.1; done")
        (name,) = alice.job(job_id)["nodes"]
        try:
            assert dave.put(f"/v1/nodes/{name}/drain", json={"reason": "later"}).status_code == 200
            assert dave.node(name)["state"] == "DRAIN"
            assert alice.job(job_id)["state"] == "RUNNING"
            go.touch()
            assert alice.reach(job_id, *FINISHED)["state"] == "COMPLETED"
        finally:
            bring_back(dave, name)

    @pytest.mark.parametrize("reason", ["quote'\" $(id) | %j", "żółć ✓", "a=b state=idle", "x" * 200])
    def test_keeps_any_reason(self, dave: Caller, spare_node: str, reason: str) -> None:
        assert dave.put(f"/v1/nodes/{spare_node}/drain", json={"reason": reason}).status_code == 200
        node = dave.node(spare_node)
        assert (node["state"], node["reason"]) == ("DRAIN", reason)


class TestState:
    """DOWN, DRAIN, RESUME, UNDRAIN, FAIL, IDLE, POWER_UP, POWER_DOWN; three of them need a reason."""

    def test_down_and_resume(self, dave: Caller, spare_node: str) -> None:
        body = {"state": "DOWN", "reason": "Hardware failure"}
        assert dave.put(f"/v1/nodes/{spare_node}/state", json=body).status_code == 200
        node = dave.node(spare_node)
        assert (node["state"], node["reason"]) == ("DOWN", "Hardware failure")
        assert spare_node in names(dave, state="DOWN")
        assert dave.put(f"/v1/nodes/{spare_node}/state", json={"state": "RESUME"}).status_code == 200
        until(lambda: dave.node(spare_node)["state"] == "IDLE")

    def test_drain_and_undrain(self, dave: Caller, spare_node: str) -> None:
        body = {"state": "DRAIN", "reason": "test"}
        assert dave.put(f"/v1/nodes/{spare_node}/state", json=body).status_code == 200
        assert dave.node(spare_node)["state"] == "DRAIN"
        assert dave.put(f"/v1/nodes/{spare_node}/state", json={"state": "UNDRAIN"}).status_code == 200
        until(lambda: dave.node(spare_node)["state"] != "DRAIN")

    def test_fail_and_idle(self, dave: Caller, spare_node: str) -> None:
        body = {"state": "FAIL", "reason": "test"}
        assert dave.put(f"/v1/nodes/{spare_node}/state", json=body).status_code == 200
        assert "FAIL" in {dave.node(spare_node)["state"], *dave.node(spare_node)["flags"]}
        assert dave.put(f"/v1/nodes/{spare_node}/state", json={"state": "RESUME"}).status_code == 200
        until(lambda: dave.node(spare_node)["state"] in ("IDLE", "MIXED"))

    def test_has_no_case(self, dave: Caller, spare_node: str) -> None:
        body = {"state": "drain", "reason": "test"}
        assert dave.put(f"/v1/nodes/{spare_node}/state", json=body).status_code == 200
        assert dave.node(spare_node)["state"] == "DRAIN"

    @pytest.mark.parametrize("state", ["DOWN", "DRAIN", "FAIL"])
    def test_of_these_needs_a_reason(self, dave: Caller, spare_node: str, state: str) -> None:
        for body in ({"state": state}, {"state": state, "reason": ""}):
            invalid(dave.put(f"/v1/nodes/{spare_node}/state", json=body), "reason")
        assert dave.node(spare_node)["state"] != state

    @pytest.mark.parametrize("state", ["MIXED", "ALLOCATED", "NONSENSE", "", None, 5], ids=repr)
    def test_is_one_of_eight(self, dave: Caller, spare_node: str, state: Any) -> None:
        response = dave.put(f"/v1/nodes/{spare_node}/state", json={"state": state, "reason": "x"})
        details = invalid(response, "state")
        assert not isinstance(state, str) or "POWER_DOWN" in str(details["allowed"])

    def test_resume_of_a_node_in_service_is_a_conflict(self, dave: Caller, spare_node: str) -> None:
        refused(dave.put(f"/v1/nodes/{spare_node}/resume"), 409, "RESOURCE_CONFLICT")

    def test_down_requeues_the_jobs(self, alice: Caller, dave: Caller, jobs: Jobs) -> None:
        job_id = jobs.running()
        (name,) = alice.job(job_id)["nodes"]
        try:
            body = {"state": "DOWN", "reason": "requeue"}
            assert dave.put(f"/v1/nodes/{name}/state", json=body).status_code == 200
            until(lambda: name not in alice.job(job_id)["nodes"])
        finally:
            bring_back(dave, name)


class TestHostlist:
    """A hostlist is accepted wherever a node name is in a write, with a result for each node."""

    def test_has_a_result_for_each_node(self, server: Server, dave: Caller) -> None:
        last = ["node047", "node048"] if server.is_simulated else ["node002", "node003"]
        hostlist = f"node[{last[0][4:]}-{last[1][4:]}]"
        try:
            response = dave.put(f"/v1/nodes/{hostlist}/drain", json={"reason": "several"})
            assert response.status_code == 200, response.text
            assert [one["node_name"] for one in response.json()["results"]] == last
            assert {one["status"] for one in response.json()["results"]} == {"success"}
            assert [dave.node(name)["state"] for name in last] == ["DRAIN", "DRAIN"]
            response = dave.put(f"/v1/nodes/{last[0]},{last[1]}/resume")
            assert response.status_code == 200, response.text
            assert {one["status"] for one in response.json()["results"]} == {"success"}
        finally:
            for name in last:
                bring_back(dave, name)

    def test_names_those_that_are_not_there(self, dave: Caller, spare_node: str) -> None:
        response = dave.put(f"/v1/nodes/{spare_node},nosuchnode/drain", json={"reason": "x"})
        assert response.status_code == 200, response.text
        results = {one["node_name"]: one["status"] for one in response.json()["results"]}
        assert results == {spare_node: "success", "nosuchnode": "error"}
        assert dave.node(spare_node)["state"] == "DRAIN"

    @pytest.mark.parametrize("hostlist", ["node[001-", "node[1-99999999]", "node[b-a]", "[1-3]x["])
    def test_that_is_none_is_refused(self, dave: Caller, hostlist: str) -> None:
        response = dave.put(f"/v1/nodes/{hostlist}/drain", json={"reason": "x"})
        assert response.status_code in (400, 404), response.text


@pytest.mark.parametrize("who", ["alice", "carol"])
def test_a_node_takes_an_administrator(server: Server, spare_node: str, who: str) -> None:
    """Operators cannot change nodes: Slurm's rule on all versions."""
    caller = server.as_user(who)
    for action, body in (
        ("drain", {"reason": "x"}), ("resume", None), ("state", {"state": "DOWN", "reason": "x"})
    ):  # fmt: skip
        response = caller.put(f"/v1/nodes/{spare_node}/{action}", json=body)
        refused(response, 403, "PERMISSION_DENIED")
    assert caller.node(spare_node)["state"] not in ("DRAIN", "DOWN")


def _showing(caller: Caller, name: str, job_id: str, cpus: int) -> dict[str, Any] | None:
    """The node once it shows the job, and at least the job's CPUs as allocated."""
    node = caller.node(name)
    return node if job_id in node["jobs"] and node["cpu_allocated"] >= cpus else None
