"""Routes that tell how the server is, and its OpenAPI document."""

from __future__ import annotations

import time
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from msgspec import Struct

from s9s import __version__
from s9s.api.schemas.status import CallerStatus, ClusterStatus, HistoryStatus, Status
from s9s.domain.errors import SlurmUnavailable
from s9s.domain.instants import format_instant
from s9s.services.access import Caller
from s9s.services.history import plan
from s9s.services.status import ClusterHealth, Health


class Alive(Struct, frozen=True):
    """A process that answers."""

    status: str


@get("/status", tags=["Status"], summary="Server status")
async def get_status(caller: NamedDependency[Caller], health: NamedDependency[Health]) -> Status:
    """Version, uptime, the clusters with the routes in use and the age of their data, and who asks."""
    clusters = [_cluster(one) for one in health.clusters()]
    return Status(
        status="ok" if all(one.reachable for one in clusters) else "degraded",
        version=__version__,
        uptime=round(health.uptime_seconds, 3),
        started_at=format_instant(health.started_at),
        timestamp=format_instant(int(time.time())),
        clusters=clusters,
        caller=CallerStatus(caller.user, caller.role.value, sorted(caller.granted), caller.token_id),
    )


@get("/healthz", exclude_from_auth=True, tags=["Status"], summary="Liveness")
async def healthz() -> Alive:
    """Whether the process is alive; needs no credentials and tells nothing else."""
    return Alive("ok")


@get("/readyz", exclude_from_auth=True, tags=["Status"], summary="Readiness")
async def readyz(health: NamedDependency[Health]) -> Alive:
    """Whether the snapshot is loaded and the database is reachable; 503 until then."""
    if not await health.check_ready():
        raise SlurmUnavailable("Not ready yet", retry_after_seconds=1)
    return Alive("ok")


@get("/openapi.json", exclude_from_auth=True, tags=["Status"], summary="OpenAPI document as JSON")
async def openapi_json(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """This document."""
    return Response(request.app.state["openapi"].json, media_type="application/json")


@get("/openapi.yaml", exclude_from_auth=True, tags=["Status"], summary="OpenAPI document as YAML")
async def openapi_yaml(request: Request[Any, Any, Any]) -> Response[str]:
    """This document."""
    return Response(request.app.state["openapi"].yaml, media_type="application/yaml")


ROUTES = [get_status, openapi_json, openapi_yaml]
ROOT_ROUTES = [healthz, readyz]


def _cluster(health: ClusterHealth) -> ClusterStatus:
    info = health.info
    return ClusterStatus(
        name=info.name if info else "unknown",
        slurm_version=info.slurm_version if info else "unknown",
        routes=dict(info.routes) if info else {},
        reachable=health.reachable,
        snapshot_age=health.snapshot_age_seconds,
        snapshot_generation=health.generation,
        refresh_interval=health.interval_seconds,
        jobs=health.jobs,
        nodes=health.nodes,
        acts_as=info.acts_as if info else "nobody",
        last_error=health.last_error,
        notes=list(info.notes) if info else [],
        history=_history(health.history) if health.history else None,
    )


def _history(status: plan.HistoryStatus) -> HistoryStatus:
    def at(instant: int | None) -> str | None:
        return None if instant is None else format_instant(instant)

    fraction = status.fraction
    return HistoryStatus(
        source=status.source,
        since=at(status.since),
        until=at(status.until),
        wanted_since=at(status.wanted_since),
        progress=None if fraction is None else round(fraction, 4),
        last_error=status.last_error,
        runaway_jobs=status.runaway_jobs,
    )
