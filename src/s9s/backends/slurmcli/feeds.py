"""What changed since the last look, from the difference between two outputs.

Most jobs and nodes are the same from one second to the next, and so are their lines: only lines that were not
there before are parsed. Of the others a hash is kept, 64 bits with a random key of this process.
"""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import structlog

from s9s.backends.slurmcli import scontrol_nodes, squeue
from s9s.backends.slurmcli.errors import Asked, check
from s9s.backends.slurmcli.programs import Programs, in_memory
from s9s.domain.changes import Changes
from s9s.domain.errors import SlurmError
from s9s.domain.jobs import Job
from s9s.domain.nodes import Node
from s9s.domain.turns import Turns, beside

K = TypeVar("K", int, str)

log = structlog.get_logger(__name__)

#: Less than half a millisecond's work, after which other threads have their turn.
_CHUNK: Final = 1 << 16
#: 100,000 jobs take squeue 1.7 s; a busy slurmctld many times that.
_BULK_SECONDS: Final = 120.0
_MOST_ATTEMPTS: Final = 3
#: Jobs of the first look that are told at once: what is read of all of them would take 100 MB.
_PIECE: Final = 2_000


class Lines(Generic[K]):
    """The lines of the last look by their hashes, in order, and whose they were: 16 bytes for each."""

    def __init__(self) -> None:
        self.is_first = True
        self._hashes: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._keys: npt.NDArray[Any] = np.zeros(0, np.int64)
        self._forgotten: set[K] = set()
        self.begin()

    def forget(self, keys: Iterable[K]) -> None:
        """Take the lines of these keys for new ones at the next look."""
        self._forgotten.update(keys)

    def begin(self) -> None:
        """Start a look; what it finds does not count until `commit`."""
        self._known, self._owners = self._hashes, self._keys
        self._again: set[K] = set()
        if self._forgotten:
            again = np.array([key in self._forgotten for key in self._keys.tolist()], np.bool_)
            self._known, self._owners = self._hashes[~again], self._keys[~again]
            self._again.update(self._keys[again].tolist())
        self._seen = np.zeros(len(self._known), np.bool_)
        self._found: dict[int, K] = {}

    def new(self, lines: Sequence[bytes]) -> list[tuple[int, int]]:
        """Position and hash of the lines that were not there before."""
        hashes = np.fromiter(map(hash, lines), np.int64, len(lines))
        if not len(self._known):
            return list(enumerate(hashes.tolist()))
        places = self._known.searchsorted(hashes)
        is_known = self._known.take(places, mode="clip") == hashes
        self._seen[places[is_known]] = True
        new = np.flatnonzero(~is_known)
        return list(zip(new.tolist(), hashes[new].tolist(), strict=True))

    def belongs(self, line: int, key: K) -> None:
        """Say whose line it is."""
        self._found[line] = key

    def commit(self) -> set[K]:
        """Make this the last look; returns the keys that have no line any more."""
        found = self._found.values()
        gone = self._again.union(self._owners[~self._seen].tolist()).difference(found)
        hashes = np.concatenate([self._known[self._seen], np.fromiter(self._found, np.int64)])
        # Arrays of nothing have a type too, which would make another one of the others'.
        parts = [part for part in (self._owners[self._seen], np.array(list(found))) if len(part)]
        keys = np.concatenate(parts) if parts else self._keys[:0]
        order = hashes.argsort()
        self._hashes, self._keys = hashes[order], keys[order]
        self.is_first = False
        self._forgotten.clear()
        self.begin()
        return gone


