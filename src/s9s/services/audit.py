"""The audit log: who did what, as whom, from where, and what came of it.

A write is recorded twice: its intent, on disk before anything is done, and its outcome, committed before the
answer. Without the first the write is refused, so that nothing is ever done unrecorded; if the second is
missing, the server was ended in between, and the entry says that nobody knows. Records are written together,
as many as wait at the moment. See docs/audit.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final

import msgspec
from msgspec import Struct

from s9s.domain.audit import AuditFilter, AuditRecord, Entry
from s9s.domain.errors import ServiceUnavailable, ValidationError
from s9s.domain.queries import Page
from s9s.services.chain import Verdict, verify
from s9s.storage.audit import SORT_KEYS, AuditRecords
from s9s.storage.database import DatabaseUnavailable, OnDisk

SUCCESS: Final = "SUCCESS"
#: Of many that were to be changed, some were not.
PARTIAL: Final = "PARTIAL"
#: Records that wait for the disk; beyond it writes are refused and everything else is logged only.
MAX_WAITING: Final = 20_000
#: Records that are written in one transaction: some milliseconds of the event loop at most.
_TOGETHER: Final = 50
_RETRY_SECONDS: Final = 1.0
#: Longer JSON is kept as its size and beginning only.
_MAX_TEXT: Final = 4 * 1024 * 1024

_Done = asyncio.Future[tuple[int, OnDisk]]

_log = logging.getLogger(__name__)


class Deed(Struct, frozen=True, kw_only=True):
    """Who does what. What does not apply is ``None``."""

    action: str
    """The operation's name: ``cancel_job``, ``login``."""
    user: str | None = None
    """The Slurm user as whom it is done."""
    credential: str | None = None
    """Public id, or where somebody has a shell of the server instead: ``cli``."""
    address: str | None = None
    method: str | None = None
    route: str | None = None
    """With its parameters' names: ``/v1/jobs/{job_id}``."""
    resource: str | None = None
    """``jobs/12345``."""
    what: Mapping[str, Any] | None = None
    """The request's fields, without secrets."""
    request_id: str | None = None


class Intent:
    """A deed that has been recorded and is about to be done; collects what is seen of its effect."""

    def __init__(self, number: int, deed: Deed, on_disk: OnDisk) -> None:
        self.number = number
        self.on_disk: Final = on_disk
        self.deed = deed
        self.before: dict[str, Any] = {}
        self.after: dict[str, Any] = {}
        self.has_failures = False

    async def recorded(self) -> None:
        """Wait until it is on disk. Raises `ServiceUnavailable` when that fails: then it must not be done."""
        try:
            await self.on_disk.wait()
        except DatabaseUnavailable as error:
            raise _refusal() from error


_current: ContextVar[Intent | None] = ContextVar("s9s_audit_intent", default=None)


async def recorded() -> None:
    """Wait until the intent of what is being done is on disk, if anything is recorded of it.

    Raises `ServiceUnavailable` when that fails.
    """
    if (intent := _current.get()) is not None:
        await intent.recorded()


def observe(resource: str, *, before: object = None, after: object = None, error: str | None = None) -> None:
    """Note what a deed that is being done, and recorded, does to a resource.

    Args:
        resource: ``jobs/12345``.
        before: Its state before, as JSON; ``None`` says nothing.
        after: The same after it.
        error: The code of what went wrong with this one of several.
    """
    intent = _current.get()
    if intent is None:
        return
    if before is not None:
        intent.before[resource] = before
    if after is not None:
        intent.after[resource] = after
    if error is not None:
        intent.after[resource] = {"error": error}
        intent.has_failures = True


