"""Users and partitions, as everybody may see them."""

from __future__ import annotations

import pytest

from tests.contract.jobs import Jobs
from tests.contract.serving import Caller, Server, until
from tests.contract.test_lists import rows


def test_admin_levels_are_slurms(alice: Caller) -> None:
    levels = {row["username"]: row["admin_level"] for row in rows(alice, "users", limit=1000)}
    assert levels["alice"] == levels["bob"] == "none"
    assert (levels["carol"], levels["dave"]) == ("operator", "administrator")


def test_associations_are_slurms(alice: Caller) -> None:
    user = alice.read("/v1/users/alice")
    assert (user["username"], user["default_account"]) == ("alice", "research")
    (qos,) = {tuple(one["qos"]) for one in user["associations"] if one["partition"] is None}
    assert {"normal", "high"} <= set(qos)
    assert {one["account"] for one in user["associations"]} == {"research"}


def test_jobs_are_counted(bob: Caller, jobs: Jobs) -> None:
    def counts() -> tuple[int, int]:
        user = bob.read("/v1/users/bob")
        return user["jobs_running"], user["jobs_pending"]

    running, pending = counts()
    jobs.running(user="bob")
    jobs.held("bob")
    until(lambda: counts() == (running + 1, pending + 1), seconds=10)
    row = next(row for row in rows(bob, "users", limit=1000) if row["username"] == "bob")
    assert (row["jobs_running"], row["jobs_pending"]) == (running + 1, pending + 1)


def test_partitions_add_up(alice: Caller) -> None:
    nodes = {row["node_name"]: row for row in rows(alice, "nodes", limit=1000)}
    for row in rows(alice, "partitions", limit=1000):
        members = [node for node in nodes.values() if row["name"] in node["partitions"]]
        assert row["nodes_total"] == len(members)
        assert row["cpus_total"] == sum(node["cpu_total"] for node in members)
        assert 0 <= row["cpus_allocated"] <= row["cpus_total"]
        assert row["nodes_idle"] + row["nodes_allocated"] + row["nodes_mixed"] <= row["nodes_total"]
        assert set(row["features"]) == {feature for node in members for feature in node["features"]}


def test_limits_are_slurms(server: Server, alice: Caller) -> None:
    debug = alice.read("/v1/partitions/debug")
    assert debug["max_time"] == "0:30:00"
    gpu = alice.read("/v1/partitions/gpu")
    assert gpu["max_time"] == "7-00:00:00"
    assert gpu["state"] == "UP"
    if not server.is_simulated:
        assert (gpu["default_time"], gpu["max_nodes"], gpu["nodes_total"]) == ("4:00:00", None, 2)


@pytest.mark.parametrize("sort", ["nodes_total", "priority", "max_time"])
def test_partitions_sort_by_amount(alice: Caller, sort: str) -> None:
    found = [row[sort] for row in rows(alice, "partitions", sort=sort, order="asc")]
    if sort == "max_time":
        assert found.index("0:30:00") == 0
    else:
        assert found == sorted(found)
