"""Nodes that a test may take out of service."""

from __future__ import annotations

from tests.contract.serving import Caller, until


def find_idle(caller: Caller) -> str:
    """Name of a node on which nothing runs, as far from the first ones as can be: jobs start there last."""

    def look() -> list[str]:
        rows = caller.read("/v1/nodes", state="IDLE", available="true", limit=1000)["nodes"]
        idle = [row["node_name"] for row in rows if not row["jobs"] and "debug" not in row["partitions"]]
        return sorted(idle or [row["node_name"] for row in rows if not row["jobs"]])

    return until(look)[-1]


def bring_back(caller: Caller, name: str) -> None:
    """Put a node into service, whatever was done to it."""

    def is_back() -> bool:
        if caller.node(name)["state"] in ("IDLE", "MIXED", "ALLOCATED"):
            return True
        caller.put(f"/v1/nodes/{name}/state", json={"state": "RESUME"})
        return False

    until(is_back, pause=0.5)
