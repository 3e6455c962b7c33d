"""What a way to reach a cluster must be able to do.

A backend speaks Slurm on one side and the domain on the other. It raises only `domain.errors`
(besides `Unsupported`), each outside call has a timeout, and only reads are ever retried.

Reads for everyone (the feeds, users, partitions) are made with the server's own identity; whoever
shows them to a caller filters them. Everything with an ``actor`` is done in Slurm AS that user, or
not at all: a backend that cannot act as the user raises `PermissionDenied` and never falls back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from s9s.domain.accounting import User
from s9s.domain.changes import Changes
from s9s.domain.clusters import ClusterInfo
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobDetails, JobSubmission, JobUpdate, JobUsage, Submitted
from s9s.domain.nodes import Node, NodeUpdate
from s9s.domain.partitions import Partition
from s9s.domain.reservations import Reservation
from s9s.domain.tallies import Tally

T = TypeVar("T")


class Unsupported(Exception):
    """This backend has no means for the operation (another one may): ``str()`` says why."""


class Feed(Protocol[T]):
    """A stateful reader of one kind of thing: the first poll is complete, later ones differ.

    Not safe for concurrent polls; the watcher is its only user.
    """

    async def poll(self) -> Changes[T]:
        """Look once, or go on with a look of which there is `Changes.more`.

        Raises `SlurmUnavailable` and then continues as if it had not been called.
        """
        ...

    def forget(self, keys: Sequence[int] | Sequence[str]) -> None:
        """Report these keys again at the next poll, changed or not."""
        ...


async def everything(feed: Feed[T]) -> list[T]:
    """All there is, by a feed that has not been polled yet."""
    changes = await feed.poll()
    found = changes.changed
    while changes.more:
        changes = await feed.poll()
        found += changes.changed
    return found


class Reads(Protocol):
    """What is asked of one cluster."""

    async def discover(self) -> ClusterInfo:
        """Find out versions, abilities and limits. Raises `SlurmUnavailable` when nothing answers."""
        ...

    async def close(self) -> None:
        """Let go of connections and processes."""
        ...

    async def ping(self) -> None:
        """Cheaply make sure that slurmctld answers (under a second). Raises `SlurmUnavailable`."""
        ...

    def jobs_feed(self) -> Feed[Job]:
        """All jobs that slurmctld holds, finished ones included; keys are `Job.numeric_id`."""
        ...

    def nodes_feed(self) -> Feed[Node]:
        """All nodes; keys are names."""
        ...

    async def partitions(self) -> list[Partition]:
        """All partitions, hidden ones included."""
        ...

    async def users(self) -> list[User]:
        """All Slurm users with associations and usage. Empty without accounting."""
        ...

    async def finished_jobs(self, start: int, end: int) -> list[Job]:
        """Jobs from accounting that ended in [start, end), one record a job (the last of a requeue).

        Includes jobs cancelled before they ever started. Empty without accounting.
        """
        ...

    async def job(self, job_id: str, actor: str | None = None) -> JobDetails:
        """One job, live or from accounting, looked up as `actor` (``None``: as the server).

        `job_id` is any form that users write: ``123``, ``123_4``, ``123+1``. Environment and usage are
        filled in where they can be had. For a whole array it is the unstarted rest, else the record
        whose own id it is. Raises `ResourceNotFound`.
        """
        ...


class Acts(Protocol):
    """What is done in one cluster, each as a user of it."""

    async def submit(self, submission: JobSubmission, actor: str) -> Submitted:
        """Submit a batch job. ``#SBATCH`` lines in the script count; the submission's fields win.

        Raises `ValidationError` (bad partition, account, QOS, ...), `PermissionDenied`.
        """
        ...

    async def cancel(
        self, job_id: str, actor: str, *, signal: int | None = None, force: bool = False
    ) -> None:
        """End a job as scancel does; `force` kills at once; with `signal` only deliver that signal.

        A whole array may be named. Raises `ResourceNotFound`, `ResourceConflict` (finished, or not
        running and a signal is to be delivered), `PermissionDenied`.
        """
        ...

    async def update_job(self, job_id: str, update: JobUpdate, actor: str) -> None:
        """Hold, release, change.

        Raises `ResourceNotFound`, `ResourceConflict`, `PermissionDenied`, `ValidationError`.
        """
        ...

    async def requeue(self, job_id: str, actor: str) -> None:
        """Put a running or finished job back into the queue. Errors as in `update_job`."""
        ...

    async def suspend(self, job_id: str, actor: str) -> None:
        """Stop a running job's processes. Errors as in `update_job`."""
        ...

    async def resume(self, job_id: str, actor: str) -> None:
        """Continue a suspended job. Errors as in `update_job`."""
        ...

    async def update_nodes(self, names: Sequence[str], update: NodeUpdate, actor: str) -> None:
        """Change the state of nodes, all or none checked.

        Raises `ResourceNotFound`, `ResourceConflict`, `PermissionDenied`.
        """
        ...


