"""The server's own state on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class HistoryStatus(Struct, frozen=True):
    """How far back finished jobs are recorded."""

    source: Annotated[
        str,
        Meta(description="`accounting`, or `slurmctld`: only what ends while it is watched, and no usage"),
    ]
    since: Annotated[str, Meta(description="All jobs that ended from here ...")] | None
    until: Annotated[str, Meta(description="... to here are recorded")] | None
    wanted_since: Annotated[str, Meta(description="The first fill goes back so far")] | None
    progress: Annotated[float, Meta(description="Of the first fill, 0 to 1", examples=[0.42])] | None
    last_error: str | None
    runaway_jobs: (
        Annotated[
            int,
            Meta(description="Running in accounting and unknown to slurmctld; null where nobody can tell"),
        ]
        | None
    )


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
    history: Annotated[HistoryStatus, Meta(description="null when no history is kept")] | None


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
