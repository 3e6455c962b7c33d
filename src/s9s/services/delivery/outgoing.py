"""Requests to other servers that clients ask for: where they may go, and how they are signed.

A client must not be able to make this server knock at doors that only it can reach. So nothing is allowed
but what the site has configured; a name is resolved once, its addresses are checked, and those very addresses
are connected to (a name that points elsewhere a moment later gains nothing); redirects are not followed;
nothing of an answer but its status is shown.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx2

from s9s import __version__
from s9s.domain.delivery import DeliveryFailed
from s9s.domain.errors import ValidationError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

SIGNATURE_HEADER: Final = "X-S9S-Signature"
_MAX_URL: Final = 2048
#: No names, and addresses to the C library: 2130706433, 127.1, 0x7f.1.
_NUMBERS: Final = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?")
_HOST: Final = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*\.?")
#: Worth another attempt, as everything from 500 on.
_RETRIED: Final = frozenset({408, 425, 429})
#: IPv6 that only wraps IPv4: what it leads to is what counts.
_NAT64: Final = ip_network("64:ff9b::/96")


class Outgoing:
    """Posts to the targets that the site allows.

    Args:
        allowed: Hosts, ``*.domain``, ``*`` for all public ones, and networks.
        timeout_seconds: For a whole request.
        tls: Who is believed about certificates; ``None`` is the host's own choice.
        resolve: Addresses of a host; for tests.
    """

    def __init__(
        self,
        allowed: Sequence[str],
        *,
        timeout_seconds: float = 10.0,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._allowed = tuple(one.lower() for one in allowed)
        self._networks = tuple(network for one in self._allowed if (network := _network(one)) is not None)
        self._names = tuple(one.rstrip(".") for one in self._allowed if _network(one) is None)
        self._timeout = timeout_seconds
        self._tls = tls
        self._resolve = resolve or _look_up

    async def check(self, parameter: str, url: str) -> None:
        """Raises `ValidationError` unless requests may go there; `parameter` is the URL's name.

        A name that cannot be resolved just now passes: `post` looks again.
        """
        try:
            await self._target(url)
        except _Refused as error:
            raise ValidationError.of(
                parameter,
                url,
                error.allowed or list(self._allowed) or "none: outgoing.allowed is not set",
                str(error),
            ) from None
        except DeliveryFailed:
            return

    async def post(
        self, url: str, body: bytes, secret: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a JSON body, signed; it has arrived when this returns.

        Args:
            url: Where to.
            body: JSON.
            secret: Known to both sides; see `signature`.
            headers: More of them, such as a stable id that tells the receiver what it has already got.

        Raises:
            DeliveryFailed: The target is not allowed or out of reach, or it answered something else than 2xx.
        """
        try:
            parts, addresses = await self._target(url)
        except _Refused as error:
            raise DeliveryFailed(str(error), is_final=True) from None
        host = parts.hostname or ""
        sent = {
            "content-type": "application/json",
            "user-agent": f"s9s/{__version__}",
            **(headers or {}),
            "host": parts.netloc,
            SIGNATURE_HEADER: signature(body, secret, int(time.time())),
        }
        if self._tls is None:
            # Reading a host's certificates takes a while.
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        try:
            async with (
                asyncio.timeout(self._timeout),
                httpx2.AsyncClient(
                    verify=self._tls, timeout=self._timeout, follow_redirects=False, trust_env=False
                ) as client,
            ):
                status = await _first_answer(client, url, host, addresses, body, sent)
        except (httpx2.HTTPError, OSError, TimeoutError) as error:
            reason = str(error) or "no answer in time"
            raise DeliveryFailed(f"{host} cannot be reached: {reason[:200]}", is_final=False) from error
        if not 200 <= status < 300:
            is_final = status < 500 and status not in _RETRIED
            raise DeliveryFailed(f"{host} answers {status}", is_final=is_final)

    async def try_out(self, host: str) -> None:
        """Raises `DeliveryFailed` unless requests to a host would be made; none is.

        It is final when they are not allowed.
        """
        try:
            await self._target(f"https://{host}/")
        except _Refused as error:
            raise DeliveryFailed(str(error), is_final=True) from None

    async def _target(self, url: str) -> tuple[SplitResult, Sequence[Address]]:
        """An allowed URL's parts and the addresses to connect to. Raises `_Refused`, `DeliveryFailed`."""
        parts, port = _parse(url)
        host = (parts.hostname or "").rstrip(".")
        is_named = any(
            one in ("*", host) or (one.startswith("*.") and host.endswith(one[1:])) for one in self._names
        )
        if not is_named and not self._networks:
            raise _Refused(f"Requests to {host} are not allowed")
        literal = _literal(host)
        found = [str(literal)] if literal else await self._addresses(host, port)
        addresses = [ip_address(one) for one in found]
        for address in addresses:
            is_inside = any(address in network for network in self._networks)
            if not is_inside and not is_named:
                raise _Refused(f"Requests to {host} are not allowed")
            if not is_inside and not _is_public(address):
                # Which address it has is nothing that a client should learn here.
                raise _Refused(f"Requests to {host} are not allowed: its address is not public")
            if not is_inside and parts.scheme != "https":
                raise _Refused(f"Requests to {host} must use https", "https URLs")
        return parts, addresses

    async def _addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            async with asyncio.timeout(self._timeout):
                found = await self._resolve(host, port)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise DeliveryFailed(f"{host} has no address", is_final=False) from error
        if not found:
            raise DeliveryFailed(f"{host} has no address", is_final=False)
        return found


