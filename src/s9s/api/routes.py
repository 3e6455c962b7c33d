"""The URL table. Everything under ``/v1`` is served under ``/api/v1`` too (see `front`)."""

from __future__ import annotations

from typing import Final

from litestar.handlers import HTTPRouteHandler

from s9s.api.routers import (
    alerts,
    audit,
    efficiency,
    exports,
    job_changes,
    jobs,
    live,
    login,
    metrics,
    nodes,
    oauth,
    output,
    partitions,
    reports,
    schedules,
    search,
    status,
    tokens,
    users,
    webhooks,
)

#: Relative to ``/v1``.
V1_ROUTES: Final[list[HTTPRouteHandler]] = [
    *jobs.ROUTES,
    *job_changes.ROUTES,
    *output.ROUTES,
    *nodes.ROUTES,
    *users.ROUTES,
    *partitions.ROUTES,
    *metrics.ROUTES,
    *efficiency.ROUTES,
    *search.ROUTES,
    *reports.ROUTES,
    *schedules.ROUTES,
    *login.ROUTES,
    *tokens.ROUTES,
    *alerts.ROUTES,
    *audit.ROUTES,
    *live.ROUTES,
    *webhooks.ROUTES,
    *exports.ROUTES,
    *status.ROUTES,
]

ROOT_ROUTES: Final[list[HTTPRouteHandler]] = [*status.ROOT_ROUTES, *metrics.ROOT_ROUTES, *oauth.ROOT_ROUTES]
