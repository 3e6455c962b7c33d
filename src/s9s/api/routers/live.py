"""Routes of events: Server-Sent Events, and tickets for WebSockets."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Stream

from s9s.api.errors import ErrorEnvelope
from s9s.api.schemas.job_changes import EmptyBody
from s9s.api.schemas.live import EventParameters, WebSocketTicket
from s9s.api.streams import EventStreams
from s9s.services.access import Caller
from s9s.services.live.tickets import LIFETIME_SECONDS


@post(
    "/ws/ticket",
    payload=EmptyBody,
    audited=False,
    tags=["Live"],
    summary="Get a ticket for a WebSocket",
    status_code=200,
)
async def create_ticket(
    payload: NamedDependency[EmptyBody],
    caller: NamedDependency[Caller],
    streams: NamedDependency[EventStreams],
) -> WebSocketTicket:
    """A ticket for one connection to `/v1/ws?ticket=...` within a minute, for browsers.

    Their WebSockets cannot send a header, and a long-lived secret has no place in a URL.
    """
    return WebSocketTicket(await streams.ticket(caller), LIFETIME_SECONDS)


@get(
    "/events",
    parameters=EventParameters,
    tags=["Live"],
    summary="Follow events",
    media="text/event-stream",
    failures={"409": ErrorEnvelope},
    sync_to_thread=False,
)
def stream_events(
    request: Request[Any, Any, Any],
    parameters: NamedDependency[EventParameters],
    caller: NamedDependency[Caller],
    streams: NamedDependency[EventStreams],
) -> Stream:
    """Changes as Server-Sent Events: each `data` is a message in the contract's update format.

    With one channel the filters of its list narrow the stream (`?channel=jobs&user=alice&state=RUNNING`).
    Whoever comes back with `Last-Event-ID`, or `since`, gets what was missed; 409 says that the server cannot
    tell it any more. Needs `curl -N`.
    """
    return Stream(
        streams.open(caller, request.scope, parameters),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )


@get("/asyncapi.json", exclude_from_auth=True, tags=["Live"], summary="AsyncAPI document")
async def asyncapi_json(request: Request[Any, Any, Any]) -> Response[dict[str, Any]]:
    """What goes over WebSockets and event streams, as AsyncAPI 3."""
    return Response(request.app.state["asyncapi"].json, media_type="application/json")


@get("/asyncapi.yaml", exclude_from_auth=True, tags=["Live"], summary="AsyncAPI document as YAML")
async def asyncapi_yaml(request: Request[Any, Any, Any]) -> Response[str]:
    """What goes over WebSockets and event streams, as AsyncAPI 3."""
    return Response(request.app.state["asyncapi"].yaml, media_type="application/yaml")


ROUTES = [create_ticket, stream_events, asyncapi_json, asyncapi_yaml]
