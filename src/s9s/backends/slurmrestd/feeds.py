"""Jobs and nodes as changes: complete listings, compared with the ones before.

``update_time`` only tells whether anything has changed at all: the answer is everything or nothing. Nothing
is HTTP 304, but for jobs on 24.11 and 26.05 it is 200 with an empty list and a ``last_update`` of 0.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, Generic, TypeVar

from s9s.backends.slurmrestd import build, parse, payloads
from s9s.backends.slurmrestd.client import Client
from s9s.backends.slurmrestd.errors import Asked
from s9s.domain.changes import Changes
from s9s.domain.errors import SlurmError, SlurmUnavailable
from s9s.domain.jobs import Job
from s9s.domain.nodes import Node
from s9s.domain.turns import beside

_log = logging.getLogger(__name__)

#: A complete listing is due that often whatever Slurm says: a node's load and free memory change silently.
COMPLETE_SECONDS: Final = 60.0
#: 22.05 does not say as of when its answer is, so our clock must do; it may be ahead of slurmctld's by this.
CLOCK_SECONDS: Final = 10

K = TypeVar("K", bound=Hashable)
P = TypeVar("P")
T = TypeVar("T")


class _Feed(ABC, Generic[K, P, T]):
    """A `base.Feed`: records of type P, found by keys of type K, told as T of the domain."""

    def __init__(self, client: Client, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._known: dict[K, P] = {}
        self._again: set[K] = set()
        self._update_time: int | None = None
        self._complete_at = 0.0
        self._is_first = True

    @abstractmethod
    async def _list(self, update_time: int | None) -> tuple[list[P], payloads.Number] | None:
        """All records and as of when; ``None`` when nothing has changed since `update_time`."""

    @staticmethod
    @abstractmethod
    def _key(record: P) -> K: ...

    @staticmethod
    @abstractmethod
    def _parse(record: P) -> T: ...

    def forget(self, keys: Sequence[Any]) -> None:
        self._again.update(keys)

    async def poll(self) -> Changes[T]:
        asked_at = self._clock()
        is_complete_due = bool(self._again) or asked_at >= self._complete_at
        listing = await self._list(None if is_complete_due else self._update_time)
        if listing is None:
            return Changes(asked_at=asked_at, changed=[], removed=[])
        records, last_update = listing
        if is_complete_due:
            self._complete_at = asked_at + COMPLETE_SECONDS
        self._update_time = last_update.value or int(asked_at) - CLOCK_SECONDS
        again, self._again = self._again, set()
        changed, removed = await beside(self._compare, records, again)
        is_first, self._is_first = self._is_first, False
        return Changes(asked_at=asked_at, changed=changed, removed=removed, complete=is_first)

    def _compare(self, records: list[P], again: set[K]) -> tuple[list[T], Any]:
        """What is new or different, and the keys that are gone."""
        gone, known = self._known, dict[K, P]()
        changed = []
        for record in records:
            key = self._key(record)
            before = gone.pop(key, None)
            if before == record and key not in again:
                known[key] = record
                continue
            try:
                changed.append(self._parse(record))
            except ValueError as error:
                # One record that makes no sense must not hide all others.
                _log.warning("cannot read %r of slurmrestd's list: %s", key, error)
            known[key] = record
        self._known = known
        return changed, list(gone)


class JobsFeed(_Feed[int, payloads.Job, Job]):
    """All jobs of slurmctld's."""

    async def _list(self, update_time: int | None) -> tuple[list[payloads.Job], payloads.Number] | None:
        request = build.list_jobs(update_time)
        answer = await self._client.ask_for_changes(request, payloads.Jobs, Asked(action="list jobs"))
        if answer is None or (
            update_time is not None and answer.last_update.set and not answer.last_update.number
        ):
            return None
        return answer.jobs, answer.last_update

    @staticmethod
    def _key(record: payloads.Job) -> int:
        return record.job_id

    @staticmethod
    def _parse(record: payloads.Job) -> Job:
        return parse.job(record)


class NodesFeed(_Feed[str, payloads.Node, Node]):
    """All nodes."""

    async def _list(self, update_time: int | None) -> tuple[list[payloads.Node], payloads.Number] | None:
        try:
            return await self._ask(update_time)
        except SlurmUnavailable:
            raise
        except SlurmError:
            # 22.05 and 24.11 fail when nodes have changed and partitions have not: "Unable to query
            # partitions".
            if update_time is None:
                raise
            return await self._ask(None)

    async def _ask(self, update_time: int | None) -> tuple[list[payloads.Node], payloads.Number] | None:
        request = build.list_nodes(update_time)
        answer = await self._client.ask_for_changes(request, payloads.Nodes, Asked(action="list nodes"))
        return None if answer is None else (answer.nodes, answer.last_update)

    @staticmethod
    def _key(record: payloads.Node) -> str:
        return record.name

    @staticmethod
    def _parse(record: payloads.Node) -> Node:
        return parse.node(record)
