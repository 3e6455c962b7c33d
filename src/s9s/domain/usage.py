"""What the steps of a job used, added up to what the job used."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from s9s.domain.jobs import JobUsage


class StepUsage(Struct, frozen=True, kw_only=True, gc=False):
    """One step, as accounting has measured it; ``None``, or no memory at all, is what was not."""

    cpu_seconds: float | None = None
    """User plus system time of all its tasks."""
    memory_mib: float | None = None
    """The largest resident memory of each task, added up over all tasks."""
    task_memory_mib: float | None = None
    """Of the task with the most (MaxRSS)."""
    memory_node: str | None = None
    """Where that task ran."""
    tasks: int | None = None
    gpu_utilization: float | None = None
    """0..1."""


def usage_of_steps(steps: Sequence[StepUsage]) -> JobUsage | None:
    """A job's usage: CPU time of all steps together, memory and GPUs of the step with the most.

    Memory that is 0 was never looked at: the step was over before the first sample. ``None`` without steps.
    """
    if not steps:
        return None
    seconds = [step.cpu_seconds for step in steps if step.cpu_seconds is not None]
    gpus = [step.gpu_utilization for step in steps if step.gpu_utilization is not None]
    largest, memory = None, 0.0
    for step in steps:
        amount = step.memory_mib or (step.task_memory_mib or 0.0) * (step.tasks or 1)
        if amount > memory:
            largest, memory = step, amount
    return JobUsage(
        cpu_seconds=sum(seconds) if seconds else None,
        max_memory_mib=memory or None,
        max_task_memory_mib=largest.task_memory_mib if largest else None,
        max_memory_node=largest.memory_node if largest else None,
        tasks=largest.tasks if largest else None,
        gpu_utilization=max(gpus) if gpus else None,
    )
