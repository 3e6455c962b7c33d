"""What monitoring reads, and from where."""

from __future__ import annotations

import subprocess
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from s9s.api.prometheus import MAX_REASONS, _bounded
from s9s.app.application import Application
from s9s.services.access import Role
from tests.api.conftest import Client, serving

Sample = tuple[str, tuple[tuple[str, str], ...]]


def samples(text: str) -> dict[Sample, float]:
    """Name and labels to value; what parses is what Prometheus takes."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def changed_settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(getattr(request, "param", {}))


async def scrape(client: Client, **wish: Any) -> dict[Sample, float]:
    caller = await client(**{"user": "carol", "role": Role.OPERATOR, **wish})
    answer = await caller.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(answer.text)


async def test_the_cluster_is_the_one_of_the_other_routes(application: Application, client: Client) -> None:
    found = await scrape(client)
    carol = await client(user="carol", role=Role.OPERATOR)
    cluster = (await carol.get("/v1/metrics/cluster")).json()
    for state in ("RUNNING", "PENDING"):
        assert found["s9s_cluster_jobs", (("state", state),)] == cluster["job_counts"][state]
    for state, count in cluster["node_counts"].items():
        assert found["s9s_cluster_nodes", (("state", state),)] == count
    used = found["s9s_cluster_cpus_allocated", ()] / found["s9s_cluster_cpus", ()]
    assert round(100 * used, 1) == cluster["cluster_utilization"]["cpu_percent"]
    partitions = (await carol.get("/v1/partitions")).json()["partitions"]
    for one in partitions:
        assert found["s9s_partition_cpus", (("partition", one["name"]),)] == one["cpus_total"]
    reasons = sum(value for (name, _), value in found.items() if name == "s9s_cluster_pending_jobs")
    assert reasons == cluster["job_counts"]["PENDING"]
    assert found["s9s_slurm_up", ()] == 1
    assert found["s9s_refresh_duration_seconds_count", (("what", "jobs"),)] >= 1
    assert found["s9s_event_readers", ()] == found["s9s_event_lags_total", ()] == 0
    assert found["process_resident_memory_bytes", ()] > 10**7


async def test_both_lanes_count_by_route_method_and_status(application: Application, client: Client) -> None:
    async with serving(application) as port:
        alice = await client(user="alice", role=Role.USER)
        headers = {"authorization": alice.headers["authorization"]}
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as http:
            for _ in range(3):
                await http.get("/v1/jobs?limit=1")
            await http.get("/api/v1/jobs?limit=1")
            await http.get("/v1/jobs?limit=0")
            await http.head("/v1/nodes")
            for job in (1, 2, 3):
                await http.get(f"/v1/jobs/{job}")
            await http.get("/made/up/by/somebody")
            await http.request("PROPFIND", "/v1/jobs")
    found = await scrape(client)

    def count(route: str, method: str, status: int) -> float:
        labels = (("method", method), ("route", route), ("status", str(status)))
        return found["s9s_http_requests_total", labels]

    assert (count("/v1/jobs", "GET", 200), count("/v1/jobs", "GET", 400)) == (4, 1)
    assert (count("/v1/nodes", "HEAD", 200), count("/v1/jobs/{job_id}", "GET", 404)) == (1, 3)
    assert (count("none", "GET", 404), count("none", "other", 400)) == (1, 1)
    labels = (("method", "GET"), ("route", "/v1/jobs"))
    assert found["s9s_http_request_duration_seconds_count", labels] == 5
    infinite = (("le", "+Inf"), *labels)
    assert found["s9s_http_request_duration_seconds_bucket", infinite] == 5
    assert 0 < found["s9s_http_request_duration_seconds_sum", labels] < 5


async def test_failed_logins_and_rate_limits_are_counted(application: Application, client: Client) -> None:
    for _ in range(3):
        assert (await (await client("wrong")).get("/v1/jobs")).status_code == 401
    found = await scrape(client)
    assert found["s9s_failed_logins_total", ()] == 3
    assert found["s9s_http_rate_limited_total", ()] == 0


class TestAccess:
    async def test_a_credential_needs_the_scope(self, client: Client) -> None:
        assert (await (await client()).get("/metrics")).status_code == 401
        narrow = await client(user="carol", role=Role.OPERATOR, scopes=frozenset({"jobs:read"}))
        assert (await narrow.get("/metrics")).status_code == 403
        await scrape(client, scopes=frozenset({"metrics:read"}))

    async def test_where_something_is_private_only_operators_are_told(
        self, application: Application, client: Client
    ) -> None:
        await scrape(client, role=Role.USER)
        snapshot = application.cluster.snapshot
        assert snapshot.info is not None
        snapshot.info = replace(snapshot.info, private_data=frozenset({"partitions"}))
        await scrape(client)
        alice = await client(user="alice", role=Role.USER)
        assert (await alice.get("/metrics")).status_code == 403

    @pytest.mark.parametrize(
        "changed_settings",
        [{"metrics": {"public_networks": "192.0.2.0/24"}, "server": {"trusted_proxies": ["192.0.2.99"]}}],
        indirect=True,
    )
    async def test_networks_that_need_none(self, client: Client) -> None:
        inside, outside = await client(address="192.0.2.7"), await client(address="198.51.100.7")
        answer = await inside.get("/metrics")
        assert answer.status_code == 200
        assert samples(answer.text)
        assert (await outside.get("/metrics")).status_code == 401
        assert (await inside.get("/v1/metrics/cluster")).status_code == 401
        assert (await inside.get("/v1/jobs")).status_code == 401
        wrong = await inside.get("/metrics", headers={"authorization": "Bearer wrong"})
        assert wrong.status_code == 401

        passed_on = {"x-forwarded-for": "192.0.2.8"}
        assert (await inside.get("/metrics", headers=passed_on)).status_code == 401, "by an unknown proxy"
        proxy = await client(address="192.0.2.99")
        assert (await proxy.get("/metrics", headers=passed_on)).status_code == 200
        passed_on = {"x-forwarded-for": "203.0.113.5"}
        assert (await proxy.get("/metrics", headers=passed_on)).status_code == 401


def test_reasons_are_bounded() -> None:
    many = {f"reason {number}": number for number in range(1, 101)}
    found = _bounded(many)
    assert len(found) == MAX_REASONS + 1
    assert sum(found.values()) == sum(many.values())
    assert found["other"] == sum(range(1, 101 - MAX_REASONS))
    assert _bounded({"other": 3}) == {"other": 3}


async def test_promtool_likes_the_names(application: Application, client: Client, promtool: str) -> None:
    carol = await client(user="carol", role=Role.OPERATOR)
    text = (await carol.get("/metrics")).text
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
