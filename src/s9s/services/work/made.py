"""What is made in the background for callers: looked up, listed, cancelled, fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Final

from s9s.domain.errors import ResourceConflict, ResourceNotFound
from s9s.domain.queries import Page
from s9s.domain.work import WorkItem, WorkState
from s9s.services.access import Caller, Role, may_see_made
from s9s.services.work.queue import WorkQueue

#: No more items than this are looked through for those that a credential may see.
_LOOKED_THROUGH: Final = 10_000


class Made:
    """One kind of it, such as exports. A caller sees their own, an administrator everybody's.

    Args:
        queue: Where the work is.
        kind: Which kind of work, also what clients call it: ``export``.
        scope: What a credential must be good for to see an item.
    """

    def __init__(self, queue: WorkQueue, kind: str, scope: Callable[[WorkItem], str]) -> None:
        self._queue = queue
        self._kind = kind
        self._scope = scope

    async def get(self, item_id: str, caller: Caller, *, wait_seconds: float = 0) -> WorkItem:
        """One item, when it is finished or the wait is over. Raises `ResourceNotFound`."""
        item = await self._seen(item_id, caller)
        if wait_seconds and not item.status.is_finished:
            item = await self._queue.wait(item_id, wait_seconds) or item
        return item

    async def page(
        self,
        caller: Caller,
        *,
        user: str | None = None,
        states: frozenset[WorkState] | None = None,
        matches: Callable[[WorkItem], bool] = lambda item: True,
        limit: int = 100,
        offset: int = 0,
    ) -> Page[WorkItem]:
        """The caller's items, for administrators everybody's, or only those of `user`; the newest first."""
        owner = user if caller.role is Role.ADMIN else caller.user
        if user is not None and owner != user:
            return Page(items=[], total=0, limit=limit, offset=offset)
        found = await self._queue.list(
            self._kind, owner=owner, states=states, limit=_LOOKED_THROUGH, offset=0
        )
        seen = [item for item in found.items if matches(item) and self._may_see(item, caller)]
        return Page(items=seen[offset : offset + limit], total=len(seen), limit=limit, offset=offset)

    async def cancel(self, item_id: str, caller: Caller) -> tuple[WorkItem, bool]:
        """Cancel an item; one that is finished is deleted with its file. Raises `ResourceNotFound`.

        The item as it is then, or was at last, and whether it is deleted.
        """
        before = await self._seen(item_id, caller)
        after = await self._queue.cancel(item_id)
        return after or before, after is None or before.status.is_finished

    def expiry(self, item: WorkItem) -> int:
        """When its file is deleted; epoch seconds."""
        return self._queue.expiry(item)

    async def file(self, item_id: str, caller: Caller) -> WorkItem:
        """An item whose file can be fetched. Raises `ResourceNotFound`, `ResourceConflict`."""
        item = await self._seen(item_id, caller)
        if item.status is not WorkState.COMPLETED:
            what = "not finished yet" if not item.status.is_finished else item.status.value
            raise ResourceConflict(
                f"{self._kind.capitalize()} {item_id} is {what}",
                resource_type=self._kind,
                resource_id=item_id,
                state=item.status.value,
            )
        return item

    async def read(self, item: WorkItem, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes of a file from `start` up to `end` (exclusive), in pieces. Raises `ResourceNotFound`."""
        assert item.result is not None
        try:
            return await self._queue.artifacts.open(item.result["artifact"], start, end)
        except FileNotFoundError as error:
            raise ResourceNotFound.of(self._kind, item.item_id) from error

    async def _seen(self, item_id: str, caller: Caller) -> WorkItem:
        item = await self._queue.get(item_id)
        if item is None or item.kind != self._kind or not self._may_see(item, caller):
            raise ResourceNotFound.of(self._kind, item_id)
        return item

    def _may_see(self, item: WorkItem, caller: Caller) -> bool:
        return may_see_made(caller, item.owner, item.payload["credential"], self._scope(item))
