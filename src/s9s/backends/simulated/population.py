"""The cluster as it stands when the simulation begins: a working day in the middle of its life."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

import numpy as np
from msgspec.structs import replace

from s9s.backends.simulated.applications import MEAN_RUNNING_CPUS, MEAN_SECONDS, MEAN_TASKS
from s9s.backends.simulated.arrivals import Arrivals
from s9s.backends.simulated.catalogue import Catalogue, Plan
from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.examples import EXAMPLE_IDS, add_examples
from s9s.backends.simulated.lifecycle import Lifecycle
from s9s.backends.simulated.node_control import NodeControl
from s9s.backends.simulated.nodes import NodePool
from s9s.backends.simulated.records import Record
from s9s.backends.simulated.resources import Need
from s9s.domain.jobs import Job, JobState
from s9s.domain.nodes import NodeAction, NodeUpdate

#: Of the jobs in slurmctld's memory, how many run where `churn` sets the pace.
RUNNING_PART: Final = 0.52
#: How often one job changes between its submission and its removal, both counted.
CHANGES_PER_JOB: Final = 5.5
#: How much of the cluster's CPUs the running jobs are meant to fill.
_LOAD: Final = 1.0

#: Nodes of one partition that are kept for those who submit something themselves, at most.
_MOST_SPARED: Final = 8

_TROUBLES: Final = (
    ("DOWN", "Not responding"),
    ("DRAIN", "GPU ECC errors"),
    ("DRAIN", "Kill task failed"),
    ("DRAIN", "Memory replacement scheduled"),
)


class Population:
    """Makes the initial state and starts the life in it.

    Args:
        seed: The same seed makes the same population.
        jobs: About how many jobs slurmctld holds; 0 is an empty cluster.
        history: Finished jobs that only accounting knows; ``None`` is a day's worth, at most 3,000.
        churn: The part of `jobs` that changes each second; ``None`` is the pace of a real cluster.
    """

    def __init__(self, *, seed: int, jobs: int, history: int | None, churn: float | None) -> None:
        self._random = Random(seed)
        self._jobs = jobs
        self._running = int(jobs * RUNNING_PART)
        if churn:
            self._rate = churn * jobs / CHANGES_PER_JOB
            self._pace = self._running / self._rate / MEAN_SECONDS
            self.min_job_age_seconds = int(max(5, min(300, 0.1 * jobs / self._rate)))
        else:
            self._rate = self._running / MEAN_SECONDS
            self._pace = 1.0
            self.min_job_age_seconds = 300
        self._history = min(3000, int(self._rate * 86400)) if history is None else history
        self.users = 24 + min(300, jobs // 500)

    def settle(self, cluster: Cluster, lifecycle: Lifecycle, node_control: NodeControl) -> None:
        """Fill an empty cluster."""
        if not self._jobs:
            return
        cluster.pool.spared = _spared(cluster.pool)
        self._break_nodes(cluster, node_control)
        add_examples(cluster, lifecycle)
        size = _LOAD * int(cluster.pool.total_cpus.sum()) / max(1, self._running) / MEAN_RUNNING_CPUS
        catalogue = Catalogue(cluster, size=size, pace=self._pace)
        recent = int(self._rate * cluster.site.min_job_age_seconds)
        ids = _Ids(cluster, self._history)
        for _ in range(self._history):
            cluster.accounting.add(
                self._finished(cluster, catalogue.draw(self._random), ids.earlier(), 86400)
            )
        packer = _Packer(cluster)
        for number in range(self._jobs - len(EXAMPLE_IDS)):
            if number < recent:
                plan = catalogue.draw(self._random)
                job = self._finished(cluster, plan, ids.later(), cluster.site.min_job_age_seconds)
                lifecycle.remember(Record(job=job, need=plan.need, course=plan.course))
                continue
            plan = catalogue.draw_running(self._random)
            nodes = packer.place(plan.need, plan.prototype.partition)
            if nodes is not None:
                self._run(cluster, lifecycle, plan, ids.later(), nodes)
            else:
                self._wait(cluster, lifecycle, catalogue.draw(self._random), ids.later())
        Arrivals(
            cluster, lifecycle, node_control, catalogue, self._random,
            rate=self._rate / MEAN_TASKS, jobs=self._jobs, has_nights=self._pace == 1.0,
        ).begin()  # fmt: skip

    def _run(
        self, cluster: Cluster, lifecycle: Lifecycle, plan: Plan, numeric_id: int, nodes: list[int]
    ) -> None:
        """A job that has been running for a while."""
        passed = int(min(plan.course.seconds, plan.time_limit_seconds) * self._random.random() * 0.98)
        start = cluster.instant - passed
        waited = int(self._random.expovariate(1 / 600) * min(1.0, self._pace))
        submit = start - waited
        shares = cluster.pool.shares(plan.need, nodes)
        prototype = plan.prototype
        job = replace(
            prototype,
            job_id=str(numeric_id),
            numeric_id=numeric_id,
            state=JobState.RUNNING,
            partition=prototype.partition.split(",")[0],
            submit_time=submit,
            eligible_time=submit,
            start_time=start,
            time_limit_seconds=plan.time_limit_seconds,
            nodes=tuple([cluster.pool.names[node] for node in nodes]),
            priority=1000 + waited,
            reason=None,
        )
        record = Record(job=job, need=plan.need, course=plan.course, shares=shares)
        cluster.add(record)
        cluster.limits.submit(job)
        lifecycle.occupy(record)

    def _wait(self, cluster: Cluster, lifecycle: Lifecycle, plan: Plan, numeric_id: int) -> None:
        """A job that there was no room for."""
        submit = cluster.instant - int(self._random.expovariate(1 / 2400) * min(1.0, self._pace))
        job = replace(
            plan.prototype,
            job_id=str(numeric_id),
            numeric_id=numeric_id,
            submit_time=submit,
            eligible_time=submit,
            time_limit_seconds=plan.time_limit_seconds,
        )
        held = "user" if self._random.random() < 0.02 else None
        lifecycle.enter(Record(job=job, need=plan.need, course=plan.course, held_by=held))

    def _finished(self, cluster: Cluster, plan: Plan, numeric_id: int, within: int) -> Job:
        """A job that has ended within so many seconds."""
        course, limit = plan.course, plan.time_limit_seconds
        times_out = course.seconds > limit
        ran = min(course.seconds, limit)
        end = cluster.instant - 1 - int(self._random.random() * within)
        submit = end - ran - int(self._random.expovariate(1 / 900) * min(1.0, self._pace))
        spread = self._random.randrange(max(1, len(cluster.pool) - plan.need.nodes))
        eligible = _eligible_names(cluster, plan, spread)
        return replace(
            plan.prototype,
            job_id=str(numeric_id),
            numeric_id=numeric_id,
            state=JobState.TIMEOUT if times_out else course.state,
            partition=plan.prototype.partition.split(",")[0],
            submit_time=submit,
            eligible_time=submit,
            start_time=end - ran,
            end_time=end,
            time_limit_seconds=limit,
            nodes=eligible,
            priority=1000,
            reason=None if course.state != JobState.FAILED else "NonZeroExitCode",
            exit_code=0 if times_out else course.exit_code,
            signal=15 if times_out else course.signal,
        )

    def _break_nodes(self, cluster: Cluster, node_control: NodeControl) -> None:
        """A few nodes are always out of order; never the first ones, which the examples use."""
        spared = set(cluster.pool.spared)
        candidates = [position for position in range(4, len(cluster.pool)) if position not in spared]
        for number in range(max(2, len(cluster.pool) // 60)):
            position = self._random.choice(candidates)
            state, reason = _TROUBLES[number % len(_TROUBLES)]
            update = NodeUpdate(action=NodeAction(state), reason=reason)
            node_control.update([cluster.pool.names[position]], update, "dave")
            since = cluster.instant - self._random.randrange(600, 5 * 86400)
            cluster.pool.states[position].reason_time = since


def _spared(pool: NodePool) -> tuple[int, ...]:
    """A few nodes of each partition, the last ones: half of two, at most a tenth of many."""
    spared: set[int] = set()
    decided: set[int] = set()
    # The smallest partition first, so that a larger one around it does not take all it has.
    for members in sorted((np.flatnonzero(mask).tolist() for mask in pool.in_partition.values()), key=len):
        count = min(len(members) // 2, max(2, len(members) // 10), _MOST_SPARED)
        missing = count - len(spared.intersection(members))
        candidates = [node for node in members if node not in decided]
        spared.update(candidates[len(candidates) - max(0, missing) :])
        decided.update(members)
    return tuple(sorted(spared))


class _Ids:
    """Ids for the population: history before the examples, everything else after them."""

    def __init__(self, cluster: Cluster, history: int) -> None:
        self._cluster = cluster
        self._earlier: Iterator[int] = iter(range(max(1, min(EXAMPLE_IDS) - history), min(EXAMPLE_IDS)))

    def earlier(self) -> int:
        return next(self._earlier, None) or self._cluster.ids.next()

    def later(self) -> int:
        return self._cluster.ids.next()


class _Packer:
    """Places many jobs on a nearly empty cluster quickly, by going round each partition."""

    def __init__(self, cluster: Cluster) -> None:
        self._pool = cluster.pool
        self._members = {
            name: [
                position
                for position, spec in enumerate(cluster.pool.specs)
                if name in spec.partitions
                and cluster.pool.usable[position]
                and position not in cluster.pool.spared
            ]
            for name in cluster.partitions
        }
        self._cursors = dict.fromkeys(self._members, 0)

    def place(self, need: Need, partitions: str) -> list[int] | None:
        """Nodes with room, or ``None`` when a few tries find too few."""
        pool = self._pool
        for name in partitions.split(","):
            members, cursor = self._members[name], self._cursors[name]
            found: list[int] = []
            for ahead in range(min(len(members), 8 * need.nodes)):
                node = members[(cursor + ahead) % len(members)]
                if (
                    pool.free_cpus[node] >= need.cpus
                    and pool.free_memory[node] >= need.memory_mib
                    and pool.free_gpus[node] >= need.gpus
                ):
                    found.append(node)
                    if len(found) == need.nodes:
                        # Stay on the last one: it may have room for more.
                        self._cursors[name] = (cursor + ahead) % len(members)
                        return sorted(found)
            self._cursors[name] = (cursor + 1) % len(members)
        return None


def _eligible_names(cluster: Cluster, plan: Plan, first: int) -> tuple[str, ...]:
    partition = cluster.partitions[plan.prototype.partition.split(",")[0]]
    start = first % max(1, partition.nodes_total - plan.need.nodes + 1)
    return partition.nodes[start : start + plan.need.nodes]
