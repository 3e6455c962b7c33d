"""Reports through the API, made by a real worker process of what the database really holds."""

from __future__ import annotations

import io
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pypdf
import pytest
from msgspec.structs import replace

from s9s.app.application import Application
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job, JobState, JobUsage
from s9s.domain.samples import Sample
from s9s.services.access import Role
from s9s.storage.database import Database
from s9s.storage.history import HistoryRecords
from s9s.storage.samples import SampleRecords
from tests.api.conftest import Client

Answer = dict[str, Any]

FIRST = date(2023, 12, 1)
START = int(datetime(2023, 12, 1, tzinfo=UTC).timestamp())
END = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
HOUR, DAY = 3600, 86400
DECEMBER = {"start_date": "2023-12-01", "end_date": "2023-12-31"}


def job(number: int, **changed: Any) -> FinishedJob:
    """An hour of 4 CPUs by alice, begun on the second of December, ten minutes after its submission."""
    values: dict[str, Any] = {
        "job_id": str(number),
        "numeric_id": number,
        "job_name": "work",
        "user": "alice",
        "account": "research",
        "partition": "cpu",
        "state": JobState.COMPLETED,
        "submit_time": START + DAY,
        "eligible_time": START + DAY,
        "start_time": START + DAY + 600,
        "end_time": START + DAY + 600 + HOUR,
        "cpu_count": 4,
        "node_count": 1,
        "memory_mib": 8192,
        "gpus": 0,
    }
    usage = changed.pop("usage", JobUsage(cpu_seconds=2 * HOUR, max_memory_mib=2048))
    return FinishedJob(Job(**{**values, **changed}), usage)


JOBS = [
    job(1),
    job(2, user="bob", account="physics", state=JobState.FAILED),
    # Over both ends of the month: 31 days count, and of the 20 days that begin in it the last 10.
    job(3, user="bob", account="physics", submit_time=START - 10 * DAY, eligible_time=None,
        start_time=START - 10 * DAY, end_time=END + 10 * DAY, cpu_count=1, usage=None),
    job(4, partition="gpu", gpus=2, end_time=START + DAY + 600 + 10 * HOUR,
        usage=JobUsage(cpu_seconds=80 * HOUR, max_memory_mib=8192, gpu_utilization=0.5)),
    # In November, and after the period.
    job(5, submit_time=START - 5 * DAY, eligible_time=None, start_time=START - 5 * DAY,
        end_time=START - 5 * DAY + 2 * HOUR),
    job(6, submit_time=END, eligible_time=None, start_time=END, end_time=END + HOUR),
]  # fmt: skip


@pytest.fixture
async def database(application: Application, tmp_path: Path) -> Any:
    """What the history and the samples hold of December 2023."""
    async with await Database.open(f"sqlite:///{tmp_path}/state/s9s.db") as opened:
        await HistoryRecords(opened).add("default", JOBS)
        samples = [
            Sample(
                at=at,
                partition=partition,
                cpus_total=100,
                cpus_allocated=50 if at < START + 5 * HOUR else 100,
                memory_total_mib=1000,
                memory_allocated_mib=250,
                jobs={"PENDING": 3.0, "RUNNING": 5.0},
                nodes={"IDLE": 3.0, "DOWN": 1.0},
                pending_max=7,
            )
            for at in range(START, START + 10 * HOUR, 60)
            for partition in (None, "cpu")
        ]
        await SampleRecords(opened).add("default", samples)
        yield opened


async def report(client: httpx2.AsyncClient, kind: str, form: str = "json", **parameters: Any) -> Answer:
    body = {"type": kind, "format": form, "parameters": DECEMBER | parameters}
    response = await client.post("/v1/reports?wait=30", json=body)
    assert response.status_code == 201, response.text
    document: Answer = response.json()
    assert response.headers["location"] == f"/v1/reports/{document['report_id']}"
    assert document["status"] == "completed", document
    return document


async def content(client: httpx2.AsyncClient, document: Answer) -> Any:
    response = await client.get(f"/v1/reports/{document['report_id']}/download")
    assert response.status_code == 200
    return response.json()


def table(found: Answer, key: str) -> dict[str, Answer]:
    """Rows of a table by their name, and the total."""
    [one] = [table for section in found["sections"] for table in section["tables"] if table["key"] == key]
    name = one["columns"][0]["key"]
    return {row[name]: row for row in [*one["rows"], *([one["total"]] if one["total"] else [])]}


def figures(found: Answer) -> dict[str, Any]:
    return {figure["key"]: figure["value"] for figure in found["figures"]}


