"""What jobs used: measured where they really ran, made up to fit their course where they did not."""

from __future__ import annotations

from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.noise import noise
from s9s.domain.jobs import Job, JobUsage


def usage_of(cluster: Cluster, job: Job) -> JobUsage | None:
    """A job's usage as of the cluster's now; ``None`` before it has started."""
    if job.start_time is None:
        return None
    record = cluster.records.get(job.numeric_id)
    if record is not None and record.batch is not None and record.course is None:
        return record.usage
    remains = cluster.accounting.remains(job.numeric_id)
    if remains is not None and remains.usage is not None:
        return remains.usage
    drawn = noise(cluster.seed, job.numeric_id, 7)
    course = record.course if record is not None else None
    cpu = course.cpu_efficiency if course is not None else 0.55 + 0.43 * drawn
    memory = course.memory_efficiency if course is not None else 0.25 + 0.7 * drawn
    elapsed = job.elapsed_seconds(cluster.instant)
    used = round((job.memory_mib or 0) * memory * min(1.0, elapsed / 60), 1) or None
    tasks = max(1, job.node_count)
    return JobUsage(
        cpu_seconds=round(cpu * elapsed * job.cpu_count, 2),
        max_memory_mib=used,
        max_task_memory_mib=None if used is None else round(used / tasks, 1),
        max_memory_node=job.nodes[0] if used is not None and job.nodes else None,
        tasks=tasks,
        gpu_utilization=round(min(0.99, cpu + 0.07), 2) if job.gpus else None,
    )
