"""Reports: asked for, looked up, fetched, deleted. A worker makes the files."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import structs

from s9s.domain.errors import (
    PermissionDenied,
    ServiceUnavailable,
    ValidationError,
)
from s9s.domain.periods import CALENDAR, FIRST_DAY, LAST_DAY, Period, last_full, zone
from s9s.domain.queries import Visibility
from s9s.domain.report_plans import ReportPlan, ReportRequest
from s9s.domain.reports import ReportType
from s9s.domain.tres import gpu_types_of
from s9s.domain.work import REPORT, WorkItem
from s9s.services.access import (
    Caller,
    may_report_on_all,
    may_see_all,
    report_partitions,
    report_visibility,
    require_scope,
)
from s9s.services.clusters import Cluster
from s9s.services.delivery.mail import Mailer
from s9s.services.delivery.outgoing import Outgoing
from s9s.services.reports.delivering import delivery_state
from s9s.services.reports.sealing import sealed
from s9s.services.work.made import Made
from s9s.services.work.queue import WorkQueue
from s9s.storage.sealing import Seal, Unsealable

READ, WRITE = "reports:read", "reports:write"
#: What a report is made of, and so what it takes.
_SOURCES: Final = {ReportType.UTILIZATION: "metrics:read"}
#: No longer period is reported on.
MAX_DAYS: Final = 3660
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")


class Reports(Made):
    """The reports of one cluster.

    Args:
        cluster: Which one.
        key: Its name in the database.
        queue: Where the work is put.
        mailer: Knows who may be written to.
        outgoing: Knows what may be posted to.
        seal: For what posts are signed with.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        cluster: Cluster,
        key: str,
        queue: WorkQueue,
        mailer: Mailer,
        outgoing: Outgoing,
        seal: Seal,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._mailer = mailer
        self._outgoing = outgoing
        self._seal = seal
        self._cluster = cluster
        self._key = key
        super().__init__(queue, REPORT, lambda _: READ)
        self._clock = clock

    async def plan(
        self,
        request: ReportRequest,
        caller: Caller,
        *,
        schedule_id: str | None = None,
        at: float | None = None,
    ) -> ReportPlan:
        """All that is to be reported on, as far as the caller may see it now.

        Args:
            request: What is asked for.
            caller: Who asks.
            schedule_id: The schedule that asks for it.
            at: The last full period is that before this moment, epoch seconds; ``None``: now.

        Raises `ValidationError`, `PermissionDenied`, `SlurmUnavailable`.
        """
        require_scope(caller, WRITE)
        require_scope(caller, _SOURCES.get(request.type, "jobs:read"))
        info = self._cluster.info
        request = await self._deliverable(request)
        period = period_of(request, self._clock() if at is None else at)
        partitions = report_partitions(caller, self._known(request.partitions, caller))
        has_totals = may_report_on_all(caller, info, partitions)
        if request.type is ReportType.UTILIZATION and not has_totals:
            raise PermissionDenied(
                "This credential does not see the whole cluster, which a utilization report is about"
            )
        visibility = report_visibility(caller, info, self._cluster.snapshot.users.get(caller.user))
        name = info.name or self._key
        return ReportPlan(
            request=request,
            period=period,
            key=self._key,
            cluster=name,
            scope=_scope(partitions, visibility, caller),
            partitions=partitions,
            visibility=visibility,
            has_totals=has_totals,
            gpu_types=self._gpu_types() if request.type is ReportType.USAGE else {},
            filename=_filename(request, period, name),
            credential=caller.token_id,
            schedule_id=schedule_id,
        )

    async def _deliverable(self, request: ReportRequest) -> ReportRequest:
        """The request with what it takes to deliver it. Raises `ValidationError`."""
        delivery = request.delivery
        if delivery.method == "none":
            return request
        name = "delivery.email" if delivery.method == "email" else "delivery.url"
        if delivery.target is None:
            raise ValidationError.of(name, None, f"delivery by {delivery.method} needs one")
        if delivery.method == "email":
            self._mailer.check(name, delivery.target)
            return request
        await self._outgoing.check(name, delivery.target)
        signed = structs.replace(delivery, secret=delivery.secret or f"whsec_{secrets.token_urlsafe(32)}")
        return structs.replace(request, delivery=signed)

    async def delivery(self, item: WorkItem) -> tuple[str | None, str | None]:
        """How far the delivery is, and what was in its way; ``None`` where there is none."""
        if item.payload["request"]["delivery"]["method"] == "none":
            return None, None
        return await delivery_state(self._queue, item.item_id)

    async def create(self, plan: ReportPlan, caller: Caller) -> WorkItem:
        """Have a planned report made. Raises `RateLimitExceeded`, `ServiceUnavailable`."""
        payload = msgspec.to_builtins(await self.sealed(plan))
        item_id = await self._queue.put(REPORT, caller.user, payload)
        item = await self._queue.get(item_id)
        assert item is not None
        return item

    async def sealed(self, plan: ReportPlan) -> ReportPlan:
        """The plan as it may be kept: nobody who reads the database can sign. Raises `ServiceUnavailable`."""
        return structs.replace(plan, request=await self.sealed_request(plan.request))

    async def sealed_request(self, request: ReportRequest) -> ReportRequest:
        """As `sealed`."""
        delivery = request.delivery
        if delivery.secret is None:
            return request
        try:
            secret = await asyncio.to_thread(sealed, self._seal, delivery.secret)
        except Unsealable as error:
            raise ServiceUnavailable("The server cannot keep secrets just now") from error
        return structs.replace(request, delivery=structs.replace(delivery, secret=secret))

    def _known(self, wanted: tuple[str, ...] | None, caller: Caller) -> frozenset[str] | None:
        """The partitions, if there are all of them. Raises `ValidationError`."""
        if wanted is None:
            return None
        known = {partition.name for partition in self._cluster.snapshot.partitions.all()}
        if unknown := sorted(set(wanted) - known):
            may_see = may_see_all(caller, self._cluster.info, "partitions")
            allowed = sorted(known) if may_see else "partitions that there are"
            raise ValidationError.of("parameters.partitions", ",".join(unknown), allowed)
        return frozenset(wanted) or None

    def _gpu_types(self) -> dict[str, list[str]]:
        found: dict[str, set[str]] = {}
        for node in self._cluster.snapshot.nodes.all():
            for partition in node.partitions if node.gres else ():
                found.setdefault(partition, set()).update(gpu_types_of(node.gres or ""))
        return {partition: sorted(types) for partition, types in found.items() if types}


