"""The environment of a batch script, as slurmd makes it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from s9s.backends.simulated.records import Batch, Tasks
from s9s.domain.hostlists import fold_hostlist
from s9s.domain.jobs import Job

PATH = "/usr/local/bin:/usr/bin:/bin"


def environment_of(
    job: Job, home: str, cluster_name: str, batch: Batch | None = None, tasks: Tasks | None = None
) -> dict[str, str]:
    """What the job finds in its environment: defaults, then what it was submitted with, then Slurm's own.

    Args:
        job: The job; with nodes once it runs, without them `SLURM_JOB_NODELIST` and the like are missing.
        home: Its user's home directory.
        cluster_name: The cluster's.
        batch: What was submitted; ``None`` for the synthetic population.
        tasks: The book of its array.
    """
    defaults = {
        "PATH": PATH,
        "HOME": home,
        "USER": job.user,
        "LOGNAME": job.user,
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",  # noqa: S108 - as slurmd sets it
    }
    given = batch.environment if batch is not None else {}
    return {
        **defaults,
        **given,
        **_job(job, cluster_name),
        **_size(job, batch),
        **_array(job, tasks),
        **_gpus(job),
    }


def _job(job: Job, cluster_name: str) -> dict[str, str]:
    directory = job.working_directory or "/"
    return {
        "ENVIRONMENT": "BATCH",
        "SLURM_CLUSTER_NAME": cluster_name,
        "SLURM_JOB_ID": str(job.numeric_id),
        "SLURM_JOBID": str(job.numeric_id),
        "SLURM_JOB_NAME": job.job_name,
        "SLURM_JOB_USER": job.user,
        "SLURM_JOB_UID": str(os.getuid()),
        "SLURM_JOB_ACCOUNT": job.account or "",
        "SLURM_JOB_PARTITION": job.partition,
        "SLURM_JOB_QOS": job.qos or "",
        "SLURM_SUBMIT_DIR": directory,
        "SLURM_SUBMIT_HOST": socket.gethostname(),
        "SLURM_RESTART_COUNT": str(job.requeue_count),
        "SLURM_NODEID": "0",
        "SLURM_PROCID": "0",
        "SLURM_LOCALID": "0",
        "SLURM_GTIDS": "0",
    }


def _size(job: Job, batch: Batch | None) -> Mapping[str, str]:
    if not job.nodes or not job.node_count:
        return {}
    nodes = fold_hostlist(job.nodes)
    cpus = job.cpu_count // job.node_count
    tasks = batch.tasks if batch is not None else job.node_count
    sizes = {
        "SLURMD_NODENAME": job.nodes[0],
        "SLURM_JOB_NODELIST": nodes,
        "SLURM_NODELIST": nodes,
        "SLURM_JOB_NUM_NODES": str(job.node_count),
        "SLURM_NNODES": str(job.node_count),
        "SLURM_JOB_CPUS_PER_NODE": _times(cpus, job.node_count),
        "SLURM_CPUS_ON_NODE": str(cpus),
        "SLURM_NTASKS": str(tasks),
        "SLURM_NPROCS": str(tasks),
        "SLURM_TASKS_PER_NODE": _times(-(-tasks // job.node_count), job.node_count),
        "SLURM_CPUS_PER_TASK": str(max(1, job.cpu_count // tasks)),
        "SLURM_MEM_PER_NODE": str((job.memory_mib or 0) // job.node_count),
        "SLURM_JOB_START_TIME": str(job.start_time or 0),
    }
    if batch is not None and batch.tasks_per_node is not None:
        sizes["SLURM_NTASKS_PER_NODE"] = str(batch.tasks_per_node)
    if job.time_limit_seconds is not None and job.time_limit_seconds >= 0:
        sizes["SLURM_JOB_END_TIME"] = str((job.start_time or 0) + job.time_limit_seconds)
    return sizes


def _times(amount: int, nodes: int) -> str:
    return f"{amount}(x{nodes})" if nodes > 1 else str(amount)


def _array(job: Job, tasks: Tasks | None) -> Mapping[str, str]:
    if job.array_job_id is None or job.array_task_id is None:
        return {}
    own = {"SLURM_ARRAY_JOB_ID": str(job.array_job_id), "SLURM_ARRAY_TASK_ID": str(job.array_task_id)}
    if tasks is None:
        return own
    return own | {
        "SLURM_ARRAY_TASK_COUNT": str(tasks.count),
        "SLURM_ARRAY_TASK_MIN": str(tasks.lowest),
        "SLURM_ARRAY_TASK_MAX": str(tasks.highest),
        "SLURM_ARRAY_TASK_STEP": str(tasks.step),
    }


def _gpus(job: Job) -> Mapping[str, str]:
    if not job.gpus or not job.node_count:
        return {}
    here = -(-job.gpus // job.node_count)
    devices = ",".join(map(str, range(here)))
    return {
        "CUDA_VISIBLE_DEVICES": devices,
        "SLURM_JOB_GPUS": devices,
        "SLURM_GPUS_ON_NODE": str(here),
    }
