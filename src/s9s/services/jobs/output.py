"""What a job writes: parts of its output files, read with its owner's permissions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Literal

from msgspec import Struct

from s9s.backends.base import OpenFile
from s9s.domain.errors import ResourceNotFound
from s9s.domain.jobs import Job
from s9s.domain.output_paths import output_paths
from s9s.services.access import Caller, require_owner
from s9s.services.clusters import Cluster
from s9s.services.jobs.service import Jobs

Stream = Literal["output", "error"]

#: What is read when nothing else is asked for: the end of the file.
DEFAULT_BYTES: Final = 1024 * 1024
#: The most that one answer holds.
MAX_BYTES: Final = 16 * 1024 * 1024
BLOCK_BYTES: Final = 64 * 1024


class Part(Struct, frozen=True):
    """A part of a file. `offset` is where it begins, `size` the length of the whole file, in bytes."""

    path: str
    content: bytes
    offset: int
    size: int

    @property
    def is_truncated(self) -> bool:
        """Whether the file has more than this part."""
        return len(self.content) < self.size


class Output:
    """Reads the output and error files of jobs."""

    def __init__(self, cluster: Cluster, jobs: Jobs) -> None:
        self._cluster = cluster
        self._jobs = jobs

    async def read(
        self,
        job_id: str,
        stream: Stream,
        caller: Caller,
        *,
        lines: int | None = None,
        offset: int | None = None,
        length: int | None = None,
    ) -> Part:
        """The last `lines` lines, or the bytes from `offset`, or the end of the file.

        Whatever the file's size, only the part is read. Raises `PermissionDenied` unless the caller is the
        job's owner or an administrator, `ResourceNotFound` when there is no such job or file (yet).
        """
        path, file = await self._open(job_id, stream, caller)
        try:
            size = file.size
            if offset is not None or length is not None:
                begin = min(offset or 0, size)
                content = await asyncio.to_thread(
                    file.read_at, begin, min(length or DEFAULT_BYTES, MAX_BYTES)
                )
                return Part(path, content, begin, max(size, begin + len(content)))
            if lines is not None:
                return await asyncio.to_thread(_tail, file, path, size, lines)
            begin = max(0, size - DEFAULT_BYTES)
            content = await asyncio.to_thread(file.read_at, begin, size - begin)
            return Part(path, content, begin, size)
        finally:
            file.close()

    async def stream(
        self, job_id: str, stream: Stream, caller: Caller
    ) -> tuple[str, int, AsyncIterator[bytes]]:
        """Path, size and the whole file piece by piece, as it is now. Errors as in `read`."""
        path, file = await self._open(job_id, stream, caller)
        return path, file.size, _pieces(file)

    async def job(self, job_id: str, stream: Stream, caller: Caller) -> Job:
        """A job whose output the caller may read. Errors as in `read`."""
        job = await self._jobs.get(job_id, caller)
        require_owner(caller, job.user, f"read the {stream} of job {job_id}")
        return job

    async def _open(self, job_id: str, stream: Stream, caller: Caller) -> tuple[str, OpenFile]:
        job = await self.job(job_id, stream, caller)
        path = path_of(job, stream)
        # Opened as the owner, so that a job's path never lends its owner the eyes of an administrator.
        return path, await self._cluster.files.open(path, job.user)


def path_of(job: Job, stream: Stream) -> str:
    """Where a job's output or error file is. Raises `ResourceNotFound` where that cannot be known."""
    standard_output, standard_error = output_paths(job)
    path = standard_output if stream == "output" else standard_error
    if path is None:
        raise ResourceNotFound(
            f"Job {job.job_id} has no {stream} file",
            resource_type="file",
            resource_id=f"{job.job_id}/{stream}",
        )
    return path


def start_of_last(file: OpenFile, size: int, lines: int) -> int:
    """Where the last lines of a file's first `size` bytes begin; at most `MAX_BYTES` from their end."""
    return _tail(file, "", size, lines).offset


def _tail(file: OpenFile, path: str, size: int, lines: int) -> Part:
    """The last lines, found block by block from the end; a line that is not yet ended counts."""
    begin, content = size, b""
    while begin > 0 and len(content) < MAX_BYTES:
        step = min(BLOCK_BYTES, begin)
        begin -= step
        content = file.read_at(begin, step) + content
        if content.count(b"\n", 0, max(0, len(content) - 1)) >= lines:
            break
    cut = len(content)
    if lines:
        position = len(content) - 1 if content.endswith(b"\n") else len(content)
        for _ in range(lines):
            position = content.rfind(b"\n", 0, position)
            if position < 0:
                break
        cut = position + 1
    return Part(path, content[cut:], begin + cut, size)


async def _pieces(file: OpenFile) -> AsyncIterator[bytes]:
    try:
        position, size = 0, file.size
        while position < size:
            piece = await asyncio.to_thread(file.read_at, position, min(BLOCK_BYTES * 4, size - position))
            if not piece:
                break
            position += len(piece)
            yield piece
    finally:
        file.close()
