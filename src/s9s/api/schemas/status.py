"""The server's own state on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class ClusterStatus(Struct, frozen=True):
    """One cluster and how it is reached."""

    name: str
    slurm_version: str
    routes: Annotated[dict[str, str], Meta(description="Operation to the way it takes")]
    reachable: bool
    snapshot_age: Annotated[float, Meta(description="Seconds since Slurm was last read")] | None
    snapshot_generation: int
    refresh_interval: Annotated[float, Meta(description="Seconds between two reads at present")]
    jobs: int
    nodes: int
    acts_as: Annotated[str, Meta(description="`anyone`, `nobody` (read only), or the one user")]
    last_error: str | None
    notes: list[str]


class CallerStatus(Struct, frozen=True):
    """Who asks."""

    user: str
    role: str
    scopes: list[str]
    token_id: str


class Status(Struct, frozen=True):
    """Server, clusters, caller."""

    status: Annotated[str, Meta(description="`ok`, or `degraded` while a cluster is out of reach")]
    version: str
    uptime: Annotated[float, Meta(description="Seconds")]
    started_at: str
    timestamp: str
    clusters: list[ClusterStatus]
    caller: CallerStatus
