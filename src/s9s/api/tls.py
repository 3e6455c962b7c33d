"""What the application must know of a connection, handed to it: itself, and its client's certificate.

uvicorn keeps both to itself (its pull requests 3132 and 3133 would change that for the certificate); these
subclasses put it where ASGI's TLS extension wants it, as DER: ``scope["extensions"]["tls"]["client_cert"]``.
"""

from __future__ import annotations

import ssl
from asyncio import BaseTransport, Transport
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from s9s.api.connections import EXTENSION as CONNECTION_EXTENSION
from s9s.api.connections import Connection
from s9s.api.peers import TLS_EXTENSION


class CertifiedHttpProtocol(HttpToolsProtocol):
    """HTTP."""

    #: Of every request's scope.
    connection: Connection
    extensions: dict[str, Any]

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.extensions = _extensions(transport)
        self.connection = self.extensions[CONNECTION_EXTENSION]

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("Any", self.scope)["extensions"] = self.extensions


class CertifiedWebSocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket: takes a connection over from the other one."""

    async def run_asgi(self) -> None:
        cast("Any", self.scope)["extensions"] |= _extensions(self.transport)
        await super().run_asgi()


def _extensions(transport: BaseTransport) -> dict[str, Any]:
    ends = (transport.get_extra_info(name) for name in ("peername", "sockname"))
    client, server = (end[:2] if isinstance(end, tuple) else None for end in ends)
    extensions: dict[str, Any] = {CONNECTION_EXTENSION: Connection(client, server)}
    if (certificate := _certificate_of(transport)) is not None:
        extensions[TLS_EXTENSION] = {"client_cert": certificate}
    return extensions


def _certificate_of(transport: BaseTransport) -> bytes | None:
    """DER, if the client sent one and TLS has found it genuine."""
    connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    if connection is None or connection.context.verify_mode is ssl.CERT_NONE:
        return None
    return connection.getpeercert(binary_form=True)
