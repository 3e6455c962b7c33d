"""Output files as they grow: whoever follows one gets what is appended, until its job has ended.

However many follow a file, it is watched and read once: what was appended last is kept in memory, and each
follower takes it from there at its own pace. One that is too slow for that reads the file by itself, so that
nothing is left out and nothing piles up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from enum import StrEnum
from typing import Final

from msgspec import Struct

from s9s.backends.base import OpenFile
from s9s.domain.errors import ResourceNotFound, S9SError, SlurmUnavailable
from s9s.domain.jobs import Job, JobState
from s9s.services.access import Caller
from s9s.services.clusters import Cluster
from s9s.services.jobs.marks import Mark
from s9s.services.jobs.output import Output, Stream, path_of, start_of_last
from s9s.snapshot.clock import Clock, Pulse, SystemClock, within
from s9s.snapshot.snapshot import Update

#: What was appended last and is kept for all followers of a file.
RECENT_BYTES: Final = 1024 * 1024
#: What a follower is given at once.
PIECE_BYTES: Final = 64 * 1024
#: Between two looks at a file that grows, and at one that does not or is not there yet.
BUSY_SECONDS: Final = 0.2
IDLE_SECONDS: Final = 1.0
#: How long a file must stay as it is after its job has ended: it may come over a network file system.
DRAIN_SECONDS: Final = 2.0
#: So long after the end of a job nothing more is waited for.
_LONG_AGO_SECONDS: Final = 60
#: By this much of its end a file is known again.
_SAMPLE_BYTES: Final = 4096


class Happening(StrEnum):
    """What a follower is told of."""

    APPEND = "append"
    """More content."""
    TRUNCATE = "truncate"
    """The file begins anew, as after a requeue: what came before is no longer in it."""
    END = "end"
    """Nothing more comes."""


class Told(Struct, frozen=True):
    """One thing that happened to a followed file."""

    what: Happening
    offset: int = 0
    """Where in the file `content` begins, in bytes; at the end, the length of the file."""
    content: bytes = b""
    job: Job | None = None
    """At the end, the job if it has ended too."""
    reason: str | None = None
    """At the end, why."""


class CutShort(Exception):
    """A following has ended although the job has not, or although its file could not be read to its end."""


class Following:
    """Follows the output files of one cluster's jobs."""

    def __init__(self, cluster: Cluster, output: Output, clock: Clock | None = None) -> None:
        self._cluster = cluster
        self._output = output
        self._clock = clock or SystemClock()
        self._tails: dict[tuple[str, Stream], _Tail] = {}
        self._unsubscribe = cluster.watcher.subscribe(self._take)

    @property
    def files(self) -> int:
        """How many files are followed now."""
        return len(self._tails)

    async def follow(
        self,
        job_id: str,
        stream: Stream,
        caller: Caller,
        *,
        lines: int | None = None,
        mark: Mark | None = None,
    ) -> AsyncGenerator[Told]:
        """What is in the file (its last `lines`), and then what happens to it, up to and including the end.

        Whoever comes back gives the `mark` where they were, which wins over `lines`: it goes on there, or
        says `TRUNCATE` when what they have is no longer in the file.

        A file that is not there yet is waited for while the job has not ended. Before the first of it, raises
        `PermissionDenied` unless the caller is the job's owner or an administrator, `ResourceNotFound` when
        there is no such job or will be no such file.
        """
        job = await self._output.job(job_id, stream, caller)
        if (job.job_id, stream) not in self._tails and _may_have_file(job):
            try:
                (await self._cluster.files.open(path_of(job, stream), job.user)).close()
            except ResourceNotFound:
                if job.state.is_finished:
                    raise
        return self._follow(job, stream, lines, mark)

    async def close(self) -> None:
        """End every following, because the server stops."""
        end, self._unsubscribe = self._unsubscribe, lambda: None
        end()
        tails = list(self._tails.values())
        for tail in tails:
            tail.end("The server stops")
        await asyncio.gather(*(tail.stopped() for tail in tails))

    def _take(self, update: Update) -> None:
        """Have files of jobs looked at that have changed: they have begun, ended, or begun anew."""
        if self._tails:
            changed = {one.job_id for change in update.jobs if (one := change.after or change.before)}
            for (job_id, _), tail in self._tails.items():
                if job_id in changed:
                    tail.wake()

    async def _follow(
        self, job: Job, stream: Stream, lines: int | None, mark: Mark | None
    ) -> AsyncGenerator[Told]:
        key = job.job_id, stream
        tail = self._tails.get(key)
        if tail is None or tail.has_ended:
            tail = self._tails[key] = _Tail(job, stream, self._cluster, self._clock)
        tail.followers += 1
        try:
            async for told in tail.tell(lines, mark):
                yield told
        finally:
            tail.followers -= 1
            if not tail.followers:
                tail.end("Nobody follows")
                if self._tails.get(key) is tail:
                    del self._tails[key]


