"""A job's output as it is written: chunks of a plain answer, or messages of a WebSocket."""

from __future__ import annotations

import asyncio
import codecs
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from s9s.api.output_events import HEARTBEAT_SECONDS, OutputMessages, mark_of
from s9s.api.parameters import read_parameters
from s9s.api.schemas.live import Ping
from s9s.api.schemas.output import OutputParameters
from s9s.api.verifiers import Verifiers
from s9s.api.websocket import Closed, Guest, Socket, read_message
from s9s.domain.errors import S9SError, ValidationError
from s9s.domain.instants import format_instant
from s9s.services.access import Caller, require_scope
from s9s.services.jobs.following import CutShort, Following, Happening, Told
from s9s.services.jobs.output import Stream
from s9s.services.live.open_connections import OpenConnection, OpenConnections

#: Where a job's output can be followed, and which of its streams that is.
PATHS: Final[dict[str, Stream]] = {
    "/v1/jobs/{job_id}/output": "output",
    "/v1/jobs/{job_id}/error": "error",
}


class OutputStreams:
    """Plain answers that go on until the job has ended, or the caller's credential.

    Args:
        following: Follows.
        connections: Those that are open.
        verifiers: Say whether a credential is still good.
    """

    def __init__(self, following: Following, connections: OpenConnections, verifiers: Verifiers) -> None:
        self._following = following
        self._connections = connections
        self._verifiers = verifiers

    async def open(
        self,
        job_id: str,
        stream: Stream,
        parameters: OutputParameters,
        caller: Caller,
        scope: Any,
        event_id: str | None = None,
    ) -> AsyncIterator[bytes]:
        """What is appended. Errors as in `Following.follow`, `RateLimitExceeded` for too many connections.

        The iterator raises `CutShort` where it breaks off: its end means that of the job.

        Args:
            job_id: Whose output.
            stream: Which of its files.
            parameters: Where to begin.
            caller: Who asks.
            scope: Of the request.
            event_id: For Server-Sent Events, the last one that the client has got, or nothing; ``None`` is
                for the bytes.
        """
        _check(parameters)
        mark = mark_of(event_id or "")
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        connection = OpenConnection(caller, self._verifiers.require(scope), lambda _: _end(ended))
        told = await self._following.follow(job_id, stream, caller, lines=parameters.lines, mark=mark)
        self._connections.add(connection)
        if event_id is not None:
            return self._events(told, ended, connection, OutputMessages(job_id, stream))
        return self._contents(told, ended, connection)

    async def _events(
        self,
        told: AsyncGenerator[Told],
        ended: asyncio.Future[None],
        connection: OpenConnection,
        messages: OutputMessages,
    ) -> AsyncIterator[bytes]:
        try:
            yield b": following\n\n"
            async for one in _until(ended, told, HEARTBEAT_SECONDS):
                if one is None:
                    yield b": heartbeat\n\n"
                elif message := messages.of(one):
                    yield message
        finally:
            self._connections.remove(connection)

    async def _contents(
        self, told: AsyncGenerator[Told], ended: asyncio.Future[None], connection: OpenConnection
    ) -> AsyncIterator[bytes]:
        try:
            async for one in _until(ended, told):
                if one is None:
                    continue
                if one.what is Happening.APPEND:
                    yield one.content
                elif one.what is Happening.END:
                    if one.job is None:
                        raise CutShort(one.reason)
                    return
            raise CutShort("The credential is not good any more")
        finally:
            self._connections.remove(connection)


class OutputSockets:
    """The same over a WebSocket.

    Args:
        following: Follows.
        stream: Which of a job's files.
    """

    def __init__(self, following: Following, stream: Stream) -> None:
        self._following = following
        self._stream: Stream = stream

    async def __call__(self, guest: Guest) -> None:
        """Serve one connection."""
        socket, job_id = guest.socket, guest.socket.path_parameters["job_id"]
        require_scope(guest.caller, "jobs:read")
        parameters = _parameters(socket)
        told = await self._following.follow(job_id, self._stream, guest.caller, lines=parameters.lines)
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        listening = asyncio.create_task(_listen(socket, ended))
        # A character may come in two pieces.
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        try:
            async for one in _until(ended, told):
                if one is None:
                    continue
                if one.what is Happening.TRUNCATE:
                    decoder.reset()
                await socket.say(
                    channel="output",
                    action=one.what.value,
                    resource_id=job_id,
                    timestamp=format_instant(int(time.time())),
                    data={"stream": self._stream, **_data(one, decoder)},
                )
                if one.what is Happening.END:
                    socket.close(one.reason or "")
                    return
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


def _data(one: Told, decoder: codecs.IncrementalDecoder) -> dict[str, Any]:
    match one.what:
        case Happening.APPEND:
            return {"offset": one.offset, "content": decoder.decode(one.content)}
        case Happening.TRUNCATE:
            return {}
        case Happening.END:
            job = one.job
            return {
                "size": one.offset,
                "state": job.state.value if job else None,
                "exit_code": job.exit_code if job else None,
                "reason": one.reason,
            }


async def _listen(socket: Socket, ended: asyncio.Future[None]) -> None:
    """Answer pings until the client is gone."""
    try:
        while True:
            try:
                message = read_message(await socket.receive())
                if not isinstance(message, Ping):
                    raise ValidationError.of("action", getattr(message, "action", None), ["ping"])
                await socket.say(action="pong", timestamp=format_instant(int(time.time())), id=message.id)
            except S9SError as error:
                await socket.fail(error)
    except Closed:
        pass
    finally:
        _end(ended)


async def _until(
    ended: asyncio.Future[None], told: AsyncGenerator[Told], silence: float | None = None
) -> AsyncIterator[Told | None]:
    """What is told, until it ends or `ended` is set; ``None`` after so many seconds without anything."""
    try:
        while True:
            step = asyncio.ensure_future(anext(told, None))
            try:
                while not step.done() and not ended.done():
                    done, _ = await asyncio.wait(
                        (step, ended), timeout=silence, return_when=asyncio.FIRST_COMPLETED
                    )
                    if not done:
                        yield None
            finally:
                if not step.done():
                    step.cancel()
                    await asyncio.gather(step, return_exceptions=True)
            if step.cancelled() or (one := step.result()) is None:
                return
            yield one
    finally:
        await told.aclose()


def _end(ended: asyncio.Future[None]) -> None:
    if not ended.done():
        ended.set_result(None)


def _parameters(socket: Socket) -> OutputParameters:
    """Those of the path, without the ticket. Raises `ValidationError`."""
    pairs = parse_qsl(socket.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    rest = urlencode([(name, value) for name, value in pairs if name != "ticket"])
    parameters = read_parameters(OutputParameters, rest.encode())
    if not parameters.follow:
        raise ValidationError.of("follow", parameters.follow, [True], "A WebSocket here needs follow=true")
    _check(parameters)
    return parameters


def _check(parameters: OutputParameters) -> None:
    for name in ("offset", "length"):
        if (value := getattr(parameters, name)) is not None:
            raise ValidationError.of(name, value, "lines, or nothing, with follow=true")
