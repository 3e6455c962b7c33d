"""Multifactor priority: what a pending job's number is made of."""

from __future__ import annotations

from collections import deque

from s9s.backends.simulated.accounts import Accounts
from s9s.domain.jobs import Job

AGE_WEIGHT = 1000
FAIR_SHARE_WEIGHT = 2000
SIZE_WEIGHT = 200
PARTITION_WEIGHT = 500
QOS_WEIGHT = 1500

MAX_AGE_SECONDS = 7 * 86400
#: Slurm's PriorityCalcPeriod.
PERIOD_SECONDS = 300


class Priorities:
    """Computes priorities, and says whose are due for it again.

    slurmctld recomputes all of them every five minutes. Here each job has its own turn within the
    five minutes, so that no moment costs more than its part.
    """

    def __init__(self, accounts: Accounts, partition_factors: dict[str, float], cluster_cpus: int) -> None:
        self._accounts = accounts
        self._partition_factors = partition_factors
        self._cluster_cpus = cluster_cpus
        self._turns: deque[int] = deque()
        self._owed = 0.0

    def of(self, job: Job, nice: int, now: float) -> int:
        """A job's priority as of `now`; at least 1, since 0 means held."""
        age = min(1.0, max(0.0, now - (job.eligible_time or job.submit_time)) / MAX_AGE_SECONDS)
        qos = self._accounts.qos.get(job.qos or "")
        partition = max(
            (self._partition_factors.get(name, 0.0) for name in job.partition.split(",")), default=0.0
        )
        return max(1, int(
            AGE_WEIGHT * age
            + FAIR_SHARE_WEIGHT * self._accounts.fair_share(job.user, now)
            + SIZE_WEIGHT * job.cpu_count / self._cluster_cpus
            + PARTITION_WEIGHT * partition
            + QOS_WEIGHT * (qos.priority if qos else 0) / 1000
            - nice
        ))  # fmt: skip

    def watch(self, numeric_id: int) -> None:
        """Let a pending job have turns."""
        self._turns.append(numeric_id)

    def due(self, seconds: float) -> list[int]:
        """Those whose turn came within the last so many seconds.

        Each must be given back with `watch` if it still waits.
        """
        self._owed += len(self._turns) * seconds / PERIOD_SECONDS
        count = min(int(self._owed), len(self._turns))
        self._owed -= int(self._owed)
        return [self._turns.popleft() for _ in range(count)]
