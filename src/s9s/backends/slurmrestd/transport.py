"""HTTP to one slurmrestd: a bounded pool of connections, timeouts, retries for reads, nothing about Slurm."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

import httpx2
from msgspec import Struct

from s9s.domain.errors import SlurmError, SlurmUnavailable

#: slurmrestd serves each connection with a thread of its own, 20 by default; others want some too.
MAX_CONNECTIONS: Final = 12
#: 100,000 jobs are 500 MB or more (24.11, 26.05); what is larger is no answer that we could use.
MAX_ANSWER_BYTES: Final = 2 * 1024**3
CONNECT_SECONDS: Final = 3.0
#: For a free connection.
WAIT_SECONDS: Final = 10.0
_READ_ATTEMPTS: Final = 3
_RETRY_SECONDS: Final = 0.1
_READS: Final = frozenset({"GET", "HEAD"})

#: Without a connection nothing was sent.
_NEVER_SENT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class Response(Struct, frozen=True):
    """An answer, whatever its status."""

    status: int
    content: bytes


class Transport:
    """Calls on one slurmrestd.

    Args:
        url: ``http://host:port``, ``https://...`` or ``unix:/path/of/socket``.
        ca: Certificates of the authorities that may vouch for what is behind ``https://`` (PEM); ``None``:
            those of the host.
        network: Replaces the network, for tests.

    Raises:
        SlurmUnavailable: when `ca` holds no certificates.
    """

    def __init__(
        self, url: str, *, ca: str | None = None, network: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        limits = httpx2.Limits(
            max_connections=MAX_CONNECTIONS, max_keepalive_connections=MAX_CONNECTIONS, keepalive_expiry=20
        )
        socket = url.removeprefix("unix://").removeprefix("unix:") if url.startswith("unix:") else None
        self._client = httpx2.AsyncClient(
            base_url="http://localhost" if socket else url.rstrip("/"),
            transport=network or httpx2.AsyncHTTPTransport(uds=socket, limits=limits, verify=_verifying(ca)),
            # No proxy of the environment stands between us and slurmrestd.
            trust_env=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "s9s"},
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def call(
        self,
        method: str,
        path: Sequence[str],
        *,
        headers: Mapping[str, str],
        timeout: float,
        query: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        repeat: bool = True,
    ) -> Response:
        """Make one call; a GET is repeated when the connection fails, unless `repeat` is off.

        Args:
            method: GET, POST or DELETE.
            path: The segments of the path, unquoted.
            headers: Beside those that every call has.
            timeout: Seconds without a byte of the answer.
            query: Unquoted.
            body: JSON, sent with its type and length.
            repeat: Off for the GETs of slurmrestd that write (26.05's requeue).

        Raises:
            SlurmUnavailable: when no answer comes.
        """
        # Raw ":", "," or "/" in a query are 400 on 22.05 and 24.11, and 500 on 26.05.
        url = "/" + "/".join(quote(segment, safe="") for segment in path)
        if query:
            url += "?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)
        sent = dict(headers)
        if body is not None:
            sent["Content-Type"] = "application/json"
        limits = httpx2.Timeout(timeout, connect=CONNECT_SECONDS, pool=WAIT_SECONDS)
        attempts = _READ_ATTEMPTS if repeat and method in _READS else 1
        for attempt in range(1, attempts + 1):
            try:
                async with self._client.stream(
                    method, url, headers=sent, content=body, timeout=limits
                ) as response:
                    return Response(response.status_code, await _read(response))
            except httpx2.TimeoutException as error:
                # A slow slurmrestd is not helped by asking it again.
                raise SlurmUnavailable(
                    f"slurmrestd did not answer in time ({type(error).__name__})",
                    never_sent=isinstance(error, _NEVER_SENT),
                ) from error
            except httpx2.TransportError as error:
                if attempt == attempts:
                    raise SlurmUnavailable(
                        f"slurmrestd is out of reach ({type(error).__name__})",
                        never_sent=isinstance(error, _NEVER_SENT),
                    ) from error
            await asyncio.sleep(_RETRY_SECONDS * attempt * random.uniform(0.5, 1.5))  # noqa: S311 -- spreads, hides nothing
        raise AssertionError("unreachable")


def _verifying(ca: str | None) -> ssl.SSLContext:
    """Who is believed to be slurmrestd: users' tokens go there."""
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # ssl's own errors are among them
        raise SlurmUnavailable(f"cluster.slurmrestd_ca cannot be used: {error.strerror or error}") from error


async def _read(response: httpx2.Response) -> bytes:
    content = bytearray()
    # Not `aiter_raw`: at its end the connection would be somebody else's already.
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    async for piece in response.stream:
        content += piece
        if len(content) > MAX_ANSWER_BYTES:
            raise SlurmError.of("list", f"the answer of slurmrestd is larger than {MAX_ANSWER_BYTES} bytes")
    connection = response.extensions.get("network_stream")
    if response.status_code >= 400 and connection is not None:
        # 26.05 sends some errors twice; what is left over would be the beginning of the next answer.
        await connection.aclose()
    return bytes(content)
