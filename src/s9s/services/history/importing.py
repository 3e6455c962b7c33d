"""Filling a history at once: the work of the recorder's first fill, as fast as accounting answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from msgspec import Struct, structs

from s9s.backends.base import Reads
from s9s.domain.errors import SlurmUnavailable
from s9s.domain.history import FinishedJob
from s9s.services.history.asking import finished_between
from s9s.services.history.stretches import Stretches
from s9s.storage.history import HistoryRecords, Progress

#: More at once than the recorder asks for: nobody else waits.
_WANTED_JOBS: Final = 10_000
#: Jobs that are written at once.
_PIECE: Final = 5_000
_LONGEST_RETRY_SECONDS: Final = 30.0


class Step(Struct, frozen=True, kw_only=True):
    """How far an import has come."""

    since: int
    """Everything that ended from here on has been read."""
    read: int
    """Jobs so far."""
    changed: int
    """How many of them were new, or different from what was recorded."""
    waits_for: str | None = None
    """Why it does not get on."""


class Importer:
    """Reads the past of one cluster, newest first. Ended at any moment, the next one goes on from there.

    Args:
        backend: Has been discovered.
        key: What the cluster is called in the database.
        records: Where to record; a running server may do so at the same time.
    """

    def __init__(self, backend: Reads, key: str, records: HistoryRecords) -> None:
        self._backend = backend
        self._key = key
        self._records = records
        self._stretches = Stretches(_WANTED_JOBS)
        self._step = Step(since=0, read=0, changed=0)
        self._tell: Callable[[Step], None] = lambda _: None

    async def run(self, since: int, now: int, told: Callable[[Step], None], *, again: bool = False) -> Step:
        """Record what ended since an instant and is not recorded yet; waits while accounting is down.

        Args:
            since: Epoch seconds, like `now`.
            now: Where it begins on a database without a history.
            told: Hears of every step.
            again: Read everything anew, also what is there, for what has changed since.

        Raises:
            DatabaseUnavailable: The database cannot be written.
        """
        progress = await self._records.progress(self._key)
        if progress is None:
            progress = Progress(since=now, until=now)
            await self._records.advance(self._key, None, progress)
        end = now if again else progress.since
        self._tell, self._step = told, Step(since=end, read=0, changed=0)
        told(self._step)
        if end <= since:
            return self._step
        start = max(since, end - self._stretches.seconds)
        reading = asyncio.create_task(self._read(start, end))
        try:
            while True:
                jobs, reached = await reading, start
                self._stretches.fit(len(jobs))
                if start > since:
                    # The next stretch is read while this one is written.
                    end, start = start, max(since, start - self._stretches.seconds)
                    reading = asyncio.create_task(self._read(start, end))
                changed = await self._records.add(self._key, jobs, piece=_PIECE)
                await self._note(reached)
                before = self._step
                self._step = Step(
                    since=reached, read=before.read + len(jobs), changed=before.changed + changed
                )
                told(self._step)
                if reached <= since:
                    return self._step
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    async def _read(self, start: int, end: int) -> list[FinishedJob]:
        pause = 1.0
        while True:
            try:
                return await finished_between(self._backend, start, end)
            except SlurmUnavailable as error:
                self._tell(structs.replace(self._step, waits_for=error.message))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_RETRY_SECONDS)

    async def _note(self, since: int) -> None:
        """The history reaches back so far; a server that notes something meanwhile has its way as well."""
        while True:
            kept = await self._records.progress(self._key)
            if kept is not None and kept.since <= since:
                return
            if kept is None or await self._records.advance(
                self._key, kept, structs.replace(kept, since=since)
            ):
                return
