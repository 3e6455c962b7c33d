"""What finished jobs add up to over a period: what reports are made of."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

#: Sizes of jobs in CPUs that waits are told apart by: each from its number up to the next one.
SIZES: Final = (1, 2, 5, 17, 65, 257, 1025)


class UsageSum(Struct, frozen=True, kw_only=True):
    """What the jobs of one user, account and partition used within a period.

    Of a job that ran beyond the period only the part within it counts.
    """

    user: str
    account: str | None
    partition: str
    jobs: int
    """That ran within the period."""
    cpu_seconds: int
    """Allocated CPUs times seconds."""
    gpu_seconds: int
    node_seconds: int
    lost_cpu_seconds: int
    """Of `cpu_seconds`: those of jobs that did not end as COMPLETED."""


class EfficiencySum(Struct, frozen=True, kw_only=True):
    """What the jobs of one user, account and partition that ended within a period made of what they held.

    No job counts as having used more than it held.
    """

    user: str
    account: str | None
    partition: str
    jobs: int
    """That ended within the period and had run."""
    cpu_seconds: int
    """Allocated CPUs times seconds, of all of them."""
    measured_jobs: int
    """Of `jobs`: those whose CPU time was measured."""
    measured_cpu_seconds: int
    used_cpu_seconds: float
    """Of `measured_cpu_seconds`."""
    memory_seconds: int
    """Allocated MiB times seconds, of the jobs whose memory was measured."""
    used_memory_seconds: float
    """Of these: what they held at their peak."""
    gpu_seconds: int
    """Of the jobs whose GPUs were measured."""
    used_gpu_seconds: float


class EfficiencyBand(Struct, frozen=True):
    """The jobs whose CPU efficiency is within ten percent points."""

    tenth: int
    """0 for up to 10 %, 9 for 90 % and more."""
    jobs: int
    cpu_seconds: int


class WaitSum(Struct, frozen=True, kw_only=True):
    """The jobs of one partition and size that started within a period and had waited about as long."""

    partition: str
    cpus: int
    """The least of the sizes of `SIZES`."""
    seconds: int
    """The least wait of these jobs: whole minutes."""
    jobs: int
    total_seconds: int
    longest_seconds: int


class PartitionSum(Struct, frozen=True, kw_only=True):
    """A partition, or the whole cluster (``None``), over a period; the mean over the time covered."""

    partition: str | None
    covered_seconds: int
    cpus_total: float
    cpus_allocated: float
    memory_total_mib: float
    memory_allocated_mib: float
    gpus_total: float
    gpus_allocated: float
    pending_max: int
    started: int