class _Refused(Exception):
    """Not a target; `allowed` says what would be, where it is not the list of the settings."""

    def __init__(self, message: str, allowed: str | None = None) -> None:
        super().__init__(message)
        self.allowed = allowed


async def _first_answer(
    client: httpx2.AsyncClient,
    url: str,
    host: str,
    addresses: Sequence[Address],
    body: bytes,
    headers: Mapping[str, str],
) -> int:
    """The status from the first address that can be connected to; its certificate must be the host's."""
    for number, address in enumerate(addresses, 1):
        target = httpx2.URL(url).copy_with(host=str(address))
        try:
            async with client.stream(
                "POST", target, content=body, headers=headers, extensions={"sni_hostname": host}
            ) as response:
                return response.status_code
        except httpx2.ConnectError:
            if number == len(addresses):
                raise
    raise httpx2.ConnectError("no address")


def signature(body: bytes, secret: str, at: int) -> str:
    """``t=1700000000,v1=...``: HMAC-SHA256 of ``t.body`` in hexadecimal.

    The receiver computes the same, compares in constant time, and refuses what is older than some minutes.
    """
    digest = hmac.new(secret.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _parse(url: str) -> tuple[SplitResult, int]:
    wanted = "a URL like https://hooks.example.com/s9s"
    if len(url) > _MAX_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise _Refused("This is no URL that requests can be sent to", wanted)
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = (parts.hostname or "").lower()
        httpx2.URL(url)
    except (ValueError, httpx2.InvalidURL):
        raise _Refused("This is no URL that requests can be sent to", wanted) from None
    if parts.scheme not in ("https", "http") or not host or parts.username is not None:
        raise _Refused("This is no URL that requests can be sent to", wanted)
    if _literal(host) is None and (not _HOST.fullmatch(host) or _NUMBERS.fullmatch(host)):
        raise _Refused("This is no URL that requests can be sent to", wanted)
    return parts, port


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _network(text: str) -> Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


async def _look_up(host: str, port: int) -> Sequence[str]:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]).partition("%")[0] for one in found]


def _is_public(address: Address) -> bool:
    """Whether anybody can reach it, and it is not this host itself."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            wrapped = IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None and not _is_public(wrapped):
            return False
    return address.is_global and not address.is_multicast and not _is_own(address)


def _is_own(address: Address) -> bool:
    """Whether it is an address of this host: on the way to those, it is its own."""
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as one:
            one.connect((str(address), 9))  # nothing is sent
            return ip_address(one.getsockname()[0]) == address
    except OSError:
        return False
