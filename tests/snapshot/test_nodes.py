"""Nodes in natural order, and what is free in partitions."""

from __future__ import annotations

from s9s.domain.changes import Changes
from s9s.domain.nodes import Node
from s9s.domain.partitions import PartitionStatistics
from s9s.snapshot.nodes import NodeTable
from tests.snapshot.making import node


def complete(*nodes: Node) -> Changes[Node]:
    return Changes(asked_at=1.0, changed=list(nodes), removed=[], complete=True)


def delta(*nodes: Node, removed: list[str] | None = None) -> Changes[Node]:
    return Changes(asked_at=2.0, changed=list(nodes), removed=removed or [])


def test_nodes_are_in_natural_order_however_they_came() -> None:
    table = NodeTable()
    table.apply(complete(node("n10"), node("gpu2"), node("n9"), node("n9a"), node("10"), node("n")))
    names = ["10", "gpu2", "n", "n9", "n9a", "n10"]
    assert [one.node_name for one in table.all()] == names
    table.apply(delta(node("n1")))
    names.insert(3, "n1")
    assert [one.node_name for one in table.all()] == names
    assert [table.place_of(name) for name in names] == list(range(7))


def test_changes_tell_before_and_after() -> None:
    table = NodeTable()
    table.apply(complete(node("n1"), node("n2"), node("n3")))
    generation = table.generation
    made = table.apply(delta(node("n1", "DOWN"), node("n2"), node("n4"), removed=["n3", "n9"]))
    assert [(change.before, change.after) for change in made] == [
        (node("n1"), node("n1", "DOWN")),
        (None, node("n4")),
        (node("n3"), None),
    ]
    assert table.generation == generation + 1
    assert [one.node_name for one in table.all()] == ["n1", "n2", "n4"]
    assert table.observed_at == 2.0

    assert table.apply(delta(node("n1", "DOWN"), removed=["n9", "n9", "n1"])) == []
    assert table.generation == generation + 1
    gone = {change.before for change in table.apply(complete(node("n4")))}
    assert gone == {node("n1", "DOWN"), node("n2")}
    assert len(table) == 1


def test_partitions_are_summed_up_from_their_nodes() -> None:
    table = NodeTable()
    table.apply(
        complete(
            node("n1", "IDLE", partitions=("normal", "gpu"), cpu_total=8, features=("gpu", "cuda")),
            node("n2", "MIXED", partitions=("normal",), cpu_total=8, cpu_allocated=3),
            node("n3", "ALLOCATED", partitions=("normal",), cpu_total=4, cpu_allocated=4, features=("ib",)),
            node("n4", "IDLE", flags=("DRAIN",), partitions=("normal",), cpu_total=8),
            node("n5", "DOWN", partitions=("normal",), cpu_total=8),
        )
    )
    assert table.partition_statistics("normal") == PartitionStatistics(
        nodes_total=5,
        nodes_idle=1,
        nodes_allocated=1,
        nodes_mixed=1,
        cpus_total=36,
        cpus_allocated=7,
        features=("cuda", "gpu", "ib"),
    )
    assert table.partition_statistics("gpu").nodes_total == 1
    assert table.partition_statistics("none") == PartitionStatistics()

    busy = node("n1", "ALLOCATED", partitions=("gpu",), cpu_total=8, cpu_allocated=8)
    table.apply(delta(busy, removed=["n3"]))
    assert table.partition_statistics("gpu") == PartitionStatistics(
        nodes_total=1, nodes_allocated=1, cpus_total=8, cpus_allocated=8
    )
    assert table.partition_statistics("normal") == PartitionStatistics(
        nodes_total=3, nodes_mixed=1, cpus_total=24, cpus_allocated=3
    )
    assert [one.node_name for one in table.all()] == ["n1", "n2", "n4", "n5"]
