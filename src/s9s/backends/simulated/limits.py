"""Limits of QOS, accounts and partitions: why a job that there is room for still has to wait."""

from __future__ import annotations

from collections import defaultdict

from s9s.backends.simulated.accounts import QOS, Accounts
from s9s.domain.durations import UNLIMITED
from s9s.domain.jobs import Job
from s9s.domain.partitions import Partition


class Limits:
    """Counts what users and accounts have running, and says when that is enough."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        # (user, QOS) to [jobs, cpus, gpus] that hold resources.
        self._running: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        self._account_cpus: defaultdict[str, int] = defaultdict(int)
        self._submitted: defaultdict[tuple[str, str], int] = defaultdict(int)

    def may_submit(self, user: str, qos: str, jobs: int) -> bool:
        """Whether MaxSubmitJobsPerUser leaves room for so many more."""
        entry = self._accounts.qos.get(qos)
        limit = entry.max_submit_per_user if entry else None
        return limit is None or self._submitted[user, qos] + jobs <= limit

    def submit(self, job: Job, jobs: int = 1) -> None:
        """Count jobs that begin to exist; negative ones have ended."""
        self._submitted[job.user, job.qos or ""] += jobs

    def start(self, job: Job, by: int = 1) -> None:
        """Count a job that takes resources (1) or gives them back (-1)."""
        counts = self._running[job.user, job.qos or ""]
        counts[0] += by
        counts[1] += by * job.cpu_count
        counts[2] += by * job.gpus
        self._account_cpus[job.account or ""] += by * job.cpu_count

    def reason(self, job: Job, partition: Partition) -> tuple[str, str] | None:
        """Why the job may not start in this partition now: Slurm's reason, and what the limit is on.

        ``None`` if it may. What it is on is one of `limits_of`, or the job itself where nothing that others
        do would help.
        """
        own = job.job_id
        if partition.state in ("DOWN", "DRAIN", "INACTIVE"):
            return ("PartitionInactive" if partition.state == "INACTIVE" else "PartitionDown"), own
        if job.node_count > partition.nodes_total:
            return "PartitionConfig", own
        if partition.max_nodes is not None and job.node_count > partition.max_nodes:
            return "PartitionNodeLimit", own
        if _exceeds(job.time_limit_seconds, partition.max_time_seconds):
            return "PartitionTimeLimit", own
        qos = self._accounts.qos.get(job.qos or "")
        if qos is not None and _exceeds(job.time_limit_seconds, qos.max_wall_seconds):
            return "QOSMaxWallDurationPerJobLimit", own
        reason = self._qos_reason(job, qos) if qos is not None else None
        if reason is not None:
            return reason, limits_of(job)[0]
        limit = self._accounts.account_cpus.get(job.account or "")
        if limit is not None and self._account_cpus[job.account or ""] + job.cpu_count > limit:
            return "AssocGrpCpuLimit", limits_of(job)[1]
        return None

    def _qos_reason(self, job: Job, qos: QOS) -> str | None:
        jobs, cpus, gpus = self._running[job.user, qos.name]
        if qos.max_jobs_per_user is not None and jobs >= qos.max_jobs_per_user:
            return "QOSMaxJobsPerUserLimit"
        if qos.max_cpus_per_user is not None and cpus + job.cpu_count > qos.max_cpus_per_user:
            return "QOSMaxCpuPerUserLimit"
        if qos.max_gpus_per_user is not None and job.gpus and gpus + job.gpus > qos.max_gpus_per_user:
            return "QOSMaxGRESPerUser"
        return None


def limits_of(job: Job) -> tuple[str, str, str]:
    """What the limits on what is running are on, for this job: its user's QOS, its account, its array."""
    return f"{job.user} in QOS {job.qos}", f"account {job.account}", f"array {job.array_job_id}"


def _exceeds(seconds: int | None, limit: int | None) -> bool:
    if limit is None or limit == UNLIMITED or seconds is None:
        return False
    return seconds == UNLIMITED or seconds > limit
