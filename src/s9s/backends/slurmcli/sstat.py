"""sstat: what a running job uses; slurmd of each of its nodes is asked. For its owner and root."""

from __future__ import annotations

from s9s.backends.slurmcli.sacct import cpu_seconds, mib
from s9s.domain.jobs import JobUsage


def of_job(job_id: str) -> list[str]:
    """All steps of a job."""
    return ["sstat", "--allsteps", "--noheader", "--parsable2", f"--jobs={job_id}", "--format=TRESUsageInTot"]


def parse(output: str) -> JobUsage | None:
    """Sums over the tasks of each step that runs; ``None`` when none does."""
    seconds, memory = [], []
    for line in output.splitlines():
        amounts = dict(item.partition("=")[::2] for item in line.split(","))
        if (used := cpu_seconds(amounts.get("cpu", ""))) is not None:
            seconds.append(used)
        if resident := amounts.get("mem"):
            memory.append(mib(resident))
    if not seconds and not memory:
        return None
    return JobUsage(cpu_seconds=sum(seconds) if seconds else None, max_memory_mib=max(memory, default=None))
