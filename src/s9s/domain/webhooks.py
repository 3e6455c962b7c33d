"""Webhooks: events that are posted to another server, and what became of each post."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct, field


class WebhookState(StrEnum):
    """Whether events are posted."""

    ACTIVE = "active"
    PAUSED = "paused"
    """By its owner: where it stands is kept, and what happens meanwhile is posted afterwards."""
    STOPPED = "stopped"
    """By this server, which says why; its owner may make it active again."""


class Wanted(Struct, frozen=True):
    """Some events: as in a subscription of a WebSocket."""

    channel: str
    filter: dict[str, Any] = field(default_factory=dict)


class Webhook(Struct, frozen=True, kw_only=True):
    """A subscription that posts. Instants are epoch seconds."""

    webhook_id: str
    user: str
    url: str
    name: str | None = None
    subscriptions: tuple[Wanted, ...]
    caller: str
    """Whose permissions hold, as JSON: whoever made it, or made it active last."""
    secret: bytes
    """What posts are signed with, sealed."""
    state: WebhookState = WebhookState.ACTIVE
    reason: str | None = None
    """Why it is stopped."""
    position: int
    """The last event that has been dealt with: posted, waiting in a delivery, or not wanted."""
    failures: int = 0
    """Attempts that have failed since the last one that did not."""
    dead: int = 0
    """Deliveries that were given up since the last one that was not."""
    last_error: str | None = None
    last_delivered_at: int | None = None
    created_at: int
    updated_at: int
    revision: int = 0
    """Another one after every change by its owner."""


class DeliveryState(StrEnum):
    """What has become of a post."""

    PENDING = "pending"
    """Not answered with 2xx yet; it is tried again."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up after too many attempts, and kept: its owner may have it posted again."""


class PostKind(StrEnum):
    """What a post tells."""

    EVENTS = "events"
    GAP = "gap"
    """Events were not kept long enough to be posted."""
    TEST = "test"


class WebhookDelivery(Struct, frozen=True, kw_only=True):
    """One post. Instants are epoch seconds."""

    delivery_id: str
    webhook_id: str
    kind: PostKind
    state: DeliveryState = DeliveryState.PENDING
    first: int
    """Number of the first event in it, or of the first one that is missing."""
    last: int
    count: int
    """Events in it."""
    attempts: int = 0
    created_at: int
    not_before: int = 0
    finished_at: int | None = None
    error: str | None = None
    """Why the last attempt failed."""
