"""Calls on one slurmrestd: what goes over the wire, and retries for reads; nothing about Slurm."""

from __future__ import annotations

import asyncio
import base64
import random
import ssl
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from s9s.backends.slurmrestd.answers import MAX_ANSWER_BYTES, Failed, Response, TooLarge, TooSlow
from s9s.backends.slurmrestd.wire import Network, Place, Wire
from s9s.domain.errors import SlurmError, SlurmUnavailable

_READ_ATTEMPTS: Final = 3
_RETRY_SECONDS: Final = 0.1
_PORTS: Final = {"http": 80, "https": 443}


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

    def __init__(self, url: str, *, ca: str | None = None, network: Network | None = None) -> None:
        headers = {
            "Host": "localhost",
            # Not "close": 26.05 then garbles its errors.
            "Connection": "keep-alive",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "s9s",
        }
        if url.startswith("unix:"):
            self._prefix = ""
            place = Place(path=url.removeprefix("unix://").removeprefix("unix:"))
        else:
            parts = urlsplit(url)
            self._prefix = parts.path.rstrip("/")
            tls = _verifying(ca) if parts.scheme == "https" else None
            place = Place(host=parts.hostname or "", port=parts.port or _PORTS[parts.scheme], tls=tls)
            login, _, headers["Host"] = parts.netloc.rpartition("@")
            if login:
                headers["Authorization"] = f"Basic {base64.b64encode(unquote(login).encode()).decode()}"
        self._headers = headers
        self._network = network or Wire(place)

    async def close(self) -> None:
        """Close all connections."""
        await self._network.close()

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
        request = self._request(method, path, query, headers, body)
        attempts = _READ_ATTEMPTS if repeat and method == "GET" else 1
        for attempt in range(1, attempts + 1):
            try:
                return await self._network.exchange(request, timeout)
            except TooSlow as error:
                # A slow slurmrestd is not helped by asking it again.
                raise SlurmUnavailable(
                    f"slurmrestd did not answer in time ({error})", never_sent=error.never_sent
                ) from error
            except TooLarge as error:
                text = f"the answer of slurmrestd is larger than {MAX_ANSWER_BYTES} bytes"
                raise SlurmError.of("list", text) from error
            except Failed as error:
                if attempt == attempts:
                    raise SlurmUnavailable(
                        f"slurmrestd is out of reach ({error})", never_sent=error.never_sent
                    ) from error
            await asyncio.sleep(_RETRY_SECONDS * attempt * random.uniform(0.5, 1.5))  # noqa: S311 -- spreads, hides nothing
        raise AssertionError("unreachable")

    def _request(
        self,
        method: str,
        path: Sequence[str],
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> bytes:
        # Raw ":", "," or "/" in a query are 400 on 22.05 and 24.11, and 500 on 26.05.
        target = self._prefix + "/" + "/".join(quote(segment, safe="") for segment in path)
        if query:
            target += "?" + "&".join(
                f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query
            )
        sent = {**self._headers, **headers}
        if body is not None:
            sent |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
        if not all(line.isascii() and line.isprintable() for line in lines):
            raise SlurmUnavailable("slurmrestd cannot be told who calls", never_sent=True)
        return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def _verifying(ca: str | None) -> ssl.SSLContext:
    """Who is believed to be slurmrestd: users' tokens go there."""
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:  # ssl's own errors are among them
        raise SlurmUnavailable(f"cluster.slurmrestd_ca cannot be used: {error.strerror or error}") from error
    context.set_alpn_protocols(["http/1.1"])
    return context
