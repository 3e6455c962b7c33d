"""What administrators do to nodes, and the resumption that an old slurmctld cannot schedule."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog

from s9s.backends.slurmcli import scontrol, scontrol_nodes
from s9s.backends.slurmcli.errors import Asked, check
from s9s.backends.slurmcli.programs import Programs
from s9s.domain.errors import ResourceConflict, ResourceNotFound, S9SError
from s9s.domain.hostlists import fold_hostlist
from s9s.domain.nodes import Node, NodeAction, NodeUpdate

log = structlog.get_logger(__name__)


class NodeChanges:
    """Changes to nodes.

    Where slurmctld has no ResumeAfter (22.05) a timer here resumes nodes, as the user who drained them,
    and only if nobody has changed them since. It does not outlive the server.
    """

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._timers: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """Forget the resumptions to come."""
        timers = set(self._timers.values())
        for timer in timers:
            timer.cancel()
        await asyncio.gather(*timers, return_exceptions=True)

    async def update(
        self, names: Sequence[str], update: NodeUpdate, actor: str, *, resume_after: bool
    ) -> None:
        """See `Backend.update_nodes`; with `resume_after` slurmctld itself can resume nodes at a time."""
        await self._nodes(names)  # scontrol's refusal would not say which of them is unknown
        asked = _asked(update.action, names)
        check(
            await self._programs.run(
                scontrol.update_nodes(names, update, resume_after=resume_after), actor=actor
            ),
            asked,
        )
        for name in names:
            if timer := self._timers.pop(name, None):
                timer.cancel()
        if update.resume_after_seconds is not None and not resume_after:
            await self._schedule(names, update.resume_after_seconds, actor)

    async def _schedule(self, names: Sequence[str], seconds: int, actor: str) -> None:
        drained = await self._nodes(names)
        timer = asyncio.create_task(self._resume_later(drained, seconds, actor))
        for name in names:
            self._timers[name] = timer

    async def _resume_later(self, drained: Mapping[str, Node], seconds: int, actor: str) -> None:
        await asyncio.sleep(seconds)
        for name, before in drained.items():
            self._timers.pop(name, None)
            try:
                now = (await self._nodes([name]))[name]
                if (now.reason, now.reason_time) != (before.reason, before.reason_time):
                    continue  # somebody has taken care of it meanwhile
                update = NodeUpdate(action=NodeAction.RESUME)
                check(
                    await self._programs.run(
                        scontrol.update_nodes([name], update, resume_after=False), actor=actor
                    ),
                    _asked(update.action, [name]),
                )
            except ResourceConflict:
                continue
            except S9SError as error:
                log.warning("a node was not resumed", node=name, error=error.message)

    async def _nodes(self, names: Sequence[str]) -> dict[str, Node]:
        """These nodes. Raises `ResourceNotFound` for the first that does not exist."""
        for name in names:
            if not scontrol_nodes.is_name(name):
                raise ResourceNotFound.of("node", name)
        finished = await self._programs.run(scontrol_nodes.of_nodes(fold_hostlist(names)))
        if finished.stderr:  # of unknown nodes it speaks on standard output
            check(
                finished, Asked(action="show nodes", resource_type="node", resource_id=fold_hostlist(names))
            )
        pieces = scontrol_nodes.split(finished.stdout)
        nodes = {node.node_name: node for node in map(scontrol_nodes.parse, pieces)}
        for name in names:
            if name not in nodes:
                raise ResourceNotFound.of("node", name)
        return nodes


def _asked(action: NodeAction, names: Sequence[str]) -> Asked:
    shown = fold_hostlist(names)
    return Asked(action=f"set {shown} to {action}", resource_type="node", resource_id=shown)
