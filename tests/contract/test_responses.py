"""Every response example of the contract: its fields, their types and their formats, in live answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.clusters import only_simulated
from tests.contract.document import block, blocks
from tests.contract.examples import STAGES
from tests.contract.jobs import Jobs
from tests.contract.rules import refused
from tests.contract.serving import Caller, Server
from tests.contract.shapes import NULLABLE, assert_like, mismatches

LISTS = {"List Jobs": "jobs", "List Nodes": "nodes", "List Users": "users", "List Partitions": "partitions"}
METRICS = {"Cluster Statistics": "cluster", "Performance Metrics": "performance"}


def example(title: str) -> Any:
    """The example response under a heading."""
    return block(title, "Example Response").json()


def test_every_served_example_is_matched_here() -> None:
    shown = {one.title for one in blocks() if one.label == "Example Response" and one.title in STAGES}
    assert shown == {
        *LISTS, *METRICS, "Global Search", "Get Job Details", "Submit Job", "Cancel Job",
        "Bulk Job Operations",
    }  # fmt: skip


@pytest.mark.parametrize("title", LISTS)
def test_each_row_of_a_list_is_like_the_contracts(
    server: Server, alice: Caller, jobs: Jobs, title: str
) -> None:
    noun = LISTS[title]
    jobs.running()
    jobs.finished("exit 3")
    jobs.held(script="#SBATCH --array=1-3%2\ntrue")
    jobs.running(partition="gpu", gpus=1)
    offset, more = 0, True
    while more:
        page = alice.read(f"/v1/{noun}", limit=1000, offset=offset)
        assert page[noun]
        assert_like(page, example(title) | {"limit": 1, "offset": 0, "has_more": False})
        offset, more = offset + len(page[noun]), page["has_more"]
    assert offset == page["total"]


def test_each_kind_of_job_has_the_contracts_details(server: Server, alice: Caller, jobs: Jobs) -> None:
    array = jobs.submit("#!/bin/bash\n#SBATCH --array=1-2\nsleep 300\n")
    alice.reach(f"{array}_1", "RUNNING")
    found = [
        jobs.held(), jobs.pending(), jobs.running(), jobs.finished("exit 3"), f"{array}_1",
        jobs.running(partition="gpu", gpus=2, environment={"GREETING": "hello"}),
    ]  # fmt: skip
    for job_id in found:
        assert_like(alice.job(job_id), example("Get Job Details"), "jobs[]")
        assert_like(alice.job(job_id), example("List Jobs")["jobs"][0], "jobs[]")


def test_what_is_known_of_a_job_is_not_null(alice: Caller, jobs: Jobs) -> None:
    """Null is allowed where nothing is known; here everything is."""
    out, err = str(jobs.folder / "o-%j"), str(jobs.folder / "e-%j")
    job_id = jobs.running(standard_output=out, standard_error=err)
    known = example("Get Job Details") | example("List Jobs")["jobs"][0]
    absent = {"end_time", "exit_code", "reason", "array_job_id", "array_task_id"}
    perhaps = {"command", "environment", "resources"}  # as the accounting is set up
    job = alice.job(job_id)
    assert {key for key in known.keys() - perhaps if job[key] is None} == absent


def test_a_node_by_its_name_is_like_a_row(alice: Caller) -> None:
    for row in alice.read("/v1/nodes")["nodes"][:8]:
        assert_like(alice.node(row["node_name"]), example("List Nodes")["nodes"][0], "nodes[]")


def test_a_user_by_name_is_like_a_row(alice: Caller) -> None:
    assert_like(alice.read("/v1/users/alice"), example("List Users")["users"][0], "users[]")


def test_a_partition_by_its_name_is_like_a_row(alice: Caller) -> None:
    for row in alice.read("/v1/partitions")["partitions"]:
        details = alice.read(f"/v1/partitions/{row['name']}")
        assert_like(details, example("List Partitions")["partitions"][0], "partitions[]")


def test_submit_and_cancel_answer_as_the_contract_shows(alice: Caller, jobs: Jobs) -> None:
    response = jobs.ask(script="#!/bin/sh\nsleep 300\n", working_directory=str(jobs.folder))
    assert response.status_code == 201
    assert_like(response.json(), example("Submit Job"))
    assert response.json()["state"] == "PENDING"
    response = alice.delete(f"/v1/jobs/{response.json()['job_id']}", params={"force": "true"})
    assert response.status_code == 200, response.text
    assert_like(response.json(), example("Cancel Job"))
    assert response.json()["state"] == "CANCELLED"


def test_a_bulk_answer_is_like_the_contracts(alice: Caller, jobs: Jobs) -> None:
    body = {"action": "cancel", "job_ids": [jobs.held(), jobs.finished(), jobs.held()]}
    response = alice.post("/v1/jobs/bulk", json=body)
    assert response.status_code == 200, response.text
    assert_like(response.json(), example("Bulk Job Operations"))
    assert [one["status"] for one in response.json()["results"]] == ["success", "error", "success"]
    assert response.json()["summary"] == {"total": 3, "successful": 2, "failed": 1}


@pytest.mark.parametrize("title", METRICS)
def test_metrics_are_like_the_contracts(alice: Caller, jobs: Jobs, title: str) -> None:
    jobs.running()
    assert_like(alice.read(f"/v1/metrics/{METRICS[title]}"), example(title))


def test_a_search_is_like_the_contracts(alice: Caller, jobs: Jobs) -> None:
    job_id = jobs.running(partition="gpu", gpus=1)
    for question in ("alice gpu", job_id):
        found = alice.read("/v1/search", q=question)
        assert_like(found, example("Global Search"))
        assert ("job", job_id) in {(one["type"], one["id"]) for one in found["results"]}


def test_an_error_is_the_contracts(alice: Caller) -> None:
    shown = block("Error Response Format", "").json()["error"]
    error = refused(alice.get("/v1/jobs/60000001"), 404, "RESOURCE_NOT_FOUND")
    assert_like(error, shown)
    assert error["message"] == shown["message"].replace("99999", "60000001")
    assert error["details"] == shown["details"] | {"resource_id": "60000001"}


@only_simulated
def test_the_simulated_cluster_has_the_contracts_job(server: Server) -> None:
    with server.caller("test_token_123") as caller:
        job, shown = caller.job("12345"), example("Get Job Details")
    for changing in ("submit_time", "start_time", "elapsed_time", "priority", "environment", "resources"):
        del shown[changing]
    assert {key: job[key] for key in shown} == shown


class TestTheMatcher:
    """It must see what it is there for."""

    SHOWN = example("List Jobs")["jobs"][0]

    def test_takes_the_example_itself(self) -> None:
        assert_like(self.SHOWN, self.SHOWN)

    @pytest.mark.parametrize("key", SHOWN)
    def test_misses_a_field(self, key: str) -> None:
        assert list(mismatches({k: v for k, v in self.SHOWN.items() if k != key}, self.SHOWN))

    @pytest.mark.parametrize(
        "change",
        [
            {"job_id": 12345}, {"nodes": "node001"}, {"nodes": [1]}, {"node_count": "2"}, {"gpus": True},
            {"cpu_count": 1.5}, {"submit_time": "2023-12-15 10:30:00"}, {"submit_time": 1702636200},
            {"end_time": 0}, {"elapsed_time": "02:15:30"}, {"time_limit": "240"}, {"memory": "128G"},
            {"memory": 131072}, {"exit_code": "0"}, {"reason": 0}, {"job_name": None}, {"nodes": None},
        ],
        ids=str,
    )  # fmt: skip
    def test_sees_a_wrong_value(self, change: dict[str, Any]) -> None:
        assert list(mismatches(self.SHOWN | change, self.SHOWN))

    def test_knows_why_a_field_may_be_null(self) -> None:
        assert all(NULLABLE.values())
