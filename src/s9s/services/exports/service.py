"""Exports: asked for, looked up, fetched, cancelled. A worker makes the files."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from s9s.domain.errors import ValidationError
from s9s.domain.exports import ExportPlan, ExportRequest
from s9s.domain.work import EXPORT, WorkItem
from s9s.formats import FORMATS
from s9s.services.access import Caller, require_scope
from s9s.services.exports.fields import Field, chosen
from s9s.services.exports.sources import Found, Source, columns_of
from s9s.services.exports.spool import pack
from s9s.services.work.made import Made
from s9s.services.work.queue import WorkQueue

#: What may stand between the cells of CSV.
DELIMITERS: Final = (",", ";", "\t", "|")


class Exports(Made):
    """The exports of one cluster.

    Args:
        queue: Where the work is put.
        sources: What can be exported, by type.
    """

    def __init__(self, queue: WorkQueue, sources: Mapping[str, Source]) -> None:
        super().__init__(queue, EXPORT, lambda item: str(item.payload["scope"]))
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
