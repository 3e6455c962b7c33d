"""Routes of alerts."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import Parameter

from s9s.api.schemas.alerts import (
    AcknowledgeBody,
    AlertDocument,
    AlertList,
    AlertListParameters,
    SilenceBody,
    SilenceDocument,
    SilenceList,
    alert_document,
    alert_query,
    silence_document,
)
from s9s.api.schemas.paging import PageParameters
from s9s.api.values import duration
from s9s.domain.alerts import Rule
from s9s.domain.errors import ValidationError
from s9s.services.access import Caller
from s9s.services.live.alerts import Alerts
from s9s.services.paging import page_of

AlertId = Annotated[str, Parameter(description="Id of the alert: `alr_5d199840dc600403`")]
SilenceId = Annotated[str, Parameter(description="Id of the silence: `sil_5d199840dc600403`")]

_LONGEST_SILENCE: Final = 31 * 86_400


@get("/alerts", scope="alerts:read", parameters=AlertListParameters, tags=["Alerts"], summary="List alerts")
async def list_alerts(
    parameters: NamedDependency[AlertListParameters],
    caller: NamedDependency[Caller],
    alerts: NamedDependency[Alerts],
) -> AlertList:
    """What is or was wrong.

    With the cluster, for everybody; with nodes, for those who may see them; with jobs, for their owners and
    operators.
    """
    page = await alerts.page(
        caller,
        alert_query(
            state=parameters.state,
            rule=parameters.rule,
            severity=parameters.severity,
            subject=parameters.subject,
        ),
        sort=parameters.sort,
        descending=parameters.order == "desc",
        limit=parameters.limit,
        offset=parameters.offset,
    )
    documents = [alert_document(one) for one in page.items]
    return AlertList(page.total, page.limit, page.offset, page.has_more, documents)


@get("/alerts/{alert_id:str}", scope="alerts:read", tags=["Alerts"], summary="Get an alert")
async def get_alert(
    alert_id: AlertId, caller: NamedDependency[Caller], alerts: NamedDependency[Alerts]
) -> AlertDocument:
    """One alert."""
    return alert_document(alerts.get(alert_id, caller))


@put(
    "/alerts/{alert_id:str}/acknowledge",
    scope="alerts:write",
    payload=AcknowledgeBody,
    tags=["Alerts"],
    summary="Acknowledge an alert",
)
async def acknowledge_alert(
    alert_id: AlertId,
    payload: NamedDependency[AcknowledgeBody],
    caller: NamedDependency[Caller],
    alerts: NamedDependency[Alerts],
) -> AlertDocument:
    """Say that somebody sees to it; for operators, and for the owner of the job that it is about."""
    return alert_document(await alerts.acknowledge(alert_id, payload.comment, caller))


@get("/silences", scope="alerts:read", parameters=PageParameters, tags=["Alerts"], summary="List silences")
async def list_silences(
    parameters: NamedDependency[PageParameters],
    caller: NamedDependency[Caller],
    alerts: NamedDependency[Alerts],
) -> SilenceList:
    """What nobody is told of at the moment; for operators."""
    page = page_of(alerts.silences(caller), limit=parameters.limit, offset=parameters.offset)
    documents = [silence_document(one) for one in page.items]
    return SilenceList(page.total, page.limit, page.offset, page.has_more, documents)


@post(
    "/silences",
    scope="alerts:write",
    payload=SilenceBody,
    tags=["Alerts"],
    summary="Silence alerts",
    status_code=201,
)
async def create_silence(
    payload: NamedDependency[SilenceBody],
    caller: NamedDependency[Caller],
    alerts: NamedDependency[Alerts],
) -> Response[SilenceDocument]:
    """Have nobody told of some alerts for a while, as during maintenance; they are listed all the same.

    For operators.
    """
    seconds = duration("duration", payload.duration)
    if seconds is None or not 0 < seconds <= _LONGEST_SILENCE:
        raise ValidationError.of("duration", payload.duration, "a duration of at most 31 days, such as 2h")
    rules = [one.value for one in Rule]
    if payload.rule is not None and payload.rule not in rules:
        raise ValidationError.of("rule", payload.rule, rules)
    made = await alerts.silence(
        rule=Rule(payload.rule) if payload.rule else None,
        subject=payload.subject,
        seconds=seconds,
        reason=payload.reason,
        caller=caller,
    )
    return Response(
        silence_document(made), status_code=201, headers={"location": f"/v1/silences/{made.silence_id}"}
    )


@delete(
    "/silences/{silence_id:str}",
    scope="alerts:write",
    tags=["Alerts"],
    summary="End a silence",
    status_code=200,
)
async def end_silence(
    silence_id: SilenceId, caller: NamedDependency[Caller], alerts: NamedDependency[Alerts]
) -> SilenceDocument:
    """Have alerts told of again; for operators."""
    return silence_document(await alerts.end_silence(silence_id, caller))


ROUTES = [list_alerts, get_alert, acknowledge_alert, list_silences, create_silence, end_silence]
