"""Where everything is: both prefixes, methods, health, status."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.contract.jobs import Jobs
from tests.contract.serving import Caller, Server, until

READS = [
    "/jobs?user=alice&state=PENDING&sort=job_id", "/jobs/{job_id}", "/nodes?sort=node_name&limit=2",
    "/nodes/node001", "/users?sort=username", "/users/alice", "/partitions", "/partitions/gpu",
    "/openapi.json", "/openapi.yaml", "/jobs/60000001", "/jobs?limit=0", "/jobs?nonsense=1",
]  # fmt: skip
LIVES = {"cpu_load", "memory_free", "last_busy", "request_id", "timestamp", "cpu_time_used"}


@pytest.mark.parametrize("path", READS)
def test_both_prefixes_answer_the_same(alice: Caller, jobs: Jobs, path: str) -> None:
    path = path.replace("{job_id}", jobs.held())

    def answers() -> tuple[httpx2.Response, httpx2.Response]:
        return alice.get(f"/v1{path}"), alice.get(f"/api/v1{path}")

    # The cluster lives: a difference that stays is one of the prefixes.
    until(lambda: _settled(answers()[0]) == _settled(answers()[1]), seconds=10)
    short, long = answers()
    assert short.headers["Content-Type"] == long.headers["Content-Type"]


def test_writes_work_under_both_prefixes(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.pending()
    assert alice.put(f"/api/v1/jobs/{job_id}/hold").status_code == 200
    assert alice.put(f"/v1/jobs/{job_id}/release").status_code == 200
    body = {"script": "true", "working_directory": str(jobs.folder)}
    response = alice.post("/api/v1/jobs", json=body)
    assert response.status_code == 201, response.text
    job_id = response.json()["job_id"]
    jobs.submitted.append((job_id, "alice"))
    assert response.headers["Location"].endswith(f"/v1/jobs/{job_id}")
    assert alice.get(response.headers["Location"]).json()["job_id"] == job_id


@pytest.mark.parametrize("path", ["/v1/jobs?limit=2", "/v1/status", "/v1/nodes", "/v1/openapi.json", "/docs"])
def test_head_answers_as_get_without_the_body(alice: Caller, path: str) -> None:
    head, get = alice.head(path), alice.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert int(head.headers["Content-Length"]) > 0


def test_head_of_what_is_not_there_is_404(alice: Caller) -> None:
    assert alice.head("/v1/jobs/60000001").status_code == 404


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_credentials_and_tells_nothing(server: Server, path: str) -> None:
    with server.caller(None) as nobody:
        response = nobody.get(path)
        assert nobody.head(path).status_code == 200
    assert response.status_code == 200
    assert set(response.json()) == {"status"}
    assert "Server" not in response.headers


def test_status_tells_what_serves_and_whom(server: Server, carol: Caller) -> None:
    status = carol.read("/v1/status")
    assert status["version"]
    assert status["uptime"] >= 0
    assert status["caller"]["user"] == "carol"
    assert status["caller"]["role"] == "operator"
    (cluster,) = status["clusters"]
    assert cluster["name"]
    assert cluster["reachable"] is True
    assert 0 <= cluster["snapshot_age"] < 15
    routes = set(cluster["routes"].values())
    if server.version is None:
        assert routes == {"simulated"}
    else:
        assert cluster["slurm_version"].startswith(server.version)
        assert any("slurmrestd v0.0." in route for route in routes)
        assert any("squeue" in route for route in routes)


def test_the_snapshot_is_refreshed_by_itself(alice: Caller) -> None:
    ages: list[float] = []

    def is_younger() -> bool:
        ages.append(alice.read("/v1/status")["clusters"][0]["snapshot_age"])
        return ages[-1] < max(ages)

    until(is_younger, seconds=20)
    assert max(ages) < 15


def _settled(response: httpx2.Response) -> Any:
    if "json" not in response.headers["Content-Type"]:
        return response.status_code, response.text
    return response.status_code, _without(response.json(), LIVES)


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, names) for key, inner in value.items() if key not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value
