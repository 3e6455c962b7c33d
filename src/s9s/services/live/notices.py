"""Telling people outside of alerts: by e-mail and webhook, through the queue, so that nothing is lost.

What is raised and resolved in one look is one message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from s9s.domain.alerts import Alert, Severity
from s9s.domain.delivery import DeliveryFailed
from s9s.domain.errors import RateLimitExceeded, ServiceUnavailable
from s9s.domain.work import NOTICE, WorkItem
from s9s.services.delivery.mail import Mailer
from s9s.services.delivery.outgoing import Outgoing
from s9s.services.work.queue import Progress, WorkFailed, WorkQueue

log = structlog.get_logger(__name__)

#: To whom the work belongs: no user can be called that.
OWNER: Final = "(alerts)"
#: Alerts in one message; the rest are counted.
MAX_TOLD: Final = 100


class Notices:
    """Puts messages about alerts into the queue.

    Args:
        queue: Where.
        cluster: What the cluster is called.
        emails: Addresses that are told.
        urls: Webhooks that are told.
        least: Only what matters at least as much.
        describe: An alert as webhooks get it.
    """

    def __init__(
        self,
        queue: WorkQueue,
        cluster: Callable[[], str],
        *,
        emails: Sequence[str],
        urls: Sequence[str],
        least: Severity,
        describe: Callable[[Alert], Any],
    ) -> None:
        self._queue = queue
        self._cluster = cluster
        self._targets = [("email", one) for one in emails] + [("url", one) for one in urls]
        self._least = least
        self._describe = describe

    async def tell(self, alerts: Sequence[Alert]) -> None:
        """Have everybody told. What cannot be queued is in the log and in the list of alerts."""
        alerts = [one for one in alerts if one.severity.rank >= self._least.rank and not one.is_silenced]
        if not alerts:
            return
        told = alerts[:MAX_TOLD]
        message = {
            "cluster": self._cluster(),
            "subject": subject_of(alerts),
            "text": text_of(alerts),
            "alerts": [self._describe(one) for one in told],
            "omitted": len(alerts) - len(told),
        }
        for way, address in self._targets:
            try:
                await self._queue.put(NOTICE, OWNER, {"way": way, "address": address, "message": message})
            except (RateLimitExceeded, ServiceUnavailable) as error:
                log.error("alerts are not told", address=address, alerts=len(alerts), error=error.message)


class NoticeSender:
    """Sends what is in the queue.

    Args:
        mailer: Sends e-mail.
        outgoing: Sends webhooks.
        secret: They are signed with it.
    """

    def __init__(self, mailer: Mailer, outgoing: Outgoing, secret: str) -> None:
        self._mailer = mailer
        self._outgoing = outgoing
        self._secret = secret

    async def run(self, item: WorkItem, progress: Progress) -> dict[str, Any]:
        """Send one message; it is tried again as the queue has it unless that is of no use."""
        message, address = item.payload["message"], item.payload["address"]
        try:
            if item.payload["way"] == "email":
                subject = f"[S9S {message['cluster']}] {message['subject']}"
                await self._mailer.send(address, subject, message["text"], message_id=f"<{item.item_id}@s9s>")
            else:
                body = {key: message[key] for key in ("cluster", "alerts", "omitted")}
                raw = json.dumps({"type": "alerts", **body}).encode()
                headers = {"X-S9S-Delivery": item.item_id}
                await self._outgoing.post(address, raw, self._secret, headers=headers)
        except DeliveryFailed as error:
            if error.is_final:
                raise WorkFailed(str(error)) from error
            raise
        return {}


def subject_of(alerts: Sequence[Alert]) -> str:
    """One line for all of them."""
    first = alerts[0]
    word = "Resolved" if first.resolved_at is not None else first.severity.value.capitalize()
    more = f" and {len(alerts) - 1} more" if len(alerts) > 1 else ""
    return f"{word}: {first.message}{more}"


def text_of(alerts: Sequence[Alert]) -> str:
    """A line for each, what is new before what is over."""
    lines = []
    for title, chosen in (
        ("Raised", [one for one in alerts if one.resolved_at is None]),
        ("Resolved", [one for one in alerts if one.resolved_at is not None]),
    ):
        if chosen:
            lines += [f"{title}:", *(f"  {one.severity.value:8}  {one.message}" for one in chosen[:MAX_TOLD])]
            if len(chosen) > MAX_TOLD:
                lines.append(f"  ... and {len(chosen) - MAX_TOLD} more")
            lines.append("")
    return "\n".join([*lines, "All of them: GET /v1/alerts", ""])
