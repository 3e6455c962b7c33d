"""What a worker reads from the database: recorded jobs, the audit log."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

import msgspec
from msgspec import structs

from s9s.domain.audit import AuditFilter
from s9s.domain.exports import ExportPlan
from s9s.domain.queries import JobQuery
from s9s.formats import Batch
from s9s.services.exports.fields import AUDIT_FIELDS
from s9s.storage.audit import AuditRecords
from s9s.storage.history_scan import HistoryScan


class HistoryTable:
    """Jobs that have finished."""

    def __init__(self, scan: HistoryScan) -> None:
        self._scan = scan

    def batches(self, plan: ExportPlan, known: Set[tuple[Any, ...]]) -> Iterator[tuple[float, Batch]]:
        cluster, query = _jobs(plan)
        return self._scan.batches(cluster, query, plan.fields, known)


def _jobs(plan: ExportPlan) -> tuple[str, JobQuery]:
    """The cluster and the query, without what was submitted after the export was asked for."""
    query = msgspec.convert(plan.query["jobs"], JobQuery)
    as_of = plan.query["as_of"]
    until = as_of if query.end_time is None else min(query.end_time, as_of)
    return plan.query["cluster"], structs.replace(query, end_time=until)


class AuditTable:
    """The audit log, oldest first."""

    def __init__(self, records: AuditRecords) -> None:
        self._records = records

    def batches(self, plan: ExportPlan, known: Set[tuple[Any, ...]]) -> Iterator[tuple[float, Batch]]:
        fields = [AUDIT_FIELDS[name] for name in plan.fields]
        wanted, done = _audit(plan), 0
        total = max(1, self._records.scan_count(wanted))
        for entries in self._records.scan(wanted):
            done += len(entries)
            yield done / total, [list(map(field.value, entries)) for field in fields]


def _audit(plan: ExportPlan) -> AuditFilter:
    wanted = msgspec.convert(plan.query, AuditFilter)
    until = plan.asked_at if wanted.until is None else min(wanted.until, plan.asked_at)
    return structs.replace(wanted, until=until)
