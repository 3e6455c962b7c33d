"""Nodes and what is free on them; the only place where resources are handed out and taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from s9s.backends.simulated.journal import Journal
from s9s.backends.simulated.noise import noise
from s9s.backends.simulated.resources import Need, Share, conjunction, spread
from s9s.domain.nodes import Node

Mask = NDArray[np.bool_]
Amounts = NDArray[np.int64]

#: A node that no lower-priority job has to leave at any time.
FOREVER = int(np.iinfo(np.int64).max)


class NodeSpec(Struct, frozen=True, kw_only=True):
    """A node as slurm.conf has it. `weight`: nodes of low weight are taken first."""

    name: str
    cpus: int
    memory_mib: int
    gpus: int = 0
    gpu_type: str = "a100"
    features: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()
    weight: int = 1


class NodeState:
    """The changing part of one node."""

    __slots__ = (
        "base", "boot_time", "completing", "expected_ends", "flags", "last_busy", "reason", "reason_time",
        "reason_user", "resume_after",
    )  # fmt: skip

    def __init__(self, boot_time: int) -> None:
        self.base: str | None = None
        """``DOWN``; ``None`` while work decides (IDLE, MIXED, ALLOCATED)."""
        self.flags: set[str] = set()
        """DRAIN, FAIL, NOT_RESPONDING, POWERED_DOWN, POWERING_UP, ..."""
        self.expected_ends: dict[int, int] = {}
        """Numeric ids of the jobs on it to the instants at which their time limits end."""
        self.completing = 0
        """How many of them are completing."""
        self.boot_time = boot_time
        self.last_busy = boot_time
        self.reason: str | None = None
        self.reason_user: str | None = None
        self.reason_time: int | None = None
        self.resume_after: int | None = None

    @property
    def is_usable(self) -> bool:
        """Whether new work may start on it."""
        return self.base is None and not self.flags


class NodePool:
    """All nodes of the cluster: amounts in arrays by index, the rest in `NodeState`."""

    def __init__(self, specs: Sequence[NodeSpec], *, slurm_version: str, now: float, seed: int) -> None:
        self.specs = tuple(specs)
        self.index = {spec.name: position for position, spec in enumerate(specs)}
        self.names = [spec.name for spec in specs]
        self.states = [
            NodeState(int(now) - 86400 * 2 - int(noise(seed, position, 1) * 86400 * 60))
            for position in range(len(specs))
        ]
        self._slurm_version = slurm_version
        self._seed = seed
        self.total_cpus: Amounts = np.array([spec.cpus for spec in specs], dtype=np.int64)
        self.total_memory: Amounts = np.array([spec.memory_mib for spec in specs], dtype=np.int64)
        self.total_gpus: Amounts = np.array([spec.gpus for spec in specs], dtype=np.int64)
        self.free_cpus = self.total_cpus.copy()
        self.free_memory = self.total_memory.copy()
        self.free_gpus = self.total_gpus.copy()
        self.free_at: Amounts = np.zeros(len(specs), dtype=np.int64)
        """The instant at which the last of a node's jobs must have ended; 0 for an idle one."""
        self._weights: Amounts = np.array([spec.weight for spec in specs], dtype=np.int64) << 20
        self.usable: Mask = np.ones(len(specs), dtype=np.bool_)
        self.in_partition: dict[str, Mask] = {}
        for position, spec in enumerate(specs):
            for partition in spec.partitions:
                mask = self.in_partition.setdefault(partition, np.zeros(len(specs), dtype=np.bool_))
                mask[position] = True
        self.spared: tuple[int, ...] = ()
        """Nodes that the synthetic population leaves to those who submit something themselves."""
        self._features = {feature for spec in specs for feature in spec.features}
        self.feature_mask = lru_cache(maxsize=256)(self._feature_mask)
        self.journal = Journal(4 * len(specs) + 1000)

    def __len__(self) -> int:
        return len(self.specs)

    # -- finding room ----------------------------------------------------------------------------------------

    def eligible(self, need: Need, partition: str) -> Mask:
        """Nodes that could ever take one part of the job, were they empty and up."""
        mask = (
            self.in_partition[partition]
            & (self.total_cpus >= need.cpus)
            & (self.total_memory >= need.memory_mib)
            & (self.total_gpus >= need.gpus)
        )
        if need.features:
            mask &= self.feature_mask(need.features)
        if need.excluded:
            mask[list(need.excluded)] = False
        return mask

    def pick(self, need: Need, partition: str, free_until: Amounts | None, end: int) -> list[int] | None:
        """Nodes on which the job can start now, the fullest first; ``None`` if there are too few.

        Args:
            need: What it needs of each.
            partition: Where they must be.
            free_until: For each node, the instant at which it is promised to another job.
            end: When this job's time limit would end.
        """
        memory = self.total_memory if need.memory_mib < 0 else need.memory_mib
        mask = (
            self.in_partition[partition]
            & self.usable
            & (self.free_cpus >= (self.total_cpus if need.exclusive else need.cpus))
            & (self.free_memory >= memory)
            & (self.free_gpus >= need.gpus)
        )
        if need.features:
            mask &= self.feature_mask(need.features)
        if need.excluded:
            mask[list(need.excluded)] = False
        if free_until is not None:
            mask &= free_until >= end
        candidates = np.flatnonzero(mask)
        if len(candidates) < need.nodes:
            return None
        if need.required:
            if not mask[list(need.required)].all():
                return None
            others = [int(node) for node in candidates if node not in need.required]
            return [*need.required, *others][: need.nodes]
        preference = self._weights[candidates] + self.free_cpus[candidates]
        if need.nodes == 1:
            return [int(candidates[preference.argmin()])]
        chosen = candidates[np.argsort(preference, kind="stable")[: need.nodes]]
        return [int(node) for node in np.sort(chosen)]

    def room_at(self, need: Need, partition: str) -> tuple[int, list[int]] | None:
        """When at the latest there is room, if nothing else starts, and on which nodes.

        Counts a node as free only once all its jobs must have ended, so it never promises too much.
        ``None`` when the nodes that are up would not do even if they were empty.
        """
        eligible = np.flatnonzero(self.eligible(need, partition) & self.usable)
        if len(eligible) < need.nodes or not set(need.required) <= set(eligible.tolist()):
            return None
        if need.required:
            nodes = list(need.required)
            nodes += [node for node in eligible.tolist() if node not in need.required]
            chosen = np.array(nodes[: need.nodes])
        else:
            chosen = eligible[np.argsort(self.free_at[eligible], kind="stable")[: need.nodes]]
        return int(self.free_at[chosen].max()), [int(node) for node in chosen]

    def _feature_mask(self, expression: str) -> Mask:
        """Nodes that satisfy ``a&b``, ``a|b``, ``(a|b)&c`` (parentheses do not nest) or ``a,b``."""
        mask = np.ones(len(self.specs), dtype=np.bool_)
        for alternatives in conjunction(expression):
            mask &= np.array(
                [not alternatives.isdisjoint(spec.features) for spec in self.specs], dtype=np.bool_
            )
        return mask

    def knows_features(self, expression: str) -> bool:
        """Whether the expression is well formed and all its features exist somewhere."""
        try:
            return all(alternatives <= self._features for alternatives in conjunction(expression))
        except ValueError:
            return False

    def shares(self, need: Need, nodes: Sequence[int]) -> tuple[Share, ...]:
        """What the job gets of each of these nodes."""
        cpus = [
            tasks * need.cpus_per_task for tasks in spread(need.total_cpus // need.cpus_per_task, need.nodes)
        ]
        gpus = spread(need.total_gpus, need.nodes)
        return tuple(
            Share(
                node,
                self.specs[node].cpus if need.exclusive else cpus[position],
                self.specs[node].memory_mib if need.memory_mib < 0 else need.memory_mib,
                gpus[position],
            )
            for position, node in enumerate(nodes)
        )

    # -- giving and taking -----------------------------------------------------------------------------------

    def allocate(self, numeric_id: int, shares: Iterable[Share], end: int) -> None:
        """Give the shares to a job whose time limit ends at `end`."""
        for share in shares:
            node = share.node
            self.free_cpus[node] -= share.cpus
            self.free_memory[node] -= share.memory_mib
            self.free_gpus[node] -= share.gpus
            self.states[node].expected_ends[numeric_id] = end
            if end > self.free_at[node]:
                self.free_at[node] = end
            self.journal.note(node)

    def release(self, numeric_id: int, shares: Iterable[Share], now: int) -> None:
        """Take a job's shares back."""
        for share in shares:
            node, state = share.node, self.states[share.node]
            self.free_cpus[node] += share.cpus
            self.free_memory[node] += share.memory_mib
            self.free_gpus[node] += share.gpus
            state.expected_ends.pop(numeric_id)
            self.free_at[node] = max(state.expected_ends.values(), default=0)
            state.last_busy = now
            self.journal.note(node)

    def expect_end(self, numeric_id: int, shares: Iterable[Share], end: int) -> None:
        """Note a changed time limit of a running job."""
        for share in shares:
            ends = self.states[share.node].expected_ends
            ends[numeric_id] = end
            self.free_at[share.node] = max(ends.values())

    def count_completing(self, shares: Iterable[Share], by: int) -> None:
        """One job more (1) or less (-1) is completing on these nodes."""
        for share in shares:
            self.states[share.node].completing += by
            self.journal.note(share.node)

    def changed(self, node: int) -> None:
        """Note that somebody changed ``states[node]``."""
        self.usable[node] = self.states[node].is_usable
        self.journal.note(node)

    # -- showing ---------------------------------------------------------------------------------------------

    def node(self, position: int, now: float) -> Node:
        """The node as Slurm shows it."""
        spec, state = self.specs[position], self.states[position]
        cpus = int(spec.cpus - self.free_cpus[position])
        memory = int(spec.memory_mib - self.free_memory[position])
        up = state.base is None
        base = state.base or ("IDLE" if not cpus else "ALLOCATED" if cpus == spec.cpus else "MIXED")
        flags = sorted(state.flags)
        if state.completing:
            flags.append("COMPLETING")
        # Two draws that hold for a minute: what slurmd last reported.
        drawn = noise(self._seed, position, int(now) // 60)
        load = round(cpus * (0.82 + 0.2 * drawn) + 0.3 * drawn, 2) if up else None
        used = int(memory * (0.55 + 0.4 * drawn)) + 2048
        return Node(
            node_name=spec.name,
            base_state=base,
            flags=tuple(flags),
            partitions=spec.partitions,
            cpu_total=spec.cpus,
            cpu_allocated=cpus,
            cpu_load=load,
            memory_total_mib=spec.memory_mib,
            memory_allocated_mib=memory,
            memory_free_mib=max(0, spec.memory_mib - used) if up else None,
            gpus_total=spec.gpus,
            gpus_allocated=int(spec.gpus - self.free_gpus[position]),
            gres=f"gpu:{spec.gpu_type}:{spec.gpus}" if spec.gpus else None,
            features=spec.features,
            architecture="x86_64",
            os="Linux 5.4.0-74-generic",
            boot_time=state.boot_time,
            last_busy=int(now) if cpus else state.last_busy,
            reason=state.reason,
            reason_user=state.reason_user,
            reason_time=state.reason_time,
            resume_after=state.resume_after,
            slurm_version=self._slurm_version,
        )
