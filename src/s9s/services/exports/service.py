"""Exports: asked for, looked up, fetched, cancelled. A worker makes the files."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec

from s9s.domain.errors import ResourceConflict, ResourceNotFound, ValidationError
from s9s.domain.exports import ExportPlan, ExportRequest
from s9s.domain.queries import Page
from s9s.domain.work import EXPORT, WorkItem, WorkState
from s9s.formats import FORMATS
from s9s.services.access import Caller, Role, may_see_made, require_scope
from s9s.services.exports.fields import Field, chosen
from s9s.services.exports.sources import Found, Source, columns_of
from s9s.services.exports.spool import pack
from s9s.services.work.queue import WorkQueue

#: What may stand between the cells of CSV.
DELIMITERS: Final = (",", ";", "\t", "|")
#: No more exports than this are looked through for those that a credential may see.
_LOOKED_THROUGH: Final = 10_000


class Exports:
    """The exports of one cluster.

    Args:
        queue: Where the work is put.
        sources: What can be exported, by type.
    """

    def __init__(self, queue: WorkQueue, sources: Mapping[str, Source]) -> None:
        self._queue = queue
        self.sources = sources

    async def create(self, request: ExportRequest, caller: Caller) -> WorkItem:
        """Take note of the rows that the caller may see now, and have a file made of them.

        Raises `ValidationError`, `PermissionDenied`, `RateLimitExceeded`, `SlurmUnavailable`.
        """
        source = self.sources[request.type]
        require_scope(caller, source.scope)
        columns = chosen(request.type, source.fields, request.fields)
        check_options(request)
        await self._queue.require_room(EXPORT, caller.user)
        item_id = self._queue.new_id(EXPORT)
        found = await source.rows(request.filter, caller)
        name = await self._spool(item_id, found, [field for _, _, field in columns])
        now = int(self._queue.clock())
        plan = ExportPlan(
            type=request.type,
            format=request.format,
            filename=_filename(request, now),
            columns=tuple((heading, field.kind.value) for heading, _, field in columns),
            fields=tuple(field for _, field, _ in columns),
            options=request.options,
            filter=request.given,
            credential=caller.token_id,
            scope=source.scope,
            asked_at=now,
            input=name,
            rows=len(found.rows),
            key=len(found.key),
            source=found.later.source if found.later else None,
            query=found.later.query if found.later else None,
        )
        try:
            await self._queue.put(EXPORT, caller.user, msgspec.to_builtins(plan), item_id=item_id)
        except BaseException:
            if name is not None:
                await self._queue.artifacts.delete(name)
            raise
        item = await self._queue.get(item_id)
        assert item is not None
        return item

    async def _spool(self, item_id: str, found: Found, fields: list[Field[Any]]) -> str | None:
        """Write the rows to a file for the worker; its name, ``None`` where there are none."""
        if not found.rows:
            return None
        # A fencing number that no lease has: made before there is one.
        name = f"{item_id}-0.rows"
        async with self._queue.artifacts.create(name) as sink:
            for batch in columns_of(found, fields):
                await asyncio.to_thread(sink.write, pack(batch))
        return name

    async def get(self, export_id: str, caller: Caller, *, wait_seconds: float = 0) -> WorkItem:
        """One export, when it is finished or the wait is over. Raises `ResourceNotFound`."""
        item = await self._seen(export_id, caller)
        if wait_seconds and not item.status.is_finished:
            item = await self._queue.wait(export_id, wait_seconds) or item
        return item

    async def list(
        self,
        caller: Caller,
        *,
        user: str | None = None,
        states: frozenset[WorkState] | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Page[WorkItem]:
        """The caller's exports, for administrators everybody's, or only those of `user`; the newest first."""
        owner = user if caller.role is Role.ADMIN else caller.user
        if user is not None and owner != user:
            return Page(items=[], total=0, limit=limit, offset=offset)
        found = await self._queue.list(EXPORT, owner=owner, states=states, limit=_LOOKED_THROUGH, offset=0)
        seen = [item for item in found.items if self._may_see(item, caller)]
        return Page(items=seen[offset : offset + limit], total=len(seen), limit=limit, offset=offset)

    async def cancel(self, export_id: str, caller: Caller) -> tuple[WorkItem, bool]:
        """Cancel an export; one that is finished is deleted with its file. Raises `ResourceNotFound`.

        The export as it is then, or was at last, and whether it is deleted.
        """
        before = await self._seen(export_id, caller)
        after = await self._queue.cancel(export_id)
        return after or before, after is None or before.status.is_finished

    def expiry(self, item: WorkItem) -> int:
        """When its file is deleted; epoch seconds."""
        return self._queue.expiry(item)

    async def file(self, export_id: str, caller: Caller) -> WorkItem:
        """An export whose file can be fetched. Raises `ResourceNotFound`, `ResourceConflict`."""
        item = await self._seen(export_id, caller)
        if item.status is not WorkState.COMPLETED:
            what = "not finished yet" if not item.status.is_finished else item.status.value
            raise ResourceConflict(
                f"Export {export_id} is {what}", resource_type="export", resource_id=export_id,
                state=item.status.value,
            )  # fmt: skip
        return item

    async def read(self, item: WorkItem, start: int, end: int) -> AsyncIterator[bytes]:
        """The bytes of a file from `start` up to `end` (exclusive), in pieces. Raises `ResourceNotFound`."""
        assert item.result is not None
        try:
            return await self._queue.artifacts.open(item.result["artifact"], start, end)
        except FileNotFoundError as error:
            raise ResourceNotFound.of("export", item.item_id) from error

    async def _seen(self, export_id: str, caller: Caller) -> WorkItem:
        item = await self._queue.get(export_id)
        if item is None or item.kind != EXPORT or not self._may_see(item, caller):
            raise ResourceNotFound.of("export", export_id)
        return item

    @staticmethod
    def _may_see(item: WorkItem, caller: Caller) -> bool:
        return may_see_made(caller, item.owner, item.payload["credential"], item.payload["scope"])


def check_options(request: ExportRequest) -> None:
    """Raises `ValidationError` for options that make no sense, and for a format that is not installed."""
    if request.options.delimiter not in DELIMITERS:
        raise ValidationError.of("options.delimiter", request.options.delimiter, list(DELIMITERS))
    needs = FORMATS[request.format].needs
    if needs is not None and not _is_installed(needs):
        raise ValidationError.of(
            "format", request.format, [name for name, one in FORMATS.items() if one.needs is None],
            f"This server cannot write {request.format}: s9s[{needs}] is not installed",
        )  # fmt: skip


def _is_installed(part: str) -> bool:
    from importlib.util import find_spec

    return find_spec({"parquet": "pyarrow"}[part]) is not None


#: What has no business in the name of a file, on any system.
_UNSAFE: Final = re.compile(
    r'[\x00-\x1f\x7f-\x9f"*/:<>?\\|\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]+'
)


def _filename(request: ExportRequest, now: int) -> str:
    """The name under which the file is saved: as asked for, without what is harmful, with its extension."""
    extension = FORMATS[request.format].extension
    if request.options.filename is None:
        return f"{request.type}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now))}.{extension}"
    name = _UNSAFE.sub("_", request.options.filename).strip(" .")[:200]
    if not name:
        raise ValidationError.of("options.filename", request.options.filename, "the name of a file")
    return name if name.lower().endswith(f".{extension}") else f"{name}.{extension}"
