"""The simulated users' files: real ones in their mapped homes, made-up ones for the synthetic population."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import stat
from collections.abc import Callable
from typing import Final

from s9s.backends.base import OpenFile
from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.homes import Homes
from s9s.backends.simulated.outputs import SyntheticOutput
from s9s.domain.errors import PermissionDenied, ResourceNotFound, ValidationError
from s9s.domain.jobs import Job
from s9s.domain.output_paths import output_paths

_NUMBERS: Final = re.compile(r"\d+(?:_\d+)?", re.ASCII)
_KERNEL: Final = ("/proc/", "/sys/", "/dev/")


class LocalFile:
    """A `base.OpenFile` on a regular file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def read_at(self, offset: int, length: int) -> bytes:
        parts = []
        while length > 0 and (part := os.pread(self._descriptor, length, offset)):
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __del__(self) -> None:
        self.close()


class SimulatedFiles:
    """Implements `base.UserFiles`.

    Args:
        homes: Where paths lead.
        cluster: Whose synthetic jobs have outputs.
        own_user: Who started the server, and may read whatever that user may.
        advance: Brings the cluster up to date.
    """

    def __init__(self, homes: Homes, cluster: Cluster, own_user: str, advance: Callable[[], object]) -> None:
        self._homes = homes
        self._cluster = cluster
        self._own_user = own_user
        self._advance = advance

    async def home(self, actor: str) -> str:
        return self._homes.home(actor)

    async def open(self, path: str, actor: str) -> OpenFile:
        if not path.startswith("/") or "\0" in path:
            raise ValidationError.of("path", path, "an absolute path without NUL")
        self._homes.home(actor)  # raises for who is nobody here
        try:
            return await asyncio.to_thread(self._open_real, path, actor)
        except ResourceNotFound:
            synthetic = self._synthetic(path, actor)
            if synthetic is None:
                raise
            return synthetic

    def _open_real(self, path: str, actor: str) -> LocalFile:
        try:
            real = self._homes.resolve(path, actor)
            if real.startswith(_KERNEL):
                raise ValidationError.of("path", path, "a regular file")
            descriptor = os.open(
                real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW
            )
        except OSError as problem:
            raise _refusal(problem, path) from problem
        opened = LocalFile(descriptor)
        self._check(descriptor, path, actor)
        return opened

    def _check(self, descriptor: int, path: str, actor: str) -> None:
        """Make sure of what has been opened: links may have changed since they were followed."""
        real = os.readlink(f"/proc/self/fd/{descriptor}")
        self._homes.check(real, path, actor)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ValidationError.of("path", path, "a regular file")
        # The server's user may read more than a user of the cluster, whom nobody has given anything.
        is_own = actor == self._own_user or self._homes.is_writer(descriptor, actor)
        if not is_own and self._homes.is_shared(real) and not mode & stat.S_IROTH:
            raise PermissionDenied(f"Permission denied: {path}")

    def _synthetic(self, path: str, actor: str) -> SyntheticOutput | None:
        """The output of a synthetic job, which is found by the numbers in the file's name."""
        self._advance()
        for number in _NUMBERS.findall(path.rpartition("/")[2])[:10]:
            for address in {number, *number.split("_")}:
                try:
                    job = self._cluster.find(address)
                except ResourceNotFound:
                    continue
                is_out = path == output_paths(job)[0]
                if not (is_out or path == output_paths(job)[1]) or self._really_ran(job):
                    continue
                if actor not in (job.user, self._own_user):
                    raise PermissionDenied(f"Permission denied: {path}")
                if job.start_time is not None:
                    return SyntheticOutput(
                        lambda job=job: self._current(job),  # type: ignore[misc]
                        lambda: self._cluster.instant,
                        self._cluster.seed,
                        is_error=not is_out,
                    )
        return None

    def _current(self, job: Job) -> Job:
        record = self._cluster.records.get(job.numeric_id)
        return record.job if record is not None else self._cluster.accounting.get(job.numeric_id) or job

    def _really_ran(self, job: Job) -> bool:
        record = self._cluster.records.get(job.numeric_id)
        if record is not None:
            return record.batch is not None
        remains = self._cluster.accounting.remains(job.numeric_id)
        return remains is not None and remains.environment is not None


def _refusal(problem: OSError, path: str) -> ResourceNotFound | PermissionDenied | ValidationError:
    match problem.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return ResourceNotFound.of("file", path)
        case errno.EACCES | errno.EPERM:
            return PermissionDenied(f"Permission denied: {path}")
        case _:
            return ValidationError.of("path", path, "a regular file")
