"""Nodes: list, look up, change their state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from s9s.domain.errors import PermissionDenied, ResourceNotFound, S9SError, ValidationError
from s9s.domain.hostlists import expand_hostlist
from s9s.domain.nodes import Node, NodeUpdate
from s9s.domain.queries import Page
from s9s.services.access import Caller, job_visibility, may_see_all, may_see_job, require_node
from s9s.services.audit import observe
from s9s.services.clusters import Cluster
from s9s.services.paging import ordered, page_of

NODE_SORT_KEYS: Final[Mapping[str, Callable[[Node], Any]]] = {
    "node_name": lambda node: node.node_name,  # in natural order, as they come
    "state": lambda node: node.state,
    "base_state": lambda node: node.base_state,
    "cpu_total": lambda node: node.cpu_total,
    "cpu_allocated": lambda node: node.cpu_allocated,
    "cpu_load": lambda node: node.cpu_load,
    "memory_total": lambda node: node.memory_total_mib,
    "memory_allocated": lambda node: node.memory_allocated_mib,
    "memory_free": lambda node: node.memory_free_mib,
    "gpus_total": lambda node: node.gpus_total,
    "gpus_allocated": lambda node: node.gpus_allocated,
    "architecture": lambda node: node.architecture,
    "os": lambda node: node.os,
    "boot_time": lambda node: node.boot_time,
    "last_busy": lambda node: node.last_busy,
    "reason": lambda node: node.reason,
    "reason_user": lambda node: node.reason_user,
    "reason_time": lambda node: node.reason_time,
    "resume_after": lambda node: node.resume_after,
    "gres": lambda node: node.gres,
    "slurm_version": lambda node: node.slurm_version,
}

#: State words that Slurm knows of a node; a filter may use any of them.
NODE_STATES: Final = (
    "ALLOCATED", "BLOCKED", "CLOUD", "COMPLETING", "DOWN", "DRAIN", "DRAINED", "DRAINING", "DYNAMIC_NORM",
    "ERROR",
    "FAIL", "FAILING", "FUTURE", "IDLE", "INVALID", "INVALID_REG", "MAINTENANCE", "MIXED", "NOT_RESPONDING",
    "PERFCTRS", "PLANNED", "POWERED_DOWN", "POWERING_DOWN", "POWERING_UP", "POWER_DOWN", "POWER_UP",
    "REBOOT_ISSUED",
    "REBOOT_REQUESTED", "RESERVED", "UNKNOWN",
)  # fmt: skip


#: Changes of nodes at the same time.
CONCURRENCY: Final = 8
#: Distinct filters whose results are kept.
MAX_KEPT: Final = 128


class NodeQuery(Struct, frozen=True, kw_only=True):
    """Filters are conjunctive; ``None`` means no filter."""

    states: frozenset[str] | None = None
    partitions: frozenset[str] | None = None
    features: frozenset[str] | None = None
    """All of them."""
    available: bool | None = None
    names: frozenset[str] | None = None
    sort: str = "node_name"
    descending: bool = False
    limit: int = 100
    offset: int = 0


class NodeOutcome(Struct, frozen=True):
    """What came of one node; `error` is ``None`` where it went well."""

    node_name: str
    state: str
    error: S9SError | None = None


class Nodes:
    """The nodes of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._generation = -1
        self._found: dict[NodeQuery, Sequence[Node]] = {}

    async def page(self, query: NodeQuery, caller: Caller) -> Page[Node]:
        """One page from the snapshot."""
        self._require_sight(caller)
        await self._cluster.watcher.settled()
        return page_of(self._find(query), limit=query.limit, offset=query.offset)

    def _find(self, query: NodeQuery) -> Sequence[Node]:
        """All that match, in order; looked for once for each state of the nodes."""
        nodes = self._cluster.snapshot.nodes
        if nodes.generation != self._generation or len(self._found) >= MAX_KEPT:
            self._found.clear()
            self._generation = nodes.generation
        key = structs.replace(query, limit=0, offset=0)
        found = self._found.get(key)
        if found is None:
            matching = [node for node in nodes.all() if node_matches(node, query)]
            found = ordered(matching, NODE_SORT_KEYS, sort=query.sort, descending=query.descending)
            self._found[key] = found
        return found

    async def get(self, name: str, caller: Caller) -> Node:
        """One node. Raises `ResourceNotFound`."""
        self._require_sight(caller)
        await self._cluster.watcher.settled()
        node = self._cluster.snapshot.nodes.get(name)
        if node is None:
            raise ResourceNotFound.of("node", name)
        return node

    def jobs_on(self, name: str, caller: Caller) -> list[str]:
        """Ids of the jobs on a node that the caller may see."""
        table = self._cluster.snapshot.jobs
        visibility = job_visibility(caller, self._cluster.info, self._cluster.snapshot.users.get(caller.user))
        ids = table.on_node(name)
        if visibility is None:
            return ids
        jobs = [table.get(job_id) for job_id in ids]
        return [job.job_id for job in jobs if job is not None and may_see_job(visibility, job)]

    async def update(self, hostlist: str, update: NodeUpdate, caller: Caller) -> list[NodeOutcome]:
        """Change each node of a hostlist, as the caller.

        One name: its error rises. Several: each has its own outcome. Raises `ValidationError` for what is no
        hostlist or a missing reason.
        """
        try:
            names = expand_hostlist(hostlist)
        except ValueError as error:
            raise ValidationError.of("node_name", hostlist, str(error)) from error
        if update.action.needs_reason and not (update.reason and update.reason.strip()):
            raise ValidationError.of(
                "reason", update.reason, "a reason, why the node is taken away",
                f"{update.action.value} needs a reason",
            )  # fmt: skip
        self._cluster.require_reachable()
        nodes = self._cluster.snapshot.nodes
        if not any(nodes.get(name) for name in names):
            raise ResourceNotFound.of("node", hostlist)
        if len(names) == 1:
            await self._change(names[0], update, caller)
            await self._settle(names)
            return [self._outcome(names[0])]
        return await self._update_each(names, update, caller)

    async def _update_each(self, names: list[str], update: NodeUpdate, caller: Caller) -> list[NodeOutcome]:
        """Each node by itself: one call for all would change some, refuse others and not say which."""
        errors: dict[str, S9SError] = {}
        waiting = iter(names)

        async def work() -> None:
            for name in waiting:
                try:
                    if self._cluster.snapshot.nodes.get(name) is None:
                        raise ResourceNotFound.of("node", name)
                    await self._change(name, update, caller)
                except S9SError as error:
                    observe(f"nodes/{name}", error=error.code)
                    errors[name] = error

        async with asyncio.TaskGroup() as group:
            for _ in range(min(CONCURRENCY, len(names))):
                group.create_task(work())
        if len(errors) == len(names) and all(isinstance(one, PermissionDenied) for one in errors.values()):
            raise errors[names[0]]
        await self._settle(names)
        return [
            NodeOutcome(name, "", errors[name]) if name in errors else self._outcome(name) for name in names
        ]

    async def _change(self, name: str, update: NodeUpdate, caller: Caller) -> None:
        if (node := self._cluster.snapshot.nodes.get(name)) is not None:
            require_node(caller, node)
            observe(f"nodes/{name}", before={"state": node.state, "reason": node.reason})
        await self._cluster.acts.update_nodes([name], update, caller.user)

    async def _settle(self, names: list[str]) -> None:
        self._cluster.watcher.touch(None, nodes=names)
        await self._cluster.watcher.settled()

    def _outcome(self, name: str) -> NodeOutcome:
        node = self._cluster.snapshot.nodes.get(name)
        if node is not None:
            observe(f"nodes/{name}", after={"state": node.state, "reason": node.reason})
        return NodeOutcome(name, node.state if node else "UNKNOWN")

    def _require_sight(self, caller: Caller) -> None:
        if not may_see_all(caller, self._cluster.info, "nodes"):
            raise PermissionDenied("Nodes are private on this cluster", private_data="nodes")


def node_matches(node: Node, query: NodeQuery) -> bool:
    """Whether one node passes the filters of a query."""
    return (
        (query.names is None or node.node_name in query.names)
        and (query.states is None or not query.states.isdisjoint(node.state_names))
        and (query.partitions is None or not query.partitions.isdisjoint(node.partitions))
        and (query.features is None or query.features.issubset(node.features))
        and (query.available is None or node.is_available == query.available)
    )
