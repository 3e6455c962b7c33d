"""What jobs need of nodes, and what they have of them."""

from __future__ import annotations

from msgspec import Struct


class Share(Struct, frozen=True, gc=False):
    """What a job has of one node."""

    node: int
    cpus: int
    memory_mib: int
    gpus: int


class Need(Struct, frozen=True, kw_only=True, gc=False):
    """What a job needs of each of its nodes, and of which ones."""

    nodes: int = 1
    cpus: int = 1
    """The most on any one node, like the others below."""
    memory_mib: int = 0
    """-1: all of the node's."""
    gpus: int = 0
    total_cpus: int = 1
    """Over all nodes: less than nodes times `cpus` where tasks do not spread evenly."""
    total_gpus: int = 0
    cpus_per_task: int = 1
    exclusive: bool = False
    features: str | None = None
    required: tuple[int, ...] = ()
    """Nodes that must be among those given."""
    excluded: tuple[int, ...] = ()


def conjunction(expression: str) -> list[frozenset[str]]:
    """The alternatives of each part that must hold.

    Raises:
        ValueError: for anything but names, ``&``, ``,``, ``|`` and single parentheses or brackets.
    """
    parts = []
    for part in expression.replace(",", "&").split("&"):
        names = part.strip().strip("()[]").split("|")
        if not all(name.replace("-", "").replace("_", "").replace(".", "").isalnum() for name in names):
            raise ValueError(f"no feature expression: {expression!r}")
        parts.append(frozenset(names))
    return parts


def spread(total: int, over: int) -> list[int]:
    """`total` things dealt out over so many nodes, the first ones getting one more: 5 over 3 is 2, 2, 1."""
    each, more = divmod(total, over)
    return [each + (position < more) for position in range(over)]
