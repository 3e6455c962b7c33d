"""Delivering a report, once its file is there: at least once, with an id that stays the same."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from s9s.domain.delivery import DeliveryFailed
from s9s.domain.errors import RateLimitExceeded, ServiceUnavailable
from s9s.domain.instants import format_instant
from s9s.domain.report_plans import ReportPlan
from s9s.domain.work import DELIVERY, WorkItem, WorkState
from s9s.services.delivery.mail import Attachment, Mailer
from s9s.services.delivery.outgoing import Outgoing
from s9s.services.reports.sealing import opened
from s9s.services.work.queue import Progress, WorkFailed, WorkQueue
from s9s.storage.sealing import Seal, Unsealable

#: Pauses after which what could not be delivered is tried again: for a day and a half in all.
PAUSES: Final = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 12 * 3600)


def delivery_id(report_id: str, attempt: int = 0) -> str:
    """The id of the work; each attempt has its own, so that each is put once."""
    return f"del_{report_id.removeprefix('rep_')}_{attempt}"


async def request_delivery(queue: WorkQueue, report: WorkItem, attempt: int = 0, pause: int = 0) -> None:
    """Have a report delivered after a pause; asked for again, nothing more happens."""
    item_id = delivery_id(report.item_id, attempt)
    if await queue.get(item_id) is None:
        payload = {"report_id": report.item_id, "attempt": attempt}
        not_before = int(queue.clock()) + pause
        try:
            await queue.put(DELIVERY, report.owner, payload, not_before=not_before, item_id=item_id)
        except RateLimitExceeded as error:
            raise ServiceUnavailable("There is no room in the queue for the delivery now") from error


async def delivery_state(queue: WorkQueue, report_id: str) -> tuple[str, str | None]:
    """``pending``, ``delivered`` or ``failed``, and why it failed, or did so the last time."""
    state, error = "pending", None
    for attempt in range(len(PAUSES) + 1):
        item = await queue.get(delivery_id(report_id, attempt))
        if item is None:
            break
        if item.state is WorkState.COMPLETED and item.result:
            state, error = item.result["status"], item.result.get("error")
        elif item.state.is_finished:
            state, error = "failed", item.error
        else:
            state = "pending"
    return state, error


class Deliverer:
    """The handler of deliveries.

    Args:
        queue: With the reports and their files.
        mailer: Sends e-mail.
        outgoing: Posts to webhooks.
        seal: Opens the secrets that posts are signed with.
        public_url: Of this server, for links.
    """

    def __init__(
        self, queue: WorkQueue, mailer: Mailer, outgoing: Outgoing, seal: Seal, public_url: str | None
    ) -> None:
        self._queue = queue
        self._seal = seal
        self._mailer = mailer
        self._outgoing = outgoing
        self._public_url = (public_url or "").rstrip("/")

    async def run(self, item: WorkItem, progress: Progress) -> dict[str, Any]:
        """Deliver a report, or have it tried again later. Raises `WorkFailed`, `ServiceUnavailable`."""
        report = await self._queue.get(item.payload["report_id"])
        if report is None or (report.state.is_finished and report.state is not WorkState.COMPLETED):
            raise WorkFailed("The report has been deleted before it was delivered")
        if report.state is not WorkState.COMPLETED:
            raise ServiceUnavailable("The report is not finished yet")
        plan = msgspec.convert(report.payload, ReportPlan)
        try:
            if plan.request.delivery.method == "email":
                await self._mail(report, plan)
            else:
                await self._post(report, plan)
        except DeliveryFailed as failed:
            attempt = item.payload["attempt"]
            if failed.is_final or attempt >= len(PAUSES):
                return {"status": "failed", "error": str(failed)}
            await request_delivery(self._queue, report, attempt + 1, PAUSES[attempt])
            return {"status": "pending", "error": str(failed)}
        return {"status": "delivered"}

    async def _mail(self, report: WorkItem, plan: ReportPlan) -> None:
        assert report.result is not None
        target = plan.request.delivery.target or ""
        size, kind = report.result["file_size"], plan.request.type.value
        title = f"{kind.capitalize()} report, {plan.period.label}: {plan.cluster}"
        lines = [title, "", *(f"- {line}" for line in report.result["summary"]), ""]
        attachments = []
        if self._mailer.may_attach(size):
            content = b"".join(
                [piece async for piece in await self._queue.artifacts.open(report.result["artifact"])]
            )
            media_type = _MEDIA_TYPES[plan.request.format.value]
            attachments.append(Attachment(plan.filename, media_type, content))
        else:
            lines.append(
                f"The report has {size:,} bytes, too many for an e-mail: it is fetched with a credential."
            )
        lines.append(self._url(report))
        domain = target.rpartition("@")[2]
        await self._mailer.send(
            target, title, "\n".join(lines) + "\n", attachments, message_id=f"<{report.item_id}@{domain}>"
        )

    def _url(self, report: WorkItem) -> str:
        """Where the file is; without a `public_url` only its path is known."""
        return f"{self._public_url}/v1/reports/{report.item_id}/download"

    async def _post(self, report: WorkItem, plan: ReportPlan) -> None:
        assert report.result is not None
        delivery, result = plan.request.delivery, report.result
        body = {
            "event": "report.completed",
            "report_id": report.item_id,
            "type": plan.request.type.value,
            "format": plan.request.format.value,
            "cluster": plan.cluster,
            "start_date": str(plan.period.first),
            "end_date": str(plan.period.last),
            "time_zone": plan.period.time_zone,
            "summary": result["summary"],
            "filename": plan.filename,
            "file_size": result["file_size"],
            "checksum": f"sha256:{result['sha256']}",
            "download_url": self._url(report),
            "completed_at": format_instant(report.finished_at or report.created_at),
        }
        raw = await asyncio.to_thread(msgspec.json.encode, body)
        headers = {"X-S9S-Delivery": report.item_id}
        try:
            secret = await asyncio.to_thread(opened, self._seal, delivery.secret or "")
        except Unsealable as error:
            raise WorkFailed("The secret of the webhook cannot be opened: its key is not here") from error
        await self._outgoing.post(delivery.target or "", raw, secret, headers=headers)


_MEDIA_TYPES: Final = {
    "pdf": "application/pdf",
    "html": "text/html",
    "csv": "text/csv",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
