"""Keeping a `JobTable` true: polls of everything, and look-ups of single jobs between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence, Set
from operator import attrgetter
from typing import Final

from pyroaring import BitMap

from s9s.backends.base import Backend, Feed
from s9s.domain.changes import Changes
from s9s.domain.errors import S9SError, SlurmUnavailable
from s9s.domain.jobs import Job
from s9s.snapshot.arrays import parse_address
from s9s.snapshot.ordering import TEXTS
from s9s.snapshot.store import JobChange, JobTable

#: More jobs than this are read by one poll instead of one by one.
LOOK_UPS: Final = 16
#: Jobs taken over before the event loop gets its turn, 1 to 2 ms, and changes told of: less.
PIECE: Final = 100
_TOLD: Final = 50
#: The same while there is nobody yet who could wait: it takes less time in all.
_FIRST_PIECE: Final = 2_000


class JobFollower:
    """Takes over what Slurm tells of jobs, in the order in which Slurm was asked.

    A poll of a large cluster takes a second or more. What a look-up found meanwhile is newer: it is
    *pinned*, so that a poll which began before the look-up does not touch it, and the next poll is made to
    report the job again, because the feed believes that it has done so already. Order is told by counting
    polls, not by clocks: poll `n` is newer than a look-up if it began after it, that is, if `n` is
    greater than the number of polls begun when the look-up began.

    Args:
        backend: To read from.
        table: To write to.
        publish: Told of every change.
    """

    def __init__(self, backend: Backend, table: JobTable, publish: Callable[[list[JobChange]], None]) -> None:
        self._backend = backend
        self._table = table
        self._publish = publish
        self._feed: Feed[Job] | None = None
        self._begun = 0
        self._applied = 0
        self._pins: dict[int, int] = {}
        self._writing = asyncio.Lock()

    def restart(self) -> None:
        """Begin with a new feed: the next poll is complete."""
        self._feed = None

    async def poll(self) -> None:
        """Read all jobs once. Raises `SlurmUnavailable`."""
        if self._feed is None:
            self._feed = self._backend.jobs_feed()
        self._begun += 1
        number, pinned = self._begun, list(self._pins)
        if pinned:
            self._feed.forget(pinned)
        try:
            listed: set[int] = set()
            while True:
                changes = await self._feed.poll()
                listed.update(job.numeric_id for job in changes.changed)
                async with self._writing:
                    await self._apply(changes, number)
                    if not changes.more:
                        await self._finish(changes, number, pinned, listed)
                        break
        except SlurmUnavailable:
            raise
        except BaseException:
            # What the feed counts as told may not have arrived.
            self.restart()
            raise

    async def look_up(self, job_ids: Iterable[str]) -> bool:
        """Read these jobs one by one; whether that shows everything that has happened to them."""
        targets = self._targets(job_ids)
        if len(targets) > LOOK_UPS:
            return False
        results = await asyncio.gather(*map(self._look_up, targets))
        return all(results)

    def _targets(self, job_ids: Iterable[str]) -> set[str]:
        """What to look up: also the tasks of an array, and what a task was split from."""
        targets = set(job_ids)
        for job_id in tuple(targets):
            address = parse_address(job_id)
            if address is not None and address.kind == "_":
                rest = self._table.get(str(address.number))
                if rest is not None and rest.array_tasks is not None:
                    targets.add(rest.job_id)
            elif address is not None:
                members = self._table.tasks_of(address.number)
                targets.update(member.job_id for member in members if not member.state.is_finished)
        return targets

    async def _look_up(self, job_id: str) -> bool:
        begun = self._begun
        try:
            job = (await self._backend.job(job_id)).job
        except S9SError:
            # Gone, or Slurm is: a poll tells.
            return False
        async with self._writing:
            if self._begun > begun:
                # A poll that began later is as new. Which of the two saw the job last, nobody knows.
                return self._applied > begun
            self._publish(self._table.put(job))
            self._pins[job.numeric_id] = begun
        return True

    async def _apply(self, changes: Changes[Job], number: int) -> None:
        """Take over what has changed."""
        keep = self._newer_than(number)
        size = PIECE if self._applied else _FIRST_PIECE
        # What is submitted later has a higher id: each piece's new jobs come after those of the one before.
        changed = sorted(changes.changed, key=attrgetter("numeric_id"))
        for start in range(0, len(changed), size):
            piece = changed[start : start + size]
            part = Changes(asked_at=changes.asked_at, changed=piece, removed=[])
            await self._tell(self._table.apply(part, keep))

    async def _finish(
        self, changes: Changes[Job], number: int, pinned: Sequence[int], listed: Set[int]
    ) -> None:
        """Take over what is gone: all that is there has been seen."""
        keep = self._newer_than(number)
        if changes.complete:
            removed = list(self._table.listed - BitMap(listed) - BitMap(keep))
        else:
            # The feed was made to report what had been pinned: silence means that it is listed no more.
            silent = self._table.listed & BitMap(set(pinned) - listed - keep)
            removed = [key for key in changes.removed if isinstance(key, int)] + list(silent)
        self._table.apply(Changes(asked_at=changes.asked_at, changed=[], removed=removed), keep)
        for name in TEXTS if len(listed) > PIECE else ():
            self._table.warm(name)
            await asyncio.sleep(0)
        self._applied = number
        for key in [key for key, begun in self._pins.items() if begun < number]:
            del self._pins[key]

    def _newer_than(self, number: int) -> set[int]:
        """Jobs of which a look-up knows something newer than this poll."""
        return {key for key, begun in self._pins.items() if begun >= number}

    async def _tell(self, made: Sequence[JobChange]) -> None:
        """Publish in pieces: what followers make of a change takes longer than the change."""
        told = _TOLD if self._applied else len(made)  # nobody is told of what the first look finds
        for start in range(0, len(made), told or 1):
            await asyncio.sleep(0)
            self._publish(list(made[start : start + told]))
        await asyncio.sleep(0)
