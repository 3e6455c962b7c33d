"""What `s9s top` shows, read from a server no faster than its limits are meant for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from s9s.cli.remote.connection import Server

#: Of what a credential may still ask for, the part that is left to everybody else who uses it.
_SPARED: Final = 0.25
#: Where the limit makes for long pauses, figures other than the jobs are read only every so many times.
_SELDOM: Final = 4


@dataclass
class Wanted:
    """Which jobs, in which order."""

    filters: dict[str, str | None] = field(default_factory=dict)
    sort: str = "cpu_count"
    order: str = "desc"
    limit: int = 50
    offset: int = 0


@dataclass
class Reading:
    """A look at the cluster."""

    cluster: dict[str, Any] | None
    """As `/v1/metrics/cluster`; ``None``: the caller may not see it."""
    partitions: list[dict[str, Any]]
    users: list[dict[str, Any]]
    """Those with jobs, most running first."""
    jobs: list[dict[str, Any]]
    total: int
    """Of the jobs that match."""
    at: float
    """When, in seconds since the epoch."""

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.at)),
            "cluster": self.cluster,
            "partitions": self.partitions,
            "users": self.users,
            "jobs": self.jobs,
            "total": self.total,
        }


class Reader:
    """Reads one after the other.

    Args:
        server: From it.
        interval: Seconds between two readings at least.
    """

    def __init__(self, server: Server, interval: float) -> None:
        self._server = server
        self.interval = interval
        self._last: Reading | None = None
        self._count = 0
        self.pause = interval
        """Seconds until the next one is due."""

    def read(self, wanted: Wanted) -> Reading:
        """A look at the cluster now. Raises `Refused`."""
        filters = {name: value for name, value in wanted.filters.items() if value}
        page = self._server.ask(
            "GET", "/v1/jobs", sort=wanted.sort, order=wanted.order, limit=wanted.limit, offset=wanted.offset,
            **filters,
        )  # fmt: skip
        last = self._last
        is_slow = self.pause > 2 * self.interval
        if last is None or not is_slow or self._count % _SELDOM == 0:
            last = self._figures()
        self._count += 1
        self._last = Reading(
            last.cluster, last.partitions, last.users, page["jobs"], page["total"], time.time()
        )
        requests = 1 + 3 / _SELDOM if is_slow else 4
        self.pause = max(self.interval, pace(self._server.headers, requests, time.time()))
        return self._last

    def _figures(self) -> Reading:
        from s9s.cli.remote.connection import NotLoggedIn, Refused, Unreachable

        def rows(path: str, name: str, **parameters: Any) -> list[dict[str, Any]]:
            try:
                return list(self._server.ask("GET", path, **parameters)[name])
            except (NotLoggedIn, Unreachable):
                raise
            except Refused as error:
                if error.error["code"] == "PERMISSION_DENIED":  # a narrow credential sees what it sees
                    return []
                raise

        users = rows("/v1/users", "users", sort="jobs_running", limit=50)
        busy = [one for one in users if one["jobs_running"] or one["jobs_pending"]]
        busy.sort(key=lambda one: (-one["jobs_running"], -one["jobs_pending"], one["username"]))
        try:
            cluster = self._server.ask("GET", "/v1/metrics/cluster")
        except (NotLoggedIn, Unreachable):
            raise
        except Refused as error:
            if error.error["code"] != "PERMISSION_DENIED":
                raise
            cluster = None
        partitions = rows("/v1/partitions", "partitions", limit=1000)
        return Reading(cluster, partitions, busy, [], 0, time.time())


def pace(headers: Mapping[str, str], requests: float, now: float) -> float:
    """Seconds between readings of so many requests that leave others a part of the limit.

    Args:
        headers: Of an answer: `X-RateLimit-*`; without them there is no limit.
        requests: For one reading.
        now: Seconds since the epoch.
    """
    try:
        limit, remaining = int(headers["x-ratelimit-limit"]), int(headers["x-ratelimit-remaining"])
        reset, window = float(headers["x-ratelimit-reset"]), float(headers["x-ratelimit-window"])
    except (KeyError, ValueError):
        return 0.0
    left = min(max(reset - now, 1.0), window)
    spare = remaining - _SPARED * limit
    if spare < requests:
        return left
    return requests * left / spare