class Backend(Reads, Acts, Protocol):
    """A way to one cluster."""


class OpenFile(Protocol):
    """A file that was opened with some user's permissions; a regular file, and open until closed."""

    @property
    def size(self) -> int:
        """Bytes at the moment of asking."""
        ...

    def read_at(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`; fewer only at the end. Blocks: call it in a thread."""
        ...

    def close(self) -> None:
        """Let go of it. Closing twice is harmless."""
        ...


class UserFiles(Protocol):
    """Opens files as the user who asks."""

    async def open(self, path: str, actor: str) -> OpenFile:
        """Open a regular file for reading with the actor's own uid and groups.

        Raises `ResourceNotFound` (type ``file``), `PermissionDenied`, `ValidationError` (a directory, FIFO,
        device, relative path, or NUL in it). Never blocks on a FIFO, never follows into /proc of the server.
        """
        ...

    async def home(self, actor: str) -> str:
        """The actor's home directory. Raises `ResourceNotFound` (type ``user``)."""
        ...


@runtime_checkable
class SupportsFiles(Protocol):
    """A backend that has a view of files of its own (the simulated cluster)."""

    @property
    def files(self) -> UserFiles:
        """Where its jobs' files are found."""
        ...


@runtime_checkable
class SupportsUsage(Protocol):
    """A backend whose accounting tells what jobs used, many at a time."""

    async def finished_with_usage(self, start: int, end: int) -> list[FinishedJob]:
        """As `Backend.finished_jobs`, with the usage of each job's steps added up."""
        ...


@runtime_checkable
class SupportsLiveUsage(Protocol):
    """A backend that tells what running jobs use, many at a time."""

    async def usage_of_running(self, jobs: Sequence[Job], actor: str) -> dict[int, JobUsage]:
        """By numeric id, as far as Slurm tells `actor`: of the own jobs. Raises `SlurmUnavailable`."""
        ...


@runtime_checkable
class SupportsUnended(Protocol):
    """A backend whose accounting can be asked which jobs it believes to be running."""

    async def unended_jobs(self) -> list[Job]:
        """Jobs that have begun and have no end in accounting. Raises `SlurmUnavailable` and `Unsupported`."""
        ...


@runtime_checkable
class SupportsReservations(Protocol):
    """A backend that knows of reservations."""

    async def reservations(self) -> list[Reservation]:
        """All of them."""
        ...


@runtime_checkable
class CountsCalls(Protocol):
    """A backend that counts what it asks Slurm."""

    @property
    def calls(self) -> Mapping[tuple[str, str], Tally]:
        """By operation and way; outcomes are ``ok``, ``refused``, ``unavailable``, ``failed``."""
        ...


@runtime_checkable
class SupportsTime(Protocol):
    """A backend whose cluster has a time of its own (the simulated cluster, which can be run faster)."""

    def now(self) -> float:
        """The cluster's epoch seconds."""
        ...
