"""Reports that are delivered: by a real worker process, to real servers on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from s9s.services.access import Role
from tests.api.conftest import Client
from tests.delivery.servers import Hook, Mailbox, http_server, smtp_server


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[Mailbox, int]]:
    box = Mailbox()
    async with smtp_server(box) as port:
        yield box, port


@pytest.fixture
def hook() -> Iterator[tuple[Hook, int]]:
    taken = Hook()
    with http_server(taken) as port:
        yield taken, port


@pytest.fixture
def changed_settings(mailbox: tuple[Mailbox, int]) -> dict[str, Any]:
    return {
        "mail": {
            "host": "127.0.0.1",
            "port": mailbox[1],
            "security": "none",
            "sender": "s9s@hpc.example",
            "allowed_recipients": ["example.com"],
        },
        "outgoing": {"allowed": ["127.0.0.0/8"]},
        "server": {"public_url": "https://api.hpc.example"},
    }


async def delivered(client: httpx2.AsyncClient, report_id: str, state: str = "delivered") -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        document: dict[str, Any] = (await client.get(f"/v1/reports/{report_id}")).json()
        if document["delivery"]["status"] == state and (state != "pending" or document["delivery"]["error"]):
            return document
        assert time.monotonic() < deadline, document
        await asyncio.sleep(0.2)


async def test_a_report_arrives_by_mail_once_with_its_file(
    client: Client, mailbox: tuple[Mailbox, int]
) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    body = {"type": "usage", "format": "pdf", "delivery": {"method": "email", "email": "admin@example.com"}}
    document = (await admin.post("/v1/reports?wait=30", json=body)).json()
    document = await delivered(admin, document["report_id"])
    assert document["delivery"]["email"] == "admin@example.com"
    [message] = mailbox[0].messages
    assert message["to"] == "admin@example.com"
    assert message["message-id"] == f"<{document['report_id']}@example.com>"
    assert message["subject"].startswith("Usage report, ")
    text = message.get_body()
    assert text is not None
    assert document["summary"][0] in " ".join(text.get_content().split())
    assert f"https://api.hpc.example/v1/reports/{document['report_id']}/download" in text.get_content()
    [attachment] = message.iter_attachments()
    assert attachment.get_filename() == document["filename"]
    assert f"sha256:{hashlib.sha256(attachment.get_content()).hexdigest()}" == document["checksum"]


async def test_a_webhook_is_signed_with_a_secret_that_is_shown_once_and_kept_sealed(
    client: Client, hook: tuple[Hook, int], tmp_path: Path
) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    url = f"http://127.0.0.1:{hook[1]}/reports"
    body = {"type": "queue", "format": "json", "delivery": {"method": "webhook", "url": url}}
    first = (await admin.post("/v1/reports", json=body)).json()
    secret = first["delivery"]["secret"]
    document = await delivered(admin, first["report_id"])
    assert document["delivery"]["secret"] is None
    [(path, headers, raw)] = hook[0].requests
    assert path == "/reports"
    assert headers["x-s9s-delivery"] == first["report_id"]
    at, digest = (part.partition("=")[2] for part in headers["x-s9s-signature"].split(","))
    expected = hmac.digest(secret.encode(), at.encode() + b"." + raw, hashlib.sha256).hex()
    assert digest == expected
    told = json.loads(raw)
    assert told["report_id"] == first["report_id"]
    assert told["checksum"] == document["checksum"]
    # Whoever gets hold of the database, or of a backup, cannot sign.
    kept = [path.read_bytes() for path in (tmp_path / "state").glob("s9s.db*")]
    assert any(first["report_id"].encode() in one for one in kept)
    assert not any(secret.encode() in one for one in kept)


async def test_a_refusal_for_good_is_told_and_one_for_now_is_tried_again(
    client: Client, mailbox: tuple[Mailbox, int]
) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    mailbox[0].answers["gone@example.com"] = ["550 no such user"]
    mailbox[0].answers["busy@example.com"] = ["451 later"]
    ids = {}
    for name in ("gone", "busy"):
        body = {
            "type": "usage",
            "format": "json",
            "delivery": {"method": "email", "email": f"{name}@example.com"},
        }
        ids[name] = (await admin.post("/v1/reports", json=body)).json()["report_id"]
    gone = await delivered(admin, ids["gone"], "failed")
    assert "550" in gone["delivery"]["error"]
    assert gone["status"] == "completed"
    busy = await delivered(admin, ids["busy"], "pending")
    assert busy["delivery"]["status"] == "pending"


async def test_where_a_report_may_not_go_is_said_at_once(client: Client) -> None:
    admin = await client(user="dave", role=Role.ADMIN)
    for delivery, name, allowed in (
        ({"method": "email", "email": "eve@evil.example"}, "delivery.email", ["example.com"]),
        ({"method": "email"}, "delivery.email", "delivery by email needs one"),
        ({"method": "webhook", "url": "https://192.0.2.7/"}, "delivery.url", ["127.0.0.0/8"]),
        ({"method": "webhook"}, "delivery.url", "delivery by webhook needs one"),
    ):
        response = await admin.post("/v1/reports", json={"type": "usage", "delivery": delivery})
        assert response.status_code == 400
        details = response.json()["error"]["details"]
        assert (details["parameter"], details["allowed"]) == (name, allowed)
