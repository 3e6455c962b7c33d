"""The AsyncAPI document of WebSockets and Server-Sent Events, from the structs that are read."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import yaml
from msgspec import Struct

from s9s import __version__
from s9s.api.errors import ErrorEnvelope
from s9s.api.schemas.jobs import JobFilter
from s9s.api.schemas.live import ACTIONS, ANSWERS, NodeFilter, OtherFilter

_DESCRIPTION: Final = """\
Changes as they happen. Each client message is answered, or told of its error in the contract's error
format, with its `id` echoed. Updates are numbered by `sequence` in one order for all channels; whoever comes
back says `since`.

**Credentials** of `/v1/ws`: the `Authorization` or `X-API-Key` header, a TLS client certificate, a first
message `authenticate` within ten seconds, or `?ticket=` from `POST /v1/ws/ticket` (a minute, once).

**Close codes**: 1000 all is said, 1001 the server is shutting down, 1009 the message is too large, 1011 no
answer to pings or an error of the server, 1013 try again later, 4400 bad request, 4401 the credential is
missing, bad, expired or revoked, 4403 not allowed, 4404 no such resource, 4408 no credential came in time,
4429 too many messages or connections.
"""

#: Which answer belongs to which message of a client.
_REPLIES: Final = {
    "Authenticate": "Authenticated",
    "Subscribe": "Subscribed",
    "Unsubscribe": "Unsubscribed",
    "Ping": "Pong",
}
_STREAMED: Final = ("Update", "Snapshot", "Lagged", "ReplayUnavailable")


class AsyncDocument:
    """The document as JSON and as YAML, made once."""

    def __init__(self, public_url: str | None = None) -> None:
        self.content: Final = build(public_url)
        self.json: Final = msgspec.json.encode(self.content)

    @property
    def yaml(self) -> str:
        """The same as YAML."""
        return yaml.safe_dump(self.content, sort_keys=False, allow_unicode=True, width=120)


def build(public_url: str | None = None) -> dict[str, Any]:
    """The whole document."""
    given: list[type[Struct]] = list(ACTIONS.values())
    models: list[type[Struct]] = [*given, *ANSWERS, ErrorEnvelope]
    _, schemas = msgspec.json.schema_components(
        [*models, JobFilter, NodeFilter, OtherFilter], ref_template="#/components/schemas/{name}"
    )
    address = urlsplit(public_url or "http://localhost:8080")
    secure = "s" if address.scheme == "https" else ""
    names = [model.__name__ for model in models]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "S9S live API",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "websocket": {"host": address.netloc, "protocol": f"ws{secure}", "security": _security()},
            "stream": {"host": address.netloc, "protocol": f"http{secure}", "security": _security()},
        },
        "channels": {
            "ws": {
                "address": "/v1/ws",
                "servers": [{"$ref": "#/servers/websocket"}],
                "description": "All channels over one WebSocket; served under `/api/v1/ws` too",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
                "bindings": {
                    "ws": {
                        "method": "GET",
                        "query": {
                            "type": "object",
                            "properties": {
                                "ticket": {"type": "string", "description": "From `POST /v1/ws/ticket`"}
                            },
                        },
                    }
                },
            },
            "events": {
                "address": "/v1/events",
                "servers": [{"$ref": "#/servers/stream"}],
                "description": "The same updates as Server-Sent Events (`text/event-stream`)",
                "messages": {
                    name: {"$ref": f"#/components/messages/{name}"} for name in (*_STREAMED, "ErrorEnvelope")
                },
            },
        },
        "operations": {
            **{_lower(model.__name__): _receives(model) for model in given},
            "tell": _sends("ws", (*_STREAMED, "ErrorEnvelope"), "What the server sends unasked"),
            "stream": _sends("events", (*_STREAMED, "ErrorEnvelope"), "What the server streams"),
        },
        "components": {
            "schemas": {name: schemas[name] for name in sorted(schemas)},
            "messages": {model.__name__: _message(model) for model in models},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "httpApiKey", "in": "header", "name": "X-API-Key"},
                "certificate": {"type": "X509"},
            },
        },
    }


def _security() -> list[dict[str, str]]:
    names = ("bearer", "apiKey", "certificate")
    return [{"$ref": f"#/components/securitySchemes/{name}"} for name in names]


def _message(model: type[Struct]) -> dict[str, Any]:
    name = model.__name__
    text = re.sub(r"\s+", " ", (model.__doc__ or "").strip())
    return {"name": name, "summary": text, "payload": {"$ref": f"#/components/schemas/{name}"}}


def _reference(channel: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{channel}/messages/{name}"}


def _receives(model: type[Struct]) -> dict[str, Any]:
    name = model.__name__
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/ws"},
        "summary": (model.__doc__ or "").strip().splitlines()[0],
        "messages": [_reference("ws", name)],
        "reply": {
            "channel": {"$ref": "#/channels/ws"},
            "messages": [_reference("ws", one) for one in (_REPLIES[name], "ErrorEnvelope")],
        },
    }


def _sends(channel: str, names: tuple[str, ...], summary: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [_reference(channel, name) for name in names],
    }


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
