"""`/v1/alerts` and `/v1/silences`: what goes wrong on each of the clusters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.jobs import Jobs
from tests.contract.rules import invalid, refused
from tests.contract.serving import Caller, until


def alerts(caller: Caller, **filters: str) -> list[dict[str, Any]]:
    return list(caller.read("/v1/alerts", limit=1000, **filters)["alerts"])


def test_a_failed_job_is_its_owners_and_the_operators(
    alice: Caller, bob: Caller, carol: Caller, jobs: Jobs
) -> None:
    job_id = jobs.finished("exit 3")
    wanted = {"subject": f"jobs/{job_id}", "rule": "job_failed"}
    [alert] = until(lambda: alerts(alice, **wanted))
    assert (alert["state"], alert["severity"], alert["user"]) == ("open", "info", "alice")
    assert job_id in alert["message"]
    assert "exit code 3" in alert["message"]
    assert alerts(bob, **wanted) == []
    assert alerts(carol, **wanted) == [alert]
    path = f"/v1/alerts/{alert['alert_id']}"
    refused(bob.get(path), 404, "RESOURCE_NOT_FOUND")
    done = alice.put(f"{path}/acknowledge", json={"comment": "a typo"})
    assert done.status_code == 200, done.text
    assert alice.read(path) == done.json()
    assert (done.json()["state"], done.json()["acknowledged_by"]) == ("acknowledged", "alice")


def test_a_drained_node(alice: Caller, carol: Caller, dave: Caller, spare_node: str) -> None:
    drained = dave.put(f"/v1/nodes/{spare_node}/drain", json={"reason": "alert test"})
    assert drained.status_code == 200, drained.text
    wanted = {"subject": f"nodes/{spare_node}", "rule": "node_drained"}
    [alert] = until(lambda: alerts(alice, state="open", **wanted), 60)
    assert spare_node in alert["message"]
    assert "alert test" in alert["message"]
    path = f"/v1/alerts/{alert['alert_id']}"
    refused(alice.put(f"{path}/acknowledge", json={}), 403, "PERMISSION_DENIED")
    assert carol.put(f"{path}/acknowledge", json={}).json()["state"] == "acknowledged"
    assert dave.put(f"/v1/nodes/{spare_node}/resume").status_code == 200
    until(lambda: alerts(alice, state="resolved", **wanted), 30)
    refused(carol.put(f"{path}/acknowledge", json={}), 409, "RESOURCE_CONFLICT")


def test_silences(alice: Caller, carol: Caller) -> None:
    body = {"duration": "1h", "reason": "maintenance", "subject": "nodes/nothing*", "rule": "node_down"}
    refused(alice.post("/v1/silences", json=body), 403, "PERMISSION_DENIED")
    made = carol.post("/v1/silences", json=body)
    assert made.status_code == 201
    assert made.headers["Location"] == f"/v1/silences/{made.json()['silence_id']}"
    assert made.json() in carol.read("/v1/silences")["silences"]
    assert carol.delete(made.headers["Location"]).status_code == 200
    assert made.json() not in carol.read("/v1/silences")["silences"]
    refused(carol.delete(made.headers["Location"]), 404, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize(
    ("field", "value"), [("duration", "0"), ("duration", "60d"), ("duration", "x"), ("rule", "x")]
)
def test_a_bad_silence_is_refused(carol: Caller, field: str, value: str) -> None:
    invalid(carol.post("/v1/silences", json={"duration": "1h", "reason": "x", field: value}), field)


@pytest.mark.parametrize("name", ["state", "rule", "severity", "sort", "nonsense"])
def test_a_bad_filter_is_refused(alice: Caller, name: str) -> None:
    invalid(alice.get("/v1/alerts", params={name: "x"}), name)
