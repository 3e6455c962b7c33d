"""Filling a cloud with job records, fast: held arrays that are then split into one record for each task.

slurmctld keeps the waiting tasks of an array in one record until they differ; an update of some of them
splits off a record for each: 1,000 in about 30 ms, where single submissions take a second or more.
"""

import logging
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.config import NODE_CPUS, RACK_NODES
from lab.errors import LabError

if TYPE_CHECKING:
    from lab.cluster import Lab

log = logging.getLogger("lab")

ARRAY_TASKS = 250
RUNNING, CANCELLED, SINGLE = 0.10, 0.02, 0.01
"""Shares of jobs that run (CONFIGURING), were cancelled, and are no array's; the rest waits."""

_ACCOUNTS = {"alice": ["research"], "bob": ["research", "engineering"], "carol": ["engineering"]}
_NAMES = (
    "align",
    "anneal",
    "bayes",
    "cfd",
    "dock",
    "fold",
    "fft",
    "lattice",
    "md",
    "render",
    "train",
    "wave",
)
_THREADS = 3
_PATIENCE = 600


@dataclass(frozen=True)
class Batch:
    """Some jobs that are submitted with one sbatch."""

    user: str
    options: tuple[str, ...]
    tasks: int
    """Array tasks; 0 for a job that is not an array."""
    fate: str
    """What becomes of them: run, cancel or wait."""


def load_jobs(lab: "Lab", count: int) -> dict[str, float]:
    """Bring `count` more job records into slurmctld, in mixed states; return the seconds of each phase.

    A tenth is RUNNING and CONFIGURING on CLOUD nodes, a fiftieth CANCELLED; the rest is PENDING, half held by
    the user and half with a begin time a day ahead, so that slurmctld is idle when all is loaded.

    Raises: LabError if the lab is not a cloud, or not all records are there after ten minutes.
    """
    if not lab.cloud:
        raise LabError("jobs are loaded into a cloud: bring the lab up with --cloud N")
    batches = list(_batches(count, lab.cloud))
    records = _records(lab) + count
    running = _running(lab) + sum(batch.tasks for batch in batches if batch.fate == "run")
    seconds = {}
    began = time.monotonic()
    log.info("submitting %d jobs", count)
    with ThreadPoolExecutor(_THREADS) as threads:
        job_ids = list(threads.map(lambda batch: _submit(lab, batch), batches))
        seconds["submit"] = time.monotonic() - began
        log.info("splitting arrays into records")
        list(threads.map(lambda pair: _split(lab, *pair), zip(batches, job_ids, strict=True)))
    cancelled = [job_id for batch, job_id in zip(batches, job_ids, strict=True) if batch.fate == "cancel"]
    if cancelled:
        lab.run("root", "scancel", *cancelled)
    seconds["split"] = time.monotonic() - began
    log.info("waiting until %d jobs are placed", running)
    while _running(lab) < running:
        if time.monotonic() > began + _PATIENCE:
            raise LabError(f"only {_running(lab)} of {running} jobs are placed after {_PATIENCE} s")
        time.sleep(0.5)
    if (found := _records(lab)) < records:
        raise LabError(f"only {found} of {records} job records")
    seconds["total"] = time.monotonic() - began
    return {phase: round(value, 1) for phase, value in seconds.items()}


def _batches(count: int, nodes: int) -> Iterator[Batch]:
    """The jobs to submit; the same for the same arguments."""
    dice = random.Random(count)
    single, cancelled = int(count * SINGLE), int(count * CANCELLED)
    running = min(int(count * RUNNING), nodes * NODE_CPUS // 2)  # they shall all find a place
    waiting = count - single - cancelled - running
    for _ in range(single):
        yield _batch(dice, "wait", 0, _waiting(dice))
    for rack, tasks in enumerate(_portions(running)):
        yield _batch(dice, "run", tasks, [f"--constraint=rack{rack % max(1, nodes // RACK_NODES):03d}"])
    for fate, jobs in (("cancel", cancelled), ("wait", waiting)):
        for tasks in _portions(jobs):
            yield _batch(dice, fate, tasks, _waiting(dice))


def _portions(jobs: int) -> list[int]:
    whole, rest = divmod(jobs, ARRAY_TASKS)
    return [ARRAY_TASKS] * whole + [rest] * bool(rest)


def _batch(dice: random.Random, fate: str, tasks: int, options: list[str]) -> Batch:
    user = dice.choice(list(_ACCOUNTS))
    common = [
        f"--job-name={dice.choice(_NAMES)}-{dice.randrange(1000)}",
        f"--account={dice.choice(_ACCOUNTS[user])}",
        f"--time={dice.randrange(10, 2880)}",
        f"--output=/home/{user}/%x-%j.out",
    ]
    return Batch(user, (*common, *options), tasks, fate)


def _waiting(dice: random.Random) -> list[str]:
    return [
        dice.choice(("--hold", "--begin=now+1day")),
        f"--nodes={dice.choice((1, 1, 2, 4, 16))}",
        f"--cpus-per-task={dice.choice((1, 1, 2, 4, 8))}",
        f"--mem={dice.choice((1, 2, 4, 8))}G",
        *(("--partition=gpu", "--gres=gpu:1") if dice.random() < 0.3 else ()),
    ]


def _submit(lab: "Lab", batch: Batch) -> str:
    array = [f"--array=0-{batch.tasks - 1}"] if batch.tasks else []
    return lab.run(
        batch.user, "sbatch", "--parsable", *batch.options, *array, "--wrap=sleep 3600"
    ).stdout.strip()


def _split(lab: "Lab", batch: Batch, job_id: str) -> None:
    if batch.tasks > 1 and batch.fate != "run":  # what starts gets its record by that
        lab.run("root", "scontrol", "update", f"jobid={job_id}_[0-{batch.tasks - 2}]", "nice=1")


def _records(lab: "Lab") -> int:
    """Number of job records in slurmctld; squeue does not tell (26.05 folds waiting tasks of an array)."""
    lines = lab.run("root", "scontrol", "--oneliner", "show", "job", timeout=120).stdout.splitlines()
    return sum(line.startswith("JobId=") for line in lines)


def _running(lab: "Lab") -> int:
    return len(lab.run("root", "squeue", "-h", "-t", "R,CF", "-o", "%A").stdout.splitlines())
