"""Events of the channels `queue` and `metrics`: how much waits and runs, and how busy the cluster is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from s9s.domain.events import Event
from s9s.services.clusters import Cluster
from s9s.services.live.events import EventLog
from s9s.snapshot.figures import Figures
from s9s.snapshot.nodes import Resources

__all__ = ["REPEAT_SECONDS", "QueueFigures", "Resources", "Statistics"]

#: What has not changed is told again after so long: whoever listens knows that it is still so.
REPEAT_SECONDS: Final = 60.0

_log = logging.getLogger(__name__)


class QueueFigures(Struct, frozen=True):
    """Live jobs at one moment; every unstarted task of an array counts."""

    by_partition: Mapping[str | None, Mapping[str, int]]
    """Jobs by partition (``None``: all) and state."""
    pending_reasons: Mapping[str, int]


class Statistics:
    """Looks at a cluster's figures again and again, and tells of them when they have changed.

    Args:
        cluster: Whose.
        log: Where they are told.
        interval_seconds: From one look to the next.
        describe_queue: Figures to an event, for a cluster's name and an instant.
        describe_metrics: The same of resources.
    """

    def __init__(
        self,
        cluster: Cluster,
        log: EventLog,
        *,
        interval_seconds: float,
        describe_queue: Callable[[QueueFigures, str, float], Event],
        describe_metrics: Callable[[Resources, str, float], Event],
    ) -> None:
        self._cluster = cluster
        self._log = log
        self._interval_seconds = interval_seconds
        self._describe_queue = describe_queue
        self._describe_metrics = describe_metrics
        self._told: dict[str, tuple[bytes, float]] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="statistics")

    async def stop(self) -> None:
        """End. Stopping twice is harmless."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def look(self) -> None:
        """Tell of what has changed since the last look, or has not been told for long."""
        snapshot = self._cluster.snapshot
        if not snapshot.is_loaded or snapshot.info is None:
            return
        at, name = self._cluster.watcher.now(), snapshot.info.name
        figures = Figures(snapshot.jobs)
        queue = QueueFigures(figures.live(), figures.pending_reasons())
        found = (
            self._describe_queue(queue, name, at),
            self._describe_metrics(snapshot.nodes.resources(None), name, at),
        )
        now = asyncio.get_running_loop().time()
        for one in found:
            told, told_at = self._told.get(one.channel, (b"", 0.0))
            if bytes(one.data) != told or now - told_at >= REPEAT_SECONDS:
                self._told[one.channel] = bytes(one.data), now
                self._log.append([one])

    async def _run(self) -> None:
        while True:
            try:
                self.look()
            except Exception:  # the next look is another one
                _log.exception("statistics could not be made")
            await asyncio.sleep(self._interval_seconds)