def period_of(request: ReportRequest, now: float) -> Period:
    """The days that are reported on. Raises `ValidationError`."""
    try:
        clock = zone(request.time_zone)
    except ValueError:
        raise ValidationError.of(
            "parameters.time_zone", request.time_zone, "an IANA time zone like UTC or Europe/Berlin"
        ) from None
    first, last = request.start_date, request.end_date
    if first is None and last is None:
        if request.period not in CALENDAR:
            raise ValidationError.of(
                "parameters.period",
                request.period,
                [*CALENDAR],
                "A custom period needs start_date and end_date",
            )
        return last_full(request.period, request.time_zone, now)
    if first is None or last is None:
        name = "start_date" if first is None else "end_date"
        raise ValidationError.of(
            f"parameters.{name}", None, "a date", "start_date and end_date belong together"
        )
    today = datetime.fromtimestamp(now, clock).date()
    if not FIRST_DAY <= first <= min(today, LAST_DAY):
        raise ValidationError.of(
            "parameters.start_date", str(first), f"a date from {FIRST_DAY} to today, {today}"
        )
    if not first <= last <= min(first + timedelta(days=MAX_DAYS - 1), LAST_DAY):
        raise ValidationError.of(
            "parameters.end_date", str(last), f"a date from start_date on, for {MAX_DAYS} days at most"
        )
    return Period(first, last, request.time_zone)


def _scope(partitions: frozenset[str] | None, visibility: Visibility | None, caller: Caller) -> str:
    names = sorted(partitions or ())
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    where = "All partitions" if not names else f"Partition{'s' if len(names) > 1 else ''} {shown}"
    whose = "all users" if visibility is None else f"only jobs that {caller.user} may see"
    return f"{where}, {whose}"


def _filename(request: ReportRequest, period: Period, cluster: str) -> str:
    """``hpc-usage-2026-11-01-to-2026-11-30.pdf``."""
    name = _UNSAFE.sub("-", cluster)[:64].strip(".-") or "cluster"
    return f"{name}-{request.type.value}-{period.first}-to-{period.last}.{request.format.value}"
