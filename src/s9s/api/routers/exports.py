"""Routes of exports."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import Parameter

from s9s.api.downloads import File, download
from s9s.api.filters import named_filter
from s9s.api.links import absolute
from s9s.api.schemas.exports import (
    STATES,
    ExportAnswer,
    ExportBody,
    ExportDocument,
    ExportList,
    ExportListParameters,
    ExportParameters,
    export_document,
    export_status,
)
from s9s.api.values import csv
from s9s.domain.errors import ValidationError
from s9s.domain.exports import ExportOptions, ExportRequest
from s9s.domain.work import WorkItem
from s9s.formats import FORMATS
from s9s.services.access import Caller
from s9s.services.exports.service import Exports

ExportId = Annotated[str, Parameter(description="Export id: `exp_...`")]


@post(
    "/export",
    payload=ExportBody,
    parameters=ExportParameters,
    tags=["Exports"],
    summary="Export data",
    status_code=201,
)
async def export_data(
    request: Request[Any, Any, Any],
    payload: NamedDependency[ExportBody],
    parameters: NamedDependency[ExportParameters],
    caller: NamedDependency[Caller],
    exports: NamedDependency[Exports],
) -> Response[ExportDocument]:
    """Have rows written to a file: exactly those that the caller may see now.

    Takes the scope of the list (`jobs:read` for jobs). The file is made in the background and kept for a day;
    `wait` answers as soon as it is there.
    """
    return await _create(request, payload, parameters, caller, exports)


@post(
    "/exports",
    payload=ExportBody,
    parameters=ExportParameters,
    tags=["Exports"],
    summary="Export data (the same as /export)",
    status_code=201,
)
async def create_export(
    request: Request[Any, Any, Any],
    payload: NamedDependency[ExportBody],
    parameters: NamedDependency[ExportParameters],
    caller: NamedDependency[Caller],
    exports: NamedDependency[Exports],
) -> Response[ExportDocument]:
    """The same as `POST /v1/export`."""
    return await _create(request, payload, parameters, caller, exports)


@get("/exports", parameters=ExportListParameters, tags=["Exports"], summary="List exports")
async def list_exports(
    request: Request[Any, Any, Any],
    parameters: NamedDependency[ExportListParameters],
    caller: NamedDependency[Caller],
    exports: NamedDependency[Exports],
) -> ExportList:
    """The caller's exports, the newest first; administrators see everybody's."""
    wanted = csv(parameters.status)
    if wanted is not None and (unknown := wanted - STATES.keys()):
        raise ValidationError.of("status", ",".join(sorted(unknown)), sorted(STATES))
    states = None if wanted is None else frozenset().union(*(STATES[one] for one in wanted))
    page = await exports.page(
        caller, user=parameters.user, states=states, limit=parameters.limit, offset=parameters.offset
    )
    documents = [_document(request, item, exports) for item in page.items]
    return ExportList(page.total, page.limit, page.offset, page.has_more, documents)


@get("/exports/{export_id:str}", parameters=ExportParameters, tags=["Exports"], summary="Get export status")
async def get_export(
    request: Request[Any, Any, Any],
    export_id: ExportId,
    parameters: NamedDependency[ExportParameters],
    caller: NamedDependency[Caller],
    exports: NamedDependency[Exports],
) -> ExportDocument:
    """How far it is; `wait` answers as soon as it is finished."""
    item = await exports.get(export_id, caller, wait_seconds=parameters.wait)
    return _document(request, item, exports)


@get("/exports/{export_id:str}/download", file=True, tags=["Exports"], summary="Download export")
async def download_export(
    request: Request[Any, Any, Any],
    export_id: ExportId,
    caller: NamedDependency[Caller],
    exports: NamedDependency[Exports],
) -> Response[bytes]:
    """The file; a `Range` of it, too. 409 as long as it is not there, 404 after `expires_at`."""
    item = await exports.file(export_id, caller)
    assert item.result is not None
    file = File(
        name=item.payload["filename"],
        media_type=FORMATS[item.payload["format"]].media_type,
        size=item.result["file_size"],
        sha256=item.result["sha256"],
    )
    return await download(request, file, lambda start, end: exports.read(item, start, end))


@delete("/exports/{export_id:str}", tags=["Exports"], summary="Delete an export", status_code=200)
async def delete_export(
    export_id: ExportId, caller: NamedDependency[Caller], exports: NamedDependency[Exports]
) -> ExportAnswer:
    """Cancel an export that is being made; delete one that is finished, with its file."""
    before, is_deleted = await exports.cancel(export_id, caller)
    message = "Export deleted" if is_deleted else "Export cancelled"
    return ExportAnswer(export_id, export_status(before), message)


ROUTES = [export_data, create_export, list_exports, get_export, download_export, delete_export]


async def _create(
    request: Request[Any, Any, Any],
    payload: ExportBody,
    parameters: ExportParameters,
    caller: Caller,
    exports: Exports,
) -> Response[ExportDocument]:
    options = payload.options
    item = await exports.create(
        ExportRequest(
            type=payload.type,
            format=payload.format,
            fields=None if payload.fields is None else tuple(payload.fields),
            filter=named_filter(payload.type, payload.filter),
            given=payload.filter,
            options=ExportOptions(
                include_headers=options.include_headers,
                delimiter=options.delimiter,
                bom=options.bom,
                filename=options.filename,
            ),
        ),
        caller,
    )
    if parameters.wait:
        item = await exports.get(item.item_id, caller, wait_seconds=parameters.wait)
    headers = {"location": f"/v1/exports/{item.item_id}"}
    return Response(_document(request, item, exports), status_code=201, headers=headers)


def _document(request: Request[Any, Any, Any], item: WorkItem, exports: Exports) -> ExportDocument:
    url = absolute(request, f"/v1/exports/{item.item_id}/download")
    return export_document(item, exports.expiry(item), url)
