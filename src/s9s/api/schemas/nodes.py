"""Nodes on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from s9s.api.schemas.paging import PageInfo, PageParameters, SortOrder
from s9s.domain.instants import format_instant
from s9s.domain.memory import format_memory
from s9s.domain.nodes import Node


class NodeListParameters(PageParameters, frozen=True):
    """Filters, order and page of the node list."""

    state: (
        Annotated[str, Meta(description="States or flags as a comma list: `IDLE,MIXED`, `DRAIN`, `DRAINING`")]
        | None
    ) = None
    partition: Annotated[str, Meta(description="Nodes of any of these partitions")] | None = None
    features: Annotated[str, Meta(description="Nodes that have all of these features")] | None = None
    available: Annotated[bool, Meta(description="Only nodes that could start work now (or not)")] | None = (
        None
    )
    node: Annotated[str, Meta(description="Node names or a hostlist")] | None = None
    sort: Annotated[str, Meta(description="Any scalar field of a node")] = "node_name"
    order: Annotated[SortOrder, Meta(description="Sort order")] = "asc"


class NodeDocument(Struct, frozen=True):
    """A node; `state` is the one that `sinfo` would show."""

    node_name: Annotated[str, Meta(examples=["node001"])]
    state: Annotated[
        str, Meta(description="DOWN, then DRAIN, then FAIL, else the base state", examples=["MIXED"])
    ]
    partitions: list[str]
    cpu_total: int
    cpu_allocated: int
    cpu_load: float | None
    memory_total: Annotated[str, Meta(examples=["128GB"])]
    memory_allocated: str
    memory_free: Annotated[str, Meta(description="As the node's operating system sees it")] | None
    gpus_total: int
    gpus_allocated: int
    features: list[str]
    architecture: str | None
    os: Annotated[str, Meta(examples=["Linux 5.4.0-74-generic"])] | None
    boot_time: str | None
    last_busy: str | None
    jobs: Annotated[list[str], Meta(description="Jobs on it that the caller may see")]
    reason: str | None
    base_state: str
    flags: list[str]
    gres: str | None
    reason_user: str | None
    reason_time: str | None
    resume_after: Annotated[str, Meta(description="When Slurm resumes it by itself")] | None
    slurm_version: str | None


class NodeList(PageInfo, frozen=True):
    """A page of nodes."""

    nodes: list[NodeDocument]


class DrainBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Why, and for how long."""

    reason: Annotated[str, Meta(min_length=1, max_length=1024, examples=["Hardware maintenance"])]
    timeout: (
        Annotated[str | int, Meta(description="After it the node is resumed by itself", examples=["2h"])]
        | None
    ) = None


class NodeStateBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A state to set."""

    state: Annotated[
        str,
        Meta(
            description="DOWN, DRAIN, RESUME, UNDRAIN, FAIL, IDLE, POWER_UP or POWER_DOWN; "
            "DOWN, DRAIN and FAIL need a reason",
            examples=["DOWN"],
        ),
    ]
    reason: Annotated[str, Meta(max_length=1024, examples=["Hardware failure"])] | None = None


class NodeResult(Struct, frozen=True, omit_defaults=True):
    """What came of one node."""

    node_name: str
    status: Literal["success", "error"]
    message: str
    code: str | None = None


class NodeAnswer(Struct, frozen=True):
    """The answer to a change of one node, or of each node of a hostlist."""

    node_name: Annotated[str, Meta(description="As it was asked for: a name or a hostlist")]
    state: str
    message: str
    results: list[NodeResult]


def node_document(node: Node, jobs: list[str]) -> NodeDocument:
    """A node with the ids of the jobs on it."""

    def time(instant: int | None) -> str | None:
        return None if instant is None else format_instant(instant)

    return NodeDocument(
        node_name=node.node_name,
        state=node.state,
        partitions=list(node.partitions),
        cpu_total=node.cpu_total,
        cpu_allocated=node.cpu_allocated,
        cpu_load=node.cpu_load,
        memory_total=format_memory(node.memory_total_mib),
        memory_allocated=format_memory(node.memory_allocated_mib),
        memory_free=None if node.memory_free_mib is None else format_memory(node.memory_free_mib),
        gpus_total=node.gpus_total,
        gpus_allocated=node.gpus_allocated,
        features=list(node.features),
        architecture=node.architecture,
        os=node.os,
        boot_time=time(node.boot_time),
        last_busy=time(node.last_busy),
        jobs=jobs,
        reason=node.reason,
        base_state=node.base_state,
        flags=list(node.flags),
        gres=node.gres,
        reason_user=node.reason_user,
        reason_time=time(node.reason_time),
        resume_after=time(node.resume_after),
        slurm_version=node.slurm_version,
    )
