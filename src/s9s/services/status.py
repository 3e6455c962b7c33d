"""How the server and its clusters are."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from s9s.domain.clusters import ClusterInfo
from s9s.services.clusters import Cluster
from s9s.services.history.plan import HistoryStatus


class ClusterHealth(Struct, frozen=True):
    """One cluster: what discovery found (``None`` before the first contact) and how fresh the snapshot is."""

    info: ClusterInfo | None
    reachable: bool
    snapshot_age_seconds: float | None
    generation: int
    interval_seconds: float
    jobs: int
    nodes: int
    last_error: str | None
    history: HistoryStatus | None
    """``None`` when no history is kept."""


class Health:
    """Knows since when the server runs and how its clusters are."""

    def __init__(
        self,
        clusters: Sequence[Cluster],
        is_database_up: Callable[[], Awaitable[bool]],
        history: Callable[[], HistoryStatus] | None = None,
    ) -> None:
        self._clusters = clusters
        self._history = history
        self._is_database_up = is_database_up
        self.started_at = int(time.time())
        self._started = time.monotonic()

    @property
    def uptime_seconds(self) -> float:
        """Since the server was put together."""
        return time.monotonic() - self._started

    def clusters(self) -> list[ClusterHealth]:
        """Every cluster's state, now."""
        history = self._history() if self._history is not None else None
        return [_health(cluster, history) for cluster in self._clusters]

    async def check_ready(self) -> bool:
        """Whether every cluster's snapshot was loaded at least once, and the database answers."""
        return all(cluster.snapshot.is_loaded for cluster in self._clusters) and await self._is_database_up()

    def staleness_seconds(self) -> float | None:
        """The age of the oldest snapshot whose cluster is out of reach; ``None`` when all are in reach."""
        oldest = None
        for cluster in self._clusters:  # asked for with each answer: no list is made
            snapshot = cluster.snapshot
            if snapshot.last_error is not None and snapshot.is_loaded:
                oldest = max(oldest or 0.0, snapshot.age_seconds(cluster.watcher.now()))
        return oldest


def _health(cluster: Cluster, history: HistoryStatus | None) -> ClusterHealth:
    snapshot = cluster.snapshot
    age = round(snapshot.age_seconds(cluster.watcher.now()), 3) if snapshot.is_loaded else None
    return ClusterHealth(
        info=snapshot.info,
        reachable=snapshot.last_error is None and snapshot.is_loaded,
        snapshot_age_seconds=age,
        generation=snapshot.jobs.generation,
        interval_seconds=cluster.watcher.interval_seconds,
        jobs=len(snapshot.jobs),
        nodes=len(snapshot.nodes),
        last_error=snapshot.last_error,
        history=history,
    )
