"""The event log: what has changed, with one number after the other, for everybody to follow and to replay.

An event is on disk before anybody is told of it, so that what a client has seen is never contradicted by a
server that was killed: `since` replays the same events under the same numbers. What waits to be written is
written together, so a commit costs a burst of changes no more than a single one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Final

from s9s.domain.errors import S9SError
from s9s.domain.events import Event
from s9s.domain.turns import beside
from s9s.services.live.recent import Recent
from s9s.storage.database import DatabaseUnavailable
from s9s.storage.events import EventRecords, State

#: Events that wait for the disk. Beyond it all of them are given up: whoever keeps them true starts anew.
MAX_WAITING: Final = 200_000
#: Events that are written in one transaction.
TOGETHER: Final = 1_000
#: Events that are told of before others have their turn: a millisecond's work for those who follow them.
_TOLD: Final = 100
#: So many of the newest events are in memory too.
RECENT: Final = 10_000
#: Replays that read the database at the same time.
_READERS: Final = 2
_RETRY_SECONDS: Final = 1.0
#: From one removal of old events to the next.
_PRUNE_SECONDS: Final = 60.0

_log = logging.getLogger(__name__)

Follower = Callable[[Sequence[Event]], None]


class ReplayUnavailable(S9SError):
    """Events since then are not kept any more, or never were; `details` has `oldest` and `newest`."""

    code = "RESOURCE_CONFLICT"


class EventLog:
    """Appends events, tells followers of them, and finds them again.

    `start` before anything is appended; `stop` writes what waits.

    Args:
        records: Where they are kept.
        keep_seconds: Older events go.
        max_events: Beyond so many the oldest go.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        records: EventRecords,
        *,
        keep_seconds: float = 86_400,
        max_events: int = 500_000,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records = records
        self._keep_seconds = keep_seconds
        self._max_events = max_events
        self._clock = clock
        self._followers: list[Follower] = []
        self._waiting: deque[Event | _Mark] = deque()
        self._written = asyncio.Event()
        self._written.set()
        self._writer: asyncio.Task[None] | None = None
        self._pruned_at = time.monotonic()
        self._is_stopping = False
        self._kept_state = 0
        self._recent = Recent(RECENT)
        self._reading = asyncio.Semaphore(_READERS)
        self.oldest = 1
        """Number of the oldest event that is kept; one more than `newest` when there is none."""
        self.newest = 0
        """Number of the newest event that followers have been told of."""
        self.lost = 0
        """How often waiting events had to be given up."""

    async def start(self) -> State | None:
        """Find the newest event; what was known of the cluster when `keep_state` was last called.

        Raises `DatabaseUnavailable`.
        """
        self.oldest, self.newest = await self._records.bounds()
        state = await self._records.load()
        self._kept_state = state.sequence if state else self.newest
        return state

    def append(self, events: Iterable[Event]) -> None:
        """Have events written, numbered and told of, in this order; their own numbers do not matter."""
        self._waiting.extend(events)
        if len(self._waiting) > MAX_WAITING:
            _log.error("%d events are lost: the database takes none", len(self._waiting))
            self._waiting.clear()
            self.lost += 1
        self._work()

    async def state(self) -> State | None:
        """What was known of the cluster when it was kept last. Raises `DatabaseUnavailable`."""
        return await self._records.load()

    def keep_state(self, state: Callable[[int], State]) -> None:
        """Keep what is known of the cluster now, once all that was appended before is written.

        `state` makes it, in a thread, of the number of the last event before.
        """
        self._waiting.append(_Mark(state))
        self._work()

    def follow(self, follower: Follower) -> Callable[[], None]:
        """Have `follower` called on the event loop with all events from now on; returns what ends that.

        It must be quick and must not wait.
        """
        self._followers.append(follower)
        return lambda: self._followers.remove(follower)

    def require(self, sequence: int) -> None:
        """Raises `ReplayUnavailable` when `since` cannot tell all that happened after this event."""
        if not self.oldest - 1 <= sequence <= self.newest:
            raise ReplayUnavailable(
                f"Events since {sequence} cannot be replayed", oldest=self.oldest, newest=self.newest
            )

    async def since(self, sequence: int) -> AsyncIterator[list[Event]]:
        """Every event after this number, in order, in pieces; up to the newest one at the end of the walk.

        Raises `ReplayUnavailable`, `DatabaseUnavailable`.
        """
        self.require(sequence)
        expected = sequence + 1
        while missed := self._recent.after(expected - 1, self.newest):
            yield missed
            expected += len(missed)
        if expected > self.newest:
            return
        pieces = self._records.walk(expected - 1)
        while True:
            async with self._reading:
                events = await anext(pieces, None)
            if events is None:
                return
            if events[0].sequence != expected:
                # The oldest ones have gone since.
                self.require(sequence)
                raise ReplayUnavailable(
                    f"Events since {sequence} cannot be replayed",
                    oldest=events[0].sequence,
                    newest=self.newest,
                )
            yield events
            expected = events[-1].sequence + 1

    @property
    def waiting(self) -> int:
        """How many events are not written yet."""
        return len(self._waiting)

    @property
    def appended(self) -> int:
        """The number that the last event so far will have, written or not."""
        return self.newest + sum(isinstance(one, Event) for one in self._waiting)

    async def written(self) -> None:
        """Wait until everything appended so far is written and told of."""
        await self._written.wait()

    async def stop(self) -> None:
        """Write what waits; what cannot be written is lost. Stopping twice is harmless."""
        self._is_stopping = True
        if self._writer is not None:
            await self._writer

    def _work(self) -> None:
        if self._waiting and (self._writer is None or self._writer.done()):
            self._written.clear()
            self._writer = asyncio.create_task(self._write(), name="events")

    async def _write(self) -> None:
        try:
            while self._waiting:
                try:
                    await self._write_some()
                except DatabaseUnavailable as error:
                    _log.error("%d events wait: %s", len(self._waiting), error)
                    if self._is_stopping:
                        return
                    await asyncio.sleep(_RETRY_SECONDS)
        finally:
            self._written.set()

    async def _write_some(self) -> None:
        first = self._waiting[0]
        if isinstance(first, _Mark):
            state = await beside(first.state, self.newest)
            await self._records.save(state)
            self._kept_state = state.sequence
            if self._waiting and self._waiting[0] is first:
                self._waiting.popleft()
            return
        drafts: list[Event] = []
        for one in self._waiting:
            if isinstance(one, _Mark) or len(drafts) == TOGETHER:
                break
            drafts.append(one)
        lost = self.lost
        events, packed = await self._records.append(drafts, int(self._clock()))
        self._recent.add(events, packed)
        for start in range(0, len(events), _TOLD):
            if start:
                await asyncio.sleep(0)
            piece = events[start : start + _TOLD]
            if lost == self.lost:
                for _ in piece:
                    self._waiting.popleft()
            self.newest = piece[-1].sequence
            self._tell(piece)
        if time.monotonic() - self._pruned_at >= _PRUNE_SECONDS:
            await self.prune()

    async def prune(self) -> None:
        """Give up events that are too old or too many."""
        self._pruned_at = time.monotonic()
        self.oldest = await self._records.prune(
            before=int(self._clock() - self._keep_seconds),
            newest_only=self._max_events,
            keep_after=self._kept_state,
        )

    def _tell(self, events: Sequence[Event]) -> None:
        for follower in tuple(self._followers):
            try:
                follower(events)
            except Exception:  # one follower's mistake is not another's
                _log.exception("a follower of events failed")


class _Mark:
    """Stands among waiting events where the state is to be kept."""

    def __init__(self, state: Callable[[int], State]) -> None:
        self.state = state
