"""Background work that outlives a restart: put into a queue here, done by a `Worker`, once.

See docs/decisions/0007-background-work.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final

from msgspec import Struct, structs

from s9s.domain.errors import RateLimitExceeded
from s9s.domain.queries import Page
from s9s.domain.work import WorkItem, WorkState
from s9s.services.work.artifacts import Artifacts
from s9s.storage.work import WorkRecords
from s9s.storage.work_bounds import QueueFull

#: How long results can be looked up if nothing else is said, and what failed or was cancelled.
KEPT_SECONDS: Final = 86_400

#: What took so long that its time would be over is there at least for this.
_LEAST_SECONDS: Final = 3600

#: Pauses between looks at an item that somebody waits for.
_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 0.5

_log = logging.getLogger(__name__)


class WorkFailed(Exception):
    """The work cannot be done, now or later; ``str()`` says why, for whoever asked for it."""


class WorkCancelled(Exception):
    """Somebody has cancelled the item, or its lease is lost: to be let through."""


class Progress:
    """How far one item is, as its handler says; may be called from any thread.

    What is said reaches the database with the next sign of life, about once a second.
    """

    def __init__(self, item: WorkItem) -> None:
        self.fraction = item.progress
        self.records = 0
        self.cursor: dict[str, Any] | None = None
        self._is_over = False
        self._save: Callable[[], Awaitable[None]] | None = None

    def set(self, fraction: float, records: int = 0) -> None:
        """Say what is done: a part of all, 0..1, and rows. Raises `WorkCancelled` when it should stop."""
        if self._is_over:
            raise WorkCancelled
        self.fraction, self.records = min(1.0, max(0.0, fraction)), records

    async def save(self, cursor: dict[str, Any]) -> None:
        """Keep what the handler needs to go on from here, in the database when this returns.

        Raises `WorkCancelled`.
        """
        self.cursor = cursor
        if self._save is not None:
            await self._save()
        if self._is_over:
            raise WorkCancelled

    def stop(self) -> None:
        """Let the handler know that it is to stop."""
        self._is_over = True

    def on_save(self, save: Callable[[], Awaitable[None]]) -> None:
        """Say how what is said reaches the database at once."""
        self._save = save


Handler = Callable[[WorkItem, Progress], Awaitable[dict[str, Any]]]


class Kind(Struct, frozen=True):
    """What is known of one kind of work."""

    run: Handler | None = None
    """Does it; ``None`` where it is only put and looked at."""
    kept_seconds: int = KEPT_SECONDS
    """How long the result can be looked up."""


class WorkQueue:
    """What there is to do.

    A handler gets the item and its progress, and answers with a JSON object, the item's result. If the result
    has an ``artifact``, a file's name, the file lives as long as the item. A handler may be begun again after
    its process was killed: it goes on from ``item.cursor``, and files that it names by `artifacts.name_of`
    never collide with those of its former life. It raises `WorkFailed` (never to be tried again), any other
    error to be tried again later, and lets `WorkCancelled` through. Long computations belong in a thread.

    Args:
        records: Where items are kept.
        artifacts: Where their files are.
        on_put: Told of new work, so that somebody can be woken.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        records: WorkRecords,
        artifacts: Artifacts,
        *,
        on_put: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.records = records
        self.artifacts = artifacts
        self.clock = clock
        self.on_put = on_put
        self.kinds: dict[str, Kind] = {}

    def register(self, kind: str, handler: Handler | None, *, kept_seconds: int = KEPT_SECONDS) -> None:
        """Say how a kind of work is done and how long its results are kept."""
        self.kinds[kind] = Kind(handler, kept_seconds)

    def set_handler(self, kind: str, handler: Handler) -> None:
        """Say how a registered kind of work is done."""
        self.kinds[kind] = structs.replace(self.kinds[kind], run=handler)

    def expiry(self, item: WorkItem) -> int:
        """When an item is forgotten: counted from when it was asked for, but not as soon as it is there."""
        if item.expires_at is not None:
            return item.expires_at
        kept = self.kinds[item.kind].kept_seconds if item.kind in self.kinds else KEPT_SECONDS
        return max(item.created_at + kept, int(self.clock()) + min(kept, _LEAST_SECONDS))

    @staticmethod
    def new_id(kind: str) -> str:
        """An id for an item that is still to be put: ``exp_5f0c...``."""
        return f"{kind[:3]}_{uuid.uuid4().hex[:16]}"

    def item(
        self,
        kind: str,
        owner: str,
        payload: dict[str, Any],
        *,
        not_before: int | None = None,
        item_id: str | None = None,
    ) -> WorkItem:
        """Work as `put` queues it, for what is queued together with something else."""
        return WorkItem(
            item_id=item_id or self.new_id(kind),
            kind=kind,
            owner=owner,
            payload=payload,
            created_at=int(self.clock()),
            not_before=not_before or 0,
        )

    async def put(
        self,
        kind: str,
        owner: str,
        payload: dict[str, Any],
        *,
        not_before: int | None = None,
        item_id: str | None = None,
    ) -> str:
        """Queue work, durably; its id.

        Args:
            kind: One of those that are registered.
            owner: The user who asks for it.
            payload: JSON. An ``input`` in it, a file's name, is deleted once the item is finished.
            not_before: Epoch seconds.
            item_id: One of `new_id`, for what the payload names by it.

        Raises:
            RateLimitExceeded: The owner, or everybody together, has too much unfinished work.
        """
        item = self.item(kind, owner, payload, not_before=not_before, item_id=item_id)
        try:
            await self.records.add(item)
        except QueueFull as full:
            raise too_much(full) from full
        self.on_put()
        return item.item_id

    async def require_room(self, kind: str, owner: str) -> None:
        """Raises `RateLimitExceeded` where `put` would, before anything is prepared for it."""
        try:
            await self.records.require_room(kind, owner)
        except QueueFull as full:
            raise too_much(full) from full

    async def get(self, item_id: str) -> WorkItem | None:
        """One item; ``None`` when there is none, or none any more."""
        item = await self.records.get(item_id)
        if item is not None and item.expires_at is not None and item.expires_at <= self.clock():
            return None
        return item

    async def list(
        self,
        kind: str,
        *,
        owner: str | None = None,
        states: Collection[WorkState] | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Page[WorkItem]:
        """Items of one kind, the newest first; of everybody if no owner is named."""
        items, total = await self.records.page(kind, owner=owner, states=states, limit=limit, offset=offset)
        return Page(items=items, total=total, limit=limit, offset=offset)

    async def cancel(self, item_id: str) -> WorkItem | None:
        """Cancel an item, and forget it with its file if it is finished; ``None`` when there is none.

        One that is being worked on counts as cancelled at once; its worker stops within a second or two.
        """
        item = await self.records.get(item_id)
        if item is not None and not item.state.is_finished:
            now = int(self.clock())
            item = await self.records.cancel(item_id, now, now + KEPT_SECONDS)
            if item is None or item.status is WorkState.CANCELLED:
                if item is not None and item.state is WorkState.CANCELLED:
                    await self.drop_input(item)
                return item
        if item is not None:
            await self.forget(item)
        return item

    async def wait(self, item_id: str, seconds: float) -> WorkItem | None:
        """The item as soon as it is finished, or as it is after so many seconds."""
        deadline = time.monotonic() + seconds
        pause = _FIRST_PAUSE
        while True:
            item = await self.get(item_id)
            left = deadline - time.monotonic()
            if item is None or item.status.is_finished or left <= 0:
                return item
            await asyncio.sleep(min(pause, left))
            pause = min(_LONGEST_PAUSE, pause * 1.5)

    async def forget(self, item: WorkItem) -> None:
        """Delete a finished item and its file."""
        # The item first counts as expired: nobody is offered a file that is half gone.
        await self.records.keep_until(item.item_id, int(self.clock()))
        await self.drop_input(item)
        if item.result and (name := item.result.get("artifact")):
            await self.artifacts.delete(name)
        await self.records.remove([item.item_id])

    async def drop_input(self, item: WorkItem) -> None:
        """Delete what a finished item was made from."""
        if name := item.payload.get("input"):
            try:
                await self.artifacts.delete(name)
            except OSError as error:  # `sweep` tries again
                _log.warning("the input of %s cannot be deleted now: %s", item.item_id, error)

    async def clean(self) -> None:
        """Forget what has expired. Raises `OSError`, `DatabaseUnavailable`."""
        while expired := await self.records.expired(int(self.clock())):
            for item in expired:
                await self.forget(item)

    async def sweep(self) -> None:
        """Delete files that killed processes left behind. Raises `OSError`, `DatabaseUnavailable`."""
        before = self.clock() - _ORPHAN_SECONDS
        fences = await self.records.fences()

        def is_wanted(item_id: str, fence: int, kind: str) -> bool:
            if item_id not in fences:
                return False
            newest, is_finished = fences[item_id]
            if fence == 0:  # made before the item was put: what it is made from
                return not is_finished
            return fence == newest

        await self.artifacts.sweep(is_wanted, before)


#: Files without an item that are younger may belong to one that is just being put.
_ORPHAN_SECONDS: Final = 3600


def too_much(full: QueueFull) -> RateLimitExceeded:
    """What to tell whoever wants more than the bounds allow."""
    whose = "You have" if full.is_own else "All users together have"
    return RateLimitExceeded(
        f"{whose} {full.count} exports and reports that are not finished; no more are taken",
        10,
        unfinished=full.count,
        maximum=full.maximum,
        whose="own" if full.is_own else "all",
    )
