"""Exports through the API, made by a real worker process."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import time
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pyarrow.parquet as pq
import pytest

from s9s.app.application import Application
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobState, JobUsage
from s9s.services.access import Role
from tests.api.conftest import Client

Answer = dict[str, Any]


async def export(client: httpx2.AsyncClient, **body: Any) -> Answer:
    response = await client.post("/v1/export?wait=30", json=body)
    assert response.status_code == 201, response.text
    document: Answer = response.json()
    assert response.headers["location"] == f"/v1/exports/{document['export_id']}"
    assert document["status"] == "completed", document
    return document


async def rows_of(client: httpx2.AsyncClient, document: Answer) -> list[list[str]]:
    response = await client.get(f"/v1/exports/{document['export_id']}/download")
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.text, newline="")))


async def test_jobs_as_the_contract_asks_for_them(client: Client) -> None:
    alice = await client(user="carol", role=Role.OPERATOR)
    document = await export(
        alice,
        type="jobs",
        format="csv",
        filter={"state": "RUNNING,PENDING"},
        fields=["job_id", "job_name", "user", "state", "runtime"],
        options={"include_headers": True, "delimiter": ",", "filename": "alice_december_jobs.csv"},
    )
    listed = (await alice.get("/v1/jobs?state=RUNNING,PENDING&limit=1000&order=asc")).json()
    assert listed["total"] > 20
    names = ["job_id", "job_name", "user", "state", "elapsed_time"]
    expected = [[row[name] for name in names] for row in listed["jobs"]]
    rows = await rows_of(alice, document)
    assert rows == [["job_id", "job_name", "user", "state", "runtime"], *expected]

    url = f"http://s9s/v1/exports/{document['export_id']}/download"
    response = await alice.get(url)
    assert document["download_url"] == url
    assert document["record_count"] == len(expected)
    assert document["progress"] == 1
    assert document["file_size"] == len(response.content)
    digest = sha256(response.content)
    assert document["checksum"] == f"sha256:{digest.hexdigest()}"
    assert response.headers["repr-digest"] == f"sha-256=:{b64encode(digest.digest()).decode()}:"
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="alice_december_jobs.csv"'
    assert (await alice.get(f"/v1/exports/{document['export_id']}")).json() == document
    assert (await alice.get("/v1/exports")).json()["exports"] == [document]


async def test_every_field_of_every_type_is_as_the_list_shows_it(client: Client) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    for kind, path, order in (
        ("jobs", "/v1/jobs?order=asc&limit=1000", "job_id"),
        ("nodes", "/v1/nodes?limit=1000", "node_name"),
        ("users", "/v1/users?limit=1000", "username"),
        ("partitions", "/v1/partitions?limit=1000", "name"),
        ("audit", "/v1/audit?limit=1000", "number"),
    ):
        document = await export(admin, type=kind, format="ndjson")
        content = (await admin.get(f"/v1/exports/{document['export_id']}/download")).content
        found = [json.loads(line) for line in content.splitlines()]
        answer = (await admin.get(path)).json()
        listed = answer["records" if kind == "audit" else kind]
        assert found, kind
        for row in found:
            if kind == "partitions":
                assert isinstance(row["nodes"], str)
        if kind == "audit":
            # The export itself is the newest deed.
            known = {row["number"]: row for row in listed}
            assert [row | known[row["number"]] for row in found[:-1]] == found[:-1]
        else:
            by_key = {row[order]: row for row in listed}
            assert len(by_key) == len(found)
            for row in found:
                assert row == by_key[row[order]]


BAD: list[tuple[Answer, str]] = [
    ({"type": "jobs", "fields": ["job_id", "nope"]}, "fields.1"),
    ({"type": "jobs", "fields": []}, "fields"),
    ({"type": "jobs", "fields": ["user", "user"]}, "fields.1"),
    ({"type": "jobs", "filter": {"nope": 1}}, "filter.nope"),
    ({"type": "jobs", "filter": {"limit": 1}}, "filter.limit"),
    ({"type": "jobs", "filter": {"state": "NOPE"}}, "filter.state"),
    ({"type": "jobs", "filter": {"state": {"a": 1}}}, "filter.state"),
    ({"type": "nodes", "filter": {"available": "maybe"}}, "filter.available"),
    ({"type": "jobs", "filter": {"start_time": "yesterday"}}, "filter.start_time"),
    ({"type": "jobs", "options": {"delimiter": "\n"}}, "options.delimiter"),
    ({"type": "jobs", "options": {"nope": 1}}, "options.nope"),
    ({"type": "jobs", "options": {"filename": " .. "}}, "options.filename"),
    ({"type": "jobs", "format": "doc"}, "format"),
    ({"type": "nope"}, "type"),
    ({}, "type"),
]


async def test_what_cannot_be_meant_is_told(client: Client) -> None:
    alice = await client(user="alice")
    for body, parameter in BAD:
        response = await alice.post("/v1/exports", json=body)
        assert response.status_code == 400, (body, response.text)
        details = response.json()["error"]["details"]
        assert details["parameter"] == parameter
        assert details["allowed"]
    response = await alice.post("/v1/exports", json={"type": "jobs", "options": {"nope": 1}})
    assert response.json()["error"]["details"]["allowed"] == [
        "bom",
        "delimiter",
        "filename",
        "include_headers",
    ]


async def test_metrics_are_those_of_the_api(client: Client) -> None:
    alice = await client(user="alice")
    span = {"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-02T00:00:00Z", "interval": "6h"}
    document = await export(alice, type="metrics", format="ndjson", filter=span)
    content = (await alice.get(f"/v1/exports/{document['export_id']}/download")).content
    answer = (await alice.get("/v1/metrics/performance", params=span)).json()
    assert [json.loads(line) for line in content.splitlines()] == answer["metrics"]
    assert document["record_count"] == 4
    refused = await alice.post("/v1/export", json={"type": "metrics", "filter": {"interval": "2s"}})
    assert refused.json()["error"]["details"]["parameter"] == "filter.interval"


async def test_efficiency_is_of_finished_jobs(client: Client, application: Application) -> None:
    database = application.services.history._records
    job = Job(
        job_id="7", numeric_id=7, job_name="a", user="alice", state=JobState.COMPLETED, partition="cpu",
        submit_time=1000, start_time=1000, end_time=1100, cpu_count=4, memory_mib=1000,
    )  # fmt: skip
    await database.add("default", [FinishedJob(job, JobUsage(cpu_seconds=200.0, max_memory_mib=250.0))])
    alice = await client(user="alice")
    fields = ["job_id", "runtime", "cpu_time_used", "cpu_efficiency", "memory_efficiency", "gpu_utilization"]
    document = await export(alice, type="efficiency", filter={"job_id": 7}, fields=fields)
    assert await rows_of(alice, document) == [fields, ["7", "0:01:40", "0.1h", "0.5", "0.25", ""]]
    # The recorded one and those in the snapshot are one list.
    document = await export(alice, type="jobs", filter={"job_id": "7"}, fields=["job_id", "state"])
    assert await rows_of(alice, document) == [["job_id", "state"], ["7", "COMPLETED"]]


async def test_a_file_belongs_to_whoever_asked_for_it(client: Client) -> None:
    alice = await client(user="alice")
    document = await export(alice, type="nodes", format="json")
    path = f"/v1/exports/{document['export_id']}"
    bob = await client(user="bob")
    narrow = await client(user="alice", scopes=frozenset({"jobs:read"}))
    for stranger in (bob, narrow):
        for method, suffix in (("GET", ""), ("GET", "/download"), ("DELETE", "")):
            response = await stranger.request(method, path + suffix)
            assert response.status_code == 404, (method, suffix)
        assert (await stranger.get("/v1/exports")).json()["exports"] == []
    admin = await client(user="dave", role=Role.ADMIN)
    assert [one["user"] for one in (await admin.get("/v1/exports")).json()["exports"]] == ["alice"]
    assert (await admin.get("/v1/exports?user=bob")).json()["total"] == 0
    assert (await admin.get(path + "/download")).status_code == 200
    response = await alice.delete(path)
    assert response.json() == {
        "export_id": document["export_id"], "status": "completed", "message": "Export deleted",
    }  # fmt: skip
    assert (await alice.get(path)).status_code == 404
    assert (await alice.get(path + "/download")).status_code == 404


async def test_only_what_a_credential_is_for_is_exported(client: Client) -> None:
    narrow = await client(user="alice", scopes=frozenset({"nodes:read"}))
    assert (await narrow.post("/v1/export", json={"type": "jobs"})).status_code == 403
    alice = await client(user="alice")
    assert (await alice.post("/v1/export", json={"type": "audit"})).status_code == 403


async def test_downloads_have_ranges_and_conditions(client: Client) -> None:
    alice = await client(user="alice")
    document = await export(alice, type="nodes", options={"filename": "knöten\u202e/../a.csv"})
    path = f"/v1/exports/{document['export_id']}/download"
    whole = await alice.get(path)
    size, tag = len(whole.content), whole.headers["etag"]
    assert document["filename"] == "knöten_.._a.csv"
    assert whole.headers["content-disposition"] == (
        "attachment; filename=\"kn_ten_.._a.csv\"; filename*=UTF-8''kn%C3%B6ten_.._a.csv"
    )
    for wanted, start, end in (
        ("bytes=0-9", 0, 10), ("bytes=5-", 5, size), ("bytes=-7", size - 7, size),
        ("bytes=3-999999999", 3, size),
    ):  # fmt: skip
        part = await alice.get(path, headers={"range": wanted})
        assert part.status_code == 206
        assert part.content == whole.content[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["content-length"] == str(end - start)
    for ignored in ("bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=-"):
        assert (await alice.get(path, headers={"range": ignored})).status_code == 200
    beyond = await alice.get(path, headers={"range": f"bytes={size}-"})
    assert beyond.status_code == 416
    assert beyond.headers["content-range"] == f"bytes */{size}"
    assert beyond.json()["error"]["code"] == "INVALID_REQUEST"
    assert (await alice.get(path, headers={"if-none-match": f'"x", {tag}'})).status_code == 304
    assert (await alice.get(path, headers={"range": "bytes=0-1", "if-range": '"x"'})).status_code == 200
    assert (await alice.get(path, headers={"range": "bytes=0-1", "if-range": tag})).status_code == 206
    head = await alice.head(path)
    assert head.headers["content-length"] == str(size)


async def test_every_format_can_be_fetched(client: Client) -> None:
    alice = await client(user="alice")
    for name, extension in (
        ("csv", "csv"), ("json", "json"), ("ndjson", "ndjson"), ("xlsx", "xlsx"), ("parquet", "parquet"),
        ("html", "html"), ("markdown", "md"),
    ):  # fmt: skip
        document = await export(alice, type="partitions", format=name)
        assert document["filename"].startswith("partitions-")
        assert document["filename"].endswith(f".{extension}")
        response = await alice.get(f"/v1/exports/{document['export_id']}/download")
        assert len(response.content) == document["file_size"] > 0
        if name == "parquet":
            assert pq.read_table(io.BytesIO(response.content)).num_rows == document["record_count"]
        if name == "html":
            assert "sandbox" in response.headers["content-security-policy"]


class TestWithoutWorkers:
    @pytest.fixture
    def changed_settings(self) -> dict[str, Any]:
        return {"work": {"processes": 0, "unfinished_per_user": 2}}

    async def test_waiting_exports_are_bounded_and_can_be_cancelled(
        self, client: Client, tmp_path: Path
    ) -> None:
        alice, bob = await client(user="alice"), await client(user="bob")
        made = [(await alice.post("/v1/export?wait=0.1", json={"type": "nodes"})).json() for _ in range(2)]
        assert [one["status"] for one in made] == ["processing", "processing"]
        assert made[0]["download_url"] is None
        refused = await alice.post("/v1/export", json={"type": "nodes"})
        assert refused.status_code == 429
        assert "retry-after" in refused.headers
        assert (await bob.post("/v1/export", json={"type": "nodes"})).status_code == 201
        path = f"/v1/exports/{made[0]['export_id']}"
        early = await alice.get(path + "/download")
        assert early.status_code == 409
        assert early.json()["error"]["details"]["state"] == "queued"
        files = tmp_path / "state" / "files"
        assert len(list(files.iterdir())) == 3
        assert (await alice.delete(path)).json()["message"] == "Export cancelled"
        assert len(list(files.iterdir())) == 2
        assert (await alice.get(path)).json()["status"] == "cancelled"
        assert (await alice.get("/v1/exports?status=cancelled")).json()["total"] == 1
        assert (await alice.get("/v1/exports?status=nope")).status_code == 400
        assert (await alice.post("/v1/export", json={"type": "nodes"})).status_code == 201


async def test_a_file_is_gone_after_its_time(
    client: Client, application: Application, tmp_path: Path
) -> None:
    alice = await client(user="alice")
    document = await export(alice, type="nodes")
    queue = application.services.exports._queue
    now = time.time()
    queue.clock = lambda: now + 86_400 + 5
    assert (await alice.get(f"/v1/exports/{document['export_id']}/download")).status_code == 404
    await queue.clean()
    assert list((tmp_path / "state" / "files").iterdir()) == []


async def test_many_people_at_once(client: Client) -> None:
    people = [await client(user=f"user{number}") for number in range(4)]
    documents = await asyncio.gather(*(export(one, type="partitions") for one in people for _ in range(3)))
    assert len({one["export_id"] for one in documents}) == 12
