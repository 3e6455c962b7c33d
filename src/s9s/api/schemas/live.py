"""Messages of `/v1/ws` and of `/v1/events`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from s9s.api.pages import job_query_of
from s9s.api.parameters import Parameters, convert
from s9s.api.schemas.alerts import alert_query
from s9s.api.schemas.jobs import JobFilter
from s9s.api.values import csv, hostlist, node_states
from s9s.domain.errors import ValidationError
from s9s.domain.events import Channel
from s9s.domain.instants import format_instant
from s9s.services.live.matching import Filter
from s9s.services.live.readers import Packet
from s9s.services.nodes import NodeQuery

ChannelName = Literal["jobs", "nodes", "metrics", "alerts", "queue"]
MessageId = Annotated[str, Meta(max_length=128)] | int
Name = Annotated[str, Meta(min_length=1, max_length=64)]


class NodeFilter(Parameters, frozen=True):
    """Which nodes: the filters of the node list."""

    state: Annotated[str, Meta(description="States or flags", examples=["DRAIN,DOWN"])] | None = None
    partition: Annotated[str, Meta(description="Nodes of any of these partitions")] | None = None
    features: Annotated[str, Meta(description="Nodes that have all of these features")] | None = None
    available: Annotated[bool, Meta(description="Only nodes that could start work (or not)")] | None = None
    node: Annotated[str, Meta(description="Node names or a hostlist")] | None = None


class AlertFilter(Parameters, frozen=True):
    """Which alerts: the filters of the list of alerts."""

    state: Annotated[str, Meta(description="open, acknowledged, resolved, as a comma list")] | None = None
    rule: Annotated[str, Meta(description="Rules as a comma list", examples=["node_down"])] | None = None
    severity: Annotated[str, Meta(description="info, warning, critical, as a comma list")] | None = None
    subject: Annotated[str, Meta(description="What it is about", examples=["nodes/node001"])] | None = None
    resource_id: Annotated[str, Meta(description="Ids of alerts")] | None = None


class OtherFilter(Parameters, frozen=True):
    """Which resources of a channel that has no list of its own."""

    resource_id: Annotated[str, Meta(description="Ids of the resources")] | None = None


FILTERS: dict[str, type[JobFilter] | type[NodeFilter] | type[AlertFilter] | type[OtherFilter]] = {
    "jobs": JobFilter,
    "nodes": NodeFilter,
    "metrics": OtherFilter,
    "alerts": AlertFilter,
    "queue": OtherFilter,
}


class Authenticate(Struct, frozen=True, forbid_unknown_fields=True):
    """The first message where the handshake had no credential."""

    action: Literal["authenticate"]
    token: Annotated[str, Meta(min_length=1, max_length=8192)]
    id: MessageId | None = None


class Subscribe(Struct, frozen=True, forbid_unknown_fields=True):
    """Have changes told."""

    action: Literal["subscribe"]
    channel: ChannelName
    filter: dict[str, Any] | None = None
    snapshot: Annotated[bool, Meta(description="Send what matches now first")] = False
    since: (
        Annotated[int, Meta(ge=0, le=2**62, description="Replay the updates after this `sequence` first")]
        | None
    ) = None
    subscription: Annotated[Name, Meta(description="Name of the subscription; unset makes one")] | None = None
    id: Annotated[MessageId, Meta(description="Echoed in the answer")] | None = None


class Unsubscribe(Struct, frozen=True, forbid_unknown_fields=True):
    """End subscriptions: one, those of a channel, or all."""

    action: Literal["unsubscribe"]
    subscription: Name | None = None
    channel: ChannelName | None = None
    id: MessageId | None = None


class Ping(Struct, frozen=True, forbid_unknown_fields=True):
    """Ask whether the server is there."""

    action: Literal["ping"]
    id: MessageId | None = None


ACTIONS: dict[str, type[Authenticate] | type[Subscribe] | type[Unsubscribe] | type[Ping]] = {
    "authenticate": Authenticate,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "ping": Ping,
}


class WebSocketTicket(Struct, frozen=True):
    """A ticket for one WebSocket: `wss://.../v1/ws?ticket=...`."""

    ticket: str
    expires_in: Annotated[int, Meta(description="Seconds", examples=[60])]


class EventParameters(JobFilter, frozen=True):
    """Which events, and the filters of the channel's list."""

    channel: Annotated[str, Meta(description="Channels as a comma list", examples=["jobs"])] = "jobs"
    since: (
        Annotated[int, Meta(ge=0, le=2**62, description="Replay the events after this number first")] | None
    ) = None
    snapshot: Annotated[bool, Meta(description="Send what matches now first")] = False
    features: Annotated[str, Meta(description="Nodes that have all of these features")] | None = None
    available: Annotated[bool, Meta(description="Only nodes that could start work (or not)")] | None = None
    rule: Annotated[str, Meta(description="Alerts of these rules, as a comma list")] | None = None
    severity: Annotated[str, Meta(description="Alerts that matter so: info, warning, critical")] | None = None
    subject: Annotated[str, Meta(description="Alerts about this", examples=["nodes/node001"])] | None = None
    resource_id: Annotated[str, Meta(description="Of other channels: ids of the resources")] | None = None

    @property
    def filters(self) -> dict[str, Any]:
        """Those that are given."""
        names = {name for model in FILTERS.values() for name in model.__struct_fields__}
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class Update(Struct, frozen=True):
    """Something has changed: the contract's update message."""

    channel: ChannelName
    action: Annotated[
        Literal["created", "update", "removed"],
        Meta(description="`removed`: it is gone, or the caller may not see it any more"),
    ]
    resource_id: Annotated[str, Meta(examples=["12345"])]
    timestamp: Annotated[str, Meta(description="When it was found out", examples=["2023-12-15T14:35:00Z"])]
    data: Annotated[
        dict[str, Any],
        Meta(
            description="Of a job: `job_id`, `state`, what has changed, `previous_state` where that is the "
            "state, and `inferred: true` where it was concluded from the job's times"
        ),
    ]
    sequence: Annotated[int, Meta(description="Its place among all updates; for `since`")]


