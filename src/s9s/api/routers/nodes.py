"""Routes of nodes."""

from __future__ import annotations

from typing import Annotated

from litestar import get, put
from litestar.di import NamedDependency
from litestar.params import Parameter

from s9s.api.filters import node_query
from s9s.api.schemas.job_changes import EmptyBody
from s9s.api.schemas.nodes import (
    DrainBody,
    NodeAnswer,
    NodeDocument,
    NodeList,
    NodeListParameters,
    NodeResult,
    NodeStateBody,
    node_document,
)
from s9s.api.values import duration
from s9s.domain.durations import UNLIMITED
from s9s.domain.errors import ValidationError
from s9s.domain.nodes import NodeAction, NodeUpdate
from s9s.services.access import Caller
from s9s.services.nodes import NodeOutcome, Nodes

NodeName = Annotated[str, Parameter(description="Node name")]
Hostlist = Annotated[str, Parameter(description="Node name, or a hostlist such as `node[001-004]`")]


@get("/nodes", scope="nodes:read", parameters=NodeListParameters, tags=["Nodes"], summary="List nodes")
async def list_nodes(
    parameters: NamedDependency[NodeListParameters],
    caller: NamedDependency[Caller],
    nodes: NamedDependency[Nodes],
) -> NodeList:
    """Nodes with what is allocated on them and the jobs that the caller may see."""
    page = await nodes.page(node_query(parameters), caller)
    documents = [node_document(node, nodes.jobs_on(node.node_name, caller)) for node in page.items]
    return NodeList(page.total, page.limit, page.offset, page.has_more, documents)


@get("/nodes/{node_name:str}", scope="nodes:read", tags=["Nodes"], summary="Get node details")
async def get_node(
    node_name: NodeName, caller: NamedDependency[Caller], nodes: NamedDependency[Nodes]
) -> NodeDocument:
    """One node."""
    return node_document(await nodes.get(node_name, caller), nodes.jobs_on(node_name, caller))


@put(
    "/nodes/{node_name:str}/drain",
    scope="nodes:write",
    payload=DrainBody,
    tags=["Nodes"],
    summary="Drain a node",
    acts_in_slurm=True,
)
async def drain_node(
    node_name: Hostlist,
    payload: NamedDependency[DrainBody],
    caller: NamedDependency[Caller],
    nodes: NamedDependency[Nodes],
) -> NodeAnswer:
    """Let no more jobs start on a node; those that run go on. After `timeout` it is resumed by itself."""
    seconds = duration("timeout", payload.timeout)
    if seconds is not None and (seconds <= 0 or seconds == UNLIMITED):
        raise ValidationError.of(
            "timeout", payload.timeout, "a duration longer than nothing, such as 2h or 1:00:00"
        )
    update = NodeUpdate(action=NodeAction.DRAIN, reason=payload.reason, resume_after_seconds=seconds)
    return _answer(node_name, await nodes.update(node_name, update, caller), "Node drained successfully")


@put(
    "/nodes/{node_name:str}/resume",
    scope="nodes:write",
    payload=EmptyBody,
    tags=["Nodes"],
    summary="Resume a node",
    acts_in_slurm=True,
)
async def resume_node(
    node_name: Hostlist,
    payload: NamedDependency[EmptyBody],
    caller: NamedDependency[Caller],
    nodes: NamedDependency[Nodes],
) -> NodeAnswer:
    """Put a drained, failing or down node back to work."""
    update = NodeUpdate(action=NodeAction.RESUME)
    return _answer(node_name, await nodes.update(node_name, update, caller), "Node resumed successfully")


@put(
    "/nodes/{node_name:str}/state",
    scope="nodes:write",
    payload=NodeStateBody,
    tags=["Nodes"],
    summary="Update node state",
    acts_in_slurm=True,
)
async def set_node_state(
    node_name: Hostlist,
    payload: NamedDependency[NodeStateBody],
    caller: NamedDependency[Caller],
    nodes: NamedDependency[Nodes],
) -> NodeAnswer:
    """Set a node's state. DOWN ends the jobs on it; DOWN, DRAIN and FAIL need a reason."""
    try:
        action = NodeAction(payload.state.upper())
    except ValueError as error:
        raise ValidationError.of("state", payload.state, [one.value for one in NodeAction]) from error
    update = NodeUpdate(action=action, reason=payload.reason)
    return _answer(
        node_name, await nodes.update(node_name, update, caller), f"Node state set to {action.value}"
    )


ROUTES = [list_nodes, get_node, drain_node, resume_node, set_node_state]


def _answer(asked: str, outcomes: list[NodeOutcome], message: str) -> NodeAnswer:
    results = [
        NodeResult(one.node_name, "error", one.error.message, one.error.code)
        if one.error
        else NodeResult(one.node_name, "success", message)
        for one in outcomes
    ]
    states = sorted({one.state for one in outcomes if one.error is None})
    failed = sum(one.error is not None for one in outcomes)
    summary = (
        message
        if not failed
        else f"{message.replace('Node', 'Nodes', 1)}: {len(outcomes) - failed} of {len(outcomes)}"
    )
    return NodeAnswer(asked, ",".join(states), summary, results)
