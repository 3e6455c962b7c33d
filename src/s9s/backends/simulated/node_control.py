"""scontrol on nodes: drain, resume, down, fail, power."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.lifecycle import Lifecycle
from s9s.backends.simulated.nodes import NodeState
from s9s.backends.simulated.privileges import Privileges
from s9s.backends.simulated.records import Outcome
from s9s.domain.errors import ResourceConflict, ResourceNotFound, ValidationError
from s9s.domain.jobs import JobState
from s9s.domain.nodes import NodeAction, NodeUpdate

#: How long a node takes to boot.
BOOT_SECONDS: Final = 90
SHUTDOWN_SECONDS: Final = 30

_POWER_FLAGS: Final = frozenset({"POWERED_DOWN", "POWERING_DOWN", "POWERING_UP"})


class NodeControl:
    """What administrators do to nodes, and nodes to themselves."""

    def __init__(self, cluster: Cluster, lifecycle: Lifecycle, privileges: Privileges) -> None:
        self._cluster = cluster
        self._lifecycle = lifecycle
        self._privileges = privileges
        self._actions: dict[NodeAction, Callable[[int, NodeUpdate, str], None]] = {
            NodeAction.DRAIN: self._drain,
            NodeAction.FAIL: self._fail,
            NodeAction.DOWN: self._down,
            NodeAction.RESUME: self._resume,
            NodeAction.UNDRAIN: self._undrain,
            NodeAction.IDLE: self._idle,
            NodeAction.POWER_UP: self._power_up,
            NodeAction.POWER_DOWN: self._power_down,
        }

    def update(self, names: Sequence[str], update: NodeUpdate, actor: str) -> None:
        """Change nodes, all or none.

        Raises:
            PermissionDenied: unless `actor` is an administrator.
            ResourceNotFound: for an unknown node.
            ResourceConflict: for resuming what is in no state to be resumed from.
            ValidationError: without a reason where one is needed.
        """
        self._privileges.administer(actor, f"Node {','.join(names)}")
        pool = self._cluster.pool
        for name in names:
            if name not in pool.index:
                raise ResourceNotFound.of("node", name)
        if update.action.needs_reason and not update.reason:
            raise ValidationError.of("reason", update.reason, "a reason",
                                     f"You must specify a reason when setting {update.action}")  # fmt: skip
        positions = [pool.index[name] for name in names]
        for position in positions:
            self._check(position, update.action)
        for position in positions:
            self._actions[update.action](position, update, actor)
            pool.changed(position)
        self._lifecycle.pending.request_pass()

    def fail_by_itself(self, position: int, reason: str) -> None:
        """A node stops responding."""
        state = self._cluster.pool.states[position]
        state.flags.add("NOT_RESPONDING")
        self._down(position, NodeUpdate(action=NodeAction.DOWN, reason=reason), "slurm")
        self._cluster.pool.changed(position)

    def recover_by_itself(self, position: int) -> None:
        """It is back (ReturnToService=2)."""
        state = self._cluster.pool.states[position]
        if state.base == "DOWN" and "NOT_RESPONDING" in state.flags:
            state.flags.discard("NOT_RESPONDING")
            state.boot_time = self._cluster.instant
            self._clear(state)
            self._cluster.pool.changed(position)
            self._lifecycle.pending.request_pass()

    def _check(self, position: int, action: NodeAction) -> None:
        state = self._cluster.pool.states[position]
        resumable = state.base == "DOWN" or state.flags & {"DRAIN", "FAIL"}
        drained = "DRAIN" in state.flags
        if (action == NodeAction.RESUME and not resumable) or (action == NodeAction.UNDRAIN and not drained):
            name = self._cluster.pool.names[position]
            raise ResourceConflict(f"Node {name}: Invalid node state specified")

    # -- the actions -----------------------------------------------------------------------------------------

    def _drain(self, position: int, update: NodeUpdate, actor: str) -> None:
        self._cluster.pool.states[position].flags.add("DRAIN")
        self._note(position, update, actor)

    def _fail(self, position: int, update: NodeUpdate, actor: str) -> None:
        self._cluster.pool.states[position].flags.add("FAIL")
        self._note(position, update, actor)

    def _down(self, position: int, update: NodeUpdate, actor: str) -> None:
        state = self._cluster.pool.states[position]
        state.base = "DOWN"
        self._note(position, update, actor)
        for numeric_id in list(state.expected_ends):
            record = self._cluster.records[numeric_id]
            if record.job.state == JobState.COMPLETING:
                self._lifecycle.kill(record)
                continue
            # JobRequeue=1: what was lost with the node starts over.
            outcome = Outcome(
                JobState.NODE_FAIL, self._cluster.instant, reason="NodeDown", requeues=record.can_requeue
            )
            self._lifecycle.end(record, outcome, at_once=True)

    def _resume(self, position: int, update: NodeUpdate, actor: str) -> None:
        state = self._cluster.pool.states[position]
        state.flags.discard("NOT_RESPONDING")
        self._clear(state)

    def _undrain(self, position: int, update: NodeUpdate, actor: str) -> None:
        state = self._cluster.pool.states[position]
        state.flags.discard("DRAIN")
        if not state.flags and state.base is None:
            self._clear(state)

    def _idle(self, position: int, update: NodeUpdate, actor: str) -> None:
        state = self._cluster.pool.states[position]
        state.flags -= {"NOT_RESPONDING", *_POWER_FLAGS}
        self._clear(state)

    def _power_up(self, position: int, update: NodeUpdate, actor: str) -> None:
        state = self._cluster.pool.states[position]
        if state.flags & {"POWERED_DOWN", "POWERING_DOWN"}:
            state.flags -= _POWER_FLAGS
            state.flags.add("POWERING_UP")
            self._cluster.agenda.at(self._cluster.now + BOOT_SECONDS, self._booted, position)

    def _power_down(self, position: int, update: NodeUpdate, actor: str) -> None:
        state = self._cluster.pool.states[position]
        if not state.flags & {"POWERED_DOWN", "POWERING_DOWN"}:
            state.flags -= _POWER_FLAGS
            state.flags.add("POWERING_DOWN")
            self._cluster.agenda.at(self._cluster.now + SHUTDOWN_SECONDS, self._shut_down, position)

    # -- events ----------------------------------------------------------------------------------------------

    def _booted(self, position: int) -> None:
        state = self._cluster.pool.states[position]
        if "POWERING_UP" in state.flags:
            state.flags.discard("POWERING_UP")
            state.boot_time = self._cluster.instant
            self._cluster.pool.changed(position)
            self._lifecycle.pending.request_pass()

    def _shut_down(self, position: int) -> None:
        state = self._cluster.pool.states[position]
        if "POWERING_DOWN" not in state.flags:
            return
        if state.expected_ends:
            # The node goes once its last job has.
            self._cluster.agenda.at(self._cluster.now + SHUTDOWN_SECONDS, self._shut_down, position)
            return
        state.flags.discard("POWERING_DOWN")
        state.flags.add("POWERED_DOWN")
        self._cluster.pool.changed(position)

    def _resume_again(self, position: int, resume_after: int) -> None:
        state = self._cluster.pool.states[position]
        if state.resume_after == resume_after:
            state.flags.discard("NOT_RESPONDING")
            self._clear(state)
            self._cluster.pool.changed(position)
            self._lifecycle.pending.request_pass()

    # -- reasons ---------------------------------------------------------------------------------------------

    def _note(self, position: int, update: NodeUpdate, actor: str) -> None:
        cluster, state = self._cluster, self._cluster.pool.states[position]
        state.reason, state.reason_user, state.reason_time = update.reason, actor, cluster.instant
        state.resume_after = None
        if update.resume_after_seconds is not None:
            state.resume_after = cluster.instant + update.resume_after_seconds
            cluster.agenda.at(state.resume_after, self._resume_again, position, state.resume_after)

    def _clear(self, state: NodeState) -> None:
        state.base = None
        state.flags -= {"DRAIN", "FAIL"}
        state.reason = state.reason_user = state.reason_time = state.resume_after = None
