"""Connections of whoever runs the server: from this host, by one of its own processes, not by others' pages.

A secret that everybody knows is good for these only. Other users of a login node reach its loopback too, and
so does every web page that its browser shows.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any, Final

from s9s.domain.credentials import parse_address

#: Where our protocols put the `Connection` of a request, among the extensions of its ASGI scope.
EXTENSION: Final = "connection"

#: Names of the host itself, which no name server can point elsewhere (DNS rebinding).
_LOCAL_HOST: Final = re.compile(rb"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.IGNORECASE)
#: Whoever passes a request on says so in one of these, and is not the one who asks.
PASSED_ON: Final = frozenset({b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"})
_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_MAPPED: Final = 0xFFFF << 32

Headers = Iterable[tuple[bytes, bytes]]
Address = tuple[str, int]


class Connection:
    """One connection of a client.

    Args:
        client: The client's address and port; ``None``: it is no TCP connection.
        server: The server's.
    """

    __slots__ = ("_client", "_is_own", "_server")

    def __init__(self, client: Address | None, server: Address | None) -> None:
        self._client = client
        self._server = server
        self._is_own: bool | None = None

    def is_local(self, headers: Headers) -> bool:
        """Whether a request comes from whoever runs the server, or from root, by a name of this host."""
        hosts: list[bytes] = []
        origins: set[bytes] = set()
        for name, value in headers:
            if name == b"host":
                hosts.append(value.lower())
            elif name == b"origin":
                origins.add(value.lower())
            elif name in PASSED_ON:
                return False
        if len(hosts) != 1 or not _LOCAL_HOST.fullmatch(hosts[0]):
            return False
        # A page of another server may open a WebSocket anywhere, whatever is set for CORS.
        return origins <= {b"http://" + hosts[0], b"https://" + hosts[0]} and self.is_own()

    def is_own(self) -> bool:
        """Whether the process at the other end runs as the server's user, or as root. Remembered."""
        if self._is_own is None:
            self._is_own = (
                self._client is not None and self._server is not None and _is_own(self._client, self._server)
            )
        return self._is_own


def locality_of(scope: Mapping[str, Any]) -> partial[bool]:
    """Tells, once it is asked, whether the request of an ASGI scope is local."""
    connection = (scope.get("extensions") or {}).get(EXTENSION)
    if connection is None:
        connection = Connection(None, None)
    return partial(connection.is_local, scope["headers"])


def _is_own(client: Address, server: Address) -> bool:
    if platform.system() == "Linux":
        return owner_of(client, server) in (os.geteuid(), 0)
    # Nobody can tell here whose process it is.
    address = parse_address(client[0])
    return address is not None and address.is_loopback


def owner_of(client: Address, server: Address) -> int | None:
    """The uid of the process of this host that has a TCP connection open from `client` to `server`.

    ``None`` when there is none: the client is on another host, or has closed its end already, after which the
    kernel calls everybody root.
    """
    ends = _columns(client), _columns(server)
    for table, local, remote in zip(_TABLES, *ends, strict=True):
        if local is None or remote is None:
            continue
        try:
            text = table.read_bytes()
        except OSError:
            continue
        found = re.search(rb": %b %b (?:\S+ ){4} *(\d+) +\d+ (\d+) " % (local, remote), text)
        if found and found[2] != b"0":
            return int(found[1])
    return None


def _columns(end: Address) -> tuple[bytes | None, bytes | None]:
    """An end of a connection as the tables of IPv4 and of IPv6 have it."""
    address = parse_address(end[0])
    if address is None:
        return None, None
    if isinstance(address, IPv4Address):
        return _column(address, end[1]), _column(IPv6Address(_MAPPED | int(address)), end[1])
    return None, _column(address, end[1])


def _column(address: IPv4Address | IPv6Address, port: int) -> bytes:
    # The kernel prints the address word by word, each as a number of this machine.
    words = re.findall(rb"(?s).{4}", address.packed)
    return b"%b:%04X" % (b"".join(b"%08X" % int.from_bytes(word, sys.byteorder) for word in words), port)
