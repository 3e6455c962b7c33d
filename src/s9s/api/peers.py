"""Who is at the other end of a connection, also behind proxies that are trusted to tell."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_network
from typing import Any, Final

from s9s.domain.credentials import parse_address
from s9s.domain.errors import AuthenticationFailed

Headers = Iterable[tuple[bytes, bytes]]

#: RFC 9440; believed from trusted proxies only.
CLIENT_CERT: Final = b"client-cert"
#: Where our protocols put the certificate of the connection (the name is of ASGI's TLS extension).
TLS_EXTENSION: Final = "tls"
_MAX_HOPS: Final = 16


class Proxies:
    """The proxies before the server.

    Args:
        networks: Where they are; requests from anywhere else speak for themselves only.
    """

    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._networks = tuple(ip_network(one, strict=False) for one in networks)

    def trusts(self, address: str | None) -> bool:
        """Whether an address is a trusted proxy's."""
        found = parse_address(address) if self._networks and address else None
        return found is not None and any(found in network for network in self._networks)

    def address(self, peer: str | None, headers: Headers) -> str | None:
        """Where a request comes from: the peer, or who a trusted one says that it speaks for.

        Of ``X-Forwarded-For`` the last address counts that is no trusted proxy's: whatever stands before it
        was written by somebody whom nobody vouches for.
        """
        if not self._networks or not self.trusts(peer):
            return peer
        told = b",".join([value for name, value in headers if name == b"x-forwarded-for"])
        for hop in reversed(told.decode("latin-1").split(",")[-_MAX_HOPS:]):
            address = parse_address(_without_port(hop.strip()))
            if address is None:
                break
            peer = str(address)
            if not self.trusts(peer):
                break
        return peer

    def certificate(self, scope: Mapping[str, Any]) -> bytes | None:
        """The client's certificate (DER) as TLS, or a trusted proxy, has verified it; ``None`` for none.

        Raises `AuthenticationFailed` for a trusted proxy's header that is not what RFC 9440 says.
        """
        if self.trusts(_peer(scope)):
            told = [value for name, value in scope["headers"] if name == CLIENT_CERT]
            return _certificate_in(told) if told else None
        certificate: bytes | None = scope.get("extensions", {}).get(TLS_EXTENSION, {}).get("client_cert")
        return certificate

    def address_of(self, scope: Mapping[str, Any]) -> str | None:
        """`address` of an ASGI scope."""
        return self.address(_peer(scope), scope["headers"])


def _peer(scope: Mapping[str, Any]) -> str | None:
    client = scope.get("client")
    return client[0] if client else None


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def _certificate_in(told: list[bytes]) -> bytes:
    """The one byte sequence (RFC 8941: base64 between colons)."""
    value = told[0].strip()
    if len(told) == 1 and len(value) > 2 and value[:1] == value[-1:] == b":":
        try:
            return base64.b64decode(value[1:-1], validate=True)
        except binascii.Error:
            pass
    raise AuthenticationFailed("The header Client-Cert is not as RFC 9440 says")
