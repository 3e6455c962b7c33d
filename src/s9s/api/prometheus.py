"""All metrics as Prometheus reads them, made when it asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from s9s import __version__
from s9s.api.tally import RequestTally
from s9s.domain.errors import SlurmUnavailable
from s9s.domain.tallies import Times
from s9s.services.access import Caller
from s9s.services.metrics import Metrics, Totals
from s9s.services.telemetry import Gauge, Telemetry

CONTENT_TYPE: Final = "text/plain; version=0.0.4"

#: Distinct reasons of pending jobs that are told; the rarest are told together as ``other``.
MAX_REASONS: Final = 40
_MIB: Final = 2**20


class Exposition:
    """Writes everything down.

    Args:
        metrics: Of the cluster.
        telemetry: Of the server's parts.
        requests: Of the server's clients.
    """

    def __init__(self, metrics: Metrics, telemetry: Telemetry, requests: RequestTally) -> None:
        self._metrics = metrics
        self._telemetry = telemetry
        self._requests = requests
        self._process = ProcessCollector(registry=None)

    async def text(self, caller: Caller) -> bytes:
        """In the text format. Raises `PermissionDenied` for who does not see the whole cluster."""
        try:
            totals = self._metrics.totals(caller)
        except SlurmUnavailable:
            totals = None  # not reached yet; the server has figures all the same
        values = [(gauge, await gauge.read()) for gauge in self._telemetry.gauges]
        registry = CollectorRegistry(auto_describe=False)
        registry.register(
            _Ready(
                [
                    *(_cluster(totals) if totals else ()),
                    *_server(self._telemetry),
                    *_requests(self._requests),
                    *(_other(gauge, found) for gauge, found in values),
                    *self._process.collect(),
                ]
            )
        )
        return generate_latest(registry)


class _Ready(Collector):
    """What is collected already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _cluster(totals: Totals) -> Iterator[Metric]:
    figures = totals.figures
    yield _gauge("s9s_cluster_nodes", "Nodes by effective state", "state", figures.resources.states)
    for name, text, attribute, unit in _RESOURCES:
        whole = unit * getattr(figures.resources, attribute)
        yield _gauge(f"s9s_cluster_{name}", f"{text} of the cluster", None, {"": whole})
        parts = {key: unit * getattr(one, attribute) for key, one in totals.resources.items()}
        yield _gauge(f"s9s_partition_{name}", f"{text} of a partition", "partition", parts)
    live = totals.live.get(None, {})
    yield _gauge("s9s_cluster_jobs", "Live jobs by state; each task of an array counts", "state", live)
    jobs = GaugeMetricFamily(
        "s9s_partition_jobs", "Live jobs of a partition by state", labels=["partition", "state"]
    )
    for partition in totals.resources:
        for state, count in totals.live.get(partition, {}).items():
            jobs.add_metric([partition, state], count)
    yield jobs
    yield _gauge(
        "s9s_cluster_finished_jobs",
        "Jobs that ended within the last day, by state",
        "state",
        {state: count for state, count in figures.job_counts.items() if state not in live},
    )
    yield _gauge(
        "s9s_cluster_pending_jobs",
        "Pending jobs by Slurm's reason",
        "reason",
        _bounded(totals.pending_reasons),
    )
    waits = figures.waits
    if waits.count:
        yield _gauge(
            "s9s_cluster_wait_mean_seconds",
            "Mean wait, from eligible to start, of the jobs that started within the last day",
            None,
            {"": waits.seconds_sum / waits.count},
        )
        yield _gauge(
            "s9s_cluster_wait_max_seconds",
            "Longest wait of the jobs that started within the last day",
            None,
            {"": waits.seconds_max},
        )
    yield _gauge(
        "s9s_cluster_throughput_jobs_per_hour",
        "Jobs that completed within the last hour",
        None,
        {"": figures.throughput},
    )


