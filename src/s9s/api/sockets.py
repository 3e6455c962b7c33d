"""WebSockets: who may open one, with which credential, and what ends it.

A web page of another server can open a WebSocket with the browser of somebody who is logged in somewhere;
that is worth nothing here, because no credential is a cookie, and a page knows neither token nor ticket. Only
a TLS client certificate is sent by the browser itself. So whoever says that it is a page (``Origin``) must be
one of this server, or of those that may use the API.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import structlog

from s9s.api.admission import quota_headers
from s9s.api.errors import envelope, headers_of, status_of, unexpected
from s9s.api.peers import Proxies
from s9s.api.schemas.live import Authenticate
from s9s.api.verifiers import Verifiers
from s9s.api.websocket import Closed, Guest, Receive, Socket, read_message
from s9s.domain.errors import (
    AuthenticationFailed,
    PermissionDenied,
    RateLimitExceeded,
    ResourceNotFound,
    S9SError,
)
from s9s.services.access import Caller
from s9s.services.audit import Audit, Deed
from s9s.services.limits import RateLimits
from s9s.services.live.open_connections import OpenConnection, OpenConnections, Verify
from s9s.services.live.tickets import Tickets

#: How long the first message may take where the handshake had no credential.
AUTHENTICATE_SECONDS: Final = 10.0
#: Connections without a credential yet: from one address, and in all.
_MAX_STRANGERS_OF_ONE: Final = 64
_MAX_STRANGERS: Final = 2_000
#: No credential came in time.
TIMEOUT: Final = 4408

log = structlog.get_logger(__name__)

Send = Callable[[Any], Awaitable[None]]
Endpoint = Callable[[Guest], Awaitable[None]]


class Sockets:
    """The ASGI application for WebSockets: path to endpoint, once it is known who comes.

    Args:
        endpoints: By path, as `match` finds them.
        verifiers: Say whose a credential is.
        proxies: Who is trusted to tell for whom a request is made.
        limits: A connection counts as one request.
        connections: Those that are open.
        tickets: Those that are out.
        audit: Hears of failed logins and refusals.
        origins: Of other servers whose pages may come, and our own public address.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        verifiers: Verifiers,
        *,
        proxies: Proxies,
        limits: RateLimits,
        connections: OpenConnections,
        tickets: Tickets,
        audit: Audit,
        origins: Sequence[str] = (),
    ) -> None:
        self._endpoints = dict(endpoints)
        self._verifiers = verifiers
        self._proxies = proxies
        self._limits = limits
        self._connections = connections
        self._tickets = tickets
        self._audit = audit
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self._strangers: Counter[str | None] = Counter()

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one connection from its handshake to its end."""
        await receive()
        try:
            endpoint, parameters = self._find(scope["path"])
            self._check_origin(scope)
            found = await self._present(scope)
        except S9SError as error:
            await self._audit_failure(scope, error)
            await self._refuse(scope, receive, send, error)
            return
        socket: Socket | None = None
        try:
            if found is None:
                socket, found = await self._meet_stranger(scope, receive, send)
            caller, verify = found
            quota = self._limits.of(caller)
            await self._limits.admit(quota)
            connection = OpenConnection(caller, verify, lambda error: socket.end(error) if socket else None)
            self._connections.add(connection)
        except Closed:
            return
        except S9SError as error:
            await self._audit_failure(scope, error)
            if socket is None:
                await self._refuse(scope, receive, send, error)
            else:
                socket.end(error)
            return
        try:
            if socket is None:
                await self._accept(scope, send, quota_headers(quota))
                socket = Socket(scope, receive)
            socket.path_parameters = parameters
            await endpoint(Guest(socket, connection))
        except Closed:
            pass
        except S9SError as error:
            socket.end(error) if socket else None
        except Exception as error:
            if socket is None:
                raise
            log.error("unexpected error", path=scope["path"], exc_info=error)
            socket.end(unexpected())
        finally:
            self._connections.remove(connection)

    def _find(self, path: str) -> tuple[Endpoint, Mapping[str, str]]:
        for template, endpoint in self._endpoints.items():
            parts, given = template.split("/"), path.split("/")
            if len(parts) == len(given) and all(
                part == one or part.startswith("{") for part, one in zip(parts, given, strict=True)
            ):
                names = zip(parts, given, strict=True)
                return endpoint, {part[1:-1]: one for part, one in names if part.startswith("{")}
        raise ResourceNotFound(f"No such WebSocket: {path}", resource_type="route", resource_id=path)

    def _check_origin(self, scope: Any) -> None:
        headers = scope["headers"]
        origins = [
            value.decode("latin-1").rstrip("/").lower() for name, value in headers if name == b"origin"
        ]
        if not origins:
            return
        hosts = {value.decode("latin-1").lower() for name, value in headers if name == b"host"}
        allowed = len(origins) == 1 and (
            "*" in self._origins or origins[0] in self._origins or urlsplit(origins[0]).netloc in hosts
        )
        if not allowed:
            raise PermissionDenied(
                "Pages of other servers may not open WebSockets here", origin=origins[0][:256]
            )

    async def _present(self, scope: Any) -> tuple[Caller, Verify] | None:
        """The caller of the handshake's credential; ``None``: it has none. Raises `AuthenticationFailed`."""
        address = scope["state"]["address"] = self._proxies.address_of(scope)
        ticket = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).get("ticket")
        if ticket is not None:
            if len(ticket) != 1:
                raise AuthenticationFailed("There must be one ticket, not several")
            caller, verify = await self._tickets.redeem(ticket[0])
            if not caller.restrictions.admits(address):
                raise AuthenticationFailed(
                    f"Credential {caller.token_id} may not be used from this address",
                    token_id=caller.token_id,
                )
            return caller, verify
        found = self._verifiers.of_scope(scope)
        return None if found is None else (await found(), found)

    async def _meet_stranger(
        self, scope: Any, receive: Receive, send: Send
    ) -> tuple[Socket, tuple[Caller, Verify]]:
        """Accept a connection whose first message has the credential."""
        address = scope["state"]["address"]
        if self._strangers[address] >= _MAX_STRANGERS_OF_ONE or self._strangers.total() >= _MAX_STRANGERS:
            raise RateLimitExceeded("Too many connections wait for their credential", 10)
        self._strangers[address] += 1
        try:
            await self._accept(scope, send)
            socket = Socket(scope, receive)
            try:
                async with asyncio.timeout(AUTHENTICATE_SECONDS):
                    message = read_message(await socket.receive())
            except TimeoutError:
                socket.end(AuthenticationFailed("No credential came within ten seconds"), TIMEOUT)
                raise Closed from None
            except S9SError as error:
                socket.end(AuthenticationFailed(f"The first message must authenticate: {error.message}"))
                raise Closed from error
            if not isinstance(message, Authenticate):
                socket.end(
                    AuthenticationFailed('The first message must be {"action":"authenticate","token":"..."}')
                )
                raise Closed
            verify = self._verifiers.of_secret(message.token, scope)
            try:
                caller = await verify()
            except S9SError as error:
                await self._audit_failure(scope, error)
                socket.end(error)
                raise Closed from error
            await socket.say(
                action="authenticated", user=caller.user, expires_at=caller.expires_at, id=message.id
            )
            return socket, (caller, verify)
        finally:
            self._strangers[address] -= 1
            if not self._strangers[address]:
                del self._strangers[address]

    async def _accept(self, scope: Any, send: Send, headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        request_id = (b"x-request-id", scope["state"]["request_id"].encode())
        await send({"type": "websocket.accept", "headers": [request_id, *headers]})

    async def _refuse(self, scope: Any, receive: Receive, send: Send, error: S9SError) -> None:
        """An answer in the contract's format, or a close code for a ticket: browsers show nothing else."""
        request_id = scope["state"]["request_id"]
        if b"ticket=" in scope["query_string"]:
            await self._accept(scope, send)
            Socket(scope, receive).end(error)
            return
        headers = [(b"content-type", b"application/json"), (b"x-request-id", request_id.encode())]
        headers += [(name.encode(), value.encode()) for name, value in headers_of(error).items()]
        body = envelope(error, request_id)
        await send({"type": "websocket.http.response.start", "status": status_of(error), "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})

    async def _audit_failure(self, scope: Any, error: S9SError) -> None:
        if not isinstance(error, AuthenticationFailed | PermissionDenied):
            return
        state = scope["state"]
        deed = Deed(
            action="login" if isinstance(error, AuthenticationFailed) else "open_websocket",
            credential=str(error.details["token_id"]) if "token_id" in error.details else None,
            address=state.get("address"),
            method="GET",
            route=scope["path"],
            resource=scope["path"].removeprefix("/v1/"),
            what={"message": error.message},
            request_id=state["request_id"],
        )
        await self._audit.record(deed, error.code, status_of(error))
