"""How the server itself does: what monitoring wants to know of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from s9s.backends.base import CountsCalls
from s9s.domain.tallies import Tally, Times
from s9s.services.clusters import Cluster
from s9s.services.identity.failed_logins import FailedLogins


class Refresh(Struct, frozen=True):
    """One kind of read that is repeated."""

    what: str
    interval_seconds: float
    failures: int
    times: Times


class Gauge(Struct, frozen=True):
    """Something of a part of the server that can be counted at any moment."""

    name: str
    """Without the prefix; with a unit."""
    help: str
    labels: tuple[str, ...]
    read: Callable[[], Awaitable[Mapping[tuple[str, ...], float]]]
    """Values by the values of the labels."""
    is_counter: bool = False


class Telemetry:
    """Numbers that the parts of a server keep, found in one place.

    Args:
        cluster: What the server watches.
        failures: Failed logins.
        gauges: Of further parts.
    """

    def __init__(self, cluster: Cluster, failures: FailedLogins, gauges: tuple[Gauge, ...] = ()) -> None:
        self._cluster = cluster
        self._failures = failures
        self.gauges = gauges

    @property
    def is_reachable(self) -> bool:
        """Whether jobs could be read the last time."""
        return not self._cluster.snapshot.stale

    @property
    def snapshot_age_seconds(self) -> float | None:
        """How old the jobs are; ``None`` before the first time."""
        snapshot = self._cluster.snapshot
        return snapshot.age_seconds(self._cluster.watcher.now()) if snapshot.is_loaded else None

    @property
    def failed_logins(self) -> int:
        """Since the start."""
        return self._failures.total

    @property
    def calls(self) -> Mapping[tuple[str, str], Tally]:
        """What was asked of Slurm, by operation and way; nothing for a simulated cluster."""
        backend = self._cluster.backend
        return backend.calls if isinstance(backend, CountsCalls) else {}

    @property
    def refreshes(self) -> list[Refresh]:
        """What is read of Slurm again and again."""
        return [
            Refresh(one.name, one.interval_seconds, one.failed, one.times)
            for one in self._cluster.watcher.rounds
        ]