@pytest.mark.usefixtures("database")
async def test_usage_is_what_the_jobs_used_within_the_period(client: Client) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    found = await content(admin, await report(admin, "usage"))
    cpu = 4 + 4 + 31 * 24 + 40
    assert figures(found) == {"cpu_hours": cpu, "gpu_hours": 20, "jobs": 4, "users": 2}
    by_user = table(found, "usage_by_user")
    assert list(by_user) == ["bob", "alice", "Total"]
    assert by_user["alice"]["cpu_hours"] == 44
    assert by_user["alice"]["gpu_hours"] == 20
    assert by_user["bob"]["cpu_hours"] == 4 + 31 * 24
    assert by_user["bob"]["lost_share"] == pytest.approx(100 * 4 / (4 + 31 * 24))
    # In November, alice used 2 hours of 4 CPUs, and bob ten days of one.
    assert by_user["alice"]["cpu_change"] == pytest.approx(100 * (44 - 8) / 8)
    assert by_user["bob"]["cpu_change"] == pytest.approx(100 * (4 + 31 * 24 - 240) / 240)
    assert by_user["Total"]["cpu_hours"] == cpu
    assert table(found, "usage_by_partition")["gpu"]["cpu_share"] == pytest.approx(100 * 40 / cpu)
    assert table(found, "usage_by_account")["physics"]["jobs"] == 2
    assert found["summary"][0] == (
        "4 jobs of 2 users used 792 CPU hours in December 2023, 219.4 % more than in November 2023."
    )


@pytest.mark.usefixtures("database")
async def test_efficiency_counts_what_ended_and_was_measured(client: Client) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    found = await content(admin, await report(admin, "efficiency"))
    # Two jobs with 2 of 4 CPU hours, one with 80 of 40, which counts as 40.
    assert figures(found)["cpu_efficiency"] == pytest.approx(100 * (2 + 2 + 40) / 48)
    assert figures(found)["unused_cpu_hours"] == pytest.approx(4)
    assert figures(found)["gpu_efficiency"] == pytest.approx(50)
    memory = 8192 * (1 + 1 + 10)
    assert figures(found)["memory_efficiency"] == pytest.approx(100 * (2048 + 2048 + 81920) / memory)
    spread = table(found, "cpu_efficiency_spread")
    assert {name: row["jobs"] for name, row in spread.items() if row["jobs"]} == {"50–60 %": 2, "90–100 %": 1}


@pytest.mark.usefixtures("database")
async def test_waits_are_those_of_the_jobs_that_started_in_the_period(client: Client) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    found = await content(admin, await report(admin, "queue"))
    assert figures(found)["jobs_started"] == 3
    assert figures(found)["median_wait"] == 600
    assert figures(found)["mean_backlog"] == pytest.approx(3)
    assert table(found, "waits_by_size")["2–4"]["jobs"] == 3
    assert table(found, "waits_by_partition")["gpu"]["longest_wait"] == 600


@pytest.mark.usefixtures("database")
async def test_utilization_is_the_mean_over_what_was_observed(client: Client) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    found = await content(admin, await report(admin, "utilization"))
    assert figures(found)["cpu_utilization"] == pytest.approx(75)
    assert figures(found)["memory_utilization"] == pytest.approx(25)
    row = table(found, "utilization_by_partition")["cpu"]
    assert row["cpu_hours"] == pytest.approx(50 * 5 + 100 * 5)
    nodes = table(found, "nodes_by_state")
    assert nodes["DOWN"]["share"] == pytest.approx(25)
    assert any("observed for 1.3 % of the period" in note for note in found["notes"])


@pytest.mark.usefixtures("database")
async def test_partitions_and_the_time_zone_narrow_what_counts(client: Client) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    found = await content(admin, await report(admin, "usage", partitions=["gpu"]))
    assert figures(found)["cpu_hours"] == 40
    assert found["scope"] == "Partition gpu, all users"
    # In Kiritimati, it is already January when December ends in UTC; its December begins 14 hours earlier.
    found = await content(
        admin, await report(admin, "usage", time_zone="Pacific/Kiritimati", partitions=["cpu"])
    )
    assert found["period"]["start_time"] == "2023-11-30T10:00:00Z"
    assert table(found, "usage_by_user")["bob"]["cpu_hours"] == 4 + 31 * 24


@pytest.mark.usefixtures("database")
async def test_a_pdf_as_the_contract_asks_for_it(client: Client) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    document = await report(
        admin, "utilization", "pdf", period="month", partitions=["gpu", "cpu"], include_charts=True
    )
    response = await admin.get(document["download_url"])
    assert response.headers["content-type"] == "application/pdf"
    assert document["filename"].endswith("-utilization-2023-12-01-to-2023-12-31.pdf")
    assert document["filename"] in response.headers["content-disposition"]
    text = pypdf.PdfReader(io.BytesIO(response.content)).pages[0].extract_text()
    assert "Utilization report" in text
    assert "December 2023" in text
    assert "75.0" in text


@pytest.mark.parametrize("kind", ["utilization", "efficiency", "usage", "queue"])
async def test_a_period_of_which_nothing_is_known(client: Client, kind: str) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    for form in ("pdf", "json"):
        document = await report(admin, kind, form, start_date="1999-01-01", end_date="1999-01-31")
        assert document["summary"]
    assert (await content(admin, document))["sections"] == [] or kind in ("usage", "efficiency")


