"""Which webhooks this process posts for: those that nobody else does, under a lease."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from s9s.domain.webhooks import Webhook
from s9s.services.identity.known import KnownCallers
from s9s.services.identity.standing import Standing
from s9s.services.webhooks.posting import Patience, Posting
from s9s.services.webhooks.posts import Posts
from s9s.storage.database import DatabaseUnavailable
from s9s.storage.webhooks import WebhookRecords

#: How long a lease holds: after a kill others go on so much later.
LEASE_SECONDS: Final = 10
#: How often leases are renewed, and changes by other processes noticed.
LOOK_SECONDS: Final = 2.0
#: How often it is noted where those stand for which there was nothing to post.
_SETTLE_SECONDS: Final = 30.0
_PRUNE_SECONDS: Final = 3_600.0

_log = logging.getLogger(__name__)


class Dispatcher:
    """Keeps one `Posting` for each webhook whose lease this process has.

    Args:
        records: Which there are.
        posts: Posts.
        standing: Says what callers may do now.
        known: Says when anything is revoked.
        patience: How long it is tried.
        kept_seconds: How long finished deliveries are kept.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        records: WebhookRecords,
        posts: Posts,
        standing: Standing,
        known: KnownCallers,
        *,
        patience: Patience,
        kept_seconds: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._process = uuid.uuid4().hex
        self._records = records
        self._posts = posts
        self._standing = standing
        self._known = known
        self._patience = patience
        self._kept_seconds = kept_seconds
        self._clock = clock
        self._running: dict[str, tuple[Posting, asyncio.Task[None]]] = {}
        self._generation = known.generation
        self._settled_at = self._pruned_at = time.monotonic()
        self._wakened = asyncio.Event()
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to post."""
        self._task = asyncio.create_task(self._run(), name="webhooks")

    def wake(self) -> None:
        """Something has changed."""
        self._wakened.set()

    async def stop(self) -> None:
        """Post nothing more, and leave everything to others. Stopping twice is harmless."""
        self._is_stopping = True
        self._wakened.set()
        if self._task is not None:
            await self._task
            self._task = None
        await self._end(*self._running)
        with suppress(DatabaseUnavailable):  # then the leases end by themselves
            await self._records.release(self._process)

    async def _run(self) -> None:
        while not self._is_stopping:
            self._wakened.clear()
            try:
                await self._look()
            except DatabaseUnavailable as error:
                _log.warning("webhooks wait: %s", error)
            except Exception:  # the next look is another one
                _log.exception("webhooks could not be looked at")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wakened.wait(), LOOK_SECONDS)

    async def _look(self) -> None:
        if not self._running and not await self._records.has_active():
            return
        now = int(self._clock())
        claimed = {one.webhook_id: one for one in await self._claim(now)}
        outdated = [
            webhook_id
            for webhook_id, (posting, task) in self._running.items()
            if task.done()
            or webhook_id not in claimed
            or claimed[webhook_id].revision != posting.webhook.revision
        ]
        await self._end(*outdated)
        if outdated:
            # What they wrote at their end is to be seen by those who go on.
            claimed = {one.webhook_id: one for one in await self._claim(now)}
        for webhook_id, webhook in claimed.items():
            if webhook_id not in self._running:
                self._begin(webhook)
        if self._generation != self._known.generation:
            self._generation = self._known.generation
            await asyncio.gather(*(posting.check() for posting, _ in self._running.values()))
        if time.monotonic() - self._settled_at >= _SETTLE_SECONDS:
            self._settled_at = time.monotonic()
            await self._settle()
        if time.monotonic() - self._pruned_at >= _PRUNE_SECONDS:
            self._pruned_at = time.monotonic()
            await self._records.prune(now - self._kept_seconds)

    async def _claim(self, now: int) -> list[Webhook]:
        return await self._records.claim(self._process, now, now + LEASE_SECONDS)

    def _begin(self, webhook: Webhook) -> None:
        posting = Posting(
            webhook, self._process, self._records, self._posts, self._standing, self._patience, self._clock
        )
        task = asyncio.create_task(posting.run(), name=webhook.webhook_id)
        task.add_done_callback(self._done)
        self._running[webhook.webhook_id] = posting, task

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("%s has ended unexpectedly", task.get_name(), exc_info=error)

    async def _end(self, *webhook_ids: str) -> None:
        ending = [self._running.pop(webhook_id) for webhook_id in webhook_ids]
        for posting, _ in ending:
            posting.end()
        await asyncio.gather(*(task for _, task in ending), return_exceptions=True)

    async def _settle(self) -> None:
        positions = {
            webhook_id: position
            for webhook_id, (posting, _) in self._running.items()
            if (position := posting.settle()) is not None
        }
        if positions:
            await self._records.settle(self._process, positions)
