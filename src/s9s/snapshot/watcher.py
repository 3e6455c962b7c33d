"""Keeps a cluster's snapshot true: the one place that asks Slurm for everybody."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import structlog

from s9s.backends.base import Backend, Feed, SupportsReservations
from s9s.domain.errors import S9SError, SlurmUnavailable
from s9s.domain.nodes import Node
from s9s.snapshot.clock import Clock, SystemClock, within
from s9s.snapshot.following import JobFollower
from s9s.snapshot.history import History
from s9s.snapshot.rounds import Round
from s9s.snapshot.snapshot import Snapshot, Update
from s9s.snapshot.store import JobChange
from s9s.snapshot.touches import Touches

log = structlog.get_logger(__name__)

Callback = Callable[[Update], None]

#: How long a list waits for finished jobs of former times before it answers without them.
_HISTORY_PATIENCE_SECONDS: Final = 10.0


class Watcher:
    """Polls a backend and writes what it finds into a snapshot.

    Args:
        backend: The cluster.
        snapshot: Written by this watcher alone.
        interval_seconds: Between polls of jobs; longer where they take long.
        nodes_interval_seconds: Between polls of nodes.
        slow_interval_seconds: Between reads of partitions and users.
        finished_window_seconds: Finished jobs of this span before now are kept.
        patience_seconds: How long `settled` waits at most.
        clock: To wait on.
    """

    def __init__(
        self,
        backend: Backend,
        snapshot: Snapshot,
        *,
        interval_seconds: float = 1.0,
        nodes_interval_seconds: float = 2.0,
        slow_interval_seconds: float = 30.0,
        finished_window_seconds: int = 86_400,
        patience_seconds: float = 2.0,
        clock: Clock | None = None,
    ) -> None:
        self._backend = backend
        self._snapshot = snapshot
        self._clock = clock = clock or SystemClock()
        self._nodes_feed: Feed[Node] | None = None
        self._callbacks: list[Callback] = []
        self._loaded_callbacks: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._missing = {"jobs", "nodes", "partitions"}
        self._follower = JobFollower(backend, snapshot.jobs, self._publish_jobs)
        self._history = History(
            backend,
            snapshot.jobs,
            clock=clock,
            window_seconds=finished_window_seconds,
            has_accounting=lambda: snapshot.info is None or snapshot.info.has_accounting,
            publish=self._publish_jobs,
        )

        def every(
            seconds: float, name: str, read: Callable[[], Coroutine[Any, Any, None]], **more: Any
        ) -> Round:
            return Round(name, read, interval_seconds=seconds, clock=clock, **more)

        self._discovery = every(30, "the cluster", self._discover, failed=self._note_failure)
        self._jobs = every(
            interval_seconds, "jobs", self._read_jobs, probe=self._probe, failed=self._note_failure
        )
        self._nodes = every(nodes_interval_seconds, "nodes", self._read_nodes, probe=self._probe)
        self._partitions = every(
            slow_interval_seconds, "partitions", self._read_partitions, probe=self._probe
        )
        self._users = every(slow_interval_seconds, "users", self._read_users)
        self._finished = every(
            60, "finished jobs", self._history.load, failed=lambda _: self._history.progress.beat()
        )
        self._vanished = every(5, "vanished jobs", self._history.settle)
        self._touches = Touches(
            self._follower.look_up, self._jobs, self._nodes, clock=clock, patience_seconds=patience_seconds
        )

    @property
    def rounds(self) -> list[Round]:
        """What is read again and again."""
        return [
            self._discovery, self._jobs, self._nodes, self._partitions, self._users, self._finished,
            self._vanished,
        ]  # fmt: skip

    def now(self) -> float:
        """The cluster's epoch seconds: what the snapshot's age is counted to."""
        return self._clock.now()

    async def start(self) -> None:
        """Begin, and wait for the first look at everything but finished jobs, which follow later.

        Returns also when Slurm is out of reach (`Snapshot.last_error` says so): the watcher keeps trying.
        """
        self._run(self._discovery)
        try:
            await self._discovery.tried()
            if self._snapshot.info is not None:
                for one in (self._jobs, self._nodes, self._partitions, self._users):
                    await one.tried()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End all polls."""
        await self._touches.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Have `callback` called on the event loop with every batch of changes; returns what ends that.

        What the first look finds is no change. The callback must be quick and must not wait.
        """
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def when_loaded(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called once, when everything has been read and before anything is told of changes.

        Returns what takes that back.
        """
        self._loaded_callbacks.append(callback)
        return lambda: self._loaded_callbacks.remove(callback)

    @property
    def interval_seconds(self) -> float:
        """From one poll of all jobs to the next, as it is kept at present."""
        return self._jobs.interval_seconds

    def touch(self, job_ids: Sequence[str] | None, nodes: Sequence[str] | None = None) -> None:
        """These have just been changed by somebody: read them at once."""
        self._touches.add(job_ids or (), nodes or ())

    @property
    def is_settled(self) -> bool:
        """Whether everything touched so far is in the snapshot, or cannot be: Slurm is out of reach."""
        return self._touches.is_settled

    async def settled(self) -> None:
        """Wait until everything touched so far is in the snapshot, but not forever."""
        await self._touches.settled()

    async def ensure_finished_since(self, start: int) -> None:
        """Have the finished jobs since `start` in the snapshot.

        Does what it can within ten seconds: not all there are may fit, and accounting may be out of reach.
        """
        if self._history.has_since(start):
            return
        self._history.want_since(start)
        self._finished.soon()
        await within(_HISTORY_PATIENCE_SECONDS, self._history_since(start), self._clock)

    async def _history_since(self, start: int) -> None:
        while not self._history.has_since(start) and not self._finished.failures:
            await self._history.progress.next()

    def _run(self, *rounds: Round) -> None:
        self._tasks += [asyncio.create_task(one.run(), name=f"watch {one.name}") for one in rounds]

    async def _discover(self) -> None:
        before, info = self._snapshot.info, await self._backend.discover()
        self._snapshot.info = info
        if before is None:
            self._run(self._jobs, self._nodes, self._partitions, self._users, self._finished, self._vanished)
        elif before.routes != info.routes:
            self._follower.restart()
            self._nodes_feed = None

    async def _probe(self) -> None:
        await self._backend.ping()
        self._snapshot.is_reachable = True

    async def _read_jobs(self) -> None:
        snapshot, last_seen = self._snapshot, self._snapshot.observed_at
        missing = set(snapshot.jobs.vanished)
        await self._follower.poll()
        recovered = snapshot.last_error is not None
        snapshot.last_error, snapshot.is_reachable = None, True
        if last_seen and snapshot.observed_at - last_seen > self._longest_gap():
            self._history.missed(last_seen, snapshot.observed_at)
            self._finished.soon()
        if snapshot.jobs.vanished.keys() - missing:
            self._history.lost_sight(last_seen)
            self._vanished.soon()
        if recovered:
            for one in (self._discovery, self._nodes, self._partitions, self._users, self._finished):
                one.soon()
        self._note_loaded("jobs")

    async def _read_nodes(self) -> None:
        if self._nodes_feed is None:
            self._nodes_feed = self._backend.nodes_feed()
        try:
            made = self._snapshot.nodes.apply(await self._nodes_feed.poll())
        except SlurmUnavailable:
            raise
        except BaseException:
            self._nodes_feed = None
            raise
        self._publish(Update(generation=self._snapshot.jobs.generation, nodes=made))
        self._note_loaded("nodes")

    async def _read_partitions(self) -> None:
        self._snapshot.partitions.replace(await self._backend.partitions())
        self._note_loaded("partitions")
        if isinstance(self._backend, SupportsReservations):
            self._snapshot.reservations.replace(await self._backend.reservations())

    async def _read_users(self) -> None:
        self._snapshot.users.replace(await self._backend.users())

    def _longest_gap(self) -> float:
        """Seconds without a look after which finished jobs may have been forgotten unseen."""
        info = self._snapshot.info
        # MinJobAge 0: slurmctld forgets nothing.
        return info.min_job_age_seconds / 2 if info and info.min_job_age_seconds else float("inf")

    def _note_loaded(self, what: str) -> None:
        self._missing.discard(what)
        if not self._missing and not self._snapshot.is_loaded:
            self._snapshot.is_loaded = True
            for callback in tuple(self._loaded_callbacks):
                callback()
            # What is here now mostly stays: the collector need not look at it again and again.
            gc.collect()
            gc.freeze()

    def _note_failure(self, error: Exception) -> None:
        # What else an exception says may hold paths of the server; the log has it.
        text = error.message if isinstance(error, S9SError) else "Slurm's answer could not be read"
        self._snapshot.last_error = text
        if isinstance(error, SlurmUnavailable):
            self._snapshot.is_reachable = False

    def _publish_jobs(self, made: list[JobChange]) -> None:
        self._publish(Update(generation=self._snapshot.jobs.generation, jobs=made))

    def _publish(self, update: Update) -> None:
        if not self._snapshot.is_loaded or not (update.jobs or update.nodes):
            return
        for callback in tuple(self._callbacks):
            try:
                callback(update)
            except Exception:  # one follower's mistake is not another's
                log.exception("a follower of changes failed")