@pytest.mark.usefixtures("database")
async def test_with_private_data_a_user_reports_on_their_own_jobs_only(
    application: Application, client: Client
) -> None:
    snapshot = application.cluster.snapshot
    assert snapshot.info is not None
    snapshot.info = replace(snapshot.info, private_data=frozenset({"usage", "nodes"}))
    bob = await client(user="bob")
    found = await content(bob, await report(bob, "usage"))
    assert set(table(found, "usage_by_user")) == {"bob", "Total"}
    assert found["scope"] == "All partitions, only jobs that bob may see"
    found = await content(bob, await report(bob, "queue"))
    assert "mean_backlog" not in figures(found)
    response = await bob.post("/v1/reports", json={"type": "utilization"})
    assert response.status_code == 403
    carol = await client(user="carol", role=Role.OPERATOR)
    found = await content(carol, await report(carol, "usage"))
    assert set(table(found, "usage_by_user")) == {"alice", "bob", "Total"}


@pytest.mark.usefixtures("database")
async def test_narrowed_credentials_report_on_what_they_are_for(client: Client) -> None:
    from s9s.domain.credentials import Restrictions

    narrow = await client(user="dave", restrictions=Restrictions(partitions=frozenset({"gpu"})))
    found = await content(narrow, await report(narrow, "usage"))
    assert set(table(found, "usage_by_partition")) == {"gpu", "Total"}
    response = await narrow.post("/v1/reports", json={"type": "usage", "parameters": {"partitions": ["cpu"]}})
    assert response.status_code == 403
    scoped = await client(user="dave", scopes=frozenset({"reports:write", "reports:read"}))
    assert (await scoped.post("/v1/reports", json={"type": "usage"})).status_code == 403


async def test_reports_belong_to_who_asked_and_to_administrators(client: Client) -> None:
    alice, bob = await client(user="alice"), await client(user="bob")
    admin = await client(user="dave", role=Role.ADMIN)
    document = await report(alice, "usage")
    url = f"/v1/reports/{document['report_id']}"
    assert (await alice.get(url)).json() == document
    assert (await bob.get(url)).status_code == 404
    assert (await bob.get("/v1/reports")).json()["total"] == 0
    listed = (await admin.get("/v1/reports?user=alice&type=usage&status=completed")).json()
    assert [one["report_id"] for one in listed["reports"]] == [document["report_id"]]
    assert (await admin.get("/v1/reports?type=queue")).json()["total"] == 0
    assert (await bob.delete(url)).status_code == 404
    answer = (await alice.delete(url)).json()
    assert (answer["report_id"], answer["message"]) == (document["report_id"], "Report deleted")
    assert (await alice.get(url)).status_code == 404


TODAY = datetime.now(UTC).date()


BAD: list[tuple[Answer, str]] = [
    ({"partitions": ["nope"]}, "parameters.partitions"),
    ({"time_zone": "Mars/Olympus"}, "parameters.time_zone"),
    ({"time_zone": "../../etc/passwd"}, "parameters.time_zone"),
    ({"period": "custom"}, "parameters.period"),
    ({"period": "decade"}, "parameters.period"),
    ({"start_date": "2023-12-01"}, "parameters.end_date"),
    ({"end_date": "2023-12-01"}, "parameters.start_date"),
    ({"start_date": "2023-12-31", "end_date": "2023-12-01"}, "parameters.end_date"),
    ({"start_date": "1960-01-01", "end_date": "1960-02-01"}, "parameters.start_date"),
    ({"start_date": "1990-01-01", "end_date": "2023-12-31"}, "parameters.end_date"),
    ({"start_date": str(TODAY + timedelta(days=2)), "end_date": str(TODAY + timedelta(days=3))},
     "parameters.start_date"),
    ({"start_date": "yesterday", "end_date": "today"}, "parameters.start_date"),
]  # fmt: skip


async def test_bad_parameters_are_named(client: Client) -> None:
    alice = await client(user="alice")
    for parameters, name in BAD:
        response = await alice.post("/v1/reports", json={"type": "usage", "parameters": parameters})
        assert response.status_code == 400, response.text
        details = response.json()["error"]["details"]
        assert details["parameter"] == name
        assert details["allowed"]


async def test_the_last_full_month_is_the_default(client: Client) -> None:
    alice = await client(user="alice")
    response = await alice.post("/v1/reports", json={"type": "usage"})
    document = response.json()
    first = (TODAY.replace(day=1) - timedelta(days=1)).replace(day=1)
    assert document["parameters"]["period"] == "month"
    assert document["parameters"]["start_date"] == str(first)
    assert document["status"] == "processing"
    assert document["download_url"] is None
    deadline = time.monotonic() + 30
    while (await alice.get(f"/v1/reports/{document['report_id']}?wait=5")).json()["status"] != "completed":
        assert time.monotonic() < deadline
