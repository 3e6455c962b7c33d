"""Routes of metrics."""

from __future__ import annotations

from litestar import Response, get
from litestar.di import NamedDependency

from s9s.api.filters import series_query
from s9s.api.prometheus import CONTENT_TYPE, Exposition
from s9s.api.schemas.metrics import (
    ClusterMetrics,
    Performance,
    PerformanceParameters,
    cluster_document,
    performance_document,
)
from s9s.services.access import Caller
from s9s.services.metrics import Metrics


@get("/metrics/cluster", scope="metrics:read", tags=["Metrics"], summary="Cluster statistics")
async def get_cluster_metrics(
    caller: NamedDependency[Caller], metrics: NamedDependency[Metrics]
) -> ClusterMetrics:
    """How busy the cluster is now: use of its resources, jobs and nodes by state, waits and throughput."""
    return cluster_document(metrics.cluster(caller))


@get(
    "/metrics/performance",
    scope="metrics:read",
    parameters=PerformanceParameters,
    tags=["Metrics"],
    summary="Performance metrics",
)
async def get_performance_metrics(
    parameters: NamedDependency[PerformanceParameters],
    caller: NamedDependency[Caller],
    metrics: NamedDependency[Metrics],
) -> Performance:
    """The cluster's, or a partition's, utilization, submissions, completions and waits over time.

    One entry for every interval that overlaps the span, also for those in which nobody saw the cluster: those
    are null. By default the last 24 hours by the hour.
    """
    wanted = series_query(parameters)
    start, end = metrics.span(wanted.start, wanted.end, wanted.interval)
    found = await metrics.series_for(caller, start, end, parameters.interval, parameters.partition)
    return performance_document(found, parameters.interval)


@get(
    "/metrics",
    scope="metrics:read",
    open_to_networks=True,
    media="text/plain",
    tags=["Metrics"],
    summary="Metrics for Prometheus",
)
async def scrape_metrics(
    caller: NamedDependency[Caller], exposition: NamedDependency[Exposition]
) -> Response[bytes]:
    """The cluster and the server itself in Prometheus' text format, for who may see the whole cluster.

    Needs no credential from the networks that the server's administrator has opened it to.
    """
    return Response(await exposition.text(caller), media_type=CONTENT_TYPE)


ROUTES = [get_cluster_metrics, get_performance_metrics]
ROOT_ROUTES = [scrape_metrics]