class JobsFeed:
    """All jobs, from squeue. A `Feed` of jobs."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._marks = squeue.Marks()
        self._lines: Lines[int] = Lines()
        self._look: AsyncGenerator[Changes[Job], None] | None = None

    async def poll(self) -> Changes[Job]:
        for _ in range(_MOST_ATTEMPTS):
            look, self._look = self._look or self._pieces(), None
            try:
                changes = await anext(look)
            except squeue.MarkForged:
                log.warning("the text of a job holds the marks of its row; taking others")
                self._marks, self._lines = squeue.Marks(), Lines()
                continue
            if changes.more:
                self._look = look
            else:
                await look.aclose()
            return changes
        raise SlurmError("squeue's answer cannot be told apart")

    def forget(self, keys: Sequence[int] | Sequence[str]) -> None:
        self._lines.forget(int(key) for key in keys)

    def forget_all(self) -> None:
        """Make the next poll a complete one."""
        self._lines = Lines()

    async def _pieces(self) -> AsyncGenerator[Changes[Job], None]:
        """One look."""
        asked_at = time.time()
        began = time.monotonic()
        with in_memory() as output:
            finished = await self._programs.run(
                squeue.argv(), env=self._marks.env, stdout=output, timeout=_BULK_SECONDS
            )
            check(finished, Asked(action="list jobs"))
            took = time.monotonic() - began
            pieces = self._read(output, asked_at, took)
            while (changes := await beside(next, pieces)).more:
                yield changes
        yield changes

    def _read(self, output: int, asked_at: float, took: float) -> Iterator[Changes[Job]]:
        now = asked_at + took
        lines = self._lines
        lines.begin()
        changed: dict[int, Job] = {}
        turns = Turns(is_needed=not lines.is_first)
        for rows, used in self._rows(output):
            turns.take()
            for position, line in lines.new(rows):
                row = rows[position]
                try:
                    job = squeue.parse(row, used[position], self._marks, now, took)
                except ValueError as error:
                    # What was known of the job stands; its line is not tried again until it changes.
                    log.warning("a job is not understood", error=str(error))
                    lines.belongs(line, squeue.numeric_id(row))
                else:
                    turns.take()
                    lines.belongs(line, job.numeric_id)
                    changed[job.numeric_id] = job
            if lines.is_first and len(changed) >= _PIECE:
                yield Changes(asked_at=asked_at, changed=list(changed.values()), removed=[], more=True)
                changed.clear()
        complete = lines.is_first
        removed = lines.commit()
        yield Changes(
            asked_at=asked_at, changed=list(changed.values()), removed=sorted(removed), complete=complete
        )

    def _rows(self, output: int) -> Iterator[tuple[list[bytes], list[bytes]]]:
        offset, rest = 0, b""
        while chunk := os.pread(output, _CHUNK, offset):
            offset += len(chunk)
            rows, used, rest = self._marks.split(rest + chunk)
            yield rows, used
        if rest:
            raise squeue.MarkForged


class NodesFeed:
    """All nodes, from scontrol. A `Feed` of nodes."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._lines: Lines[str] = Lines()

    async def poll(self) -> Changes[Node]:
        asked_at = time.time()
        with in_memory() as output:
            finished = await self._programs.run(scontrol_nodes.ARGV, stdout=output, timeout=_BULK_SECONDS)
            check(finished, Asked(action="list nodes"))
            return await beside(self._read, output, asked_at)

    def forget(self, keys: Sequence[int] | Sequence[str]) -> None:
        self._lines.forget(str(key) for key in keys)

    def forget_all(self) -> None:
        """Make the next poll a complete one."""
        self._lines = Lines()

    def _read(self, output: int, asked_at: float) -> Changes[Node]:
        lines = self._lines
        lines.begin()
        changed: dict[str, Node] = {}
        turns = Turns(is_needed=not lines.is_first)
        for batch in _nodes(output):
            turns.take()
            for position, line in lines.new(batch):
                try:
                    node = scontrol_nodes.parse(batch[position])
                except ValueError as error:
                    log.warning("a node is not understood", error=str(error))
                    lines.belongs(line, scontrol_nodes.name(batch[position]))
                else:
                    turns.take()
                    lines.belongs(line, node.node_name)
                    changed[node.node_name] = node
        complete = lines.is_first
        removed = lines.commit()
        return Changes(
            asked_at=asked_at, changed=list(changed.values()), removed=sorted(removed), complete=complete
        )


def _nodes(output: int) -> Iterator[list[bytes]]:
    """The nodes' texts, a few at a time."""
    offset, rest = 0, b""
    while chunk := os.pread(output, _CHUNK, offset):
        offset += len(chunk)
        *texts, rest = scontrol_nodes.pieces(rest + chunk)
        yield [text for text in texts if text.startswith(b"NodeName=")]
    yield scontrol_nodes.split(rest)