class Audit:
    """Appends records, and finds them again. `stop` waits until everything is written.

    Args:
        records: Where they are kept.
        clock: Epoch seconds.
    """

    def __init__(self, records: AuditRecords, clock: Callable[[], float] = time.time) -> None:
        self._records = records
        self._clock = clock
        self._waiting: deque[tuple[AuditRecord, _Done | None]] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._is_stopping = False

    async def begin(self, deed: Deed, *, waits: bool = True) -> Intent:
        """Record what is about to be done, and note from now on what `observe` tells in this task.

        Raises `ServiceUnavailable` when that is impossible; then it must not be done.

        Args:
            deed: What, and who does it.
            waits: Off where everything that is done waits by itself until this is `recorded`.
        """
        try:
            number, on_disk = await self._append(self._record("intent", deed))
        except DatabaseUnavailable as error:
            raise _refusal() from error
        intent = Intent(number, deed, on_disk)
        if waits:
            await intent.recorded()
        _current.set(intent)
        return intent

    async def finish(
        self, intent: Intent, result: str, status: int | None = None, resource: str | None = None
    ) -> None:
        """Record what came of it. If that is impossible now, it is tried until it is possible.

        Args:
            intent: As `begin` gave it.
            result: `SUCCESS` or an error code.
            status: Of the answer.
            resource: What was made.
        """
        record = AuditRecord(
            at=int(self._clock()),
            kind="outcome",
            intent=intent.number,
            before=_json(intent.before),
            after=_json(intent.after),
            resource=_cut(resource, 512),
            result=PARTIAL if result == SUCCESS and intent.has_failures else result,
            status=status,
        )
        with suppress(ServiceUnavailable):  # which was the outcome, then
            await intent.recorded()
        try:
            await self._append(record)
        except DatabaseUnavailable as error:
            _log.error("the outcome %s of the audited intent %s waits: %s", result, intent.number, error)
            self._enqueue(record, None)

    async def record(self, deed: Deed, result: str, status: int | None = None) -> None:
        """Record what has happened already: a failed login, a refusal, a change on the command line.

        If that is impossible now, it is tried until it is possible.
        """
        record = self._record("event", deed, result, status)
        try:
            _, on_disk = await self._append(record)
        except DatabaseUnavailable as error:
            _log.error("the audit record of %s waits: %s", deed.action, error)
            self._enqueue(record, None)
            return
        try:
            await on_disk.wait()
        except DatabaseUnavailable as error:
            _log.error("the audit record of %s may not survive a power failure: %s", deed.action, error)

    async def page(
        self,
        wanted: AuditFilter,
        *,
        sort: str = "number",
        descending: bool = True,
        limit: int = 100,
        offset: int = 0,
    ) -> Page[Entry]:
        """Recorded deeds, each with its outcome. Raises `ValidationError` for an unknown order."""
        if sort not in SORT_KEYS:
            raise ValidationError.of("sort", sort, sorted(SORT_KEYS))
        total = await self._records.count(wanted)
        items = await self._records.page(wanted, sort=sort, descending=descending, limit=limit, offset=offset)
        return Page(items=items, total=total, limit=limit, offset=offset)

    def walk(self, after: int = 0) -> AsyncIterator[AuditRecord]:
        """Every record beyond a number, as it is kept, in order."""
        return self._records.walk(after)

    async def verify(self, anchors: Mapping[int, bytes] | None = None) -> Verdict:
        """Whether the log is as it was written; see `chain.verify`. Raises `DatabaseUnavailable`."""
        return await verify(self._records, anchors or {})

    async def stop(self) -> None:
        """Write what waits; what cannot be written is logged. Stopping twice is harmless."""
        self._is_stopping = True
        if self._writer is not None:
            with suppress(asyncio.CancelledError):
                await self._writer

    def _record(
        self, kind: str, deed: Deed, result: str | None = None, status: int | None = None
    ) -> AuditRecord:
        return AuditRecord(
            at=int(self._clock()),
            kind=kind,
            action=deed.action,
            user=_cut(deed.user, 256),
            credential=_cut(deed.credential, 256),
            address=_cut(deed.address, 64),
            method=deed.method,
            route=_cut(deed.route, 256),
            resource=_cut(deed.resource, 512),
            what=_json(deed.what),
            result=result,
            status=status,
            request_id=deed.request_id,
        )

    async def _append(self, record: AuditRecord) -> tuple[int, OnDisk]:
        if len(self._waiting) >= MAX_WAITING:
            raise DatabaseUnavailable(f"{MAX_WAITING} audit records wait to be written")
        done: _Done = asyncio.get_running_loop().create_future()
        self._enqueue(record, done)
        return await done

    def _enqueue(self, record: AuditRecord, done: _Done | None) -> None:
        if done is None and len(self._waiting) >= MAX_WAITING:
            _log.error("an audit record is lost: %s", msgspec.json.encode(record).decode())
            return
        self._waiting.append((record, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="audit")

    async def _write(self) -> None:
        while self._waiting:
            together = [self._waiting.popleft() for _ in range(min(_TOGETHER, len(self._waiting)))]
            try:
                numbers, on_disk = await self._records.append([record for record, _ in together])
            except DatabaseUnavailable as error:
                # Who waits is told; what nobody waits for keeps its place and is tried again.
                self._waiting.extendleft(one for one in reversed(together) if one[1] is None)
                for _, done in together:
                    if done is not None and not done.done():
                        done.set_exception(error)
                if self._waiting and self._is_stopping:
                    for record, _ in self._waiting:
                        _log.error("an audit record is lost: %s", msgspec.json.encode(record).decode())
                    return
                if self._waiting:
                    await asyncio.sleep(_RETRY_SECONDS)
            else:
                for (_, done), number in zip(together, numbers, strict=True):
                    if done is not None and not done.done():
                        done.set_result((number, on_disk))


def _refusal() -> ServiceUnavailable:
    return ServiceUnavailable("The audit log is out of reach, so nothing may be changed")


def _json(value: Mapping[str, Any] | None) -> str | None:
    if not value:
        return None
    text = msgspec.json.encode(value, enc_hook=str, order="deterministic").decode()
    if len(text) > _MAX_TEXT:
        return msgspec.json.encode({"cut": text[:_MAX_TEXT], "characters": len(text)}).decode()
    return text


def _cut(text: str | None, maximum: int) -> str | None:
    """Text that every database takes and every terminal shows."""
    if text is None:
        return None
    return (text if text.isprintable() else ascii(text)[1:-1])[:maximum]
