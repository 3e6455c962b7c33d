"""The certificate of a TLS connection's client, handed to the application.

uvicorn keeps it to itself (its pull requests 3132 and 3133 would change that); these subclasses put it
where ASGI's TLS extension wants it, as DER: ``scope["extensions"]["tls"]["client_cert"]``.
"""

from __future__ import annotations

import ssl
from asyncio import BaseTransport, Transport
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from s9s.api.peers import TLS_EXTENSION


class CertifiedHttpProtocol(HttpToolsProtocol):
    """HTTP."""

    client_certificate: bytes | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.client_certificate = _certificate_of(transport)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self.client_certificate is not None:
            cast("Any", self.scope)["extensions"] = {TLS_EXTENSION: {"client_cert": self.client_certificate}}


class CertifiedWebSocketProtocol(WebSocketsSansIOProtocol):
    """WebSocket: takes a connection over from the other one."""

    async def run_asgi(self) -> None:
        if (certificate := _certificate_of(self.transport)) is not None:
            cast("Any", self.scope)["extensions"][TLS_EXTENSION] = {"client_cert": certificate}
        await super().run_asgi()


def _certificate_of(transport: BaseTransport) -> bytes | None:
    """DER, if the client sent one and TLS has found it genuine."""
    connection: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    if connection is None or connection.context.verify_mode is ssl.CERT_NONE:
        return None
    return connection.getpeercert(binary_form=True)
