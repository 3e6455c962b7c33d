"""Audit records: appended one after the other, each with the hash of the one before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import structs
from sqlalchemy import ColumnElement, Select, func, insert, or_, select, update

from s9s.domain.audit import UNKNOWN, AuditFilter, AuditRecord, Entry
from s9s.storage.database import Database, OnDisk
from s9s.storage.prepared import Prepared, Run
from s9s.storage.tables import audit, audit_head

_PIECE: Final = 1000

_HEAD: Final = Prepared(select(audit_head.c.number, audit_head.c.hash).with_for_update())
_INSERT: Final = Prepared(insert(audit), *audit.c.keys())
_MOVE: Final = Prepared(update(audit_head), "number", "hash")


class AuditRecords:
    """The log. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, drafts: Sequence[AuditRecord]) -> tuple[list[int], OnDisk]:
        """Append records in one transaction; their numbers, and what waits until they are on disk.

        If there are only outcomes among them, nobody does: those survive whatever the
        process does, and a power failure right after leaves their intents without, which says so.
        """

        def write(run: Run) -> list[int]:
            [(last, previous)] = run(_HEAD)
            for number, draft in enumerate(drafts, last + 1):
                record = structs.replace(draft, number=number, previous=previous)
                previous = record.digest()
                run(_INSERT, structs.asdict(structs.replace(record, hash=previous)))
            run(_MOVE, {"number": last + len(drafts), "hash": previous})
            return list(range(last + 1, last + 1 + len(drafts)))

        flushes = any(draft.kind != "outcome" for draft in drafts)
        return await self._database.commit_early(write, flushes=flushes)

    async def page(
        self, wanted: AuditFilter, *, sort: str, descending: bool, limit: int, offset: int
    ) -> list[Entry]:
        """Entries in the order of one of `SORT_KEYS`, ties in the order of their numbers."""
        key, number = SORT_KEYS[sort], _deed.c.number
        order = (key.desc().nulls_last(), number.desc()) if descending else (key.nulls_last(), number)
        rows = _filtered(select(*_deed.c, *_outcome.c), wanted).order_by(*order).limit(limit).offset(offset)
        async with self._database.read() as connection:
            return [_entry(tuple(row)) for row in await connection.execute(rows)]

    async def count(self, wanted: AuditFilter) -> int:
        """How many entries there are in all."""
        async with self._database.read() as connection:
            found: int = (await connection.execute(_filtered(select(func.count()), wanted))).scalar_one()
            return found

    def scan_count(self, wanted: AuditFilter) -> int:
        """As `count`, in the thread of whoever asks."""
        with self._database.scan() as connection:
            found: int = connection.execute(_filtered(select(func.count()), wanted)).scalar_one()
            return found

    def scan(self, wanted: AuditFilter) -> Iterator[list[Entry]]:
        """All entries, oldest first, as of one moment, in the thread of whoever asks."""
        rows = _filtered(select(*_deed.c, *_outcome.c), wanted).order_by(_deed.c.number)
        with self._database.scan() as connection:
            result = connection.execution_options(yield_per=_PIECE).execute(rows)
            for piece in result.partitions():
                yield [_entry(tuple(row)) for row in piece]

    async def walk(self, after: int = 0) -> AsyncIterator[AuditRecord]:
        """Every record beyond a number, in order, each piece in a transaction of its own."""
        while True:
            rows = select(audit).where(audit.c.number > after).order_by(audit.c.number).limit(_PIECE)
            async with self._database.read() as connection:
                piece = [_record(dict(row._mapping)) for row in await connection.execute(rows)]
            for record in piece:
                yield record
            if len(piece) < _PIECE:
                return
            after = piece[-1].number

    async def head(self) -> tuple[int, bytes]:
        """Number and hash of the newest record; 0 and `GENESIS` when there is none."""
        async with self._database.read() as connection:
            number, digest = (await connection.execute(select(audit_head.c.number, audit_head.c.hash))).one()
            return number, digest


_deed = audit.alias("deed")
_outcome = audit.alias("outcome")
_WIDTH: Final = len(audit.columns)
_result = func.coalesce(_outcome.c.result, _deed.c.result, UNKNOWN)

#: What entries can be ordered by.
SORT_KEYS: Final[Mapping[str, ColumnElement[Any]]] = {
    **{
        name: _deed.c[name]
        for name in ("number", "at", "action", "user", "credential", "address", "method", "route")
    },
    "resource": func.coalesce(_outcome.c.resource, _deed.c.resource),
    "result": _result,
    "status": func.coalesce(_outcome.c.status, _deed.c.status),
    "request_id": _deed.c.request_id,
}


def _filtered(rows: Select[Any], wanted: AuditFilter) -> Select[Any]:
    terms: list[ColumnElement[bool]] = [_deed.c.kind != "outcome"]
    chosen = (
        (_deed.c.user, wanted.users),
        (_deed.c.action, wanted.actions),
        (_result, wanted.results),
    )
    terms += [column.in_(values) for column, values in chosen if values is not None]
    if wanted.request_id is not None:
        terms.append(_deed.c.request_id == wanted.request_id)
    if wanted.resource is not None:
        names = [_deed.c.resource, _outcome.c.resource]
        below = [name.startswith(f"{wanted.resource}/", autoescape=True) for name in names]
        terms.append(or_(*(name == wanted.resource for name in names), *below))
    if wanted.since is not None:
        terms.append(_deed.c.at >= wanted.since)
    if wanted.until is not None:
        terms.append(_deed.c.at <= wanted.until)
    return rows.select_from(_deed.outerjoin(_outcome, _outcome.c.intent == _deed.c.number)).where(*terms)


def _entry(values: tuple[Any, ...]) -> Entry:
    names = [column.name for column in audit.columns]
    deed = dict(zip(names, values[:_WIDTH], strict=True))
    outcome = dict(zip(names, values[_WIDTH:], strict=True))
    return Entry(_record(deed), None if outcome["number"] is None else _record(outcome))


def _record(values: dict[str, Any]) -> AuditRecord:
    return AuditRecord(**values)
