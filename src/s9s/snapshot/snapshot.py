"""Everything that is known of one cluster, and how fresh it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

from msgspec import Struct

from s9s.domain.accounting import User
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import SlurmUnavailable
from s9s.domain.partitions import Partition, PartitionStatistics
from s9s.domain.reservations import Reservation
from s9s.snapshot.nodes import NodeChange, NodeTable
from s9s.snapshot.store import JobChange, JobTable

T = TypeVar("T")


class Update(Struct, frozen=True, kw_only=True):
    """What changed at once, for whoever follows a cluster."""

    generation: int
    """`JobTable.generation` after the changes."""
    jobs: list[JobChange] = []
    nodes: list[NodeChange] = []


class NamedTable(Generic[T]):
    """Few things that change rarely, by name and in the order of their names."""

    def __init__(self, name_of: Callable[[T], str]) -> None:
        self._name_of = name_of
        self._items: dict[str, T] = {}
        self.generation = 0
        """Goes up with every change."""

    def __len__(self) -> int:
        return len(self._items)

    def replace(self, items: Iterable[T]) -> None:
        """These are all there are."""
        found = {self._name_of(item): item for item in sorted(items, key=self._name_of)}
        if found != self._items:
            self._items = found
            self.generation += 1

    def get(self, name: str) -> T | None:
        """The one of this name."""
        return self._items.get(name)

    def all(self) -> list[T]:
        """Every one, by name."""
        return list(self._items.values())


class Snapshot:
    """One cluster in memory. The watcher writes it, everyone else reads.

    Args:
        finished_maximum: Finished jobs to keep that slurmctld has forgotten.
    """

    def __init__(self, finished_maximum: int = 100_000) -> None:
        self.info: ClusterInfo | None = None
        """What discovery found; ``None`` before the first contact."""
        self.jobs: Final = JobTable(finished_maximum)
        self.nodes: Final = NodeTable()
        self.partitions: Final[NamedTable[Partition]] = NamedTable(lambda partition: partition.name)
        self.reservations: Final[NamedTable[Reservation]] = NamedTable(lambda reservation: reservation.name)
        self.users: Final[NamedTable[User]] = NamedTable(lambda user: user.username)
        self.is_loaded = False
        """Whether jobs, nodes and partitions have been read at least once."""
        self.is_reachable = True
        """Whether slurmctld answered when it was last asked anything."""
        self.last_error: str | None = None
        """Why jobs could not be read the last time; ``None`` when they could."""

    @property
    def observed_at(self) -> float:
        """Epoch seconds for which the jobs are true; 0 before the first time."""
        return self.jobs.observed_at

    @property
    def stale(self) -> bool:
        """Whether what is here may be older than the interval of the polls says."""
        return self.last_error is not None or not self.is_loaded

    def age_seconds(self, now: float) -> float:
        """How old the jobs are at the instant `now`."""
        return max(0.0, now - self.observed_at)

    def partition_statistics(self, name: str) -> PartitionStatistics:
        """Sums over the nodes of a partition."""
        return self.nodes.partition_statistics(name)

    def require_info(self) -> ClusterInfo:
        """What discovery found. Raises `SlurmUnavailable` before the first contact."""
        if self.info is None:
            raise SlurmUnavailable(self.last_error or "The cluster has not been reached yet")
        return self.info

    def require_reachable(self) -> None:
        """Raises `SlurmUnavailable` at once while slurmctld is known to be out of reach."""
        if not self.is_reachable:
            raise SlurmUnavailable(self.last_error or "Slurm is out of reach", never_sent=True)
