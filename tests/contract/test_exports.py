"""Exports and reports of real clusters: the file holds what the list shows, and what Slurm has recorded."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from tests.contract.jobs import Jobs
from tests.contract.serving import Caller, until

FIELDS = ("job_id", "job_name", "user", "state", "partition", "cpu_count", "submit_time", "runtime", "nodes")


def exported(caller: Caller, **body: Any) -> str:
    response = caller.post("/v1/export?wait=60", json=body)
    assert response.status_code == 201, response.text
    document = response.json()
    assert document["status"] == "completed", document
    text = caller.get(f"/v1/exports/{document['export_id']}/download").text
    assert caller.delete(f"/v1/exports/{document['export_id']}").status_code == 200
    return text


def test_jobs_live_and_finished_are_in_the_file_as_in_the_list(alice: Caller, jobs: Jobs) -> None:
    done = jobs.submit("exit 0", job_name="=done")
    alice.reach(done, "COMPLETED")
    live = jobs.running()
    text = exported(alice, type="jobs", format="csv", filter={"user": "alice"}, fields=list(FIELDS))
    found = {row["job_id"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert (found[done]["state"], found[live]["state"]) == ("COMPLETED", "RUNNING")
    assert found[done]["job_name"] == "'=done"  # no formula in a spreadsheet
    shown = alice.job(done)
    assert found[done]["runtime"] == shown["elapsed_time"]
    assert found[done]["submit_time"] == shown["submit_time"]
    assert found[done]["cpu_count"] == str(shown["cpu_count"])
    lines = exported(alice, type="jobs", format="ndjson", filter={"user": "alice"}, fields=["job_id"])
    ids = [json.loads(line)["job_id"] for line in lines.splitlines()]
    assert len(ids) == len(set(ids))
    assert {done, live} <= set(ids)


def test_nodes_and_partitions_are_slurms(alice: Caller) -> None:
    for kind, name in (("nodes", "node_name"), ("partitions", "name")):
        rows = json.loads(exported(alice, type=kind, format="json"))
        listed = alice.read(f"/v1/{kind}?limit=1000")[kind]
        assert [row[name] for row in rows] == [row[name] for row in listed]
        assert all(row.keys() <= one.keys() for row, one in zip(rows, listed, strict=True))


def test_a_report_of_today_counts_the_jobs_of_today(dave: Caller, jobs: Jobs) -> None:
    done = jobs.submit("sleep 2", user="bob")  # what takes no second uses nothing
    day = dave.reach(done, "COMPLETED")["end_time"][:10]

    def counted() -> bool:
        body = {"type": "usage", "format": "json", "parameters": {"start_date": day, "end_date": day}}
        document = dave.post("/v1/reports?wait=60", json=body).json()
        assert document["status"] == "completed", document
        found = dave.get(f"/v1/reports/{document['report_id']}/download").json()
        dave.delete(f"/v1/reports/{document['report_id']}")
        tables = {table["key"]: table for section in found["sections"] for table in section["tables"]}
        users = {row["user"] for row in tables["usage_by_user"]["rows"]} if tables else set()
        return "bob" in users

    # Accounting tells of it a little later.
    until(counted, seconds=60, pause=1)
