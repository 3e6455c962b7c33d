"""The metrics routes on a small simulated cluster."""

from __future__ import annotations

from typing import Any

import pytest

from s9s.app.application import Application
from s9s.domain.instants import format_instant, parse_instant
from s9s.domain.samples import Sample
from s9s.services.access import Role
from tests.api.conftest import Client


@pytest.fixture
def now(application: Application) -> int:
    return application.services.metrics.now()


async def test_the_usual_series_is_the_last_day_by_the_hour(
    application: Application, client: Client, now: int
) -> None:
    hour = now - now % 3600
    await application.services.metrics._records.add(
        "default", [Sample(at=hour - 3600, cpus_total=10, cpus_allocated=4, wait_count=2, wait_seconds_sum=9)]
    )
    alice = await client(user="alice", role=Role.USER)
    found = (await alice.get("/v1/metrics/performance")).json()
    assert (found["interval"], found["count"], len(found["metrics"])) == ("1h", 24, 24)
    times = [parse_instant(one["timestamp"]) for one in found["metrics"]]
    assert times == [hour - 3600 * back for back in range(23, -1, -1)]
    assert found["metrics"][22] == {
        "timestamp": format_instant(hour - 3600),
        "cpu_utilization": 40.0,
        "memory_utilization": None,
        "gpu_utilization": None,
        "jobs_submitted": 0,
        "jobs_completed": 0,
        "avg_queue_time": 4,
        "coverage": 0.0167,
    }
    assert found["metrics"][3] == {
        **dict.fromkeys(found["metrics"][22]), "timestamp": format_instant(times[3]), "coverage": 0.0
    }  # fmt: skip


async def test_a_span_of_ones_own(client: Client) -> None:
    alice = await client(user="alice", role=Role.USER)
    span = {"start_time": "2023-12-15T14:07:00Z", "end_time": "2023-12-15T15:00:00Z", "interval": "15m"}
    found = (await alice.get("/v1/metrics/performance", params=span)).json()
    assert [one["timestamp"][11:16] for one in found["metrics"]] == ["14:00", "14:15", "14:30", "14:45"]


@pytest.mark.parametrize(
    ("parameters", "parameter"),
    [
        ({"interval": "7m"}, "interval"),
        ({"interval": ""}, "interval"),
        ({"start_time": "yesterday"}, "start_time"),
        ({"start_time": "2023-12-15", "end_time": "2023-12-15"}, "end_time"),
        ({"start_time": "9999-12-31"}, "end_time"),
        ({"start_time": "1970-01-01"}, "interval"),
        ({"start_time": "1970-01-01", "interval": "1d"}, "interval"),
        ({"partition": "nope"}, "partition"),
        ({"partition": ""}, "partition"),
        ({"until": "now"}, "until"),
    ],
)
async def test_what_is_refused(client: Client, parameters: dict[str, Any], parameter: str) -> None:
    alice = await client(user="alice", role=Role.USER)
    answer = await alice.get("/v1/metrics/performance", params=parameters)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "VALIDATION_ERROR")
    assert error["details"]["parameter"] == parameter
    assert error["details"]["allowed"]


async def test_the_cluster_adds_up_with_the_lists(client: Client) -> None:
    alice = await client(user="alice", role=Role.USER)
    found = (await alice.get("/v1/metrics/cluster")).json()
    for state in ("RUNNING", "PENDING"):
        jobs = (await alice.get("/v1/users", params={"limit": 1000})).json()["users"]
        assert found["job_counts"][state] == sum(user[f"jobs_{state.lower()}"] for user in jobs)
    nodes = (await alice.get("/v1/nodes", params={"limit": 1000})).json()["nodes"]
    assert sum(found["node_counts"].values()) == len(nodes)
    percent = 100 * sum(one["cpu_allocated"] for one in nodes) / sum(one["cpu_total"] for one in nodes)
    assert found["cluster_utilization"]["cpu_percent"] == round(percent, 1)
    assert found["cluster_utilization"]["gpu_percent"] is not None
    assert found["queue_stats"]["throughput"] >= 0
