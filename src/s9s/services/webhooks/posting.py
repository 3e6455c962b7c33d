"""Posting for one webhook: in order, each delivery until it has arrived or is given up."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from s9s.domain.delivery import DeliveryFailed
from s9s.domain.errors import AuthenticationFailed, PermissionDenied, SlurmUnavailable, ValidationError
from s9s.domain.events import Event
from s9s.domain.webhooks import PostKind, Webhook, WebhookDelivery
from s9s.services.access import Caller
from s9s.services.identity.standing import Standing
from s9s.services.live.events import ReplayUnavailable
from s9s.services.live.readers import Reader
from s9s.services.webhooks.posts import Posts
from s9s.services.webhooks.waiting import WaitingEvents
from s9s.storage.database import DatabaseUnavailable
from s9s.storage.events import pack_events, unpack_events
from s9s.storage.webhooks import WebhookRecords

#: What comes within this time is posted together.
LINGER_SECONDS: Final = 0.2
#: Before the database, or a cluster that was never reached yet, is asked again.
_PAUSE_SECONDS: Final = 1.0
#: By how much each pause between attempts is longer than the one before.
_GROWTH: Final = 3.0
#: So many deliveries given up one after the other stop a webhook.
MAX_DEAD: Final = 3

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Patience(Struct, frozen=True, kw_only=True):
    """How long it is tried."""

    attempts: int = 12
    """Of one delivery, before it is given up."""
    first_seconds: float = 5.0
    """Pause after the first attempt."""
    longest_seconds: float = 3_600.0

    def pause(self, failures: int) -> float:
        """Seconds after so many attempts that have failed in a row; not the same for everybody."""
        pause = min(self.longest_seconds, self.first_seconds * _GROWTH ** min(failures - 1, 20))
        return pause * random.uniform(0.8, 1.2)  # noqa: S311


class _Stopped(Exception):
    """Nothing more is to be posted; ``str()`` says why, for the owner."""


class _Ended(Exception):
    """This process is to post no more for it."""


class Posting:
    """Posts for one webhook, as long as this process holds its lease. `run` ends soon after `end`.

    Args:
        webhook: As it was claimed.
        process: Who holds the lease.
        records: Where it stands.
        posts: Posts.
        standing: Says what its caller may do now.
        patience: How long it is tried.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        webhook: Webhook,
        process: str,
        records: WebhookRecords,
        posts: Posts,
        standing: Standing,
        patience: Patience,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.webhook = webhook
        self._process = process
        self._records = records
        self._posts = posts
        self._standing = standing
        self._patience = patience
        self._clock = clock
        self._position = webhook.position
        self._failures = webhook.failures
        self._caller = msgspec.json.decode(webhook.caller, type=Caller)
        self._reader: Reader | None = None
        self._waiting = WaitingEvents()
        self._is_idle = False
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Let `run` end; a post under way is broken off, and made again by whoever comes next."""
        self._ending.set()

    def settle(self) -> int | None:
        """The last event up to which nothing is left to post; ``None`` while something is."""
        reader = self._reader
        if not self._is_idle or reader is None or not reader.is_live or len(self._waiting):
            return None
        self._position = max(self._position, self._posts.hub.complete)
        return self._position

    async def run(self) -> None:
        """Post until `end`, or until the webhook is stopped."""
        try:
            while True:
                try:
                    await self._go_on()
                except (DatabaseUnavailable, SlurmUnavailable, ReplayUnavailable) as error:
                    _log.warning("%s waits: %s", self.webhook.webhook_id, error)
                    await self._sleep(_PAUSE_SECONDS)
        except _Ended:
            pass
        except _Stopped as why:
            await self._stop(str(why))
        finally:
            self._close()

    async def check(self) -> None:
        """Look at the credential anew, and stop what it is not good for any more."""
        try:
            await self._refresh()
        except _Stopped as why:
            self.end()
            await self._stop(str(why))

    async def _go_on(self) -> None:
        found = await self._records.pending(self.webhook.webhook_id) or await self._take()
        if found is not None:
            await self._attempt(*found)

    async def _take(self) -> tuple[WebhookDelivery, bytes] | None:
        """Make a delivery of what comes next; ``None``: look again."""
        await self._refresh()
        log = self._posts.hub.log
        if self._reader is None and self._position < log.oldest - 1:
            return await self._keep(PostKind.GAP, self._position + 1, log.oldest - 1, [])
        if self._reader is None:
            self._open()
        self._is_idle = True
        await self._until(self._waiting.filled())
        await self._sleep(LINGER_SECONDS)
        self._is_idle = False
        events = self._waiting.piece()
        if events:
            return await self._keep(PostKind.EVENTS, events[0].sequence, events[-1].sequence, events)
        self._close()  # it is broken: what is missing is read anew
        await self._sleep(_PAUSE_SECONDS)
        return None

    async def _keep(
        self, kind: PostKind, first: int, last: int, events: list[Event]
    ) -> tuple[WebhookDelivery, bytes]:
        delivery = WebhookDelivery(
            delivery_id=f"dlv_{secrets.token_hex(8)}",
            webhook_id=self.webhook.webhook_id,
            kind=kind,
            first=first,
            last=last,
            count=len(events),
            created_at=int(self._clock()),
        )
        try:
            content = pack_events(events)
            if not await self._records.take(self._process, delivery, content):
                raise _Ended
        except DatabaseUnavailable:
            self._close()  # what was taken out of memory is still in the log
            raise
        self._position = last
        return delivery, content

    async def _attempt(self, delivery: WebhookDelivery, content: bytes) -> None:
        """Post a delivery when it is due, and note what became of it."""
        self._position = max(self._position, delivery.last)
        await self._sleep(delivery.not_before - self._clock())
        caller = await self._refresh()
        told = self._posts.visible(self.webhook, caller, unpack_events(content))
        now = int(self._clock())
        try:
            # What nobody may see any more is done with.
            if told or delivery.kind is not PostKind.EVENTS:
                await self._until(self._posts.post(self.webhook, delivery, told))
        except DeliveryFailed as error:
            await self._failed(delivery, str(error))
            return
        self._failures = 0
        if not await self._surely(lambda: self._records.delivered(self._process, delivery, now)):
            raise _Ended

    async def _failed(self, delivery: WebhookDelivery, error: str) -> None:
        self._failures += 1
        now = self._clock()
        not_before: int | None = int(now + self._patience.pause(self._failures)) + 1
        if delivery.attempts + 1 >= self._patience.attempts:
            not_before = None
            _log.error("%s of %s is given up: %s", delivery.delivery_id, delivery.webhook_id, error)
        webhook = await self._surely(
            lambda: self._records.failed(self._process, delivery, error, int(now), not_before)
        )
        if webhook is None:
            raise _Ended
        if webhook.dead >= MAX_DEAD:
            raise _Stopped(f"{webhook.dead} deliveries in a row were given up: {error}")

    async def _surely(self, change: Callable[[], Awaitable[T]]) -> T:
        """Make a change as soon as the database lets it."""
        while True:
            try:
                return await change()
            except DatabaseUnavailable as error:
                _log.warning("the end of a delivery waits: %s", error)
                await self._sleep(_PAUSE_SECONDS)

    async def _refresh(self) -> Caller:
        """The caller as of now. Raises `_Stopped`, `DatabaseUnavailable`."""
        try:
            caller = await self._standing.of(self._caller)
        except AuthenticationFailed as error:
            raise _Stopped(f"Its credential is good no more: {error.message}") from error
        if self._reader is not None and self._reader.caller != caller:
            self._reader.caller = caller
            self._posts.hub.changes += 1
            self._posts.hub.review()
        return caller

    def _open(self) -> None:
        """Begin to read after the position. Raises `_Stopped`, `SlurmUnavailable`."""
        self._waiting = WaitingEvents()
        reader = self._posts.hub.reader(self._caller, self._waiting)
        try:
            for number, wanted in enumerate(self._posts.filters(self.webhook)):
                reader.subscribe(str(number), wanted)
            reader.resume(self._position)
        except (PermissionDenied, ValidationError) as error:
            reader.close()
            raise _Stopped(error.message) from error
        except BaseException:
            reader.close()
            raise
        self._reader = reader

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    async def _stop(self, reason: str) -> None:
        _log.warning("%s of %s is stopped: %s", self.webhook.webhook_id, self.webhook.user, reason)
        now = int(self._clock())
        try:
            await self._records.stop(self.webhook.webhook_id, self.webhook.revision, reason, now)
        except DatabaseUnavailable as error:  # whoever claims it next finds the same
            _log.warning("%s could not be stopped: %s", self.webhook.webhook_id, error)

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self._until(asyncio.sleep(seconds))

    async def _until(self, wanted: Awaitable[T]) -> T:
        """What is waited for. Raises `_Ended` when this is to end first."""
        step: asyncio.Future[T] = asyncio.ensure_future(wanted)
        ending = asyncio.ensure_future(self._ending.wait())
        try:
            await asyncio.wait((step, ending), return_when=asyncio.FIRST_COMPLETED)
            if not step.done():
                raise _Ended
            return step.result()
        finally:
            for one in (step, ending):
                if not one.done():
                    one.cancel()
                    await asyncio.gather(one, return_exceptions=True)
