"""Partitions, as they are configured; what is free in them follows from their nodes."""

from __future__ import annotations

from msgspec import Struct


class Partition(Struct, frozen=True, kw_only=True):
    """One partition. Spans are seconds, `durations.UNLIMITED` for no limit, ``None`` for not set."""

    name: str
    state: str
    """UP, DOWN, DRAIN or INACTIVE."""
    is_default: bool = False
    nodes: tuple[str, ...] = ()
    nodes_total: int = 0
    cpus_total: int = 0
    default_time_seconds: int | None = None
    """``None``: jobs without a time limit get `max_time_seconds`."""
    max_time_seconds: int | None = None
    max_nodes: int | None = None
    """``None``: as many as there are."""
    priority: int | None = None
    """PriorityTier."""
    qos: str | None = None
    allow_accounts: tuple[str, ...] | None = None
    """``None``: all."""
    allow_groups: tuple[str, ...] | None = None
    allow_qos: tuple[str, ...] | None = None


class PartitionStatistics(Struct, frozen=True, kw_only=True):
    """Sums over the nodes of a partition. DOWN and drained nodes count in the totals only."""

    nodes_total: int = 0
    nodes_idle: int = 0
    nodes_allocated: int = 0
    nodes_mixed: int = 0
    cpus_total: int = 0
    cpus_allocated: int = 0
    features: tuple[str, ...] = ()
    """Sorted; of any of the nodes."""
