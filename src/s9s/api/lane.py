"""What the fast lane answers: the job list, for callers whose credential is known already.

Everything that holds for many requests is found out once: who asks with certain headers on a connection
(`Guest`), and what the answer to the same request is as long as nothing changes (`Standing`). Each use is
checked, counted and timed like any other request.
"""

from __future__ import annotations

import http
from collections.abc import Iterable
from functools import partial
from time import perf_counter
from typing import Final, NamedTuple

from s9s.api.auth import secret_in
from s9s.api.connections import Connection
from s9s.api.errors import envelope, headers_of, status_of
from s9s.api.front import CACHE_CONTROL, Front, given_request_id, new_request_id
from s9s.api.pages import JobPages
from s9s.api.peers import Proxies
from s9s.domain.errors import S9SError
from s9s.domain.queries import Visibility
from s9s.services.identity.credentials import Credentials
from s9s.services.identity.known import Known
from s9s.services.jobs.service import Version
from s9s.services.limits import WINDOW_SECONDS, Quota, RateLimits

#: What stands before all that differs from one answer to the next: a status, the body's length, the limit.
_BEFORE: Final = (
    b"%bcontent-length: %d\r\nx-ratelimit-window: " + str(WINDOW_SECONDS).encode() + b"\r\n"
    b"x-ratelimit-limit: %d\r\n"
)
_AFTER: Final = b"%bx-request-id: %b\r\nx-ratelimit-remaining: %d\r\nx-ratelimit-reset: %d\r\n"


def lines(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Headers as they are sent."""
    return b"".join([b"%b: %b\r\n" % pair for pair in headers])


class Guest:
    """Who asks with certain headers on a certain connection."""

    __slots__ = ("known", "quota", "request_id", "version", "visibility")

    def __init__(self, known: Known, quota: Quota, request_id: bytes | None) -> None:
        self.known: Final = known
        self.quota: Final = quota
        self.request_id: Final = request_id
        """The client's own; ``None``: each request gets one."""
        self.version: Version | None = None
        """What `visibility` is of."""
        self.visibility: Visibility | None = None


class Standing(NamedTuple):
    """What is answered to the same request as long as nothing changes."""

    guest: Guest
    version: Version
    before: bytes
    body: bytes


class Answer(NamedTuple):
    """An answer's status line and headers, and its body."""

    head: bytes
    body: bytes
    standing: Standing | None = None
    """For the next time, if it is worth while."""


class JobsLane:
    """Answers ``GET /v1/jobs`` where nothing has to be waited for."""

    def __init__(
        self, credentials: Credentials, proxies: Proxies, limits: RateLimits, pages: JobPages, front: Front
    ) -> None:
        self._credentials = credentials
        self._proxies = proxies
        self._limits = limits
        self._pages = pages
        self._front = front
        self._count = front.tally.of("/v1/jobs", "GET").count
        #: Of each status, all that stands before the length of the body.
        self._heads = {
            status: f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n".encode()
            + lines([(b"content-type", b"application/json"), *front.common_headers, CACHE_CONTROL])
            for status in (200, 400, 429, 500, 503)
        }

    def admit(
        self, headers: list[tuple[bytes, bytes]], peer: str | None, connection: Connection
    ) -> Guest | None:
        """Who asks; ``None``: the slow lane finds it out, or refuses."""
        try:
            secret = secret_in(headers)
        except S9SError:
            return None
        if secret is None:
            return None
        address = self._proxies.address(peer, headers)
        known = self._credentials.known(secret, address, partial(connection.is_local, headers))
        if known is None or not known.caller.allows("jobs:read"):
            return None  # a refusal is audited, and that takes time
        return Guest(known, self._limits.of(known.caller), given_request_id(headers))

    def answer(self, guest: Guest, query_string: bytes) -> Answer | None:
        """An answer; ``None``: this is nothing for the fast lane, or the guest is not known any more."""
        began = perf_counter()
        version = self._pages.version
        if version is None or not self._credentials.holds(guest.known):
            return None
        quota, now = guest.quota, self._limits.clock()
        standing = None
        try:
            if quota.is_spent(now):
                raise quota.exceeded(now)
            if not quota.has_lease(now):
                return None
            key = query_string, self._sight(guest, version)
            body = self._pages.kept(key, version)
            if body:
                before = self._before(200, body, quota)
                standing = Standing(guest, version, before, body)
            else:
                body = self._pages.at_once(key)
                if body is None:
                    return None
                before = self._before(200, body, quota)
        except S9SError as error:
            return self._refusal(error, guest, began)
        self._limits.take(quota, now)
        self._count(200, perf_counter() - began)
        return Answer(self._head(before, guest.request_id or new_request_id(), quota), body, standing)

    def again(self, standing: Standing) -> bytes | None:
        """The head of the same answer once more; ``None`` when something has changed: ask `answer`."""
        began = perf_counter()
        guest, version, before, _ = standing
        quota = guest.quota
        if (
            version != self._pages.version
            or not self._credentials.holds(guest.known)
            or not self._limits.take(quota, self._limits.clock())
        ):
            return None
        head = self._head(before, guest.request_id or new_request_id(), quota)
        self._count(200, perf_counter() - began)
        return head

    def _sight(self, guest: Guest, version: Version) -> Visibility | None:
        """What the guest may see: another than the last time only if the version is."""
        if guest.version != version:
            guest.visibility = self._pages.visibility(guest.known.caller)
            guest.version = version
        return guest.visibility

    def _refusal(self, error: S9SError, guest: Guest, began: float) -> Answer:
        quota, request_id = guest.quota, guest.request_id or new_request_id()
        self._limits.take(quota, self._limits.clock())
        status, body = status_of(error), envelope(error, request_id.decode())
        self._count(status, perf_counter() - began)
        head = self._head(self._before(status, body, quota), request_id, quota)
        extra = lines((name.encode(), value.encode()) for name, value in headers_of(error).items())
        return Answer(head + extra, body)

    def _before(self, status: int, body: bytes, quota: Quota) -> bytes:
        return _BEFORE % (self._heads[status], len(body), quota.limit)

    def _head(self, before: bytes, request_id: bytes, quota: Quota) -> bytes:
        head = _AFTER % (before, request_id, quota.leased + quota.rest, quota.resets_at)
        warning = self._front.warning()
        return head if warning is None else head + b"x-s9s-warning: %b\r\n" % warning
