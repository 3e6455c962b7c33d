"""slurmrestd as a client sees it: requests of the newest version in, its answers or domain errors out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import Final, TypeVar

import msgspec

from s9s.backends.base import Unsupported
from s9s.backends.slurmrestd import payloads
from s9s.backends.slurmrestd.answers import Response
from s9s.backends.slurmrestd.breaker import Breaker
from s9s.backends.slurmrestd.build import PING
from s9s.backends.slurmrestd.errors import Asked, error_of, most_telling
from s9s.backends.slurmrestd.steps import Dialect, Request
from s9s.backends.slurmrestd.tokens import TokenSource
from s9s.backends.slurmrestd.transport import Transport
from s9s.backends.slurmrestd.versions import REFUSED, VERSIONS, dialect
from s9s.domain.errors import SlurmError, SlurmUnavailable

A = TypeVar("A", bound=payloads.Answer)

_log = logging.getLogger(__name__)

PING_SECONDS: Final = 3.0
#: A read that takes longer is no evidence of an outage; a ping then tells.
SUSPICIOUS_SECONDS: Final = 2.0
#: What 22.05 says when it does not know why: slurmctld is out (after 9 s), or the token is refused (at once).
_UNEXPLAINED: Final = -1
#: Larger answers are decoded in a thread.
_LARGE_BYTES: Final = 64 * 1024
_REFUSED_STATUSES: Final = frozenset({401, 511})


class Client:
    """Makes calls, in the newest version that both sides know.

    Args:
        transport: To slurmrestd.
        tokens: Whose name calls are made in.
        timeout_seconds: For an answer to begin, and between its parts.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        transport: Transport,
        tokens: TokenSource,
        *,
        timeout_seconds: float = 60.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._transport = transport
        self._tokens = tokens
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._dialect: Dialect | None = None
        self._discovering = asyncio.Lock()
        self._breakers = {
            "slurm": Breaker("slurmctld", self.responds, clock),
            # No probe: slurmdbd's absence is reported at once, so that the next call may find out.
            "slurmdb": Breaker("slurmdbd", _yes, clock),
        }

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    async def dialect(self) -> Dialect:
        """The version in use, discovered at first need and again after slurmrestd has lost it.

        Raises:
            Unsupported: when slurmrestd offers none that is spoken here.
            SlurmUnavailable: when it does not answer.
        """
        async with self._discovering:
            if self._dialect is None:
                self._dialect = await self._discover()
            return self._dialect

    async def _discover(self) -> Dialect:
        headers = await self._tokens.headers(None)
        for version in (*VERSIONS, *REFUSED):
            path = ("slurm", version, "ping")
            response = await self._transport.call("GET", path, headers=headers, timeout=PING_SECONDS)
            if response.status == 404:
                continue
            if response.status in _REFUSED_STATUSES:
                self._tokens.forget(None)
                raise SlurmError(
                    "slurmrestd does not accept this server's token", slurm_error=_excerpt(response)
                )
            if version in REFUSED:
                raise Unsupported(
                    f"slurmrestd offers {version} at most of what is not too old or too new to be used"
                )
            return dialect(version)
        raise Unsupported(f"slurmrestd offers none of {', '.join(VERSIONS)}")

    async def require(self, operation: str) -> None:
        """Raise `Unsupported` when the version in use has no means for it."""
        if reason := (await self.dialect()).lacks(operation):
            raise Unsupported(reason)

    async def responds(self) -> bool:
        """Whether slurmctld answers slurmrestd, found out within `PING_SECONDS`."""
        try:
            response = await self._send(PING, None, timeout=PING_SECONDS)
            pings = (await self.dialect()).answer(payloads.Pings, response.content).pings
        except (SlurmError, msgspec.DecodeError):
            return False
        return any(ping.responding for ping in pings)

    async def ask(self, request: Request, kind: type[A], asked: Asked, *, actor: str | None = None) -> A:
        """Make a call and return its answer; a problem in it is raised as the domain's error.

        Raises:
            Unsupported: when the version in use has no such request.
            S9SError: as `errors.error_of` has it.
        """
        answer = await self.ask_for_changes(request, kind, asked, actor=actor)
        if answer is None:
            raise SlurmError.of(asked.action, "nothing has changed")
        return answer

    async def ask_for_changes(
        self, request: Request, kind: type[A], asked: Asked, *, actor: str | None = None
    ) -> A | None:
        """`ask`, but ``None`` when nothing has changed since the ``update_time`` in the request."""
        answer = await self.call(request, kind, asked, actor=actor)
        if answer is not None and answer.errors:
            raise error_of(most_telling(answer.errors), asked)
        return answer

    async def call(
        self, request: Request, kind: type[A], asked: Asked, *, actor: str | None = None
    ) -> A | None:
        """Make a call and return its answer with the problems in it; ``None`` when nothing has changed.

        An outage is raised, not returned.
        """
        version = await self.dialect()
        lowered = version.request(request)
        breaker = self._breakers[lowered.plugin]
        await breaker.check()
        began = self._clock()
        try:
            response = await self._guarded(lowered, actor)
        except SlurmUnavailable as error:
            breaker.open(error.message)
            raise
        if response.status == 304:
            return None
        answer = await self._decode(version, kind, response, asked, lowered.plugin)
        for problem in answer.errors:
            outage = error_of(problem, asked)
            if problem.error_number == _UNEXPLAINED and self._clock() - began > SUSPICIOUS_SECONDS:
                outage = SlurmUnavailable(f"Slurm is out of reach: {problem.text}", slurm_error=problem.text)
            if isinstance(outage, SlurmUnavailable):
                breaker.open(outage.message)
                raise outage
        breaker.close()
        return answer

    async def _guarded(self, request: Request, actor: str | None) -> Response:
        """Send it; a read that is slow because slurmctld is out is given up, and a stale token replaced."""
        response = await self._unless_out(request, actor)
        if response.status in _REFUSED_STATUSES:
            self._tokens.forget(actor)
            # Refused before anything was done, so that even a write may be made again.
            response = await self._unless_out(request, actor)
        return response

    async def _unless_out(self, request: Request, actor: str | None) -> Response:
        sending = self._send(request, actor, timeout=self._timeout_seconds)
        if not (request.method == "GET" and request.repeat and request.plugin == "slurm"):
            # What a write has done when slurmctld goes away is known only from its answer.
            return await sending
        reading = asyncio.ensure_future(sending)
        try:
            while not (await asyncio.wait({reading}, timeout=SUSPICIOUS_SECONDS))[0]:
                if not await self.responds() and not reading.done():
                    raise SlurmUnavailable("slurmctld does not answer slurmrestd")
            return reading.result()
        finally:
            reading.cancel()

    async def _send(self, request: Request, actor: str | None, *, timeout: float) -> Response:
        version = (await self.dialect()).version
        return await self._transport.call(
            request.method,
            (request.plugin, version, *request.path),
            headers=await self._tokens.headers(actor),
            query=request.query,
            body=None if request.body is None else msgspec.json.encode(request.body),
            timeout=timeout,
            repeat=request.repeat,
        )

    async def _decode(
        self, version: Dialect, kind: type[A], response: Response, asked: Asked, plugin: str
    ) -> A:
        try:
            if len(response.content) > _LARGE_BYTES:
                return await asyncio.to_thread(version.answer, kind, response.content)
            return version.answer(kind, response.content)
        except msgspec.DecodeError as error:
            text = _excerpt(response)
            if response.status == 404 and plugin == "slurmdb":
                raise Unsupported("slurmrestd serves no accounting here") from error
            if response.status == 404:
                # Not the resource but the route is missing: slurmrestd was replaced by one of other versions.
                self._dialect = None
                raise SlurmUnavailable(f"slurmrestd has changed: {text}", slurm_error=text) from error
            if response.status in _REFUSED_STATUSES:
                raise SlurmError("Slurm does not accept this server's token", slurm_error=text) from error
            if response.status in (502, 503, 504):
                raise SlurmUnavailable(f"slurmrestd is out of reach: {text}", slurm_error=text) from error
            _log.warning("unexpected answer of slurmrestd to %s: %s", asked.action, error)
            raise SlurmError.of(asked.action, f"HTTP {response.status}: {text}") from error


def _excerpt(response: Response) -> str:
    return response.content[:200].decode(errors="replace").strip()


async def _yes() -> bool:
    return True
