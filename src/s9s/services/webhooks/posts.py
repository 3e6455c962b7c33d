"""What is posted, and the one way to do it: for webhooks that run, for tests and for what is posted again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from s9s.domain.delivery import DeliveryFailed
from s9s.domain.errors import PermissionDenied
from s9s.domain.events import Channel, Event
from s9s.domain.webhooks import Webhook, WebhookDelivery
from s9s.services.access import Caller
from s9s.services.delivery.outgoing import Outgoing
from s9s.services.live.hub import Hub
from s9s.services.live.matching import Filter, Sight, Telling, telling
from s9s.services.live.readers import Packet
from s9s.storage.sealing import Seal, Unsealable

Parse = Callable[[str, Mapping[str, Any]], Filter]
Describe = Callable[[Packet], bytes]

#: The same for every attempt of one delivery.
DELIVERY_HEADER: Final = "X-S9S-Delivery"


class Posts:
    """Makes bodies and posts them.

    Args:
        hub: Says what callers may see.
        outgoing: Posts, to allowed targets only.
        seal: Opens the secrets that posts are signed with.
        parse: A channel and a filter as clients write them. Raises `ValidationError`.
        describe: An event as clients get it.
        cluster: What the cluster is called.
    """

    def __init__(
        self,
        hub: Hub,
        outgoing: Outgoing,
        seal: Seal,
        *,
        parse: Parse,
        describe: Describe,
        cluster: Callable[[], str],
    ) -> None:
        self.hub = hub
        self.outgoing = outgoing
        self.seal = seal
        self.parse = parse
        self._describe = describe
        self._cluster = cluster

    def filters(self, webhook: Webhook) -> list[Filter]:
        """What a webhook wants."""
        return [self.parse(one.channel, one.filter) for one in webhook.subscriptions]

    def visible(self, webhook: Webhook, caller: Caller, events: Sequence[Event]) -> list[bytes]:
        """Those of the events that the webhook wants and its caller may see now, each as clients get it."""
        wanted = [(one, self._sight(caller, one.channel)) for one in self.filters(webhook)]
        found = []
        for event in events:
            told = {telling(one, sight, event) for one, sight in wanted if one.channel is event.channel}
            if Telling.ALL in told:
                found.append(self._describe(Packet(event)))
            elif Telling.GONE in told:
                found.append(self._describe(Packet(event, is_gone=True)))
        return found

    def _sight(self, caller: Caller, channel: Channel) -> Sight:
        try:
            return self.hub.require(caller, channel)
        except PermissionDenied as error:
            return Sight(refused=error.message)

    async def post(self, webhook: Webhook, delivery: WebhookDelivery, told: Sequence[bytes] = ()) -> None:
        """Post a delivery; it has arrived when this returns. Raises `DeliveryFailed`."""
        try:
            secret = self.seal.open(webhook.secret, webhook.webhook_id)
        except Unsealable as error:
            raise DeliveryFailed("the server cannot read its signing secret", is_final=True) from error
        head = {
            "type": delivery.kind.value,
            "webhook_id": webhook.webhook_id,
            "delivery_id": delivery.delivery_id,
            "cluster": self._cluster(),
            "first_sequence": delivery.first,
            "last_sequence": delivery.last,
        }
        body = b'%b,"events":[%b]}' % (msgspec.json.encode(head)[:-1], b",".join(told))
        headers = {DELIVERY_HEADER: delivery.delivery_id}
        await self.outgoing.post(webhook.url, body, secret, headers=headers)
