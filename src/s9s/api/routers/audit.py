"""Routes of the audit log."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency

from s9s.api.schemas.audit import AuditList, AuditParameters, audit_document
from s9s.api.values import csv, instant
from s9s.domain.audit import AuditFilter
from s9s.services.audit import Audit


@get("/audit", scope="admin", parameters=AuditParameters, tags=["Audit"], summary="List audit records")
async def list_audit(
    parameters: NamedDependency[AuditParameters], audit: NamedDependency[Audit]
) -> AuditList:
    """What was done by whom, newest first: every write, failed login, change of a credential and refusal.

    For administrators. `s9s audit verify` tells whether the log is as it was written.
    """
    results = csv(parameters.result)
    wanted = AuditFilter(
        users=csv(parameters.user),
        actions=csv(parameters.action),
        resource=parameters.resource,
        since=instant("since", parameters.since),
        until=instant("until", parameters.until),
        results=None if results is None else frozenset(one.upper() for one in results),
        request_id=parameters.request_id,
    )
    page = await audit.page(
        wanted,
        sort=parameters.sort,
        descending=parameters.order == "desc",
        limit=parameters.limit,
        offset=parameters.offset,
    )
    documents = [audit_document(entry) for entry in page.items]
    return AuditList(page.total, page.limit, page.offset, page.has_more, documents)


ROUTES = [list_audit]
