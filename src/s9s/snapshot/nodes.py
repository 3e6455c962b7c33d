"""All nodes of one cluster, and what is free in its partitions."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Final

from msgspec import Struct

from s9s.domain.changes import Changes
from s9s.domain.nodes import Node
from s9s.domain.partitions import PartitionStatistics

_DIGITS: Final = re.compile(r"(\d+)", re.ASCII)


class NodeChange(Struct, frozen=True, gc=False):
    """One node before and after; ``None`` where it was or is not there."""

    before: Node | None
    after: Node | None


class Resources(Struct, frozen=True, kw_only=True):
    """Sums over all nodes of a cluster or partition, whatever their state; memory is MiB."""

    cpus_total: int = 0
    cpus_allocated: int = 0
    memory_total_mib: int = 0
    memory_allocated_mib: int = 0
    gpus_total: int = 0
    gpus_allocated: int = 0
    states: dict[str, int] = {}
    """Nodes by effective state."""


class NodeTable:
    """Nodes by name, in natural order: ``n2`` before ``n10``."""

    def __init__(self) -> None:
        self.generation = 0
        """Goes up with every change of any node."""
        self.observed_at = 0.0
        """When Slurm was asked for what is here; 0 before the first time."""
        self._nodes: dict[str, Node] = {}
        self._places: dict[str, int] = {}
        self._all: list[Node] | None = None
        self._sums: defaultdict[str, _Sums] = defaultdict(_Sums)
        self._whole = _Sums()

    def __len__(self) -> int:
        return len(self._nodes)

    def apply(self, changes: Changes[Node]) -> list[NodeChange]:
        """Take over what a poll of all nodes found. Equal nodes are no change."""
        found = {node.node_name: node for node in changes.changed}
        made = [
            NodeChange(before, node)
            for name, node in found.items()
            if (before := self._nodes.get(name)) != node
        ]
        listed = self._nodes.keys() if changes.complete else set(map(str, changes.removed))
        gone = listed - found.keys()
        made += [NodeChange(node, None) for name in gone if (node := self._nodes.get(name)) is not None]
        for change in made:
            self._take(change)
        if any(change.before is None or change.after is None for change in made):
            ordered = sorted(self._nodes, key=natural_key)
            self._nodes = {name: self._nodes[name] for name in ordered}
            self._places = {name: place for place, name in enumerate(ordered)}
        if made:
            self.generation += 1
            self._all = None
        self.observed_at = changes.asked_at
        return made

    def get(self, name: str) -> Node | None:
        """The node of this name."""
        return self._nodes.get(name)

    def all(self) -> list[Node]:
        """Every node in natural order. The list is shared: leave it as it is."""
        if self._all is None:
            self._all = list(self._nodes.values())
        return self._all

    def place_of(self, name: str) -> int:
        """Where a node that is here stands in natural order, counted from 0."""
        return self._places[name]

    def partition_statistics(self, name: str) -> PartitionStatistics:
        """Sums over the nodes of a partition; all zero for one without nodes."""
        sums = self._sums.get(name)
        return sums.statistics() if sums is not None else PartitionStatistics()

    def resources(self, partition: str | None = None) -> Resources:
        """What the nodes of a partition, or all of them (``None``), come to."""
        sums = self._whole if partition is None else self._sums.get(partition)
        return sums.resources() if sums is not None else Resources()

    def _take(self, change: NodeChange) -> None:
        before, after = change.before, change.after
        if before is not None:
            self._whole.add(before, -1)
            if after is None:
                del self._nodes[before.node_name]
            for partition in before.partitions:
                self._sums[partition].add(before, -1)
        if after is not None:
            self._whole.add(after, 1)
            self._nodes[after.node_name] = after
            for partition in after.partitions:
                self._sums[partition].add(after, 1)


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sorts digits as numbers and before letters."""
    parts = _DIGITS.split(name)
    return tuple((0, int(part)) if place % 2 else (1, part) for place, part in enumerate(parts))


class _Sums:
    """What the nodes of one partition come to, kept up with each change of a node."""

    def __init__(self) -> None:
        self._nodes = 0
        self._cpus = 0
        self._cpus_allocated = 0
        self._memory_mib = 0
        self._memory_allocated_mib = 0
        self._gpus = 0
        self._gpus_allocated = 0
        self._states: Counter[str] = Counter()
        self._features: Counter[str] = Counter()

    def add(self, node: Node, times: int) -> None:
        """Count a node once more (1) or no longer (-1)."""
        self._nodes += times
        self._cpus += times * node.cpu_total
        self._cpus_allocated += times * node.cpu_allocated
        self._memory_mib += times * node.memory_total_mib
        self._memory_allocated_mib += times * node.memory_allocated_mib
        self._gpus += times * node.gpus_total
        self._gpus_allocated += times * node.gpus_allocated
        self._states[node.state] += times
        for feature in node.features:
            self._features[feature] += times

    def statistics(self) -> PartitionStatistics:
        return PartitionStatistics(
            nodes_total=self._nodes,
            nodes_idle=self._states["IDLE"],
            nodes_allocated=self._states["ALLOCATED"],
            nodes_mixed=self._states["MIXED"],
            cpus_total=self._cpus,
            cpus_allocated=self._cpus_allocated,
            features=tuple(sorted(feature for feature, nodes in self._features.items() if nodes)),
        )

    def resources(self) -> Resources:
        return Resources(
            cpus_total=self._cpus,
            cpus_allocated=self._cpus_allocated,
            memory_total_mib=self._memory_mib,
            memory_allocated_mib=self._memory_allocated_mib,
            gpus_total=self._gpus,
            gpus_allocated=self._gpus_allocated,
            states={state: nodes for state, nodes in sorted(self._states.items()) if nodes},
        )
