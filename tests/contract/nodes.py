"""Nodes that a test may take out of service."""

from __future__ import annotations

from typing import Any

from tests.contract.serving import Caller, until


def find_spare(caller: Caller) -> str:
    """Name of the node in service with the fewest jobs; of several the last, where jobs start last."""

    def look() -> list[dict[str, Any]]:
        rows = caller.read("/v1/nodes", available="true", limit=1000)["nodes"]
        return [row for row in rows if "debug" not in row["partitions"]]

    return str(max(until(look), key=lambda row: (-len(row["jobs"]), row["node_name"]))["node_name"])


def bring_back(caller: Caller, name: str) -> None:
    """Put a node into service, whatever was done to it."""

    def is_back() -> bool:
        if caller.node(name)["state"] in ("IDLE", "MIXED", "ALLOCATED"):
            return True
        caller.put(f"/v1/nodes/{name}/state", json={"state": "RESUME"})
        return False

    until(is_back, pause=0.5)
