"""Requests to answers: credentials, retries, errors."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx2

from s9s_client.errors import APIError, RequestTimeout, TransportError, error_of
from s9s_client.policy import Policy, retry_after_of
from s9s_client.settings import Settings
from s9s_client.version import VERSION
from s9s_client.wire import Model, plain, text_of

M = TypeVar("M", bound=Model)

_READS: Final = frozenset({"GET", "HEAD"})
#: An access token is renewed so many seconds before it expires.
_MARGIN_SECONDS: Final = 30.0


class AsyncHttp:
    """One server, one credential, one pool of connections."""

    def __init__(
        self, settings: Settings, policy: Policy, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self.settings: Final = settings
        self.policy: Final = policy
        self.sleep = asyncio.sleep
        self.clock = time.monotonic
        self._client = httpx2.AsyncClient(
            transport=transport,
            verify=settings.tls if settings.tls is not None else True,
            timeout=policy.timeout,
            headers={"User-Agent": f"s9s-python/{VERSION}"},
        )
        self._access_token: str | None = None
        self._renew_at = 0.0
        self._renewing = asyncio.Lock()

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    async def model(self, kind: type[M], method: str, path: str, **request: Any) -> M:
        """The answer as a model."""
        return kind.from_dict(await self.json(method, path, **request))

    async def json(self, method: str, path: str, **request: Any) -> Any:
        """The answer's JSON."""
        response = await self.send(method, path, **request)
        try:
            return response.json()
        except ValueError as error:
            text = f"{method} {path}: the answer is not JSON"
            raise TransportError(text, response.headers.get("x-request-id")) from error

    async def text(self, method: str, path: str, **request: Any) -> str:
        """The answer's text."""
        return (await self.send(method, path, **request)).text

    async def bytes(self, method: str, path: str, **request: Any) -> bytes:
        """The answer's bytes."""
        return (await self.send(method, path, **request)).content

    @asynccontextmanager
    async def stream(self, method: str, path: str, **request: Any) -> AsyncIterator[httpx2.Response]:
        """The answer before its content is there; it may come as slowly as it likes."""
        response = await self.send(method, path, is_stream=True, **request)
        try:
            yield response
        except httpx2.TransportError as error:
            raise _failure(error, method, path, response.headers.get("x-request-id")) from error
        finally:
            await response.aclose()

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        repeatable: bool | None = None,
        is_stream: bool = False,
        silence: float | None = None,
    ) -> httpx2.Response:
        """The answer, after as many attempts as the policy allows. Raises `S9SError`."""
        request_id = f"sdk_{secrets.token_hex(8)}"
        is_repeatable = method in _READS if repeatable is None else repeatable
        attempt, is_renewed = 0, False
        while True:
            attempt += 1
            failure: TransportError | APIError
            try:
                response = await self._attempt(
                    method, path, query, body, headers, request_id, is_stream, silence
                )
            except httpx2.RequestError as error:
                failure, status, retry_after = _failure(error, method, path, request_id), None, None
                cause: Exception | None = error
            except APIError as error:  # of the token endpoint
                failure, status, retry_after, cause = error, error.status, error.retry_after, None
            else:
                if response.status_code < 400:
                    return response
                status, cause = response.status_code, None
                if status == 401 and self._access_token is not None and not is_renewed:
                    # Revoked, or the server's keys have changed: one new token, no more.
                    self._access_token, is_renewed = None, True
                    attempt -= 1
                    continue
                failure = _error(response, request_id)
                retry_after = failure.retry_after
            delay = self.policy.delay(
                attempt, repeatable=is_repeatable, status=status, retry_after=retry_after
            )
            if delay is None:
                raise failure from cause
            await self.sleep(delay)

    async def _attempt(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Mapping[str, Any] | None,
        headers: Mapping[str, str | None] | None,
        request_id: str,
        is_stream: bool,
        silence: float | None,
    ) -> httpx2.Response:
        sent = {"X-Request-ID": request_id, **await self.credentials()}
        sent.update({name: value for name, value in (headers or {}).items() if value is not None})
        request = self._client.build_request(
            method,
            self.settings.url(path),
            params={name: text_of(value) for name, value in (query or {}).items() if value is not None},
            json=None if body is None else {k: plain(v) for k, v in body.items() if v is not None},
            headers=sent,
            timeout=httpx2.Timeout(self.policy.timeout, read=silence) if is_stream else self.policy.timeout,
        )
        response = await self._client.send(request, stream=is_stream)
        if is_stream and response.status_code >= 400:
            await response.aread()
        return response

    async def credentials(self) -> dict[str, str]:
        """The headers that say who is calling."""
        if self.settings.api_key is not None:
            return {"X-API-Key": self.settings.api_key}
        token = await self.token()
        return {"Authorization": f"Bearer {token}"} if token else {}

    async def token(self) -> str | None:
        """The token, or an access token that is still valid for a while."""
        if not self.settings.has_oauth:
            return self.settings.token
        async with self._renewing:
            if self._access_token is None or self.clock() >= self._renew_at:
                await self._renew()
            return self._access_token

    def forget_access_token(self) -> bool:
        """Have the next request fetch a new access token; False: no other credential can be renewed."""
        self._access_token = None
        return self.settings.has_oauth

    async def _renew(self) -> None:
        wish = {
            "grant_type": "client_credentials",
            "client_id": self.settings.client_id,
            "client_secret": self.settings.client_secret,
            "scope": self.settings.scope,
        }
        body = {name: value for name, value in wish.items() if value is not None}
        response = await self._client.post(self.settings.url("/oauth/token"), json=body)
        if response.status_code >= 400:
            raise _error(response, None)
        answer = response.json()
        lifetime = float(answer.get("expires_in", 0))
        # Of a very short life half is used.
        self._renew_at = self.clock() + max(lifetime - _MARGIN_SECONDS, lifetime / 2)
        self._access_token = answer["access_token"]


def path(template: str, *values: object) -> str:
    """A path of the contract with its parameters in place."""
    return template.format(*(quote(str(value), safe="") for value in values))


def _failure(error: Exception, method: str, where: str, request_id: str | None) -> TransportError:
    if isinstance(error, httpx2.TimeoutException):
        return RequestTimeout(f"{method} {where}: no answer in time", request_id)
    return TransportError(f"{method} {where}: {str(error) or type(error).__name__}", request_id)


def _error(response: httpx2.Response, request_id: str | None) -> APIError:
    try:
        body = response.json()
    except ValueError:
        body = None
    return error_of(
        response.status_code,
        body,
        response.headers.get("x-request-id") or request_id,
        retry_after_of(response.headers.get("retry-after")),
    )
