"""Exports on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from s9s.api.parameters import Parameters
from s9s.api.schemas.paging import PageInfo
from s9s.domain.instants import format_instant
from s9s.domain.work import WorkItem, WorkState

ExportType = Literal["jobs", "nodes", "users", "partitions", "metrics", "efficiency", "audit"]
ExportFormat = Literal["csv", "json", "ndjson", "xlsx", "parquet", "html", "markdown"]
ExportStatus = Literal["processing", "completed", "failed", "cancelled"]

Wait = Annotated[
    float, Meta(ge=0, le=60, description="Answer when it is finished, after so many seconds at the latest")
]


class ExportParameters(Parameters, frozen=True):
    """How long to wait."""

    wait: Wait = 0


class ExportListParameters(Parameters, frozen=True):
    """Filters and page of the list of exports."""

    status: (
        Annotated[str, Meta(description="processing, completed, failed, cancelled, as a comma list")] | None
    ) = None
    user: Annotated[str, Meta(description="Exports of this user, for administrators")] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000, description="Maximum results")] = 100
    offset: Annotated[int, Meta(ge=0, le=10**12, description="Pagination offset")] = 0


class ExportOptionsBody(Struct, frozen=True, forbid_unknown_fields=True):
    """How the file is written."""

    include_headers: Annotated[bool, Meta(description="Whether the columns have headings")] = True
    delimiter: Annotated[
        str, Meta(description="Between the cells of CSV: comma, semicolon, tab or |", examples=[","])
    ] = ","
    filename: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=255,
                description="Name of the file when it is saved; the format's extension is added if it lacks",
                examples=["alice_december_jobs.csv"],
            ),
        ]
        | None
    ) = None
    bom: Annotated[
        bool, Meta(description="Begin CSV with a byte order mark, for names beyond ASCII in Excel")
    ] = False


class ExportBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be exported."""

    type: Annotated[ExportType, Meta(description="What is in the rows; audit is for administrators")]
    format: Annotated[ExportFormat, Meta(description="Of the file")] = "csv"
    filter: Annotated[
        dict[str, Any],
        Meta(
            description="The filters of the list of that type, as texts or lists; of metrics span and "
            "interval",
            examples=[{"state": "COMPLETED", "user": "alice"}],
        ),
    ] = {}
    fields: (
        Annotated[
            list[str],
            Meta(description="Columns in their order; without it all. `runtime` is `elapsed_time`"),
        ]
        | None
    ) = None
    options: ExportOptionsBody = ExportOptionsBody()


class ExportDocument(Struct, frozen=True):
    """An export."""

    export_id: Annotated[str, Meta(examples=["exp_abc123"])]
    status: ExportStatus
    download_url: Annotated[str | None, Meta(description="Where the file is, once it is completed")]
    file_size: Annotated[int | None, Meta(description="Bytes")]
    record_count: Annotated[int, Meta(description="Rows; those that are written so far while it is made")]
    progress: Annotated[float, Meta(description="0 to 1")]
    created_at: str
    completed_at: Annotated[str | None, Meta(description="When it was finished, in whatever way")]
    expires_at: Annotated[str, Meta(description="When the file is deleted")]
    type: str
    format: str
    filename: str
    checksum: Annotated[str | None, Meta(description="Of the file", examples=["sha256:9f86d081884c7d65..."])]
    error: Annotated[str | None, Meta(description="Why it failed, or why it is being tried again")]
    user: Annotated[str, Meta(description="Who asked for it")]


class ExportList(PageInfo, frozen=True):
    """A page of exports."""

    exports: list[ExportDocument]


class ExportAnswer(Struct, frozen=True):
    """What became of an export that was to be deleted."""

    export_id: str
    status: ExportStatus
    message: str


_STATUS: dict[WorkState, ExportStatus] = {
    WorkState.QUEUED: "processing",
    WorkState.RUNNING: "processing",
    WorkState.COMPLETED: "completed",
    WorkState.FAILED: "failed",
    WorkState.CANCELLED: "cancelled",
}
#: The states of work that are each status of an export.
STATES: dict[str, frozenset[WorkState]] = {
    status: frozenset(state for state, one in _STATUS.items() if one == status) for status in _STATUS.values()
}


def export_status(item: WorkItem) -> ExportStatus:
    """The contract's word."""
    return _STATUS[item.status]


def export_document(item: WorkItem, expires_at: int, url: str) -> ExportDocument:
    """An export as it stands.

    Args:
        item: The work.
        expires_at: When its file will be deleted, or was to be.
        url: Where the file will be.
    """
    is_there = item.status is WorkState.COMPLETED and item.result is not None
    result = item.result if is_there and item.result else {}
    return ExportDocument(
        export_id=item.item_id,
        status=export_status(item),
        download_url=url if is_there else None,
        file_size=result.get("file_size"),
        record_count=item.records,
        progress=round(item.progress, 4),
        created_at=format_instant(item.created_at),
        completed_at=None if item.finished_at is None else format_instant(item.finished_at),
        expires_at=format_instant(expires_at),
        type=item.payload["type"],
        format=item.payload["format"],
        filename=item.payload["filename"],
        checksum=f"sha256:{result['sha256']}" if result else None,
        error=item.error,
        user=item.owner,
    )
