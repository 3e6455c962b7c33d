"""Whether an event is for a subscriber: the lists' filters and rules of permission, for one record."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from enum import Enum

from msgspec import Struct

from s9s.domain.alerts import AlertQuery
from s9s.domain.events import Action, Channel, Event
from s9s.domain.jobs import Job
from s9s.domain.queries import JobQuery, Visibility
from s9s.services.access import may_see_job
from s9s.services.nodes import NodeQuery, node_matches
from s9s.snapshot.addresses import stands_for
from s9s.snapshot.arrays import parse_address


class Filter(Struct, frozen=True, kw_only=True):
    """What of a channel somebody wants. Hashable: those who want the same are told together."""

    channel: Channel
    jobs: JobQuery | None = None
    nodes: NodeQuery | None = None
    alerts: AlertQuery | None = None
    ids: frozenset[str] | None = None
    """Of other channels: only these resources."""


class Sight(Struct, frozen=True):
    """What a caller may see of a channel. Hashable."""

    visibility: Visibility | None = None
    """Of jobs; ``None``: all of them."""
    nodes: bool = True
    """Whether alerts about nodes may be seen."""
    refused: str | None = None
    """Why nothing of this channel may be seen any more; ``None``: something may."""


class Telling(Enum):
    """What a subscriber is told of an event."""

    NOTHING = 0
    ALL = 1
    GONE = 2
    """Only that the resource is gone, for them: they may not see any more what it is."""


def telling(wanted: Filter, sight: Sight, one: Event) -> Telling:
    """What somebody is told of an event: whatever matches after it, or did before it."""
    if sight.refused is not None:
        return Telling.NOTHING
    if one.channel is Channel.JOBS:
        return _telling_of_job(wanted.jobs, sight.visibility, one)
    if one.channel is Channel.NODES:
        query = wanted.nodes
        matches = query is None or any(
            node is not None and node_matches(node, query) for node in (one.node, one.node_before)
        )
    elif one.channel is Channel.ALERTS:
        if (one.job is not None and not may_see_job(sight.visibility, one.job)) or (
            one.node is not None and not sight.nodes
        ):
            return Telling.NOTHING
        matches = wanted.alerts is None or _matches_alert(wanted.alerts, one)
    else:
        matches = wanted.ids is None or one.resource_id in wanted.ids
    return Telling.ALL if matches else Telling.NOTHING


def _matches_alert(query: AlertQuery, one: Event) -> bool:
    """Whether an alert is wanted, or was before: one that leaves the filter is told once more."""
    alert = one.alert
    if alert is None:  # kept by an older version
        return query.ids is None or one.resource_id in query.ids
    return query.matches(alert) or (one.action is not Action.CREATED and query.matches(alert.before))


def _telling_of_job(query: JobQuery | None, visibility: Visibility | None, one: Event) -> Telling:
    before, after = one.job_before, one.job
    if after is not None and may_see_job(visibility, after):
        if query is None or job_matches(after, query):
            return Telling.ALL
        was_told = before is not None and job_matches(before, query) and may_see_job(visibility, before)
        return Telling.ALL if was_told else Telling.NOTHING
    if before is None or not may_see_job(visibility, before):
        return Telling.NOTHING
    if query is not None and not job_matches(before, query):
        return Telling.NOTHING
    return Telling.ALL if after is None else Telling.GONE


def job_matches(job: Job, query: JobQuery) -> bool:
    """Whether one job passes the filters of a query, as `snapshot.query.find` has it for all."""
    return (
        (query.states is None or job.state in query.states or not query.states.isdisjoint(job.flags))
        and (query.users is None or job.user in query.users)
        and (query.partitions is None or not query.partitions.isdisjoint(job.partition.split(",")))
        and (query.accounts is None or (job.account or "").lower() in _lowered(query.accounts))
        and (query.qos is None or (job.qos or "").lower() in _lowered(query.qos))
        and (query.names is None or job.job_name in query.names)
        and (query.nodes is None or not query.nodes.isdisjoint(job.nodes))
        and (query.job_ids is None or _has_address(job, query.job_ids))
        and (query.start_time is None or job.end_time is None or job.end_time >= query.start_time)
        and (query.end_time is None or (job.eligible_time or job.submit_time) <= query.end_time)
    )


def _lowered(names: frozenset[str]) -> set[str]:
    return {name.lower() for name in names}


def _has_address(job: Job, job_ids: frozenset[str]) -> bool:
    if not job_ids.isdisjoint(addresses_of(job)):
        return True
    if job.array_tasks is None:
        return False
    # A task that has no record of its own yet.
    found = (parse_address(job_id) for job_id in job_ids)
    return any(
        one is not None and one.kind == "_" and one.number == job.array_job_id and stands_for(job, one.member)
        for one in found
    )


def addresses_of(job: Job) -> Iterator[str]:
    """Everything that a job, or what it is a member of, is called by."""
    yield job.job_id
    yield str(job.numeric_id)
    if job.array_job_id is not None:
        yield str(job.array_job_id)
    if job.het_job_id is not None:
        yield str(job.het_job_id)


Key = tuple[str, Hashable]

#: Where those are found who want everything of a channel.
EVERYTHING: Key = ("", None)


def keys_of_filter(wanted: Filter, sight: Sight) -> list[Key]:
    """Under which keys events are to be looked for that could be wanted: the narrowest there are."""
    if wanted.channel is Channel.NODES and wanted.nodes is not None and wanted.nodes.names is not None:
        return [("node", name) for name in wanted.nodes.names]
    if wanted.alerts is not None and wanted.alerts.ids is not None:
        return [("id", one) for one in wanted.alerts.ids]
    if wanted.channel is not Channel.JOBS:
        return [EVERYTHING] if wanted.ids is None else [("id", one) for one in wanted.ids]
    query = wanted.jobs or JobQuery()
    if query.job_ids is not None:
        return [("id", key) for one in query.job_ids for key in (one, one.partition("_")[0])]
    if query.users is not None:
        return [("user", user) for user in query.users]
    seen = sight.visibility
    while seen is not None:
        if seen.users and not seen.accounts and not seen.partitions:
            return [("user", user) for user in seen.users]
        seen = seen.within
    if query.accounts is not None:
        return [("account", account.lower()) for account in query.accounts]
    if query.names is not None:
        return [("name", name) for name in query.names]
    if query.partitions is not None:
        return [("partition", name) for name in query.partitions]
    if query.states is not None:
        return [("state", state) for state in query.states]
    return [EVERYTHING]


def keys_of_event(one: Event) -> set[Key]:
    """Under which keys those are found who could want an event."""
    keys: set[Key] = {EVERYTHING}
    for job in (one.job, one.job_before):
        if job is None:
            continue
        keys.update(("id", address) for address in addresses_of(job))
        keys.update(("partition", name) for name in job.partition.split(","))
        keys.update(("state", word) for word in (job.state, *job.flags))
        keys.add(("user", job.user))
        keys.add(("name", job.job_name))
        keys.add(("account", (job.account or "").lower()))
    if one.channel is Channel.NODES:
        keys.add(("node", one.resource_id))
    elif one.channel is not Channel.JOBS:
        keys.add(("id", one.resource_id))
    return keys
