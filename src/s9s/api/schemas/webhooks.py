"""Webhooks on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from s9s.api.schemas.live import ChannelName
from s9s.api.schemas.paging import PageInfo, PageParameters
from s9s.domain.instants import format_instant
from s9s.domain.webhooks import Wanted, Webhook, WebhookDelivery
from s9s.services.webhooks.service import expires_at

StateName = Literal["active", "paused", "stopped"]
DeliveryStateName = Literal["pending", "delivered", "dead"]
Url = Annotated[str, Meta(min_length=1, max_length=2048, examples=["https://hooks.example.com/s9s"])]
Label = Annotated[str, Meta(min_length=1, max_length=256, description="For its owner to tell it from others")]


class WebhookSubscription(Struct, frozen=True, forbid_unknown_fields=True):
    """Some events: as in a subscription of the WebSocket."""

    channel: ChannelName
    filter: Annotated[
        dict[str, Any],
        Meta(description="As in the channel's list", examples=[{"user": "alice", "state": "FAILED"}]),
    ] = field(default_factory=dict)


class WebhookBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which events are to be posted, and where to."""

    url: Url
    subscriptions: Annotated[list[WebhookSubscription], Meta(description="One to ten")]
    name: Label | None = None
    since: (
        Annotated[int, Meta(ge=0, le=2**62, description="Begin after this event; unset begins with the next")]
        | None
    ) = None


class WebhookChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be changed."""

    state: (
        Annotated[
            Literal["active", "paused"],
            Meta(description="`active` begins again; what happened meanwhile is posted"),
        ]
        | None
    ) = None
    url: Url | None = None
    subscriptions: list[WebhookSubscription] | None = None
    name: Label | None = None


class WebhookListParameters(PageParameters, frozen=True):
    """Whose, and which page."""

    user: Annotated[str, Meta(description="Webhooks of this user, for administrators")] | None = None


class DeliveryListParameters(PageParameters, frozen=True):
    """Filters and page of the list of deliveries."""

    state: Annotated[str, Meta(description="pending, delivered, dead, as a comma list")] | None = None


class WebhookDocument(Struct, frozen=True):
    """Events that are posted to another server."""

    webhook_id: Annotated[str, Meta(examples=["whk_5d199840dc600403"])]
    url: str
    name: str | None
    user: str
    state: Annotated[StateName, Meta(description="`stopped`: by the server, for `reason`")]
    reason: str | None
    subscriptions: list[WebhookSubscription]
    sequence: Annotated[int, Meta(description="The last event that has been dealt with")]
    lag: Annotated[int, Meta(description="Events since then, wanted or not")]
    failures: Annotated[int, Meta(description="Attempts that have failed since the last one that did not")]
    last_error: Annotated[str | None, Meta(description="Why the last attempt failed, if it did")]
    last_delivered_at: str | None
    expires_at: Annotated[str | None, Meta(description="When the credential ends that it acts with")]
    created_at: str
    updated_at: str
    secret: Annotated[
        str | None, Meta(description="What posts are signed with; in the answer to its making only")
    ]


class WebhookList(PageInfo, frozen=True):
    """A page of webhooks."""

    webhooks: list[WebhookDocument]


class DeliveryEntry(Struct, frozen=True):
    """One post of a webhook."""

    delivery_id: Annotated[str, Meta(examples=["dlv_5d199840dc600403"])]
    kind: Annotated[Literal["events", "gap", "test"], Meta(description="`gap`: events were not kept so long")]
    state: Annotated[DeliveryStateName, Meta(description="`dead`: given up, to be redelivered by hand")]
    first_sequence: int
    last_sequence: int
    events: Annotated[int, Meta(description="How many are in it")]
    attempts: int
    created_at: str
    next_attempt_at: Annotated[str | None, Meta(description="null: none will be made by itself")]
    finished_at: str | None
    error: Annotated[str | None, Meta(description="Why the last attempt failed, if it did")]


class DeliveryList(PageInfo, frozen=True):
    """A page of deliveries."""

    deliveries: list[DeliveryEntry]


class WebhookAnswer(Struct, frozen=True):
    """What became of a webhook."""

    webhook_id: str
    message: str


def wanted_of(given: list[WebhookSubscription]) -> list[Wanted]:
    """The subscriptions of a body."""
    return [Wanted(one.channel, one.filter) for one in given]


def webhook_document(webhook: Webhook, lag: int, secret: str | None = None) -> WebhookDocument:
    """A webhook as it stands."""
    return WebhookDocument(
        webhook_id=webhook.webhook_id,
        url=webhook.url,
        name=webhook.name,
        user=webhook.user,
        state=webhook.state.value,
        reason=webhook.reason,
        subscriptions=[WebhookSubscription(one.channel, one.filter) for one in webhook.subscriptions],  # type: ignore[arg-type]
        sequence=webhook.position,
        lag=lag,
        failures=webhook.failures,
        last_error=webhook.last_error,
        last_delivered_at=_time(webhook.last_delivered_at),
        expires_at=_time(expires_at(webhook)),
        created_at=format_instant(webhook.created_at),
        updated_at=format_instant(webhook.updated_at),
        secret=secret,
    )


def delivery_entry(delivery: WebhookDelivery) -> DeliveryEntry:
    """A delivery as it stands."""
    is_pending = delivery.finished_at is None
    return DeliveryEntry(
        delivery_id=delivery.delivery_id,
        kind=delivery.kind.value,
        state=delivery.state.value,
        first_sequence=delivery.first,
        last_sequence=delivery.last,
        events=delivery.count,
        attempts=delivery.attempts,
        created_at=format_instant(delivery.created_at),
        next_attempt_at=_time(max(delivery.not_before, delivery.created_at)) if is_pending else None,
        finished_at=_time(delivery.finished_at),
        error=delivery.error,
    )


def _time(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)
