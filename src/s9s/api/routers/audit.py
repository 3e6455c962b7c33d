"""Routes of the audit log."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency

from s9s.api.filters import audit_filter
from s9s.api.schemas.audit import AuditList, AuditParameters, audit_document
from s9s.services.audit import Audit


@get("/audit", scope="admin", parameters=AuditParameters, tags=["Audit"], summary="List audit records")
async def list_audit(
    parameters: NamedDependency[AuditParameters], audit: NamedDependency[Audit]
) -> AuditList:
    """What was done by whom, newest first: every write, failed login, change of a credential and refusal.

    For administrators. `s9s audit verify` tells whether the log is as it was written.
    """
    page = await audit.page(
        audit_filter(parameters),
        sort=parameters.sort,
        descending=parameters.order == "desc",
        limit=parameters.limit,
        offset=parameters.offset,
    )
    documents = [audit_document(entry) for entry in page.items]
    return AuditList(page.total, page.limit, page.offset, page.has_more, documents)


ROUTES = [list_audit]