class Snapshot(Struct, frozen=True):
    """A part of what matches, as of the update `sequence`."""

    channel: ChannelName
    action: Literal["snapshot"]
    timestamp: str
    sequence: int
    total: int
    offset: int
    has_more: bool
    data: Annotated[dict[str, Any], Meta(description="Rows as in the list, under `jobs`, `nodes`, ...")]
    subscription: str | None = None


class Subscribed(Struct, frozen=True):
    """A subscription has begun: updates after `sequence` follow."""

    action: Literal["subscribed"]
    channel: ChannelName
    subscription: str
    filter: dict[str, Any]
    sequence: int
    timestamp: str
    id: MessageId | None = None


class Unsubscribed(Struct, frozen=True):
    """Subscriptions have ended."""

    action: Literal["unsubscribed"]
    subscriptions: list[str]
    timestamp: str
    channel: ChannelName | None = None
    subscription: str | None = None
    id: MessageId | None = None


class Pong(Struct, frozen=True):
    """The server is there."""

    action: Literal["pong"]
    timestamp: str
    sequence: Annotated[int, Meta(description="Of the newest update that everybody has been told of")]
    id: MessageId | None = None


class Authenticated(Struct, frozen=True):
    """The first message's credential is good."""

    action: Literal["authenticated"]
    user: str
    expires_at: Annotated[int | None, Meta(description="When the credential ends, epoch seconds")] = None
    id: MessageId | None = None


class Lagged(Struct, frozen=True):
    """The client did not read for a while. It has all updates up to `sequence`; what it missed follows."""

    action: Literal["lagged"]
    sequence: int
    timestamp: str


class ReplayUnavailable(Struct, frozen=True):
    """What was missed is not kept any more; a snapshot follows where one was asked for, or must be."""

    action: Literal["replay_unavailable"]
    channel: ChannelName
    timestamp: str
    message: str
    oldest: int | None = None
    newest: int | None = None
    subscription: str | None = None


#: What the server sends, besides errors.
ANSWERS: tuple[type[Struct], ...] = (
    Update, Snapshot, Subscribed, Unsubscribed, Pong, Authenticated, Lagged, ReplayUnavailable,
)  # fmt: skip


def read_filter(channel: str, given: Mapping[str, Any] | None) -> Filter:
    """A filter as clients write it. Raises `ValidationError` naming what is wrong and what is allowed."""
    asked = convert({name: _text(name, value) for name, value in (given or {}).items()}, FILTERS[channel])
    if isinstance(asked, JobFilter):
        return Filter(channel=Channel.JOBS, jobs=job_query_of(asked))
    if isinstance(asked, NodeFilter):
        query = NodeQuery(
            states=node_states(asked.state),
            partitions=csv(asked.partition),
            features=csv(asked.features),
            available=asked.available,
            names=hostlist("node", asked.node),
        )
        return Filter(channel=Channel.NODES, nodes=query)
    if isinstance(asked, AlertFilter):
        query_alerts = alert_query(
            state=asked.state,
            rule=asked.rule,
            severity=asked.severity,
            subject=asked.subject,
            ids=csv(asked.resource_id),
        )
        return Filter(channel=Channel.ALERTS, alerts=query_alerts)
    return Filter(channel=Channel(channel), ids=csv(asked.resource_id))


def _text(name: str, value: Any) -> Any:
    """A value as it would stand in a query string."""
    if isinstance(value, list) and all(isinstance(one, str | int) for one in value):
        return ",".join(map(str, value))
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, int):
        return str(value)
    raise ValidationError.of(name, value, "text, a number, true or false, or a list of texts")


def update_message(packet: Packet) -> bytes:
    """The contract's update message, with its `sequence`."""
    event = packet.event
    if packet.is_gone:
        resource = msgspec.json.encode(event.resource_id)
        action, data = b"removed", b'{"job_id":%b}' % resource
    else:
        resource = msgspec.json.encode(event.resource_id)
        action, data = event.action.value.encode(), bytes(event.data)
    return b'{"channel":"%b","action":"%b","resource_id":%b,"timestamp":"%b","data":%b,"sequence":%d}' % (
        event.channel.value.encode(),
        action,
        resource,
        format_instant(event.at).encode(),
        data,
        event.sequence,
    )
