"""Making a report: from the database to a file. What a worker, and the command line, do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from s9s.domain.instants import format_instant
from s9s.domain.periods import Period
from s9s.domain.report_plans import ReportPlan
from s9s.domain.reports import Report, ReportType
from s9s.domain.samples import Sample
from s9s.domain.work import WorkItem
from s9s.formats.reports import MissingPackage, render
from s9s.services.reports.delivering import request_delivery
from s9s.services.reports.efficiency import efficiency_report
from s9s.services.reports.frame import Frame
from s9s.services.reports.queue import queue_report
from s9s.services.reports.series import DAILY_DAYS, merged
from s9s.services.reports.usage import usage_report
from s9s.services.reports.utilization import utilization_report
from s9s.services.work.artifacts import name_of
from s9s.services.work.queue import Progress, WorkFailed, WorkQueue
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords
from s9s.storage.samples import SampleRecords
from s9s.storage.sums import JobSums, SampleSums, Which

_HOUR, _DAY = 3600, 86400

Step = Callable[[float], None]


class ReportBuilder:
    """Reports of what the database knows.

    Args:
        database: With the history and the samples.
    """

    def __init__(self, database: Database) -> None:
        self._jobs = JobSums(database)
        self._sums = SampleSums(database)
        self._samples = SampleRecords(database)
        self._history = HistoryRecords(database)

    async def build(self, plan: ReportPlan, now: int, progress: Step) -> Report:
        """The report, as of `now`; `progress` is told the part that is done. Raises `DatabaseUnavailable`."""
        request, period = plan.request, plan.period
        frame = Frame(
            type=request.type,
            cluster=plan.cluster,
            period=period,
            generated_at=now,
            scope=plan.scope,
            include_charts=request.include_charts,
            notes=await self._notes(plan, now),
        )
        which, former = (_which(plan, one) for one in (period, period.before()))
        match request.type:
            case ReportType.USAGE:
                usage = await self._jobs.usage(which)
                progress(0.5)
                return usage_report(frame, usage, await self._jobs.usage(former), plan.gpu_types)
            case ReportType.EFFICIENCY:
                effort = await self._jobs.efficiency(which)
                progress(0.4)
                bands = await self._jobs.efficiency_bands(which)
                progress(0.6)
                return efficiency_report(frame, effort, await self._jobs.efficiency(former), bands)
            case ReportType.QUEUE:
                waits = await self._jobs.waits(which)
                progress(0.4)
                waits_before = await self._jobs.waits(former)
                progress(0.7)
                samples, _ = await self._series(plan, period) if plan.has_totals else ([], _HOUR)
                return queue_report(frame, waits, waits_before, samples)
            case ReportType.UTILIZATION:
                samples, step = await self._series(plan, period)
                progress(0.4)
                before, _ = await self._series(plan, period.before())
                progress(0.7)
                return utilization_report(frame, samples, before, await self._sums.partitions(which, step))

    async def _series(self, plan: ReportPlan, period: Period) -> tuple[list[Sample], int]:
        """The samples of a period, in order, and their step: hours, or days where hours are kept no more."""
        if period.days <= DAILY_DAYS:
            hours = await self._samples_of(plan, period, _HOUR)
            days = await self._samples_of(plan, period, _DAY)
            # Days of UTC reach beyond days of other zones: hours are better unless there are far fewer.
            if _covered(hours) >= 0.9 * _covered(days):
                return hours, _HOUR
            return days, _DAY
        return await self._samples_of(plan, period, _DAY), _DAY

    async def _samples_of(self, plan: ReportPlan, period: Period, step: int) -> list[Sample]:
        start, end = period.start, period.end
        if plan.partitions is None:
            return await self._samples.series(plan.key, step, start, end)
        found = [
            await self._samples.series(plan.key, step, start, end, partition)
            for partition in sorted(plan.partitions)
        ]
        return merged(found)

    async def _notes(self, plan: ReportPlan, now: int) -> tuple[str, ...]:
        """What is missing, or not over yet."""
        notes = []
        period = plan.period
        if period.end > now:
            notes.append(f"The period is not over: the figures are those up to {_minute(now)}.")
        if plan.request.type is ReportType.UTILIZATION:
            return (*notes, *([_OVERLAP] if plan.partitions else []))
        progress = await self._history.progress(plan.key)
        if progress is None:
            notes.append("The history of jobs has not been read yet: no finished job is known.")
            return tuple(notes)
        coverage = progress.coverage
        if coverage.since > period.before().start:
            notes.append(
                f"The history of jobs begins on {_minute(coverage.since)}: jobs that ended before are not "
                "in it."
            )
        if coverage.until < min(period.end, now) - _HOUR:
            notes.append(
                f"The history of jobs reaches to {_minute(coverage.until)} so far: later ends are not in it."
            )
        return tuple(notes)


_OVERLAP: Final = "Nodes that are in several of the chosen partitions count once in each of them."


class ReportMaker:
    """The handler of reports.

    Args:
        builder: Makes the model.
        queue: With the files; takes the delivery.
    """

    def __init__(self, builder: ReportBuilder, queue: WorkQueue) -> None:
        self._builder = builder
        self._queue = queue

    async def run(self, item: WorkItem, progress: Progress) -> dict[str, Any]:
        """Make an item's file. Raises `WorkFailed`, `WorkCancelled`, `DatabaseUnavailable`, `OSError`."""
        plan = msgspec.convert(item.payload, ReportPlan)
        report = await self._builder.build(plan, int(time.time()), progress.set)
        progress.set(0.8)
        try:
            raw = await asyncio.to_thread(render, report, plan.request.format)
        except MissingPackage as error:
            raise WorkFailed(f"The server cannot write it: {error}") from error
        rows = sum(len(table.rows) for table in report.tables)
        progress.set(0.95, rows)
        async with self._queue.artifacts.create(name_of(item)) as sink:
            await asyncio.to_thread(sink.write, raw)
        stored = sink.stored
        if plan.request.delivery.method != "none":
            # Before the report counts as completed: a kill in between loses nothing, and it is put once.
            await request_delivery(self._queue, item)
        return {
            "artifact": stored.name,
            "file_size": stored.size,
            "sha256": stored.sha256,
            "record_count": rows,
            "summary": list(report.summary),
        }


def _which(plan: ReportPlan, period: Period) -> Which:
    return Which(
        cluster=plan.key,
        start=period.start,
        end=period.end,
        partitions=plan.partitions,
        visibility=plan.visibility,
    )


def _covered(samples: Sequence[Sample]) -> int:
    return sum(one.covered_seconds for one in samples)


def _minute(epoch: int) -> str:
    return f"{format_instant(epoch)[:16].replace('T', ' ')} UTC"
