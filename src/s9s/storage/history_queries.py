"""A list's filters and order in SQL, as `snapshot.query` has them in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, literal, null, or_, select

from s9s.domain.durations import UNLIMITED
from s9s.domain.queries import JobQuery, Visibility
from s9s.storage.history_rows import has_node
from s9s.storage.tables import finished_jobs

_c: Final = finished_jobs.c
#: Sort fields that are not called like their column.
_COLUMN: Final = {
    "memory": "memory_mib",
    "time_limit": "time_limit_seconds",
    "elapsed_time": "elapsed_seconds",
}
#: What a job has only before its end.
_NEVER: Final = frozenset({"expected_start_time", "hold_reason"})
_ENDLESS: Final = 2**40
#: Above any array task id.
_REST: Final = 2**30
#: The largest id that SQL's integers hold with certainty.
_LARGEST: Final = 2**62


def filters(connection: Connection, cluster: str, query: JobQuery) -> list[ColumnElement[bool]]:
    """What a row must meet. Asks the database itself only where nodes are asked for."""
    terms: list[ColumnElement[bool]] = [_c.cluster == cluster]
    if query.states is not None:
        states = {state.upper() for state in query.states}
        terms.append(or_(_c.state.in_(states), _listed(_c.flags, states)))
    if query.users is not None:
        terms.append(_c.user.in_(query.users))
    if query.partitions is not None:
        terms.append(_in_partitions(query.partitions))
    if query.accounts is not None:
        terms.append(_in_accounts(query.accounts))
    if query.qos is not None:
        terms.append(func.lower(_c.qos).in_({name.lower() for name in query.qos}))
    if query.names is not None:
        terms.append(_c.job_name.in_(query.names))
    if query.job_ids is not None:
        terms.append(or_(false(), *(_any_of(job_id) for job_id in query.job_ids)))
    if query.start_time is not None:
        terms.append(_c.end_time >= query.start_time)
    if query.end_time is not None:
        terms.append(func.coalesce(_c.eligible_time, _c.submit_time) <= query.end_time)
    visibility = query.visibility
    while visibility is not None:
        terms.append(_visible(visibility))
        visibility = visibility.within
    if query.nodes is not None:
        kept = connection.execute(select(_c.nodes).where(*terms, _c.nodes.is_not(None)).distinct()).scalars()
        terms.append(_c.nodes.in_([nodes for nodes in kept if has_node(nodes, query.nodes)]))
    return terms


def order(query: JobQuery) -> list[ColumnElement[Any]]:
    """The order of the query; ``None`` last in either direction, ties by numeric id."""
    keys = order_values(query.sort)
    return [key.desc().nulls_last() if query.descending else key.asc().nulls_last() for key in keys]


def order_values(sort: str) -> list[ColumnElement[Any]]:
    """What `order` compares, first the sort field's own value."""
    return [*_keys(sort), _c.numeric_id, _c.submit_time]


def address(job_id: str) -> ColumnElement[bool]:
    """The one job that an address names, by its own id or as users write it."""
    number, mark, member = _split(job_id)
    if number is None:
        return false()
    if mark == "_":
        return and_(_c.family == number, _c.array_task_id == member)
    if mark == "+":
        return and_(_c.family == number, _c.het_job_offset == member)
    return _c.numeric_id == number


def _any_of(job_id: str) -> ColumnElement[bool]:
    """All that an address stands for: of an array all its tasks."""
    number, mark, _ = _split(job_id)
    return or_(address(job_id), _c.family == number) if number is not None and not mark else address(job_id)


def _split(job_id: str) -> tuple[int | None, str, int]:
    mark = next((one for one in "_+" if one in job_id), "")
    number, _, member = job_id.partition(mark) if mark else (job_id, "", "0")
    if not all(part.isascii() and part.isdecimal() for part in (number, member)):
        return None, "", 0
    if max(int(number), int(member)) > _LARGEST:
        return None, "", 0
    return int(number), mark, int(member)


def _visible(visibility: Visibility) -> ColumnElement[bool]:
    return or_(
        false(),
        *([_c.user.in_(visibility.users)] if visibility.users else []),
        *([_in_accounts(visibility.accounts)] if visibility.accounts else []),
        *([_in_partitions(visibility.partitions)] if visibility.partitions else []),
    )


def _in_accounts(accounts: Iterable[str]) -> ColumnElement[bool]:
    return func.lower(_c.account).in_({account.lower() for account in accounts})


def _in_partitions(partitions: Iterable[str]) -> ColumnElement[bool]:
    # A job that was cancelled before its start may still have a list of them.
    wanted = set(partitions)
    return or_(_c.partition.in_(wanted), and_(_c.partition.contains(","), _listed(_c.partition, wanted)))


def _listed(column: ColumnElement[Any], words: Iterable[str]) -> ColumnElement[bool]:
    """Whether any word is in a comma list."""
    whole = literal(",").concat(column).concat(literal(","))
    return or_(false(), *(whole.contains(f",{word},", autoescape=True) for word in words))


def _keys(field: str) -> list[ColumnElement[Any]]:
    if field in _NEVER:
        return [null()]
    if field == "job_id":
        member = case(
            (_c.array_job_id.is_not(None), func.coalesce(_c.array_task_id, _REST)),
            else_=func.coalesce(_c.het_job_offset, 0),
        )
        return [func.coalesce(_c.family, _c.numeric_id), member]
    column: ColumnElement[Any] = _c[_COLUMN.get(field, field)]
    if field == "time_limit":
        return [case((column == UNLIMITED, _ENDLESS), else_=column)]
    return [column]
