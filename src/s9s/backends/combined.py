"""Several ways to one cluster: for each operation the best of those that are there.

slurmrestd answers single questions and changes in milliseconds; Slurm's commands list thousands of jobs tens
of times cheaper than its JSON, know the environment of a job, and can do what an old slurmrestd cannot. Which
of them is there, and what each can do, is found out at start and shown in ``/v1/status``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Generic, TypeVar

import structlog

from s9s.backends.base import (
    Backend,
    Feed,
    SupportsLiveUsage,
    SupportsReservations,
    SupportsUnended,
    SupportsUsage,
    Unsupported,
)
from s9s.backends.calls import Calls
from s9s.domain.accounting import User
from s9s.domain.changes import Changes
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import PermissionDenied, SlurmUnavailable
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobDetails, JobSubmission, JobUpdate, JobUsage, Submitted
from s9s.domain.nodes import Node, NodeUpdate
from s9s.domain.partitions import Partition
from s9s.domain.reservations import Reservation
from s9s.domain.tallies import Tally

T = TypeVar("T")
R = TypeVar("R")

log = structlog.get_logger(__name__)

#: After so many polls by a lesser way the best one is tried again.
_POLLS_BEFORE_RETURN: Final = 60

COMMANDS: Final = "commands"
SLURMRESTD: Final = "slurmrestd"

#: Reads that may be tried the other way when one way is out of reach; a change might be done twice.
_READS: Final = frozenset(
    {
        "ping",
        "list jobs",
        "list nodes",
        "list partitions",
        "list reservations",
        "list users",
        "finished jobs",
        "job",
        "job details",
    }
)

#: Operation to the ways, best first.
PREFERENCE: Final[Mapping[str, tuple[str, ...]]] = {
    "ping": (SLURMRESTD, COMMANDS),
    "list jobs": (COMMANDS, SLURMRESTD),
    "list nodes": (COMMANDS, SLURMRESTD),
    "list partitions": (COMMANDS, SLURMRESTD),
    "list reservations": (COMMANDS, SLURMRESTD),
    "list users": (COMMANDS, SLURMRESTD),
    "finished jobs": (COMMANDS, SLURMRESTD),
    "job": (SLURMRESTD, COMMANDS),
    "job details": (COMMANDS, SLURMRESTD),
    "submit": (SLURMRESTD, COMMANDS),
    "cancel": (SLURMRESTD, COMMANDS),
    "update job": (SLURMRESTD, COMMANDS),
    "requeue": (SLURMRESTD, COMMANDS),
    "suspend": (SLURMRESTD, COMMANDS),
    "resume": (SLURMRESTD, COMMANDS),
    "update nodes": (SLURMRESTD, COMMANDS),
}


class _NoWay(SlurmUnavailable):
    """None of the ways that are there can do it."""


class CombinedBackend:
    """A `Backend` made of two.

    Args:
        ways: `COMMANDS` and `SLURMRESTD` to their backends.
        name: What to call the cluster; ``None`` is what Slurm calls it.
        private_data: Words of PrivateData; ``None`` is what Slurm tells.
    """

    def __init__(
        self,
        ways: Mapping[str, Backend],
        *,
        name: str | None = None,
        private_data: frozenset[str] | None = None,
    ) -> None:
        self._ways = dict(ways)
        self._name = name
        self._private_data = private_data
        self._infos: dict[str, ClusterInfo] = {}
        self._calls = Calls()

    async def discover(self) -> ClusterInfo:
        results = await asyncio.gather(
            *(way.discover() for way in self._ways.values()), return_exceptions=True
        )
        failures: dict[str, SlurmUnavailable] = {}
        for name, result in zip(self._ways, results, strict=True):
            if isinstance(result, ClusterInfo):
                self._infos[name] = result
            elif isinstance(result, SlurmUnavailable | Unsupported):
                self._infos.pop(name, None)
                failures[name] = result if isinstance(result, SlurmUnavailable) else _NoWay(str(result))
            else:
                raise result
        if not self._infos:
            raise next(iter(failures.values()))
        return self._merged(failures)

    def _merged(self, failures: Mapping[str, SlurmUnavailable]) -> ClusterInfo:
        infos = [self._infos[name] for name in (COMMANDS, SLURMRESTD) if name in self._infos]
        first = infos[0]
        acting = [info.acts_as for info in infos]
        acts_as = (
            "anyone" if "anyone" in acting else next((one for one in acting if one != "nobody"), "nobody")
        )
        routes = {}
        for operation, names in PREFERENCE.items():
            for name in names:
                if name in self._infos and (route := self._infos[name].routes.get(operation)):
                    routes[operation] = route
                    break
        # What the lesser way lacks is no news where the other one has it.
        notes = list(first.notes)
        notes += [f"{name} is out of reach: {error.message}" for name, error in failures.items()]
        return ClusterInfo(
            name=self._name or first.name,
            slurm_version=first.slurm_version,
            routes=routes,
            has_accounting=first.has_accounting,
            private_data=first.private_data if self._private_data is None else self._private_data,
            min_job_age_seconds=first.min_job_age_seconds,
            super_users=frozenset().union(*(info.super_users for info in infos)),
            acts_as=acts_as,
            notes=tuple(dict.fromkeys(notes)),
        )

    @property
    def calls(self) -> Mapping[tuple[str, str], Tally]:
        """What has been asked of Slurm, by operation and way."""
        return self._calls.tallies

    async def close(self) -> None:
        await asyncio.gather(*(way.close() for way in self._ways.values()))

    async def ping(self) -> None:
        await self._try("ping", lambda way: way.ping())

    def jobs_feed(self) -> Feed[Job]:
        ways = {name: way.jobs_feed for name, way in self._candidates("list jobs").items()}
        return _FirstFeed("list jobs", ways, self._calls)

    def nodes_feed(self) -> Feed[Node]:
        ways = {name: way.nodes_feed for name, way in self._candidates("list nodes").items()}
        return _FirstFeed("list nodes", ways, self._calls)

    async def partitions(self) -> list[Partition]:
        return await self._try("list partitions", lambda way: way.partitions())

    async def reservations(self) -> list[Reservation]:
        async def read(way: Backend) -> list[Reservation]:
            return await way.reservations() if isinstance(way, SupportsReservations) else []

        return await self._try("list reservations", read)

    async def users(self) -> list[User]:
        with suppress(_NoWay):
            return await self._try("list users", lambda way: way.users())
        return []  # a cluster without accounting

    async def finished_jobs(self, start: int, end: int) -> list[Job]:
        with suppress(_NoWay):
            return await self._try("finished jobs", lambda way: way.finished_jobs(start, end))
        return []

    async def finished_with_usage(self, start: int, end: int) -> list[FinishedJob]:
        async def read(way: Backend) -> list[FinishedJob]:
            if isinstance(way, SupportsUsage):
                return await way.finished_with_usage(start, end)
            return list(map(FinishedJob, await way.finished_jobs(start, end)))

        with suppress(_NoWay):
            return await self._try("finished jobs", read)
        return []

    async def unended_jobs(self) -> list[Job]:
        for name, way in self._ways.items():
            if name in self._infos and isinstance(way, SupportsUnended):
                return await self._calls.measure("unended jobs", name, way.unended_jobs())
        raise Unsupported("only Slurm's commands tell which jobs have no end in accounting")

    async def usage_of_running(self, jobs: Sequence[Job], actor: str) -> dict[int, JobUsage]:
        for name, way in self._ways.items():
            info = self._infos.get(name)
            if info is not None and info.acts_as in ("anyone", actor) and isinstance(way, SupportsLiveUsage):
                return await self._calls.measure("running usage", name, way.usage_of_running(jobs, actor))
        return {}

    async def job(self, job_id: str, actor: str | None = None) -> JobDetails:
        operation = "job" if actor is None else "job details"
        return await self._try(operation, lambda way: way.job(job_id, actor), actor)

    async def submit(self, submission: JobSubmission, actor: str) -> Submitted:
        return await self._try("submit", lambda way: way.submit(submission, actor), actor)

    async def cancel(
        self, job_id: str, actor: str, *, signal: int | None = None, force: bool = False
    ) -> None:
        await self._try("cancel", lambda way: way.cancel(job_id, actor, signal=signal, force=force), actor)

    async def update_job(self, job_id: str, update: JobUpdate, actor: str) -> None:
        await self._try("update job", lambda way: way.update_job(job_id, update, actor), actor)

    async def requeue(self, job_id: str, actor: str) -> None:
        await self._try("requeue", lambda way: way.requeue(job_id, actor), actor)

    async def suspend(self, job_id: str, actor: str) -> None:
        await self._try("suspend", lambda way: way.suspend(job_id, actor), actor)

    async def resume(self, job_id: str, actor: str) -> None:
        await self._try("resume", lambda way: way.resume(job_id, actor), actor)

    async def update_nodes(self, names: Sequence[str], update: NodeUpdate, actor: str) -> None:
        await self._try("update nodes", lambda way: way.update_nodes(names, update, actor), actor)

    async def _try(
        self, operation: str, call: Callable[[Backend], Awaitable[R]], actor: str | None = None
    ) -> R:
        """The first way that can do it. Raises `PermissionDenied` when none can act as `actor`."""
        unsupported: Unsupported | None = None
        unavailable: SlurmUnavailable | None = None
        for name, way in self._candidates(operation, actor).items():
            try:
                return await self._calls.measure(operation, name, call(way))
            except Unsupported as error:
                unsupported = error
            except SlurmUnavailable as error:
                # A change that never left us may take another way; one that may have arrived must not.
                if operation not in _READS and not error.never_sent:
                    raise
                unavailable = error
        if unavailable is not None:
            raise unavailable
        if unsupported is not None:
            raise _NoWay(f"This server has no way to {operation}: {unsupported}") from unsupported
        if actor is not None and self._infos:
            raise PermissionDenied(f"This server has no means to act as {actor}", user=actor)
        raise SlurmUnavailable("Slurm is out of reach")

    def _candidates(self, operation: str, actor: str | None = None) -> dict[str, Backend]:
        known = [name for name in PREFERENCE[operation] if name in self._infos]
        able = [name for name in known if actor is None or self._infos[name].acts_as in ("anyone", actor)]
        return {name: self._ways[name] for name in able}


class _FirstFeed(Generic[T]):
    """Reads the same things by the best way that works, and comes back to the best one after a while.

    Args:
        operation: For the log.
        openings: How to open a feed by each way, best first. A feed is opened anew at each change of the way,
            because what it reports is relative to what it reported before.
        calls: Counts the polls.
    """

    def __init__(self, operation: str, openings: Mapping[str, Callable[[], Feed[T]]], calls: Calls) -> None:
        self._operation = operation
        self._ways = list(openings)
        self._openings = list(openings.values())
        self._calls = calls
        self._current = 0
        self._feed: Feed[T] | None = None
        self._polls = 0

    async def poll(self) -> Changes[T]:
        self._polls += 1
        if self._current and self._polls % _POLLS_BEFORE_RETURN == 0:
            with suppress(SlurmUnavailable):
                return await self._switch_to(0)
        if self._feed is not None:
            try:
                return await self._poll(self._feed, self._current)
            except SlurmUnavailable as error:
                failure = error
        else:
            failure = SlurmUnavailable("Slurm is out of reach")
        first_time = self._feed is None
        for index in range(len(self._openings)):
            if index == self._current and not first_time:
                continue
            try:
                return await self._switch_to(index)
            except SlurmUnavailable as error:
                failure = error
        raise failure

    async def _switch_to(self, index: int) -> Changes[T]:
        feed = self._openings[index]()
        changes = await self._poll(feed, index)
        if self._feed is not None:
            log.warning("changed the way to read", operation=self._operation, way=index)
        self._feed, self._current = feed, index
        return changes

    async def _poll(self, feed: Feed[T], index: int) -> Changes[T]:
        return await self._calls.measure(self._operation, self._ways[index], feed.poll())

    def forget(self, keys: Sequence[int] | Sequence[str]) -> None:
        if self._feed is not None:
            self._feed.forget(keys)
