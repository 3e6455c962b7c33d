"""Partitions, with what is free in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from s9s.domain.errors import PermissionDenied, ResourceNotFound
from s9s.domain.hostlists import fold_hostlist
from s9s.domain.partitions import Partition, PartitionStatistics
from s9s.domain.queries import Page
from s9s.services.access import Caller, may_see_all
from s9s.services.clusters import Cluster
from s9s.services.paging import ordered, page_of


class PartitionView(Struct, frozen=True):
    """A partition and the sums over its nodes."""

    partition: Partition
    statistics: PartitionStatistics


PARTITION_SORT_KEYS: Final[Mapping[str, Callable[[PartitionView], Any]]] = {
    "name": lambda view: view.partition.name,
    "state": lambda view: view.partition.state,
    "nodes_total": lambda view: view.statistics.nodes_total,
    "nodes_idle": lambda view: view.statistics.nodes_idle,
    "nodes_allocated": lambda view: view.statistics.nodes_allocated,
    "nodes_mixed": lambda view: view.statistics.nodes_mixed,
    "cpus_total": lambda view: view.statistics.cpus_total,
    "cpus_allocated": lambda view: view.statistics.cpus_allocated,
    "default_time": lambda view: view.partition.default_time_seconds,
    "max_time": lambda view: view.partition.max_time_seconds,
    "max_nodes": lambda view: view.partition.max_nodes,
    "priority": lambda view: view.partition.priority,
    "qos": lambda view: view.partition.qos,
    "is_default": lambda view: view.partition.is_default,
    "nodes": lambda view: fold_hostlist(view.partition.nodes),
}


class Partitions:
    """The partitions of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def page(
        self,
        caller: Caller,
        *,
        states: frozenset[str] | None = None,
        sort: str = "name",
        descending: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> Page[PartitionView]:
        """One page from the snapshot."""
        self._require_sight(caller)
        found: Sequence[PartitionView] = [
            self._view(one)
            for one in self._cluster.snapshot.partitions.all()
            if states is None or one.state in states
        ]
        found = ordered(found, PARTITION_SORT_KEYS, sort=sort, descending=descending)
        return page_of(found, limit=limit, offset=offset)

    def get(self, name: str, caller: Caller) -> PartitionView:
        """One partition. Raises `ResourceNotFound`."""
        self._require_sight(caller)
        partition = self._cluster.snapshot.partitions.get(name)
        if partition is None:
            raise ResourceNotFound.of("partition", name)
        return self._view(partition)

    def _view(self, partition: Partition) -> PartitionView:
        return PartitionView(partition, self._cluster.snapshot.partition_statistics(partition.name))

    def _require_sight(self, caller: Caller) -> None:
        if not may_see_all(caller, self._cluster.info, "partitions"):
            raise PermissionDenied("Partitions are private on this cluster", private_data="partitions")
