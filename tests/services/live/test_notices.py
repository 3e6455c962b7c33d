"""Alerts reach real mailboxes and web servers, through the queue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from s9s.app.handlers import register_handlers
from s9s.app.queue import open_queue
from s9s.config import Settings
from s9s.domain.alerts import Alert, Rule, Severity
from s9s.domain.work import NOTICE
from s9s.services.delivery.outgoing import SIGNATURE_HEADER
from s9s.services.live.notices import MAX_TOLD, OWNER, Notices
from s9s.services.work.worker import Worker
from s9s.storage.database import Database
from tests.delivery.servers import Hook, Mailbox, http_server, smtp_server

DOWN = Alert(
    alert_id="alr_1", rule=Rule.NODE_DOWN, subject="nodes/node001", severity=Severity.CRITICAL,
    message="Node node001 is DOWN\nBcc: everybody@example.com", raised_at=1,
)  # fmt: skip
FAILED = Alert(
    alert_id="alr_2", rule=Rule.JOB_FAILED, subject="jobs/7", severity=Severity.INFO,
    message="Job 7 has failed", raised_at=1, user="alice",
)  # fmt: skip


async def deliver(settings: Settings, alerts: list[Alert], count: int) -> list[Any]:
    """Tell of alerts, and have a worker send what is queued; the items."""
    async with await Database.open(settings.database_url) as database:
        queue = open_queue(settings, database)
        register_handlers(settings, database, queue)
        notices = Notices(
            queue,
            lambda: "c1",
            emails=settings.alerts.email,
            urls=settings.alerts.webhooks,
            least=Severity(settings.alerts.least),
            describe=lambda alert: {"alert_id": alert.alert_id},
        )
        await notices.tell(alerts)
        worker = Worker(queue)
        running = asyncio.create_task(worker.run())
        try:
            async with asyncio.timeout(30):
                while True:
                    items = (await queue.list(NOTICE, owner=OWNER)).items
                    if len(items) == count and all(one.state.is_finished for one in items):
                        return list(items)
                    await asyncio.sleep(0.05)
        finally:
            worker.stop()
            await running


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[tuple[Settings, Mailbox, Any]]:
    secret = tmp_path / "secret"
    secret.write_text("s3cret")
    secret.chmod(0o600)
    mailbox = Mailbox()
    async with smtp_server(mailbox) as port:
        hook = Hook()
        with http_server(hook) as hook_port:
            made = Settings.model_validate(
                {
                    "server": {"state_dir": tmp_path / "state"},
                    "mail": {
                        "host": "127.0.0.1",
                        "port": port,
                        "security": "none",
                        "sender": "s9s@example.com",
                    },
                    "outgoing": {"allowed": ["127.0.0.0/8"]},
                    "alerts": {
                        "email": ["admins@example.com"],
                        "webhooks": [f"http://127.0.0.1:{hook_port}/alerts"],
                        "webhook_secret_file": secret,
                    },
                }
            )
            yield made, mailbox, hook


async def test_alerts_reach_people_and_servers(settings: tuple[Settings, Mailbox, Any]) -> None:
    made, mailbox, hook = settings
    items = await deliver(made, [DOWN, FAILED], 2)
    assert [one.state.value for one in items] == ["completed", "completed"]
    [message] = mailbox.messages
    assert message["To"] == "admins@example.com"
    assert message["Subject"] == "[S9S c1] Critical: Node node001 is DOWN Bcc: everybody@example.com"
    assert message["Bcc"] is None
    assert "Job 7" not in message.get_content()  # does not matter enough
    [(path, headers, body)] = hook.requests
    assert path == "/alerts"
    assert json.loads(body) == {
        "type": "alerts", "cluster": "c1", "alerts": [{"alert_id": "alr_1"}], "omitted": 0,
    }  # fmt: skip
    assert headers[SIGNATURE_HEADER.lower()]
    assert headers["x-s9s-delivery"] in {one.item_id for one in items}


async def test_a_flood_is_one_message(settings: tuple[Settings, Mailbox, Any]) -> None:
    made, mailbox, hook = settings
    await deliver(made, [DOWN] * (MAX_TOLD + 5), 2)
    [message] = mailbox.messages
    assert f"and {MAX_TOLD + 4} more" in message["Subject"]
    assert "... and 5 more" in message.get_content()
    assert json.loads(hook.requests[0][2])["omitted"] == 5
