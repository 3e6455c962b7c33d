"""Webhooks as their owners have them: made, changed, tried, looked at."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import msgspec
from msgspec import structs

from s9s.domain.credentials import Kind
from s9s.domain.delivery import DeliveryFailed
from s9s.domain.errors import (
    AuthenticationFailed,
    PermissionDenied,
    ResourceConflict,
    ResourceNotFound,
    ServiceUnavailable,
    ValidationError,
)
from s9s.domain.queries import Page
from s9s.domain.webhooks import DeliveryState, PostKind, Wanted, Webhook, WebhookDelivery, WebhookState
from s9s.services.access import Caller, require_own
from s9s.services.audit import observe
from s9s.services.identity.standing import Standing
from s9s.services.webhooks.posts import Posts
from s9s.storage.events import unpack_events
from s9s.storage.sealing import Unsealable
from s9s.storage.webhooks import TooMany, WebhookRecords

#: Subscriptions of one webhook.
MAX_SUBSCRIPTIONS: Final = 10


class Webhooks:
    """What callers may do about webhooks.

    Args:
        records: Where they are kept.
        posts: Posts.
        standing: Says what their callers may do now.
        changed: Called when one is to be posted for, or not any more.
        of_one: How many a user may have.
        of_all: How many there may be.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        records: WebhookRecords,
        posts: Posts,
        standing: Standing,
        changed: Callable[[], None],
        *,
        of_one: int,
        of_all: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records = records
        self._posts = posts
        self._standing = standing
        self._changed = changed
        self._of_one = of_one
        self._of_all = of_all
        self._clock = clock

    async def create(
        self,
        caller: Caller,
        *,
        url: str,
        subscriptions: Sequence[Wanted],
        name: str | None,
        since: int | None,
    ) -> tuple[str, Webhook]:
        """Have events posted from now on, or from after the event `since`.

        Returns:
            The secret that posts are signed with, this once, and the webhook.

        Raises:
            ValidationError: A URL that may not be posted to, a bad filter.
            PermissionDenied: A channel that the caller may not hear.
            ResourceConflict: There are too many, or events since then are not kept any more.
            ServiceUnavailable: The server's key cannot be used.
        """
        await self._posts.outgoing.check("url", url)
        self._check(caller, subscriptions)
        log = self._posts.hub.log
        if since is not None:
            log.require(since)
        now, webhook_id = int(self._clock()), f"whk_{secrets.token_hex(8)}"
        secret = f"whsec_{secrets.token_urlsafe(32)}"
        try:
            sealed = self._posts.seal.close(secret, webhook_id)
        except Unsealable as error:
            raise ServiceUnavailable("The server cannot keep secrets at present") from error
        webhook = Webhook(
            webhook_id=webhook_id,
            user=caller.user,
            url=url,
            name=name,
            subscriptions=tuple(subscriptions),
            caller=_kept(caller),
            secret=sealed,
            position=log.newest if since is None else since,
            created_at=now,
            updated_at=now,
        )
        try:
            await self._records.add(webhook, of_one=self._of_one, of_all=self._of_all)
        except TooMany as error:
            whose = f"{caller.user} has" if error.is_own else "There are"
            raise ResourceConflict(
                f"{whose} {error.count} webhooks already; no more are taken", resource_type="webhook"
            ) from error
        observe(f"webhooks/{webhook_id}", after=_audited(webhook))
        self._changed()
        return secret, webhook

    async def page(self, caller: Caller, user: str | None, limit: int, offset: int) -> Page[Webhook]:
        """The caller's, the newest first; an administrator has everybody's, or one user's."""
        if not caller.allows("admin"):
            if user not in (None, caller.user):
                raise PermissionDenied("Only administrators see the webhooks of others", parameter="user")
            user = caller.user
        found, total = await self._records.page(user, limit, offset)
        return Page(items=found, total=total, limit=limit, offset=offset)

    async def get(self, webhook_id: str, caller: Caller) -> Webhook:
        """One of them. Raises `ResourceNotFound`, also for one that is not the caller's business."""
        webhook = await self._records.get(webhook_id)
        if webhook is None or not (webhook.user == caller.user or caller.allows("admin")):
            raise ResourceNotFound.of("webhook", webhook_id)
        return webhook

    async def change(
        self,
        webhook_id: str,
        caller: Caller,
        *,
        url: str | None = None,
        subscriptions: Sequence[Wanted] | None = None,
        name: str | None = None,
        state: WebhookState | None = None,
    ) -> Webhook:
        """Change what is not ``None``.

        From then on the caller's credential is the one whose permissions hold, unless it is only paused:
        whoever may do less than the one who made it must not be able to have more told to another place.
        An administrator may pause those of others. Errors as of `create`, and `ResourceNotFound`.
        """
        before = await self.get(webhook_id, caller)
        values: dict[str, Any] = {}
        if url is not None:
            await self._posts.outgoing.check("url", url)
            values["url"] = url
        if name is not None:
            values["name"] = name
        if subscriptions is not None:
            values["subscriptions"] = tuple(subscriptions)
        if state is WebhookState.PAUSED:
            values["state"] = state.value
        if values.keys() - {"state", "name"} or state is WebhookState.ACTIVE:
            require_own(caller, before.user, "webhook")
            self._check(caller, before.subscriptions if subscriptions is None else subscriptions)
            values["caller"] = _kept(caller)
        if state is WebhookState.ACTIVE:
            values |= {"state": state.value, "reason": None, "failures": 0, "dead": 0, "last_error": None}
        webhook = await self._records.change(webhook_id, int(self._clock()), **values)
        if webhook is None:
            raise ResourceNotFound.of("webhook", webhook_id)
        observe(f"webhooks/{webhook_id}", before=_audited(before), after=_audited(webhook))
        self._changed()
        return webhook

    async def remove(self, webhook_id: str, caller: Caller) -> Webhook:
        """Forget it with all its deliveries. Raises `ResourceNotFound`."""
        webhook = await self.get(webhook_id, caller)
        await self._records.remove(webhook_id)
        observe(f"webhooks/{webhook_id}", before=_audited(webhook))
        self._changed()
        return webhook

    async def test(self, webhook_id: str, caller: Caller) -> WebhookDelivery:
        """Post something without events now; the delivery says what became of it. Raises as `redeliver`."""
        webhook = await self.get(webhook_id, caller)
        require_own(caller, webhook.user, "webhook")
        now = int(self._clock())
        delivery = WebhookDelivery(
            delivery_id=f"dlv_{secrets.token_hex(8)}",
            webhook_id=webhook_id,
            kind=PostKind.TEST,
            first=webhook.position,
            last=webhook.position,
            count=0,
            created_at=now,
        )
        try:
            await self._posts.post(webhook, delivery)
            state, error = DeliveryState.DELIVERED, None
        except DeliveryFailed as failed:
            state, error = DeliveryState.DEAD, str(failed)
        finished_at = int(self._clock())
        return structs.replace(delivery, state=state, attempts=1, finished_at=finished_at, error=error)

    async def redeliver(self, webhook_id: str, delivery_id: str, caller: Caller) -> WebhookDelivery:
        """Post a delivery that was given up once more, now; the delivery says what became of it.

        Raises `ResourceNotFound`, `ResourceConflict` for one that was not given up, `PermissionDenied` when
        the webhook is not the caller's or its credential is good no more.
        """
        webhook = await self.get(webhook_id, caller)
        require_own(caller, webhook.user, "webhook")
        found = await self._records.delivery(webhook_id, delivery_id)
        if found is None:
            raise ResourceNotFound.of("delivery", delivery_id)
        delivery, content = found
        if delivery.state is not DeliveryState.DEAD or content is None:
            raise ResourceConflict(f"Delivery {delivery_id} is {delivery.state.value}", state=delivery.state)
        try:
            owner = await self._standing.of(msgspec.json.decode(webhook.caller, type=Caller))
        except AuthenticationFailed as error:
            raise PermissionDenied(f"The webhook's credential is good no more: {error.message}") from error
        told = self._posts.visible(webhook, owner, unpack_events(content))
        failure = None
        try:
            await self._posts.post(webhook, delivery, told)
        except DeliveryFailed as error:
            failure = str(error)
        return await self._records.tried_again(delivery, int(self._clock()), failure)

    async def deliveries(
        self,
        webhook_id: str,
        caller: Caller,
        states: Collection[DeliveryState] | None,
        limit: int,
        offset: int,
    ) -> Page[WebhookDelivery]:
        """What was posted lately, the newest first. Raises `ResourceNotFound`."""
        await self.get(webhook_id, caller)
        found, total = await self._records.deliveries(webhook_id, states, limit, offset)
        return Page(items=found, total=total, limit=limit, offset=offset)

    def lag(self, webhook: Webhook) -> int:
        """Events that happened since the last one that has been dealt with."""
        return max(0, self._posts.hub.log.newest - webhook.position)

    def _check(self, caller: Caller, subscriptions: Sequence[Wanted]) -> None:
        if not 0 < len(subscriptions) <= MAX_SUBSCRIPTIONS:
            raise ValidationError.of(
                "subscriptions", len(subscriptions), f"one to {MAX_SUBSCRIPTIONS} subscriptions"
            )
        for one in subscriptions:
            self._posts.hub.require(caller, self._posts.parse(one.channel, one.filter).channel)


def expires_at(webhook: Webhook) -> int | None:
    """When the credential behind a webhook ends, as far as that was known when it was made; epoch seconds."""
    return msgspec.json.decode(webhook.caller, type=Caller).expires_at


def _kept(caller: Caller) -> str:
    """A caller as they are kept. What lives as long as its OAuth client says so itself."""
    if caller.kind is Kind.CLIENT:
        caller = structs.replace(caller, expires_at=None)
    return msgspec.json.encode(caller).decode()


def _audited(webhook: Webhook) -> dict[str, object]:
    """What of a webhook belongs into the audit log."""
    return {
        "url": webhook.url,
        "state": webhook.state.value,
        "subscriptions": [structs.asdict(one) for one in webhook.subscriptions],
    }