#: Name, description, attribute, and what one of it is in the unit of the name.
_RESOURCES: Final = (
    ("cpus", "CPUs", "cpus_total", 1),
    ("cpus_allocated", "Allocated CPUs", "cpus_allocated", 1),
    ("memory_bytes", "Memory", "memory_total_mib", _MIB),
    ("memory_allocated_bytes", "Allocated memory", "memory_allocated_mib", _MIB),
    ("gpus", "GPUs", "gpus_total", 1),
    ("gpus_allocated", "Allocated GPUs", "gpus_allocated", 1),
)


def _server(telemetry: Telemetry) -> Iterator[Metric]:
    yield _gauge("s9s_info", "Version of the server", "version", {__version__: 1})
    yield _gauge(
        "s9s_slurm_up", "Whether Slurm answered the last time", None, {"": int(telemetry.is_reachable)}
    )
    age = telemetry.snapshot_age_seconds
    if age is not None:
        yield _gauge("s9s_snapshot_age_seconds", "Age of what is known of the jobs", None, {"": age})
    refreshes = telemetry.refreshes
    yield _histogram(
        "s9s_refresh_duration_seconds",
        "Reads of Slurm for the snapshot",
        ["what"],
        {(one.what,): one.times for one in refreshes},
    )
    failures = CounterMetricFamily(
        "s9s_refresh_failures", "Reads of Slurm for the snapshot that failed", labels=["what"]
    )
    for one in refreshes:
        failures.add_metric([one.what], one.failures)
    yield failures
    calls = CounterMetricFamily(
        "s9s_slurm_calls", "What was asked of Slurm", labels=["operation", "way", "outcome"]
    )
    for (operation, way), tally in telemetry.calls.items():
        for outcome, count in tally.outcomes.items():
            calls.add_metric([operation, way, outcome], count)
    yield calls
    yield _histogram(
        "s9s_slurm_call_duration_seconds",
        "How long Slurm took to answer",
        ["operation", "way"],
        {key: tally.times for key, tally in telemetry.calls.items()},
    )
    failed = CounterMetricFamily("s9s_failed_logins", "Credentials and passwords that were wrong")
    failed.add_metric([], telemetry.failed_logins)
    yield failed


def _requests(requests: RequestTally) -> Iterator[Metric]:
    found = CounterMetricFamily(
        "s9s_http_requests", "Requests by route", labels=["route", "method", "status"]
    )
    for (route, method), tally in requests.routes.items():
        for status, count in tally.statuses.items():
            found.add_metric([route, method, str(status)], count)
    yield found
    yield _histogram(
        "s9s_http_request_duration_seconds",
        "From a request's head to the beginning of its answer",
        ["route", "method"],
        {key: tally.times for key, tally in requests.routes.items()},
    )
    limited = CounterMetricFamily("s9s_http_rate_limited", "Requests that were answered 429")
    limited.add_metric([], requests.rate_limited)
    yield limited


def _gauge(name: str, text: str, label: str | None, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label] if label else [])
    for value, number in values.items():
        family.add_metric([value] if label else [], number)
    return family


def _other(gauge: Gauge, values: Mapping[tuple[str, ...], float]) -> Metric:
    kind = CounterMetricFamily if gauge.is_counter else GaugeMetricFamily
    family = kind(f"s9s_{gauge.name}", gauge.help, labels=list(gauge.labels))
    for labels, number in values.items():
        family.add_metric(list(labels), number)
    return family


def _histogram(name: str, text: str, labels: list[str], values: Mapping[tuple[str, ...], Times]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=labels)
    for key, times in values.items():
        so_far, buckets = 0, []
        for bound, count in zip((*map(str, times.bounds), "+Inf"), times.counts, strict=True):
            so_far += count
            buckets.append((bound, so_far))
        family.add_metric(list(key), buckets, times.seconds)
    return family


def _bounded(reasons: Mapping[str, int]) -> dict[str, int]:
    """The most frequent by name, the rest together: a label must not have any number of values."""
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    found = dict(ordered[:MAX_REASONS])
    rest = sum(count for _, count in ordered[MAX_REASONS:])
    return found | ({"other": found.get("other", 0) + rest} if rest else {})
