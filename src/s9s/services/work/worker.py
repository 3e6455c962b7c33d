"""Doing the work of the queue: leases, signs of life, retries.

Several workers may run, in one process or in many, on one host or on many.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import random
import socket
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from s9s.domain.errors import S9SError, ServiceUnavailable, SlurmUnavailable
from s9s.domain.work import WorkItem, WorkState
from s9s.services.work.queue import Progress, WorkCancelled, WorkFailed, WorkQueue
from s9s.storage.database import DatabaseUnavailable

#: How long a lease holds without a sign of life, and how often there is one.
LEASE_SECONDS: Final = 30
BEAT_SECONDS: Final = 1.0
#: How often a worker looks for work when nobody wakes it.
POLL_SECONDS: Final = 2.0
#: Pauses before what failed is tried again: the first one, and by how much each is longer.
RETRY_SECONDS: Final = 5.0
_RETRY_GROWTH: Final = 4.0
#: How long a handler may take to let go when its worker stops.
STOP_SECONDS: Final = 10.0

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Worker:
    """Takes items from a queue and does them, a few at a time. `run` ends soon after `stop`.

    Args:
        queue: With handlers registered.
        concurrency: Items at the same time.
        errands: Errands (see `Bounds`) at the same time, besides them: they mostly wait for others.
        lease_seconds: See `LEASE_SECONDS`.
        beat_seconds: See `BEAT_SECONDS`.
        retry_seconds: See `RETRY_SECONDS`.
        poll_seconds: See `POLL_SECONDS`.
    """

    def __init__(
        self,
        queue: WorkQueue,
        *,
        concurrency: int = 1,
        errands: int = 2,
        lease_seconds: int = LEASE_SECONDS,
        beat_seconds: float = BEAT_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.name = f"{socket.gethostname()[:64]}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._queue = queue
        self._room = {False: concurrency, True: errands}
        self._lease_seconds = lease_seconds
        self._beat_seconds = beat_seconds
        self._retry_seconds = retry_seconds
        self._poll_seconds = poll_seconds
        self._wakened = asyncio.Event()
        self._stopping = asyncio.Event()
        self._running: dict[asyncio.Task[None], Progress] = {}
        self._busy = {False: 0, True: 0}
        """Items under way that are no errands, and that are."""
        self.idle_since: float | None = None
        """Since when there has been nothing to do, by the loop's clock; ``None`` while there is."""

    def wake(self) -> None:
        """There may be something to do."""
        self._wakened.set()

    def stop(self) -> None:
        """Let `run` end: what is under way goes back into the queue."""
        self._stopping.set()
        self._wakened.set()
        for progress in self._running.values():
            progress.stop()

    async def run(self) -> None:
        """Work until `stop`."""
        loop = asyncio.get_running_loop()
        self.idle_since = loop.time()
        try:
            while not self._stopping.is_set():
                self._wakened.clear()
                took = await self._take()
                if self._running or took:
                    self.idle_since = None
                elif self.idle_since is None:
                    self.idle_since = loop.time()
                if not took:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._wakened.wait(), self._poll_seconds)
        finally:
            self.stop()
            if self._running:
                _, late = await asyncio.wait(self._running, timeout=STOP_SECONDS)
                for task in late:  # its lease ends by itself
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)

    async def has_unfinished(self) -> bool:
        """Whether there is something to do now or later, as far as it can be told."""
        try:
            return await self._queue.records.has_unfinished(list(self._queue.kinds))
        except DatabaseUnavailable:
            return True

    async def _take(self) -> bool:
        """Begin what is due, as far as there is room: an item and an errand."""
        took = [await self._take_one(is_errand=is_errand) for is_errand in (False, True)]
        return any(took)

    async def _take_one(self, *, is_errand: bool) -> bool:
        if self._busy[is_errand] >= self._room[is_errand]:
            return False
        now = int(self._queue.clock())
        errands = self._queue.records.bounds.errands
        kinds = [
            name
            for name, kind in self._queue.kinds.items()
            if kind.run is not None and (name in errands) is is_errand
        ]
        if not kinds:
            return False
        try:
            # Reading first keeps idle workers from standing in the way of writers.
            if not await self._queue.records.is_due(kinds, now):
                return False
            item, given_up = await self._queue.records.leases.lease(
                self.name, kinds, now, self._lease_seconds
            )
            for one in given_up:
                _log.error("%s of %s was given up: %s", one.item_id, one.owner, one.error)
                await self._queue.drop_input(one)
        except DatabaseUnavailable as error:
            _log.warning("no work can be taken: %s", error)
            return False
        if item is None:
            return False
        progress = Progress(item)
        task = asyncio.create_task(self._do(item, progress), name=item.item_id)
        self._running[task] = progress
        self._busy[is_errand] += 1
        task.add_done_callback(partial(self._done, is_errand=is_errand))
        return True

    def _done(self, task: asyncio.Task[None], *, is_errand: bool) -> None:
        del self._running[task]
        self._busy[is_errand] -= 1
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("work has ended unexpectedly", exc_info=error)
        self.wake()

    async def _do(self, item: WorkItem, progress: Progress) -> None:
        handler = self._queue.kinds[item.kind].run
        assert handler is not None
        alive = _Alive(self._queue, item, progress, self._lease_seconds, self._beat_seconds)
        beating = asyncio.create_task(alive.run(), name=f"{item.item_id} beats")
        try:
            result = await handler(item, progress)
        except WorkCancelled:
            await self._stopped(item, alive)
        except WorkFailed as error:
            await self._fail(item, str(error))
        except Exception as error:
            await self._failed(item, error)
        else:
            await self._complete(item, progress, result)
        finally:
            beating.cancel()
            with suppress(asyncio.CancelledError):
                await beating

    async def _complete(self, item: WorkItem, progress: Progress, result: dict[str, object]) -> None:
        now = int(self._queue.clock())
        records = int(str(result.get("record_count", progress.records)))
        state = await self._surely(
            lambda: self._queue.records.leases.finish(
                item,
                WorkState.COMPLETED,
                now,
                result=result,
                records=records,
                expires_at=self._queue.expiry(item),
            )
        )
        if state is not None:
            await self._queue.drop_input(item)
        if state is not WorkState.COMPLETED and isinstance(name := result.get("artifact"), str):
            # Cancelled, or somebody else does it: this file is nobody's.
            await self._queue.artifacts.delete(name)

    async def _stopped(self, item: WorkItem, alive: _Alive) -> None:
        """The handler has let go: because of a cancellation, or because this worker stops."""
        if alive.is_lost:
            return
        if alive.is_cancelled:
            await self._fail(item, "Cancelled", WorkState.CANCELLED)
        else:
            await self._surely(lambda: self._queue.records.leases.put_back(item, 0, counts=False))

    async def _failed(self, item: WorkItem, error: Exception) -> None:
        """Try again later, unless that makes no sense or was done often enough."""
        reason = _reason(error)
        is_hopeless = isinstance(error, S9SError) and not isinstance(
            error, ServiceUnavailable | SlurmUnavailable
        )
        if is_hopeless or item.attempts >= self._queue.records.bounds.attempts:
            _log.error("%s of %s has failed: %s", item.item_id, item.owner, reason, exc_info=error)
            await self._fail(item, reason)
            return
        # Apart from each other, so that what failed together does not come back together.
        pause = self._retry_seconds * _RETRY_GROWTH ** (item.attempts - 1) * random.uniform(0.8, 1.2)  # noqa: S311
        _log.warning("%s of %s is tried again: %s", item.item_id, item.owner, reason, exc_info=error)
        not_before = int(self._queue.clock() + pause)
        await self._surely(lambda: self._queue.records.leases.put_back(item, not_before, error=reason))

    async def _fail(self, item: WorkItem, reason: str, state: WorkState = WorkState.FAILED) -> None:
        now = int(self._queue.clock())
        expiry = self._queue.expiry(item)
        end = await self._surely(
            lambda: self._queue.records.leases.finish(item, state, now, error=reason, expires_at=expiry)
        )
        if end is not None:
            await self._queue.drop_input(item)

    async def _surely(self, change: Callable[[], Awaitable[T]]) -> T:
        """Make a change as soon as the database lets it; give up only with the lease, which then ends."""
        deadline = asyncio.get_running_loop().time() + self._lease_seconds
        while True:
            try:
                return await change()
            except DatabaseUnavailable as error:
                if asyncio.get_running_loop().time() >= deadline:
                    raise
                _log.warning("the end of work waits for the database: %s", error)
                await asyncio.sleep(self._beat_seconds)


