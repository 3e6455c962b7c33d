"""What is not as it should be with a cluster, seen in its snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from msgspec import Struct

from s9s.domain.alerts import Finding, Rule, of_nodes
from s9s.domain.durations import format_wait
from s9s.domain.jobs import JobState
from s9s.snapshot.snapshot import Snapshot
from s9s.snapshot.watcher import Watcher

#: Reasons for which a job waits for the cluster and not for its user, a limit or a date.
_CLUSTER_REASONS: Final = frozenset({"Resources", "Priority", None})
#: Rounds of the watcher that ask slurmdbd.
_ACCOUNTING: Final = frozenset({"users", "finished jobs"})


class Thresholds(Struct, frozen=True, kw_only=True):
    """From where on it matters; ``None`` is never."""

    queue_wait_seconds: int | None = 86_400
    utilization_percent: float | None = None
    stale_seconds: int | None = 120


class Conditions:
    """Looks at one cluster again and again; nodes only when they have changed."""

    def __init__(self, snapshot: Snapshot, watcher: Watcher, thresholds: Thresholds) -> None:
        self._snapshot = snapshot
        self._watcher = watcher
        self._thresholds = thresholds
        self._nodes_seen = -1
        self._nodes: tuple[Finding, ...] = ()

    def look(self) -> Iterator[Finding]:
        """All that holds now. While slurmctld is out of reach nothing new is known of nodes and jobs."""
        snapshot = self._snapshot
        if snapshot.nodes.generation != self._nodes_seen:
            self._nodes_seen = snapshot.nodes.generation
            self._nodes = tuple(of_nodes(snapshot.nodes.all()))
        yield from self._nodes
        if not snapshot.is_reachable:
            why = snapshot.last_error or "it does not answer"
            yield Finding(Rule.SLURMCTLD_UNREACHABLE, "cluster", f"slurmctld is out of reach: {why}")
            return
        yield from self._accounting()
        if snapshot.is_loaded:
            yield from self._age()
            yield from self._queue()

    def _accounting(self) -> Iterator[Finding]:
        info = self._snapshot.info
        failing = [one.name for one in self._watcher.rounds if one.name in _ACCOUNTING and one.failures]
        if failing and info is not None and info.has_accounting:
            yield Finding(
                Rule.SLURMDBD_UNREACHABLE, "cluster", f"Accounting cannot be read ({', '.join(failing)})"
            )

    def _age(self) -> Iterator[Finding]:
        limit, age = self._thresholds.stale_seconds, self._snapshot.age_seconds(self._watcher.now())
        if limit is not None and age > limit:
            yield Finding(
                Rule.SNAPSHOT_STALE, "cluster", f"Jobs have not been read for more than {format_wait(limit)}"
            )

    def _queue(self) -> Iterator[Finding]:
        """Partitions in which jobs wait for long, and a cluster that idles although jobs wait."""
        waits = self._longest_waits()
        limit = self._thresholds.queue_wait_seconds
        if limit is not None:
            for partition, seconds in sorted(waits.items()):
                if seconds > limit:
                    yield Finding(
                        Rule.QUEUE_WAIT,
                        f"partitions/{partition}",
                        f"Jobs in partition {partition} have waited for more than {format_wait(limit)}",
                    )
        least, resources = self._thresholds.utilization_percent, self._snapshot.nodes.resources()
        if least is not None and waits and resources.cpus_total:
            share = 100 * resources.cpus_allocated / resources.cpus_total
            if share < least:
                yield Finding(
                    Rule.UTILIZATION_LOW,
                    "cluster",
                    f"Less than {least:g} % of the CPUs are allocated although jobs wait for resources",
                )

    def _longest_waits(self) -> dict[str, float]:
        """Seconds since the earliest eligible job that waits for the cluster became so, by partition."""
        table = self._snapshot.jobs
        columns = table.columns
        rows = columns.order
        status = columns.vocabularies["status"]
        pending = [code for code, value in enumerate(status.values) if value and value[0] is JobState.PENDING]
        rows = rows.compress(status.lookup(pending).take(columns.codes("status").take(rows)))
        reasons = columns.vocabularies["reason"]
        wanted = [code for code, value in enumerate(reasons.values) if value in _CLUSTER_REASONS]
        rows = rows.compress(reasons.lookup(wanted).take(columns.codes("reason").take(rows)))
        rows = rows.compress(columns.numbers("priority").take(rows) != 0)
        eligible = columns.numbers("eligible_time").take(rows)
        since = np.where(np.isnan(eligible), columns.numbers("submit_time").take(rows), eligible)
        codes = columns.codes("partition").take(rows)
        now, found = self._snapshot.observed_at, dict[str, float]()
        for code in np.unique(codes).tolist():
            seconds = float(now - since[codes == code].min())
            for name in str(columns.vocabularies["partition"].values[code]).split(","):
                found[name] = max(found.get(name, 0.0), seconds)
        return found
