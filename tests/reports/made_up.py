"""Made-up sums and samples: a busy month, an idle one, few and many partitions, long and hostile names."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import date

from s9s.domain.periods import Period
from s9s.domain.reports import Report, ReportType
from s9s.domain.samples import Sample
from s9s.domain.sums import SIZES, EfficiencyBand, EfficiencySum, PartitionSum, UsageSum, WaitSum
from s9s.services.reports.efficiency import efficiency_report
from s9s.services.reports.frame import Frame
from s9s.services.reports.queue import queue_report
from s9s.services.reports.usage import usage_report
from s9s.services.reports.utilization import utilization_report

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30), "Europe/Berlin")

HOSTILE = [
    "=HYPERLINK(\"http://evil.example\",\"x\")", "<script>alert(1)</script>", "#panic(\"x\") $x^2$ *b* @ref",
    "\u202egnp.exe", "ひらがな漢字 🚀", "مرحبا بالعالم", "a" * 120, "very_long_account_name-" * 8,
    "x\x00\x1b[31m", "]]>&amp;%s{{7*7}}",
]  # fmt: skip


def names(kind: str, number: int, *, hostile: bool = False) -> list[str]:
    plain = [f"{kind}{place:02}" for place in range(number)]
    return [*HOSTILE, *plain][:number] if hostile else plain


def frame(kind: ReportType, period: Period = NOVEMBER, *, include_charts: bool = True) -> Frame:
    return Frame(
        type=kind,
        cluster="hpc-example",
        period=period,
        generated_at=1_796_000_000,
        scope="All partitions, all users",
        include_charts=include_charts,
    )


def usage_sums(partitions: Sequence[str], users: int, seed: int, *, hostile: bool = False) -> list[UsageSum]:
    dice = random.Random(seed)
    accounts = names("acct", max(2, users // 4), hostile=hostile)
    rows = []
    for place, user in enumerate(names("user", users, hostile=hostile)):
        for partition in dice.sample(list(partitions), min(len(partitions), 3)):
            cpu = int(dice.lognormvariate(17 - place * 0.05, 1.2))
            rows.append(
                UsageSum(
                    user=user,
                    account=accounts[place % len(accounts)],
                    partition=partition,
                    jobs=dice.randint(1, 4000),
                    cpu_seconds=cpu,
                    gpu_seconds=cpu // 20 if "gpu" in partition else 0,
                    node_seconds=cpu // 32,
                    lost_cpu_seconds=int(cpu * dice.random() * 0.3),
                )
            )
    return rows


def efficiency_sums(
    partitions: Sequence[str], users: int, seed: int, *, hostile: bool = False
) -> list[EfficiencySum]:
    dice = random.Random(seed)
    return [
        EfficiencySum(
            user=row.user,
            account=row.account,
            partition=row.partition,
            jobs=row.jobs,
            cpu_seconds=row.cpu_seconds,
            measured_jobs=row.jobs,
            measured_cpu_seconds=int(row.cpu_seconds * 0.97),
            used_cpu_seconds=row.cpu_seconds * 0.97 * dice.betavariate(4, 2),
            memory_seconds=row.cpu_seconds * 4096,
            used_memory_seconds=row.cpu_seconds * 4096 * dice.betavariate(2, 4),
            gpu_seconds=row.gpu_seconds,
            used_gpu_seconds=row.gpu_seconds * dice.betavariate(4, 3),
        )
        for row in usage_sums(partitions, users, seed, hostile=hostile)
    ]


def wait_sums(partitions: Sequence[str], seed: int) -> list[WaitSum]:
    dice = random.Random(seed)
    rows = []
    for partition in partitions:
        typical = dice.lognormvariate(5, 1.5)
        for cpus in SIZES:
            for _ in range(40):
                wait = int(dice.lognormvariate(math.log(typical * (1 + cpus / 50)), 1.5))
                jobs = dice.randint(1, 400)
                rows.append(
                    WaitSum(
                        partition=partition,
                        cpus=cpus,
                        seconds=wait // 60 * 60,
                        jobs=jobs,
                        total_seconds=wait * jobs,
                        longest_seconds=wait + 30,
                    )
                )
    return rows


def samples(period: Period, load: float, *, gap: bool = False, seed: int = 1) -> list[Sample]:
    dice = random.Random(seed)
    rows = []
    for at in range(period.start, period.end, 3600):
        hour, day = at // 3600 % 24, at // 86400
        if gap and 0.4 < (at - period.start) / period.seconds < 0.55:
            continue
        part = min(
            0.99,
            max(0.0, load * (0.85 + 0.15 * math.sin(hour / 24 * 6.28) - (0.25 if day % 7 in (2, 3) else 0))),
        )
        part = min(0.99, part + dice.random() * 0.05 * (load > 0))
        pending = 400 * part**6 * (1 + dice.random()) if load else 0.0
        rows.append(
            Sample(
                at=at,
                step_seconds=3600,
                covered_seconds=3600,
                cpus_total=8192,
                cpus_allocated=8192 * part,
                memory_total_mib=32_000_000,
                memory_allocated_mib=32_000_000 * part * 0.7,
                gpus_total=128,
                gpus_allocated=128 * part**2,
                jobs={"PENDING": pending, "RUNNING": 900 * part},
                nodes={
                    "ALLOCATED": 200 * part,
                    "MIXED": 40 * part,
                    "IDLE": 252 - 240 * part,
                    "DRAIN": 3.0,
                    "DOWN": 1.0,
                },
                pending_max=int(pending * 1.3),
                submitted=int(200 * part),
                started=int(200 * part),
                completed=int(180 * part),
            )
        )
    return rows


def partition_sums(partitions: Sequence[str], load: float, period: Period = NOVEMBER) -> list[PartitionSum]:
    dice = random.Random(3)
    return [
        PartitionSum(
            partition=name,
            covered_seconds=period.seconds,
            cpus_total=1024,
            cpus_allocated=1024 * (part := min(0.98, load * dice.random() * 1.4)),
            memory_total_mib=4_000_000,
            memory_allocated_mib=4_000_000 * part * 0.6,
            gpus_total=64 if "gpu" in name else 0,
            gpus_allocated=64 * part if "gpu" in name else 0,
            pending_max=int(1000 * part**4),
            started=int(20000 * part),
        )
        for name in partitions
    ]


def made_up(
    kind: ReportType,
    *,
    partitions: int = 4,
    users: int = 60,
    load: float = 0.85,
    hostile: bool = False,
    period: Period = NOVEMBER,
    include_charts: bool = True,
    gap: bool = False,
) -> Report:
    """A report of a cluster that was as busy as `load` says (0: not at all)."""
    some = ["gpu-a100", "cpu", "bigmem", "debug", *names("part", 60)][:partitions]
    if hostile:
        some = [*HOSTILE, *some][:partitions]
    about = frame(kind, period, include_charts=include_charts)
    busy = load > 0
    match kind:
        case ReportType.USAGE:
            now = usage_sums(some, users, 1, hostile=hostile) if busy else []
            before = usage_sums(some, users, 2, hostile=hostile)
            return usage_report(about, now, before, {"gpu-a100": ["a100"]})
        case ReportType.EFFICIENCY:
            effort = efficiency_sums(some, users, 1, hostile=hostile) if busy else []
            bands = [EfficiencyBand(tenth, 50 * tenth + 10, 400_000 * (tenth + 1)) for tenth in range(10)]
            return efficiency_report(about, effort, efficiency_sums(some, users, 2), bands if busy else [])
        case ReportType.QUEUE:
            waits = wait_sums(some, 1) if busy else []
            return queue_report(about, waits, wait_sums(some, 2), samples(period, load, gap=gap))
        case ReportType.UTILIZATION:
            return utilization_report(
                about,
                samples(period, load, gap=gap),
                samples(period.before(), load * 0.9),
                partition_sums(some, load),
            )
