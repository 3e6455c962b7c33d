"""Nodes and what may be asked of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct


class NodeAction(StrEnum):
    """States that an administrator may set."""

    DOWN = "DOWN"
    DRAIN = "DRAIN"
    RESUME = "RESUME"
    UNDRAIN = "UNDRAIN"
    FAIL = "FAIL"
    IDLE = "IDLE"
    POWER_UP = "POWER_UP"
    POWER_DOWN = "POWER_DOWN"

    @property
    def needs_reason(self) -> bool:
        """Whether a reason must be given."""
        return self in (NodeAction.DOWN, NodeAction.DRAIN, NodeAction.FAIL)


_BUSY: Final = frozenset({"ALLOCATED", "MIXED", "COMPLETING"})
_UNAVAILABLE_FLAGS: Final = frozenset(
    {"DRAIN", "FAIL", "NOT_RESPONDING", "POWERED_DOWN", "POWERING_DOWN", "POWERING_UP", "REBOOT_ISSUED",
     "REBOOT_REQUESTED", "PLANNED", "MAINTENANCE", "RESERVED", "INVALID_REG", "COMPLETING", "BLOCKED"}
)  # fmt: skip


class Node(Struct, frozen=True, kw_only=True, gc=False):
    """One node. Memory is MiB, instants epoch seconds; what Slurm has not set is ``None``."""

    node_name: str
    base_state: str
    """IDLE, MIXED, ALLOCATED, DOWN, FUTURE, ERROR or UNKNOWN."""
    flags: tuple[str, ...] = ()
    """Further state words: DRAIN, FAIL, COMPLETING, NOT_RESPONDING, POWERED_DOWN, PLANNED, ..."""
    partitions: tuple[str, ...] = ()
    cpu_total: int = 0
    cpu_allocated: int = 0
    cpu_load: float | None = None
    memory_total_mib: int = 0
    memory_allocated_mib: int = 0
    memory_free_mib: int | None = None
    """The operating system's view; can exceed total minus allocated."""
    gpus_total: int = 0
    gpus_allocated: int = 0
    gres: str | None = None
    features: tuple[str, ...] = ()
    architecture: str | None = None
    os: str | None = None
    boot_time: int | None = None
    last_busy: int | None = None
    reason: str | None = None
    reason_user: str | None = None
    reason_time: int | None = None
    resume_after: int | None = None
    """When Slurm will resume a drained or down node by itself."""
    slurm_version: str | None = None

    @property
    def state(self) -> str:
        """The effective state: DOWN, then DRAIN, then FAIL, else the base state.

        DRAIN covers what `sinfo` calls drained and draining; see `state_names`.
        """
        if self.base_state == "DOWN":
            return "DOWN"
        if "DRAIN" in self.flags:
            return "DRAIN"
        if "FAIL" in self.flags:
            return "FAIL"
        return self.base_state

    @property
    def state_names(self) -> frozenset[str]:
        """Every name under which a filter finds this node, upper case.

        The effective and the base state, all flags, and what `sinfo` prints: DRAINING while a
        drained node still works, DRAINED once it does not, likewise FAILING and FAIL.
        """
        names = {self.state, self.base_state, *self.flags}
        busy = self.base_state in _BUSY or "COMPLETING" in self.flags
        if "DRAIN" in self.flags:
            names.add("DRAINING" if busy else "DRAINED")
        if "FAIL" in self.flags and busy:
            names.add("FAILING")
        return frozenset(names)

    @property
    def is_available(self) -> bool:
        """Whether work could start on it now: idle or mixed, with a CPU left and nothing in the way."""
        return (
            self.base_state in ("IDLE", "MIXED")
            and not _UNAVAILABLE_FLAGS.intersection(self.flags)
            and self.cpu_allocated < self.cpu_total
        )


class NodeUpdate(Struct, frozen=True, kw_only=True):
    """A change of state for one or more nodes."""

    action: NodeAction
    reason: str | None = None
    resume_after_seconds: int | None = None
    """After that many seconds the node is resumed by itself; ``None``: never."""
