"""The filters of lists to queries, for lists and for whatever else takes the same filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from s9s.api.pages import read_job_query
from s9s.api.parameters import Parameters, read_parameters
from s9s.api.schemas.audit import AuditParameters
from s9s.api.schemas.jobs import JobListParameters
from s9s.api.schemas.metrics import PerformanceParameters
from s9s.api.schemas.nodes import NodeListParameters
from s9s.api.schemas.partitions import PartitionListParameters
from s9s.api.schemas.users import UserListParameters
from s9s.api.values import csv, hostlist, instant, lowered, node_states, words
from s9s.domain.audit import AuditFilter
from s9s.domain.errors import ValidationError
from s9s.services.exports.sources import PartitionQuery, SeriesQuery, UserQuery
from s9s.services.nodes import NodeQuery


def node_query(asked: NodeListParameters) -> NodeQuery:
    """Filters, order and page of nodes. Raises `ValidationError`, as all of these."""
    return NodeQuery(
        states=node_states(asked.state),
        partitions=csv(asked.partition),
        features=csv(asked.features),
        available=asked.available,
        names=hostlist("node", asked.node),
        sort=asked.sort,
        descending=asked.order == "desc",
        limit=asked.limit,
        offset=asked.offset,
    )


def user_query(asked: UserListParameters) -> UserQuery:
    """Filters of users."""
    levels = words("admin_level", asked.admin_level, ("NONE", "OPERATOR", "ADMINISTRATOR"))
    return UserQuery(
        names=csv(asked.user), accounts=lowered(csv(asked.account)), admin_levels=lowered(levels)
    )


def partition_query(asked: PartitionListParameters) -> PartitionQuery:
    """Filters of partitions."""
    return PartitionQuery(states=words("state", asked.state, ("UP", "DOWN", "DRAIN", "INACTIVE")))


def audit_filter(asked: AuditParameters) -> AuditFilter:
    """Filters of audit records."""
    results = csv(asked.result)
    return AuditFilter(
        users=csv(asked.user),
        actions=csv(asked.action),
        resource=asked.resource,
        since=instant("since", asked.since),
        until=instant("until", asked.until),
        results=None if results is None else frozenset(one.upper() for one in results),
        request_id=asked.request_id,
    )


def series_query(asked: PerformanceParameters) -> SeriesQuery:
    """Which spans of time."""
    return SeriesQuery(
        start=instant("start_time", asked.start_time),
        end=instant("end_time", asked.end_time),
        interval=asked.interval,
        partition=asked.partition,
    )


#: What of a list's parameters is no filter.
_PAGE: Final = frozenset({"limit", "offset", "sort", "order"})
_MODELS: Final[dict[str, tuple[type[Parameters], Any]]] = {
    "jobs": (JobListParameters, None),
    "efficiency": (JobListParameters, None),
    "metrics": (PerformanceParameters, series_query),
    "nodes": (NodeListParameters, node_query),
    "users": (UserListParameters, user_query),
    "partitions": (PartitionListParameters, partition_query),
    "audit": (AuditParameters, audit_filter),
}


def named_filter(kind: str, given: Mapping[str, Any]) -> Struct:
    """The filters of a list, given as a JSON object, as its query.

    Raises `ValidationError` that names ``filter.state``.
    """
    model, make = _MODELS[kind]
    allowed = sorted({one.encode_name for one in msgspec.structs.fields(model)} - _PAGE)
    texts: dict[str, str] = {}
    for name, value in given.items():
        if name not in allowed:
            raise ValidationError.of(f"filter.{name}", value, allowed, f"Unknown filter of {kind}: {name}")
        if value is not None:
            texts[name] = _text(name, value)
    try:
        query_string = urlencode(texts).encode()
        query: Struct = (
            read_job_query(query_string) if make is None else make(read_parameters(model, query_string))
        )
    except UnicodeEncodeError as error:
        raise ValidationError.of("filter", ascii(given), "text in UTF-8") from error
    except ValidationError as error:
        details = dict(error.details)
        details["parameter"] = f"filter.{details['parameter']}" if "parameter" in details else "filter"
        raise ValidationError(error.message, **details) from error
    return query


def _text(name: str, value: Any) -> str:
    if isinstance(value, list) and not any(isinstance(one, list | dict) or one is None for one in value):
        return ",".join(_text(name, one) for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValidationError.of(f"filter.{name}", value, "text, a number, true or false, or a list of these")