class _Alive:
    """Signs of life for one item while it is worked on."""

    def __init__(
        self, queue: WorkQueue, item: WorkItem, progress: Progress, lease_seconds: int, beat_seconds: float
    ) -> None:
        self._queue = queue
        self._item = item
        self._progress = progress
        self._lease_seconds = lease_seconds
        self._beat_seconds = beat_seconds
        self.is_cancelled = False
        self.is_lost = False
        progress.on_save(self.beat)

    async def run(self) -> None:
        while not (self.is_lost or self.is_cancelled):
            await asyncio.sleep(self._beat_seconds)
            try:
                await self.beat()
            except DatabaseUnavailable as error:
                _log.warning("no sign of life of %s: %s", self._item.item_id, error)

    async def beat(self) -> None:
        progress = self._progress
        until = int(self._queue.clock()) + self._lease_seconds
        goes_on = await self._queue.records.leases.beat(
            self._item, until, progress=progress.fraction, records=progress.records, cursor=progress.cursor
        )
        if goes_on is None:
            self.is_lost = True
        elif not goes_on:
            self.is_cancelled = True
        if not goes_on:
            progress.stop()


def _reason(error: Exception) -> str:
    """What to tell whoever asked: no path, no traceback; the log has those."""
    if isinstance(error, S9SError):
        return error.message
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "The server has no room left for the file"
    if isinstance(error, OSError):
        return "The server could not write or read the file"
    if isinstance(error, MemoryError):
        return "The server has too little memory for it"
    return "An unexpected error happened; the server's log has the details"
