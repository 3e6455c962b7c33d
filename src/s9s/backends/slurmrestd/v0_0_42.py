"""v0.0.42 (Slurm 24.11) to v0.0.43 (25.05).

What differs, of what is used here:

- 24.11 expands the patterns of ``standard_output`` and its like, fills in the defaults, and repeats the
  output as ``standard_error`` where the job does not split them. For the unstarted rest of an array ``%a``
  becomes 4294967294: it is turned back into ``%a``. ``%N`` is left as it is.

Without consequence: jobs lack ``stdin_expanded`` and its like, ``licenses_allocated`` and ``segment_size``;
nodes and partitions lack ``topology``; flags have types of their own in the OpenAPI document and are the same
JSON.
"""

from __future__ import annotations

from msgspec.structs import replace

from s9s.backends.slurmrestd import payloads
from s9s.backends.slurmrestd.steps import Lift, Step

_NO_TASK = "4294967294"


def _lift_jobs(answer: payloads.Jobs) -> payloads.Jobs:
    answer.jobs = [_lift_job(job) for job in answer.jobs]
    return answer


def _lift_job(job: payloads.Job) -> payloads.Job:
    if not job.array_task_string or _NO_TASK not in f"{job.standard_output}{job.standard_error}":
        return job
    return replace(
        job,
        standard_output=(job.standard_output or "").replace(_NO_TASK, "%a"),
        standard_error=(job.standard_error or "").replace(_NO_TASK, "%a"),
    )


STEP = Step(version="v0.0.42", lift={payloads.Jobs: Lift(payloads.Jobs, _lift_jobs)})
