"""Who starts next, where, and why the others wait."""

from __future__ import annotations

from typing import Final

import numpy as np

from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.launcher import Launcher
from s9s.backends.simulated.lifecycle import NEVER, Lifecycle
from s9s.backends.simulated.limits import limits_of
from s9s.backends.simulated.nodes import FOREVER, Amounts
from s9s.backends.simulated.records import Record
from s9s.domain.durations import UNLIMITED
from s9s.domain.jobs import Job, JobState

#: Passes are at least so far apart (slurmctld: sched_min_interval), and no pass is longer ago than that.
MIN_INTERVAL_SECONDS: Final = 0.4
MAX_INTERVAL_SECONDS: Final = 30.0
#: How many jobs of each line a pass looks at (default_queue_depth, bf_max_job_test).
DEPTH: Final = 100
#: How often priorities are brought up to date; each job has its turn every five minutes.
PRIORITY_INTERVAL_SECONDS: Final = 5.0


class Scheduler:
    """Priority order with backfill.

    The first job of each partition that must wait gets nodes promised, and whoever comes after it may
    start only where that does not delay it.
    """

    def __init__(self, cluster: Cluster, lifecycle: Lifecycle, launcher: Launcher | None) -> None:
        self._cluster = cluster
        self._lifecycle = lifecycle
        self._launcher = launcher
        self._requested = False
        self._last_pass = cluster.now - MIN_INTERVAL_SECONDS
        lifecycle.pending.request_pass = self.request
        self.request()
        cluster.agenda.at(cluster.now + MAX_INTERVAL_SECONDS, self._tick)
        cluster.agenda.at(cluster.now + PRIORITY_INTERVAL_SECONDS, self._age)

    def request(self) -> None:
        """Run a pass as soon as may be."""
        if not self._requested:
            self._requested = True
            self._cluster.agenda.at(
                max(self._cluster.now, self._last_pass + MIN_INTERVAL_SECONDS), self.run_pass
            )

    def run_pass(self) -> None:
        """Start what can be started."""
        self._requested = False
        self._last_pass = self._cluster.now
        _Pass(self._cluster, self._lifecycle, self._launcher).run()

    def _tick(self) -> None:
        self.request()
        self._cluster.agenda.at(self._cluster.now + MAX_INTERVAL_SECONDS, self._tick)

    def _age(self) -> None:
        cluster = self._cluster
        for numeric_id in cluster.priorities.due(PRIORITY_INTERVAL_SECONDS):
            record = cluster.records.get(numeric_id)
            if record is not None and record.job.state == JobState.PENDING:
                cluster.priorities.watch(numeric_id)
                self._lifecycle.pending.refresh_priority(record)
        cluster.agenda.at(cluster.now + PRIORITY_INTERVAL_SECONDS, self._age)


class _Pass:
    """One look through the queue."""

    def __init__(self, cluster: Cluster, lifecycle: Lifecycle, launcher: Launcher | None) -> None:
        self._cluster = cluster
        self._lifecycle = lifecycle
        self._launcher = launcher
        # When each node is promised to a job of higher priority; None until the first promise.
        self._promised: Amounts | None = None
        self._blocked: set[str] = set()
        # For (partition, need) the earliest end for which no nodes were found: the same need with that end or
        # a later one finds none further down either.
        self._hopeless: dict[tuple[str, int], int] = {}
        # (partition, need) for which the nodes that are up would never do.
        self._nowhere: set[tuple[str, int]] = set()

    def run(self) -> None:
        for record in self._cluster.queue.first(DEPTH):
            while self._start(record) and record.place is not None:
                pass  # an array, which goes on with its next task

    def _start(self, record: Record) -> bool:
        """Start the job, or one task of the array; if neither, say why not."""
        cluster, job, tasks = self._cluster, record.job, record.tasks
        if tasks is not None and tasks.limit is not None and tasks.running >= tasks.limit:
            self._set_aside(record, "JobArrayTaskLimit", limits_of(job)[2])
            return False
        reason, expected, limit = "Priority", None, None
        for name in job.partition.split(","):
            limit = cluster.limits.reason(job, cluster.partitions[name])
            if limit is None:
                nodes = self._find(record, name)
                if nodes is not None:
                    self._lifecycle.start(record, name, nodes)
                    return True
                reason, expected = self._wait(record, name)
        if limit is not None:
            self._set_aside(record, *limit)
        else:
            self._lifecycle.pending.explain(record, reason, expected)
        return False

    def _set_aside(self, record: Record, reason: str, limit: str) -> None:
        self._lifecycle.pending.explain(record, reason)
        self._cluster.queue.set_aside(record, limit, self._cluster.tier(record.job))

    def _find(self, record: Record, name: str) -> list[int] | None:
        if record.batch is not None and self._launcher is not None and not self._launcher.has_room:
            return None
        key, end = (name, id(record.need)), self._end(record.job)
        if end >= self._hopeless.get(key, FOREVER + 1):
            return None
        nodes = self._cluster.pool.pick(record.need, name, self._promised, end)
        if nodes is None:
            self._hopeless[key] = end
        return nodes

    def _wait(self, record: Record, name: str) -> tuple[str, int | None]:
        """Why it waits, and until when; if it is the first of its partition, promise it nodes."""
        if name in self._blocked:
            return "Priority", record.job.expected_start_time
        key = (name, id(record.need))
        room = None if key in self._nowhere else self._cluster.pool.room_at(record.need, name)
        if room is None:
            self._nowhere.add(key)
            return "ReqNodeNotAvail", None
        self._blocked.add(name)
        at, nodes = room
        if at >= NEVER:
            return "Resources", None
        if self._promised is None:
            self._promised = np.full(len(self._cluster.pool), FOREVER, dtype=np.int64)
        self._promised[nodes] = np.minimum(self._promised[nodes], at)
        return "Resources", max(at, self._cluster.instant)

    def _end(self, job: Job) -> int:
        limit = job.time_limit_seconds
        if limit is None or limit == UNLIMITED:
            return FOREVER
        return self._cluster.instant + limit
