"""Requests and answers over a bounded number of connections to one place. Nothing is ever sent twice."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Final, Protocol

from msgspec import Struct

from s9s.backends.slurmrestd.answers import Failed, Response, TooSlow
from s9s.backends.slurmrestd.connection import Connection

#: slurmrestd serves each connection with a thread of its own, 20 by default; others want some too.
MAX_CONNECTIONS: Final = 12
#: A connection that was idle for so long is not used again.
IDLE_SECONDS: Final = 20.0
#: For a connection, TLS included.
CONNECT_SECONDS: Final = 3.0
#: For one of the connections to become free.
WAIT_SECONDS: Final = 10.0


class Network(Protocol):
    """Carries requests to slurmrestd."""

    async def exchange(self, request: bytes, timeout: float) -> Response:
        """Send a request, once, and return its answer.

        Args:
            request: As it goes over the wire, headers included.
            timeout: Seconds without a byte of the answer.

        Raises:
            TooSlow: when something took too long.
            Failed: when there is no connection, or it ended before the answer was complete.
            TooLarge: when the answer is larger than `answers.MAX_ANSWER_BYTES`.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class Place(Struct, frozen=True):
    """Where slurmrestd listens: on a port of a host, with TLS or without, or at the path of a Unix socket."""

    host: str = ""
    port: int = 0
    tls: ssl.SSLContext | None = None
    path: str | None = None


class Wire:
    """`Network` over real connections, which are kept for the next request."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._free = asyncio.Semaphore(MAX_CONNECTIONS)
        self._open: set[Connection] = set()
        # The last one used is the first one used again, so that what is too many grows old.
        self._idle: list[Connection] = []

    async def exchange(self, request: bytes, timeout: float) -> Response:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            reason = f"{MAX_CONNECTIONS} connections were busy for {WAIT_SECONDS:g} s"
            raise TooSlow(reason, never_sent=True) from None
        try:
            connection = self._kept() or await self._connect()
            response = await connection.exchange(request, timeout)
            self._idle.append(connection)
            return response
        finally:
            self._free.release()

    async def close(self) -> None:
        await asyncio.gather(*[connection.end() for connection in self._open])

    def _kept(self) -> Connection | None:
        """An open connection that has been used before."""
        old = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle and self._idle[0].used_at < old:
            self._idle.pop(0).end()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable():
                return connection
            connection.end()
        return None

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                connection = await (self._to_host() if self._place.path is None else self._to_socket())
        except TimeoutError:
            raise TooSlow(f"no connection within {CONNECT_SECONDS:g} s", never_sent=True) from None
        except OSError as error:  # ssl's own errors are among them
            raise Failed(f"no connection: {error.strerror or error}", never_sent=True) from error
        self._open.add(connection)
        connection.ended.add_done_callback(lambda _: self._open.discard(connection))
        return connection

    async def _to_socket(self) -> Connection:
        loop = asyncio.get_running_loop()
        return (await loop.create_unix_connection(Connection, self._place.path))[1]

    async def _to_host(self) -> Connection:
        """Try one address of the host after another; one that is silent leaves time for the others."""
        loop = asyncio.get_running_loop()
        host, port, tls = self._place.host, self._place.port, self._place.tls
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(where[4][0]) for where in found))
        for address in addresses:
            try:
                async with asyncio.timeout(CONNECT_SECONDS / len(addresses)):
                    made = await loop.create_connection(
                        Connection, address, port, ssl=tls, server_hostname=host if tls else None
                    )
                    return made[1]
            except OSError:  # being late is one
                if address == addresses[-1]:
                    raise
        raise AssertionError("unreachable")
