"""Routes of reports."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import Parameter

from s9s.api.downloads import File, download
from s9s.api.links import absolute
from s9s.api.schemas.exports import export_status
from s9s.api.schemas.reports import (
    STATES,
    ReportAnswer,
    ReportBody,
    ReportDocument,
    ReportList,
    ReportListParameters,
    ReportWaitParameters,
    report_document,
    report_request,
)
from s9s.api.values import csv, lowered, words
from s9s.domain.errors import ValidationError
from s9s.domain.reports import ReportFormat, ReportType
from s9s.domain.work import WorkItem
from s9s.services.access import Caller
from s9s.services.reports.service import Reports

ReportId = Annotated[str, Parameter(description="Report id: `rep_...`")]
_TYPES = tuple(kind.value.upper() for kind in ReportType)
#: What browsers and programs take each format for.
_MEDIA_TYPES = {
    ReportFormat.PDF: "application/pdf",
    ReportFormat.HTML: "text/html; charset=utf-8",
    ReportFormat.CSV: "text/csv; charset=utf-8",
    ReportFormat.JSON: "application/json",
    ReportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@post(
    "/reports",
    scope="reports:write",
    payload=ReportBody,
    parameters=ReportWaitParameters,
    tags=["Reports"],
    summary="Generate a report",
    status_code=201,
)
async def create_report(
    request: Request[Any, Any, Any],
    payload: NamedDependency[ReportBody],
    parameters: NamedDependency[ReportWaitParameters],
    caller: NamedDependency[Caller],
    reports: NamedDependency[Reports],
) -> Response[ReportDocument]:
    """Have a report made of what the caller may see now.

    It is made in the background and kept for a month; `wait` answers as soon as it is there. A utilization
    report takes `metrics:read` too, all others `jobs:read`.
    """
    plan = await reports.plan(report_request(payload), caller)
    item = await reports.create(plan, caller)
    if parameters.wait:
        item = await reports.get(item.item_id, caller, wait_seconds=parameters.wait)
    headers = {"location": f"/v1/reports/{item.item_id}"}
    document = await _document(request, item, reports, secret=plan.request.delivery.secret)
    return Response(document, status_code=201, headers=headers)


@get(
    "/reports",
    scope="reports:read",
    parameters=ReportListParameters,
    tags=["Reports"],
    summary="List reports",
)
async def list_reports(
    request: Request[Any, Any, Any],
    parameters: NamedDependency[ReportListParameters],
    caller: NamedDependency[Caller],
    reports: NamedDependency[Reports],
) -> ReportList:
    """The caller's reports, the newest first; administrators see everybody's."""
    wanted = csv(parameters.status)
    if wanted is not None and (unknown := wanted - STATES.keys()):
        raise ValidationError.of("status", ",".join(sorted(unknown)), sorted(STATES))
    types = lowered(words("type", parameters.type, _TYPES))
    page = await reports.page(
        caller,
        user=parameters.user,
        matches=lambda item: types is None or item.payload["request"]["type"] in types,
        states=None if wanted is None else frozenset().union(*(STATES[one] for one in wanted)),
        limit=parameters.limit,
        offset=parameters.offset,
    )
    documents = [await _document(request, item, reports) for item in page.items]
    return ReportList(page.total, page.limit, page.offset, page.has_more, documents)


@get(
    "/reports/{report_id:str}",
    scope="reports:read",
    parameters=ReportWaitParameters,
    tags=["Reports"],
    summary="Get report status",
)
async def get_report(
    request: Request[Any, Any, Any],
    report_id: ReportId,
    parameters: NamedDependency[ReportWaitParameters],
    caller: NamedDependency[Caller],
    reports: NamedDependency[Reports],
) -> ReportDocument:
    """How far it is; `wait` answers as soon as it is finished."""
    item = await reports.get(report_id, caller, wait_seconds=parameters.wait)
    return await _document(request, item, reports)


@get(
    "/reports/{report_id:str}/download",
    scope="reports:read",
    file=True,
    tags=["Reports"],
    summary="Download a report",
)
async def download_report(
    request: Request[Any, Any, Any],
    report_id: ReportId,
    caller: NamedDependency[Caller],
    reports: NamedDependency[Reports],
) -> Response[bytes]:
    """The file; a `Range` of it, too. 409 as long as it is not there, 404 after `expires_at`."""
    item = await reports.file(report_id, caller)
    assert item.result is not None
    file = File(
        name=item.payload["filename"],
        media_type=_MEDIA_TYPES[ReportFormat(item.payload["request"]["format"])],
        size=item.result["file_size"],
        sha256=item.result["sha256"],
    )
    return await download(request, file, lambda start, end: reports.read(item, start, end))


@delete(
    "/reports/{report_id:str}",
    scope="reports:write",
    tags=["Reports"],
    summary="Delete a report",
    status_code=200,
)
async def delete_report(
    report_id: ReportId, caller: NamedDependency[Caller], reports: NamedDependency[Reports]
) -> ReportAnswer:
    """Cancel a report that is being made; delete one that is finished, with its file."""
    before, is_deleted = await reports.cancel(report_id, caller)
    message = "Report deleted" if is_deleted else "Report cancelled"
    return ReportAnswer(report_id, export_status(before), message)


ROUTES = [create_report, list_reports, get_report, download_report, delete_report]


async def _document(
    request: Request[Any, Any, Any], item: WorkItem, reports: Reports, *, secret: str | None = None
) -> ReportDocument:
    url = absolute(request, f"/v1/reports/{item.item_id}/download")
    delivered = await reports.delivery(item)
    return report_document(item, reports.expiry(item), url, delivered, secret=secret)
