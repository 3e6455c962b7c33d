"""Alerts and silences on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from s9s.api.schemas.paging import PageInfo, PageParameters, SortOrder
from s9s.api.values import lowered, words
from s9s.domain.alerts import Alert, AlertQuery, Rule, Severity, Silence
from s9s.domain.instants import format_instant

_STATES = ("OPEN", "ACKNOWLEDGED", "RESOLVED")
_RULES = (
    "node_down, node_drained, slurmctld_unreachable, slurmdbd_unreachable, snapshot_stale, queue_wait, "
    "utilization_low, job_failed, job_timeout, job_out_of_memory"
)


class AlertListParameters(PageParameters, frozen=True):
    """Filters, order and page of the list of alerts."""

    state: Annotated[str, Meta(description="open, acknowledged, resolved, as a comma list")] | None = None
    rule: Annotated[str, Meta(description=f"{_RULES}, as a comma list")] | None = None
    severity: Annotated[str, Meta(description="info, warning, critical, as a comma list")] | None = None
    subject: Annotated[str, Meta(description="What it is about", examples=["nodes/node001"])] | None = None
    sort: Annotated[str, Meta(description="Any scalar field of an alert")] = "raised_at"
    order: Annotated[SortOrder, Meta(description="Sort order")] = "desc"


class AcknowledgeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What is said about an alert."""

    comment: Annotated[str, Meta(max_length=1024, examples=["Ticket 4711"])] | None = None


class SilenceBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What nobody is to be told of for a while."""

    duration: Annotated[str, Meta(description="For how long, at most 31 days", examples=["2h"])]
    reason: Annotated[str, Meta(min_length=1, max_length=1024, examples=["Maintenance of rack 3"])]
    rule: Annotated[str, Meta(description=f"Only this one: {_RULES}")] | None = None
    subject: (
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=320,
                description="Only what this is about; with `*` at the end all that begins so",
                examples=["nodes/node0*"],
            ),
        ]
        | None
    ) = None


class AlertDocument(Struct, frozen=True):
    """Something that somebody should know of."""

    alert_id: Annotated[str, Meta(examples=["alr_5d199840dc600403"])]
    rule: Annotated[str, Meta(description=_RULES, examples=["node_down"])]
    severity: Annotated[str, Meta(description="info, warning, critical")]
    state: Annotated[str, Meta(description="open, acknowledged, resolved")]
    subject: Annotated[str, Meta(description="What it is about", examples=["nodes/node001"])]
    message: Annotated[str, Meta(examples=["Node node001 is DOWN: Not responding"])]
    raised_at: str
    resolved_at: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None
    comment: str | None
    silenced: Annotated[bool, Meta(description="Whether a silence kept it from being told")]
    user: Annotated[str, Meta(description="The owner of the job that it is about")] | None


class AlertList(PageInfo, frozen=True):
    """A page of alerts."""

    alerts: list[AlertDocument]


class SilenceDocument(Struct, frozen=True):
    """What nobody is told of for a while."""

    silence_id: Annotated[str, Meta(examples=["sil_5d199840dc600403"])]
    rule: Annotated[str, Meta(description="null: every rule")] | None
    subject: Annotated[str, Meta(description="null: every subject")] | None
    reason: str
    created_by: str
    created_at: str
    ends_at: str


class SilenceList(PageInfo, frozen=True):
    """All silences that have not ended."""

    silences: list[SilenceDocument]


def _time(instant: int | None) -> str | None:
    return None if instant is None else format_instant(instant)


def alert_query(
    *,
    state: str | None,
    rule: str | None,
    severity: str | None,
    subject: str | None,
    ids: frozenset[str] | None = None,
) -> AlertQuery:
    """The filters as clients write them. Raises `ValidationError`."""
    return AlertQuery(
        states=lowered(words("state", state, _STATES)),
        rules=lowered(words("rule", rule, tuple(Rule.__members__))),
        severities=lowered(words("severity", severity, tuple(Severity.__members__))),
        subject=subject,
        ids=ids,
    )


def alert_document(alert: Alert) -> AlertDocument:
    """One alert."""
    return AlertDocument(
        alert_id=alert.alert_id,
        rule=alert.rule.value,
        severity=alert.severity.value,
        state=alert.state,
        subject=alert.subject,
        message=alert.message,
        raised_at=format_instant(alert.raised_at),
        resolved_at=_time(alert.resolved_at),
        acknowledged_at=_time(alert.acknowledged_at),
        acknowledged_by=alert.acknowledged_by,
        comment=alert.comment,
        silenced=alert.is_silenced,
        user=alert.user,
    )


def silence_document(silence: Silence) -> SilenceDocument:
    """One silence."""
    return SilenceDocument(
        silence_id=silence.silence_id,
        rule=silence.rule.value if silence.rule else None,
        subject=silence.subject,
        reason=silence.reason,
        created_by=silence.created_by,
        created_at=format_instant(silence.created_at),
        ends_at=format_instant(silence.ends_at),
    )
