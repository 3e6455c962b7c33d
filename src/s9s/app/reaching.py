"""The cluster of a running server: the way to it, what is known of it, and its users' files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from s9s.app.clusters import open_backend
from s9s.backends.base import SupportsFiles, SupportsTime, UserFiles
from s9s.backends.files import LocalUserFiles
from s9s.backends.processes import Processes
from s9s.config import Settings
from s9s.services.clusters import Cluster
from s9s.snapshot.clock import Clock, SystemClock
from s9s.snapshot.snapshot import Snapshot
from s9s.snapshot.watcher import Watcher


@dataclass(frozen=True)
class Reached:
    """A cluster whose watcher has not been started yet."""

    cluster: Cluster
    clock: Clock
    """The cluster's own; a simulated one may be faster than the host's."""
    is_simulated: bool


@asynccontextmanager
async def reaching(settings: Settings) -> AsyncIterator[Reached]:
    """Find the best ways to the cluster. Raises `SlurmUnavailable` when there is none at all."""
    async with AsyncExitStack() as stack:
        processes = Processes(concurrency=settings.limits.max_processes, sudo=settings.cluster.sudo)
        stack.callback(processes.close)
        backend = await open_backend(settings, processes)
        stack.push_async_callback(backend.close)
        files: UserFiles
        if isinstance(backend, SupportsFiles):
            files = backend.files
        else:
            files = local = LocalUserFiles(processes)
            stack.push_async_callback(local.close)
        clock = SystemClock(backend.now) if isinstance(backend, SupportsTime) else SystemClock()
        snapshot = Snapshot(finished_maximum=settings.snapshot.max_finished_jobs)
        watcher = Watcher(
            backend,
            snapshot,
            interval_seconds=settings.snapshot.interval_seconds,
            finished_window_seconds=settings.snapshot.finished_window_seconds,
            clock=clock,
        )
        yield Reached(Cluster(backend, snapshot, watcher, files), clock, isinstance(backend, SupportsFiles))
