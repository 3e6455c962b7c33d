"""One minute of a cluster as samples: the whole and each partition."""

from __future__ import annotations

from typing import Final

from s9s.domain.jobs import JobState
from s9s.domain.samples import MINUTE, Sample
from s9s.snapshot.figures import Figures, Waits
from s9s.snapshot.snapshot import Snapshot

_NO_WAITS: Final = Waits()
#: Ended, but not by the job's or the cluster's fault.
_FINE: Final = frozenset({JobState.COMPLETED.value, JobState.CANCELLED.value})


def sample_minute(
    snapshot: Snapshot, figures: Figures, at: int, covered_seconds: int = MINUTE
) -> list[Sample]:
    """What is running and waiting now, and what the jobs' own times say of the minute.

    So nothing is counted twice or lost, whenever it is that this is asked.

    Args:
        snapshot: The cluster.
        figures: Of its jobs, as they are now.
        at: When the minute began.
        covered_seconds: Seconds of it in which the cluster was seen.
    """
    until = at + MINUTE
    live, ended = figures.live(), figures.ended(at, until)
    submitted, waits = figures.submitted(at, until), figures.waits(at, until)

    def sample(partition: str | None) -> Sample:
        resources = snapshot.nodes.resources(partition)
        jobs, ends = live.get(partition, {}), ended.get(partition, {})
        waited = waits.get(partition, _NO_WAITS)
        return Sample(
            at=at,
            partition=partition,
            covered_seconds=covered_seconds,
            cpus_total=resources.cpus_total,
            cpus_allocated=resources.cpus_allocated,
            memory_total_mib=resources.memory_total_mib,
            memory_allocated_mib=resources.memory_allocated_mib,
            gpus_total=resources.gpus_total,
            gpus_allocated=resources.gpus_allocated,
            jobs=jobs,
            nodes=resources.states,
            pending_max=jobs.get(JobState.PENDING.value, 0),
            submitted=submitted.get(partition, 0),
            started=waited.count,
            completed=ends.get(JobState.COMPLETED.value, 0),
            failed=sum(count for state, count in ends.items() if state not in _FINE),
            cancelled=ends.get(JobState.CANCELLED.value, 0),
            wait_seconds_sum=waited.seconds_sum,
            wait_count=waited.count,
            wait_seconds_max=waited.seconds_max,
        )

    return [sample(partition) for partition in (None, *(one.name for one in snapshot.partitions.all()))]
