"""The audit log on the wire."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from s9s.api.schemas.paging import PageInfo, PageParameters, SortOrder
from s9s.domain.audit import Entry
from s9s.domain.instants import format_instant

_Record = dict[str, Any]


class AuditParameters(PageParameters, frozen=True):
    """Filters, order and page of the audit log."""

    user: Annotated[str, Meta(description="As whom it was done; names as a comma list")] | None = None
    action: Annotated[str, Meta(description="Operation ids, and `login`, as a comma list")] | None = None
    resource: Annotated[str, Meta(description="`jobs/12345`, or `jobs` for all of them")] | None = None
    since: Annotated[str, Meta(description="Earliest time")] | None = None
    until: Annotated[str, Meta(description="Latest time")] | None = None
    result: (
        Annotated[str, Meta(description="SUCCESS, PARTIAL, UNKNOWN or error codes, as a comma list")] | None
    ) = None
    request_id: Annotated[str, Meta(description="The X-Request-ID of an answer")] | None = None
    sort: Annotated[str, Meta(description="Any scalar field of a record")] = "number"
    order: Annotated[SortOrder, Meta(description="Sort order")] = "desc"


class AuditDocument(Struct, frozen=True):
    """Something that was done, or refused. What does not apply is null."""

    number: Annotated[int, Meta(description="Of the record in the log; the outcome has one of its own")]
    at: Annotated[str, Meta(examples=["2026-11-23T09:00:00Z"])]
    action: Annotated[str | None, Meta(description="Operation id, or `login`")]
    user: Annotated[str | None, Meta(description="The Slurm user as whom it was done")]
    credential: Annotated[str | None, Meta(description="Public id of the credential")]
    address: str | None
    method: str | None
    route: str | None
    resource: Annotated[str | None, Meta(description="What it was done to, or what was made by it")]
    what: Annotated[_Record | None, Meta(description="The request's fields, without secrets")]
    before: Annotated[_Record | None, Meta(description="States of resources before it")]
    after: Annotated[_Record | None, Meta(description="States of resources after it")]
    result: Annotated[
        str,
        Meta(description="SUCCESS, PARTIAL, an error code, or UNKNOWN: under way or cut short"),
    ]
    status: Annotated[int | None, Meta(description="Of the answer")]
    request_id: str | None
    hash: Annotated[str, Meta(description="SHA-256 of the record, hexadecimal")]


class AuditList(PageInfo, frozen=True):
    """A page of the audit log."""

    records: list[AuditDocument]


def audit_document(entry: Entry) -> AuditDocument:
    """A deed and its outcome as one."""
    record, end = entry.record, entry.outcome or entry.record
    return AuditDocument(
        number=record.number,
        at=format_instant(record.at),
        action=record.action,
        user=record.user,
        credential=record.credential,
        address=record.address,
        method=record.method,
        route=record.route,
        resource=entry.resource,
        what=_fields(record.what),
        before=_fields(end.before),
        after=_fields(end.after),
        result=entry.result,
        status=end.status,
        request_id=record.request_id,
        hash=record.hash.hex(),
    )


def _fields(text: str | None) -> _Record | None:
    return None if text is None else msgspec.json.decode(text, type=_Record)
