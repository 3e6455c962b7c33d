"""sstat: what running jobs use; slurmd of each of their nodes is asked. For their owner and root."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from s9s.backends.slurmcli.sacct import cpu_seconds, mib
from s9s.domain.jobs import JobUsage


def of_jobs(numeric_ids: Iterable[int]) -> list[str]:
    """All steps of some jobs."""
    jobs = ",".join(map(str, numeric_ids))
    return [
        "sstat", "--allsteps", "--noheader", "--parsable2", f"--jobs={jobs}", "--format=JobID,TRESUsageInTot",
    ]  # fmt: skip


def parse(output: str) -> dict[int, JobUsage]:
    """By numeric id: sums over the tasks of each step that runs. A job of which none does is left out."""
    seconds, memory = defaultdict[int, list[float]](list), defaultdict[int, list[float]](list)
    for line in output.splitlines():
        step, _, used = line.partition("|")
        number = step.partition(".")[0]
        if not number.isdecimal():
            continue
        amounts = dict(item.partition("=")[::2] for item in used.split(","))
        if (cpu := cpu_seconds(amounts.get("cpu", ""))) is not None:
            seconds[int(number)].append(cpu)
        if resident := amounts.get("mem"):
            memory[int(number)].append(mib(resident))
    return {
        number: JobUsage(
            cpu_seconds=sum(seconds[number]) if number in seconds else None,
            max_memory_mib=max(memory[number]) if number in memory else None,
        )
        for number in {*seconds, *memory}
    }
