"""Partitions on the wire."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from msgspec import Meta, Struct

from s9s.api.schemas.paging import PageInfo, PageParameters, SortOrder
from s9s.domain.durations import format_duration
from s9s.domain.hostlists import fold_hostlist
from s9s.domain.partitions import Partition, PartitionStatistics


class PartitionListParameters(PageParameters, frozen=True):
    """Filters, order and page of the partition list."""

    state: Annotated[str, Meta(description="States as a comma list: UP, DOWN, DRAIN, INACTIVE")] | None = None
    sort: Annotated[str, Meta(description="Any scalar field of a partition")] = "name"
    order: Annotated[SortOrder, Meta(description="Sort order")] = "asc"


class PartitionDocument(Struct, frozen=True):
    """A partition and what is free in it."""

    name: Annotated[str, Meta(examples=["gpu"])]
    state: Annotated[str, Meta(examples=["UP"])]
    nodes_total: int
    nodes_idle: int
    nodes_allocated: int
    nodes_mixed: int
    cpus_total: int
    cpus_allocated: int
    default_time: Annotated[str, Meta(examples=["2:00:00"])] | None
    max_time: Annotated[str, Meta(examples=["7-00:00:00"])] | None
    max_nodes: Annotated[int, Meta(description="null: as many as there are")] | None
    priority: int | None
    qos: str | None
    features: Annotated[list[str], Meta(description="Of any of its nodes")]
    is_default: bool
    nodes: Annotated[str, Meta(description="Hostlist", examples=["node[001-032]"])]
    allow_accounts: Annotated[list[str], Meta(description="null: all")] | None
    allow_groups: list[str] | None
    allow_qos: list[str] | None


class PartitionList(PageInfo, frozen=True):
    """A page of partitions."""

    partitions: list[PartitionDocument]


def partition_document(partition: Partition, statistics: PartitionStatistics) -> PartitionDocument:
    """A partition with the sums over its nodes."""

    def duration(seconds: int | None) -> str | None:
        return None if seconds is None else format_duration(seconds)

    def names(values: tuple[str, ...] | None) -> list[str] | None:
        return None if values is None else list(values)

    return PartitionDocument(
        name=partition.name,
        state=partition.state,
        nodes_total=statistics.nodes_total,
        nodes_idle=statistics.nodes_idle,
        nodes_allocated=statistics.nodes_allocated,
        nodes_mixed=statistics.nodes_mixed,
        cpus_total=statistics.cpus_total,
        cpus_allocated=statistics.cpus_allocated,
        default_time=duration(partition.default_time_seconds),
        max_time=duration(partition.max_time_seconds),
        max_nodes=partition.max_nodes,
        priority=partition.priority,
        qos=partition.qos,
        features=list(statistics.features),
        is_default=partition.is_default,
        nodes=_folded(partition.nodes),
        allow_accounts=names(partition.allow_accounts),
        allow_groups=names(partition.allow_groups),
        allow_qos=names(partition.allow_qos),
    )


@lru_cache(maxsize=1024)
def _folded(names: tuple[str, ...]) -> str:
    """As a hostlist; kept, since which nodes a partition has hardly ever changes."""
    return fold_hostlist(names)