class _Tail:
    """One file that somebody follows, and the task that watches it.

    Args:
        job: Whose file it is, as it was when the first follower came.
        stream: Which of its files.
        cluster: Where the job is.
        clock: To wait on.
    """

    def __init__(self, job: Job, stream: Stream, cluster: Cluster, clock: Clock) -> None:
        self.followers = 0
        self._job = job
        self._stream: Stream = stream
        self._cluster = cluster
        self._clock = clock
        self._file: OpenFile | None = (
            None  # closed with its last reference: a follower's thread may be reading it
        )
        self._recent = b""
        self._position = 0
        """Bytes of the file that have been read; `_recent` ends there."""
        self._life = 0
        """Goes up whenever the file begins anew."""
        self._end: Told | None = None
        self._pulse = Pulse()
        self._looked = asyncio.Event()
        self._wakened = asyncio.Event()
        self._task = asyncio.create_task(self._watch(), name=f"follow the {stream} of job {job.job_id}")

    @property
    def has_ended(self) -> bool:
        """Whether followers have been told, or are about to be, that nothing more comes."""
        return self._end is not None

    def wake(self) -> None:
        """Look at job and file at once."""
        self._wakened.set()

    def end(self, reason: str) -> None:
        """Stop watching, and tell all followers why."""
        self._finish(reason)
        self._task.cancel()

    async def stopped(self) -> None:
        """Wait until nothing of it runs any more."""
        await asyncio.wait([self._task])

    async def tell(self, lines: int | None, mark: Mark | None = None) -> AsyncIterator[Told]:
        """What one follower is told."""
        await self._looked.wait()
        while mark is not None and self._file is None and self._end is None:
            await self._pulse.next()  # the job waits to start again, and may append
        life, offset = self._life, 0
        if mark is not None:
            if (file := self._file) is not None and await asyncio.to_thread(mark.is_in, file):
                offset = mark.offset
            elif file is not None:
                yield Told(Happening.TRUNCATE)
        elif lines is not None and (file := self._file) is not None:
            offset = await asyncio.to_thread(start_of_last, file, self._position, lines)
        while True:
            if life != self._life:
                life, offset = self._life, 0
                yield Told(Happening.TRUNCATE)
            elif offset < self._position and (content := await self._piece(offset)):
                if life == self._life:
                    yield Told(Happening.APPEND, offset, content)
                    offset += len(content)
            elif self._end is not None:
                yield self._end
                return
            else:
                await self._pulse.next()

    async def _piece(self, offset: int) -> bytes:
        behind, file = self._position - offset, self._file
        if behind <= len(self._recent):
            begin = len(self._recent) - behind
            return self._recent[begin : begin + PIECE_BYTES]
        return await asyncio.to_thread(file.read_at, offset, min(PIECE_BYTES, behind)) if file else b""

    async def _watch(self) -> None:
        try:
            await self._watch_until_it_ends()
        except S9SError as error:
            self._finish(error.message)
        except OSError as error:
            self._finish(f"The file cannot be read: {error.strerror}")
        finally:
            self._finish("The file cannot be followed")
            self._looked.set()

    async def _watch_until_it_ends(self) -> None:
        started, still_since = self._job.start_time, float("-inf")
        while True:
            job = self._job_now()
            if job.start_time != started and _may_have_file(job):
                started = job.start_time
                await self._open_anew(job)
            elif self._file is None and _may_have_file(job):
                await self._open(job)
            grew = await self._read()
            if grew or not job.state.is_finished:
                still_since = self._clock.monotonic()
            elif self._ended_long_ago(job) or self._clock.monotonic() - still_since >= DRAIN_SECONDS:
                self._finish(self._why(job), job)
                return
            self._looked.set()
            self._wakened.clear()
            if self._job_now() == job:  # it has not changed while its file was read
                pause = BUSY_SECONDS if grew or job.state.is_finished else IDLE_SECONDS
                await within(pause, self._wakened.wait(), self._clock)

    def _job_now(self) -> Job:
        """The job as it is; as it was last, if it is shown no more."""
        found = self._cluster.snapshot.jobs.get(self._job.job_id)
        if found is not None:
            self._job = found
        return self._job

    def _ended_long_ago(self, job: Job) -> bool:
        return self._cluster.watcher.now() - (job.end_time or 0) > _LONG_AGO_SECONDS

    async def _open(self, job: Job) -> None:
        with suppress(ResourceNotFound, SlurmUnavailable):  # it may still come
            self._file = await self._cluster.files.open(path_of(job, self._stream), job.user)
            self._pulse.beat()

    async def _open_anew(self, job: Job) -> None:
        """The job has started once more: Slurm has emptied its files, unless it was told to append."""
        self._file = None
        await self._open(job)
        if self._position and not await self._is_continued():
            self._begin_anew()

    async def _is_continued(self) -> bool:
        known, file = self._recent[-_SAMPLE_BYTES:], self._file
        if file is None:
            return False
        return await asyncio.to_thread(file.read_at, self._position - len(known), len(known)) == known

    async def _read(self) -> bool:
        """Take over what has been appended; whether there was anything new."""
        file = self._file
        if file is None:
            return False
        size = await asyncio.to_thread(lambda: file.size)
        if size < self._position:
            self._begin_anew()
        if not self._recent:
            # Whoever wants more of a long file reads it by itself.
            self._position = max(self._position, size - RECENT_BYTES)
        grew = False
        while self._position < size:
            length = min(PIECE_BYTES, size - self._position)
            content = await asyncio.to_thread(file.read_at, self._position, length)
            if not content:
                break
            grew = True
            self._recent = (self._recent + content)[-RECENT_BYTES:]
            self._position += len(content)
            self._pulse.beat()
        return grew

    def _begin_anew(self) -> None:
        self._life += 1
        self._position, self._recent = 0, b""
        self._pulse.beat()

    def _why(self, job: Job) -> str:
        ended = f"The job has ended ({job.state.value})"
        return ended if self._file else f"{ended} and has left no {self._stream} file"

    def _finish(self, reason: str, job: Job | None = None) -> None:
        if self._end is None:
            self._end = Told(Happening.END, self._position, job=job, reason=reason)
            self._pulse.beat()


def _may_have_file(job: Job) -> bool:
    return job.state is not JobState.PENDING
