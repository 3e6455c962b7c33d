"""Audit records: appended one after the other, each with the hash of the one before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Select, func, insert, or_, select, update

from s9s.storage.database import Database
from s9s.storage.tables import audit, audit_head

#: Where the chain begins.
GENESIS: Final = bytes(32)
_PIECE: Final = 1000


class AuditRecord(Struct, frozen=True, kw_only=True):
    """One record as it is kept. What is not known of it is ``None``."""

    number: int = 0
    """From 1, without gaps; given when it is appended, like the hashes."""
    at: int
    """Epoch seconds."""
    kind: str
    """``intent`` before a deed, ``outcome`` after it, ``event`` for all else."""
    intent: int | None = None
    """Of an outcome: the number of its intent."""
    action: str | None = None
    user: str | None = None
    credential: str | None = None
    address: str | None = None
    method: str | None = None
    route: str | None = None
    resource: str | None = None
    what: str | None = None
    """JSON, like `before` and `after`."""
    before: str | None = None
    after: str | None = None
    result: str | None = None
    """``SUCCESS``, ``PARTIAL`` or an error code; an intent has none."""
    status: int | None = None
    request_id: str | None = None
    previous: bytes = b""
    """The hash of the record before; 32 zero bytes for the first."""
    hash: bytes = b""

    def digest(self) -> bytes:
        """What `hash` must be: SHA-256 of the fields above, in their order, as a compact JSON array in UTF-8.

        Bytes stand there as hexadecimal text.
        """
        values = [getattr(self, name) for name in self.__struct_fields__ if name != "hash"]
        return sha256(
            msgspec.json.encode([value.hex() if isinstance(value, bytes) else value for value in values])
        ).digest()


class Entry(Struct, frozen=True):
    """A deed as readers see it: its intent or event, with the outcome if there is one."""

    record: AuditRecord
    outcome: AuditRecord | None


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Filters combine; ``None`` is no filter."""

    user: str | None = None
    action: str | None = None
    resource: str | None = None
    """The resource itself and all below it: ``jobs``, ``jobs/12345``."""
    since: int | None = None
    until: int | None = None
    """Epoch seconds, both included."""
    result: str | None = None
    """``UNKNOWN`` finds intents without an outcome."""
    request_id: str | None = None


class AuditRecords:
    """The log. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, drafts: Sequence[AuditRecord]) -> list[int]:
        """Append records in one transaction, which is on disk when this returns; their numbers."""
        async with self._database.write() as connection:
            head = select(audit_head.c.number, audit_head.c.hash).with_for_update()
            number, previous = (await connection.execute(head)).one()
            records = []
            for draft in drafts:
                number += 1
                record = structs.replace(draft, number=number, previous=previous)
                records.append(structs.replace(record, hash=record.digest()))
                previous = records[-1].hash
            await connection.execute(insert(audit), [structs.asdict(record) for record in records])
            await connection.execute(update(audit_head).values(number=number, hash=previous))
        return [record.number for record in records]

    async def page(self, wanted: AuditFilter, *, limit: int, offset: int, newest_first: bool) -> list[Entry]:
        """Entries in the order of their numbers."""
        order = _deed.c.number.desc() if newest_first else _deed.c.number
        rows = _filtered(select(*_deed.c, *_outcome.c), wanted).order_by(order).limit(limit).offset(offset)
        async with self._database.read() as connection:
            return [_entry(tuple(row)) for row in await connection.execute(rows)]

    async def count(self, wanted: AuditFilter) -> int:
        """How many entries there are in all."""
        async with self._database.read() as connection:
            found: int = (await connection.execute(_filtered(select(func.count()), wanted))).scalar_one()
            return found

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


def _filtered(rows: Select[Any], wanted: AuditFilter) -> Select[Any]:
    result = func.coalesce(_outcome.c.result, _deed.c.result, "UNKNOWN")
    terms: list[ColumnElement[bool]] = [_deed.c.kind != "outcome"]
    for column, value in (
        (_deed.c.user, wanted.user),
        (_deed.c.action, wanted.action),
        (_deed.c.request_id, wanted.request_id),
        (result, wanted.result),
    ):
        if value is not None:
            terms.append(column == value)
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
