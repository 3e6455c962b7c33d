"""The public keys of an OpenID Connect provider, as it publishes them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from s9s.domain.errors import AuthenticationFailed

PublicKey = RSAKey | ECKey | OKPKey

TIMEOUT_SECONDS: Final = 5.0
#: How old the keys may be before they are looked for again ...
FRESH_SECONDS: Final = 3600.0
#: ... and how often at most, whatever keys tokens claim to be signed with.
PAUSE_SECONDS: Final = 60.0
#: Keys that could not be looked for since then are no longer trusted.
STALE_SECONDS: Final = 86400.0
MAX_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 100
#: Of the modulus of an RSA key with 2048 bits, in base64: shorter ones can be broken.
_RSA_DIGITS: Final = 2048 // 6 + 1

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

_log = logging.getLogger(__name__)


class Unreadable(Exception):
    """The keys cannot be had; ``str()`` says why."""


class ProviderKeys:
    """Keys by their ``kid``; looked for when one is needed, and again when the provider has new ones.

    Args:
        issuer: Its discovery document says where the keys are, unless `url` does.
        url: Of the key set.
    """

    def __init__(self, issuer: str, url: str | None = None) -> None:
        self._issuer = issuer
        self._url = url
        self._keys: dict[str | None, tuple[PublicKey, str | None]] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, kid: str | None, algorithm: str) -> PublicKey:
        """The key of that name, if it may be used with that algorithm. Raises `AuthenticationFailed`."""
        found = self._keys.get(kid)
        now = time.monotonic()
        if (found is None or now - self._fetched_at > FRESH_SECONDS) and now - self._tried_at > PAUSE_SECONDS:
            await self._refresh(now)
            found = self._keys.get(kid)
        if found is None or time.monotonic() - self._fetched_at > STALE_SECONDS:
            raise AuthenticationFailed("The token is signed with an unknown key")
        key, only = found
        if only not in (None, algorithm):
            raise AuthenticationFailed("The token is signed in a way that its key is not for")
        return key

    async def _refresh(self, asked_at: float) -> None:
        """Fetch the keys, once for all who wait for them; the old ones stay when that fails."""
        async with self._lock:
            if self._tried_at >= asked_at:
                return
            self._tried_at = time.monotonic()
            try:
                await self.fetch()
            except Unreadable as error:
                _log.warning("the keys of %s cannot be read: %s", self._issuer, error)

    async def fetch(self) -> int:
        """Look for the keys now, and say how many there are. Raises `Unreadable`."""
        try:
            async with (
                asyncio.timeout(2 * TIMEOUT_SECONDS),
                httpx2.AsyncClient(
                    timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
                ) as client,
            ):
                url = self._url or await self._discover(client)
                keys = _read(await _document(client, url))
        except (httpx2.HTTPError, OSError, TimeoutError, ValueError) as error:
            raise Unreadable(str(error) or type(error).__name__) from error
        self._keys, self._fetched_at = keys, time.monotonic()
        return len(keys.keys() - {None}) or len(keys)

    async def _discover(self, client: httpx2.AsyncClient) -> str:
        address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        document = await _document(client, address)
        if document.get("issuer") != self._issuer:
            raise ValueError(f"{address} is of another issuer")
        return str(document["jwks_uri"]) if "jwks_uri" in document else _none(address)


def _none(address: str) -> str:
    raise ValueError(f"{address} has no jwks_uri")


async def _document(client: httpx2.AsyncClient, url: str) -> Mapping[str, Any]:
    """The JSON object at an address that nobody on the way can change. Raises `ValueError`, `HTTPError`."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise ValueError(f"{url} is not https")
    async with client.stream("GET", url, headers={"accept": "application/json"}) as response:
        response.raise_for_status()
        raw = b""
        async for piece in response.aiter_bytes():
            raw += piece
            if len(raw) > MAX_BYTES:
                raise ValueError(f"{url} has more than {MAX_BYTES} bytes")
    if response.status_code != 200:
        raise ValueError(f"{url} answers {response.status_code}")
    document = httpx2.Response(200, content=raw).json()
    if not isinstance(document, dict):
        raise ValueError(f"{url} has no JSON object")
    return document


def _read(document: Mapping[str, Any]) -> dict[str | None, tuple[PublicKey, str | None]]:
    """Every public key that is for signatures; others, secret ones above all, are left out."""
    listed = document.get("keys")
    if not isinstance(listed, list):
        raise ValueError("a key set has no keys")
    keys: dict[str | None, tuple[PublicKey, str | None]] = {}
    for one in listed[:MAX_KEYS]:
        if not isinstance(one, dict) or one.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        if one.get("use", "sig") != "sig" or (one["kty"] == "RSA" and len(str(one.get("n"))) < _RSA_DIGITS):
            continue
        try:
            key = import_key(one)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        assert isinstance(key, RSAKey | ECKey | OKPKey)
        keys[one.get("kid")] = key, one.get("alg")
    if len(keys) == 1:
        # A provider with a single key need not name it in its tokens.
        keys[None] = next(iter(keys.values()))
    else:
        keys.pop(None, None)
    return keys
