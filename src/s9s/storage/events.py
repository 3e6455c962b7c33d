"""Events as they are kept: many in one row, compressed.

One row for all that is written together, because each step of a statement gives the interpreter away and has
to get it back: a thousand rows would wait a thousand times for a busy event loop. Events resemble each other,
so compression makes a tenth of them.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from itertools import chain, count, islice
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select, update

from s9s.domain.events import Event, slim_job
from s9s.domain.jobs import Job
from s9s.domain.nodes import Node
from s9s.domain.turns import Turns, beside
from s9s.storage.database import Database
from s9s.storage.tables import event_batches, event_checkpoints, event_head

T = TypeVar("T")

#: Fast; a higher level gains little on events.
_LEVEL: Final = 1
#: Rows that are read at once.
_ROWS: Final = 64
#: Jobs in one part of a checkpoint, and those of them that are written at once.
PART: Final = 5_000
_TOGETHER: Final = 50

_batch: Final = event_batches.c
_HEAD: Final = select(event_head.c.sequence).with_for_update()

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(list[Event])


class State(Struct, frozen=True, kw_only=True):
    """What was known of the cluster after an event."""

    sequence: int
    at: int
    """When the cluster was looked at, epoch seconds."""
    jobs: Iterable[Job]
    nodes: list[Node]


class _Part(Struct, frozen=True, array_like=True):
    jobs: list[Job]
    nodes: list[Node] = []


def _parts(state: State) -> list[bytes]:
    """A state as it is kept: each part a `_Part`, made of a few jobs at a time."""
    turns, made = Turns(), list[bytes]()
    jobs = iter(state.jobs)
    while (first := list(islice(jobs, 1))) or not made:
        packed = zlib.compressobj(_LEVEL)
        part = chain(first, islice(jobs, PART - 1))
        pieces = [packed.compress(b"[[")]
        pieces += [packed.compress(piece) for piece in _joined(part, slim_job, turns)]
        pieces.append(packed.compress(b"],["))
        if not made:
            pieces += [packed.compress(piece) for piece in _joined(state.nodes, lambda node: node, turns)]
        pieces += (packed.compress(b"]]"), packed.flush())
        made.append(b"".join(pieces))
    return made


def _joined(rows: Iterable[T], of: Callable[[T], object], turns: Turns) -> Iterator[bytes]:
    """What stands between the brackets of a JSON array, in pieces."""
    rest, comma = iter(rows), b""
    while piece := list(islice(rest, _TOGETHER)):
        turns.take()
        yield comma + _encoder.encode(list(map(of, piece)))[1:-1]
        comma = b","


def pack_events(events: Sequence[Event]) -> bytes:
    """Events as they are kept."""
    packed = zlib.compressobj(_LEVEL)
    pieces = [packed.compress(piece) for piece in (b"[", *_joined(events, Event.slim, Turns()), b"]")]
    return b"".join((*pieces, packed.flush()))


def unpack_events(content: bytes) -> list[Event]:
    """The events that were packed."""
    return _decoder.decode(zlib.decompress(content))


class EventRecords:
    """The log. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def bounds(self) -> tuple[int, int]:
        """Numbers of the oldest event that is kept and of the newest one; with none, one more than that."""
        async with self._database.read() as connection:
            newest: int = (await connection.execute(select(event_head.c.sequence))).scalar_one()
            oldest = await connection.scalar(select(func.min(_batch.first)))
            return newest + 1 if oldest is None else oldest, newest

    async def append(self, drafts: Sequence[Event], at: int) -> tuple[list[Event], bytes]:
        """Give events their numbers; all of them are on disk when this returns them, and them packed.

        Args:
            drafts: Their own numbers do not matter.
            at: Now, epoch seconds.
        """
        # Packed before the transaction, for which others would wait: `first` says the numbers.
        content = await beside(pack_events, drafts)

        def write(connection: Connection) -> list[Event]:
            newest = connection.execute(_HEAD).scalar_one()
            last = newest + len(drafts)
            row = {"first": newest + 1, "last": last, "at": at, "events": content}
            connection.execute(insert(event_batches).values(row))
            connection.execute(update(event_head).values(sequence=last))
            return list(map(Event.numbered, drafts, count(newest + 1)))

        return await self._database.commit(write), content

    async def walk(self, after: int) -> AsyncIterator[list[Event]]:
        """Every event beyond a number, in order and in pieces; those written meanwhile too."""
        while True:
            columns = select(_batch.first, _batch.last, _batch.events).where(_batch.last > after)
            async with self._database.read() as connection:
                rows = (await connection.execute(columns.order_by(_batch.first).limit(_ROWS))).all()
            for first, last, content in rows:
                events = list(map(Event.numbered, unpack_events(content), count(first)))
                yield events[max(0, after + 1 - first) :]
                after = last
            if len(rows) < _ROWS:
                return

    async def prune(self, *, before: int, newest_only: int, keep_after: int) -> int:
        """Give up old events; the number of the oldest one that is left (or of the next one).

        Args:
            before: Events of earlier than this go, epoch seconds.
            newest_only: No more than so many are kept.
            keep_after: Those beyond this number are kept in any case.
        """

        def write(connection: Connection) -> int:
            newest = connection.execute(_HEAD).scalar_one()
            aged = connection.scalar(select(func.max(_batch.last)).where(_batch.at < before)) or 0
            limit = min(keep_after, max(aged, newest - newest_only))
            connection.execute(delete(event_batches).where(_batch.last <= limit))
            oldest: int | None = connection.scalar(select(func.min(_batch.first)))
            return newest + 1 if oldest is None else oldest

        return await self._database.commit(write)

    async def save(self, state: State) -> None:
        """Keep what is known of the cluster, in place of what was kept before."""
        # Made before the transaction, for which others would wait, and without haste.
        parts = await beside(_parts, state)

        def write(connection: Connection) -> None:
            connection.execute(delete(event_checkpoints))
            for number, content in enumerate(parts):
                row = {"part": number, "sequence": state.sequence, "at": state.at, "content": content}
                connection.execute(insert(event_checkpoints).values(row))

        await self._database.commit(write)

    async def load(self) -> State | None:
        """What was kept last; ``None``: nothing ever."""
        rows = select(event_checkpoints).order_by(event_checkpoints.c.part)
        async with self._database.read() as connection:
            found = (await connection.execute(rows)).all()
        if not found:
            return None
        jobs: list[Job] = []
        nodes: list[Node] = []
        for _, _, _, content in found:
            part = msgspec.json.decode(zlib.decompress(content), type=_Part)
            jobs += part.jobs
            nodes += part.nodes
        return State(sequence=found[0].sequence, at=found[0].at, jobs=jobs, nodes=nodes)
