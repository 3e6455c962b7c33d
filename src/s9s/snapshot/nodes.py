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
        self._statistics: dict[str, PartitionStatistics] | None = None

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
        gone = self._nodes.keys() - found.keys() if changes.complete else changes.removed
        made += [NodeChange(node, None) for name in gone if (node := self._nodes.get(str(name))) is not None]
        for change in made:
            if change.after is not None:
                self._nodes[change.after.node_name] = change.after
            elif change.before is not None:
                del self._nodes[change.before.node_name]
        if any(change.before is None or change.after is None for change in made):
            ordered = sorted(self._nodes, key=natural_key)
            self._nodes = {name: self._nodes[name] for name in ordered}
            self._places = {name: place for place, name in enumerate(ordered)}
        if made:
            self.generation += 1
            self._all = self._statistics = None
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
        if self._statistics is None:
            members: defaultdict[str, list[Node]] = defaultdict(list)
            for node in self._nodes.values():
                for partition in node.partitions:
                    members[partition].append(node)
            self._statistics = {partition: _sums(nodes) for partition, nodes in members.items()}
        return self._statistics.get(name) or PartitionStatistics()


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sorts digits as numbers and before letters."""
    parts = _DIGITS.split(name)
    return tuple((0, int(part)) if place % 2 else (1, part) for place, part in enumerate(parts))


def _sums(nodes: list[Node]) -> PartitionStatistics:
    states = Counter(node.state for node in nodes)
    return PartitionStatistics(
        nodes_total=len(nodes),
        nodes_idle=states["IDLE"],
        nodes_allocated=states["ALLOCATED"],
        nodes_mixed=states["MIXED"],
        cpus_total=sum(node.cpu_total for node in nodes),
        cpus_allocated=sum(node.cpu_allocated for node in nodes),
        features=tuple(sorted({feature for node in nodes for feature in node.features})),
    )
