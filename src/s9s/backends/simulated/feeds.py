"""The cluster's jobs and nodes as feeds: everything once, then what the journals say has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.journal import Journal
from s9s.domain.changes import Changes
from s9s.domain.jobs import Job
from s9s.domain.nodes import Node

T = TypeVar("T")


class _Feed(Generic[T]):
    """Implements `base.Feed`. A poll costs as much as has changed; it never fails."""

    def __init__(self, advance: Callable[[], float], journal: Journal) -> None:
        self._advance = advance
        self._journal = journal
        self._position: int | None = None
        self._again: set[int] = set()

    async def poll(self) -> Changes[T]:
        asked_at = self._advance()
        keys = None if self._position is None else self._journal.since(self._position)
        self._position = self._journal.position
        again, self._again = self._again, set()
        if keys is None:
            return Changes(asked_at=asked_at, changed=self._everything(), removed=[], complete=True)
        changed: list[T] = []
        removed: list[int] = []
        for key in keys | again:
            thing = self._get(key)
            if thing is None:
                removed.append(key)
            else:
                changed.append(thing)
        return Changes(asked_at=asked_at, changed=changed, removed=removed)

    def forget(self, keys: Sequence[int] | Sequence[str]) -> None:
        self._again.update(key for key in map(self._key, keys) if key is not None)

    def _everything(self) -> list[T]:
        raise NotImplementedError

    def _get(self, key: int) -> T | None:
        raise NotImplementedError

    def _key(self, key: int | str) -> int | None:
        raise NotImplementedError


class JobsFeed(_Feed[Job]):
    """All jobs in slurmctld's memory."""

    def __init__(self, advance: Callable[[], float], cluster: Cluster) -> None:
        super().__init__(advance, cluster.journal)
        self._records = cluster.records

    def _everything(self) -> list[Job]:
        return [record.job for record in self._records.values()]

    def _get(self, key: int) -> Job | None:
        record = self._records.get(key)
        return None if record is None else record.job

    def _key(self, key: int | str) -> int | None:
        return int(key)


class NodesFeed(_Feed[Node]):
    """All nodes."""

    def __init__(self, advance: Callable[[], float], cluster: Cluster) -> None:
        super().__init__(advance, cluster.pool.journal)
        self._cluster = cluster

    def _everything(self) -> list[Node]:
        return [self._get(position) for position in range(len(self._cluster.pool))]

    def _get(self, key: int) -> Node:
        return self._cluster.pool.node(key, self._cluster.now)

    def _key(self, key: int | str) -> int | None:
        return self._cluster.pool.index.get(str(key))
