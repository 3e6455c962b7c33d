"""The jobs that the contract's examples speak of."""

from __future__ import annotations

from typing import Final

from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.conditions import Dependency
from s9s.backends.simulated.lifecycle import Lifecycle
from s9s.backends.simulated.records import Course, Record, asked
from s9s.backends.simulated.resources import Need, Share
from s9s.domain.jobs import Job, JobState

EXAMPLE_IDS: Final = (12344, 12345, 12346, 12347)
#: The first id of jobs that are submitted.
FIRST_JOB_ID: Final = 12348

_GIB: Final = 1024


def add_examples(cluster: Cluster, lifecycle: Lifecycle) -> None:
    """12344 has ended, 12345 and 12347 run, 12346 waits for 12345."""
    now = cluster.instant
    pair = Need(nodes=2, cpus=16, memory_mib=64 * _GIB, gpus=2, total_cpus=32, total_gpus=4)
    single = Need(cpus=8, memory_mib=32 * _GIB, gpus=1, total_cpus=8, total_gpus=1)
    earlier = _job(
        12344, "alice", "prepare_input", pair, now - 4 * 3600,
        start_time=now - 4 * 3600 + 20, end_time=now - 60, nodes=("node001", "node002"),
        state=JobState.COMPLETED, exit_code=0,
    )  # fmt: skip
    lifecycle.remember(Record(job=earlier, need=pair, course=Course(14_320)))
    _run(
        cluster, lifecycle, pair, Course(14_000, cpu_efficiency=0.85, memory_efficiency=0.67),
        _job(12345, "alice", "simulation_run", pair, now - 8265, start_time=now - 8130,
             nodes=("node001", "node002"), state=JobState.RUNNING),
    )  # fmt: skip
    later = Record(
        job=_job(12346, "alice", "collect_results", single, now - 8200), need=single, course=Course(600)
    )
    lifecycle.enter(later, Dependency.parse("afterok:12345"))
    _run(
        cluster, lifecycle, single, Course(13_500),
        _job(12347, "bob", "train_resnet50", single, now - 7000, start_time=now - 6900, nodes=("node001",),
             state=JobState.RUNNING),
    )  # fmt: skip


def _job(
    numeric_id: int,
    user: str,
    name: str,
    need: Need,
    submit_time: int,
    *,
    state: JobState = JobState.PENDING,
    start_time: int | None = None,
    end_time: int | None = None,
    nodes: tuple[str, ...] = (),
    exit_code: int | None = None,
) -> Job:
    return asked(
        Job(
            job_id=str(numeric_id),
            numeric_id=numeric_id,
            job_name=name,
            user=user,
            state=state,
            account="research",
            partition="gpu",
            qos="normal",
            submit_time=submit_time,
            eligible_time=submit_time,
            start_time=start_time,
            end_time=end_time,
            time_limit_seconds=4 * 3600,
            nodes=nodes,
            priority=1000,
            exit_code=exit_code,
            working_directory=f"/home/{user}/simulations",
            command=f"/home/{user}/scripts/run_simulation.sh",
            standard_output=f"/home/{user}/logs/job_%j.out",
            standard_error=f"/home/{user}/logs/job_%j.err",
        ),
        need,
    )


def _run(cluster: Cluster, lifecycle: Lifecycle, need: Need, course: Course, job: Job) -> None:
    shares = tuple(
        Share(cluster.pool.index[name], need.cpus, need.memory_mib, need.gpus) for name in job.nodes
    )
    record = Record(job=job, need=need, course=course, shares=shares)
    cluster.add(record)
    cluster.limits.submit(job)
    lifecycle.occupy(record)
