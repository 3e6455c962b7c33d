"""Questions to a `JobTable`: filters and pages. `ordering` has the orders.

A filter is first asked of a column's few distinct values; the rows then follow from arrays. Whatever
was found holds until the table changes, and is kept for the next page or the next caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from s9s.domain.queries import JobQuery, Visibility
from s9s.snapshot.columns import Rows
from s9s.snapshot.counts import count_by_user
from s9s.snapshot.ordering import arrange
from s9s.snapshot.store import JobTable
from s9s.snapshot.vocabulary import Codes, Flags

#: Filters that a column answers.
_COLUMN: Final = {
    "states": "status",
    "users": "user",
    "partitions": "partition",
    "accounts": "account",
    "qos": "qos",
    "names": "job_name",
}
_SPELLING: Final = {"states": str.upper, "accounts": str.lower, "qos": str.lower}
_OTHERS: Final = ("nodes", "job_ids", "start_time", "end_time", "visibility")

#: Distinct values of a column up to which one radix sort finds the rows of every value at once.
_GROUPED: Final = 1 << 16
#: No more rows than this are sorted by themselves; more are picked from all rows, sorted.
_FEW: Final = 4096

Filter = tuple[str, Any]


class Slots(NamedTuple):
    """One page of slots and how many rows there are in all."""

    slots: list[int]
    total: int


def find(table: JobTable, query: JobQuery, now: int) -> Slots:
    """The page of `table` that `query` asks for.

    Args:
        table: All jobs.
        query: Its `sort` is one of `JOB_SORT_FIELDS`.
        now: Epoch seconds that `elapsed_time` is counted to.

    Returns:
        Slots of `table.jobs`, in the order of the page.
    """
    filters = _filters(query)
    if query.sort == "submit_time":
        rows = _matching(table, filters)
        rows = rows if query.descending else rows[::-1]
    else:
        rows = _sorted(table, filters, query, now)
    return Slots(rows[query.offset : query.offset + query.limit].tolist(), len(rows))


def visible_rows(table: JobTable, visibility: Visibility) -> Rows:
    """Slots of all that is visible, latest submission first."""
    return _matching(table, frozenset([("visibility", visibility)]))


def counts_by_user(table: JobTable, visibility: Visibility) -> Mapping[str, tuple[int, int]]:
    """Running and pending jobs of each user, of those that are visible."""
    return count_by_user(table.columns, table.jobs, visible_rows(table, visibility))


def _filters(query: JobQuery) -> frozenset[Filter]:
    filters: list[Filter] = []
    for name in _COLUMN:
        wanted = getattr(query, name)
        if wanted is not None:
            spell = _SPELLING.get(name)
            filters.append((name, frozenset(map(spell, wanted)) if spell else wanted))
    filters += [(name, wanted) for name in _OTHERS if (wanted := getattr(query, name)) is not None]
    return frozenset(filters)


def _sorted(table: JobTable, filters: frozenset[Filter], query: JobQuery, now: int) -> Rows:
    """Slots that pass all filters, in the order of the query."""
    order = (query.sort, query.descending, now if query.sort == "elapsed_time" else None)

    def pick() -> Rows:
        rows = _matching(table, filters)
        if not filters or len(rows) <= _FEW:
            notes = _notes(table, rows, query.sort)
            return arrange(table.columns, rows, query.sort, query.descending, now, notes)
        chosen = np.zeros(table.columns.capacity, np.bool_)
        chosen[rows] = True
        everything = _sorted(table, frozenset(), query, now)
        return everything.compress(chosen.take(everything))

    return table.answers.get((filters, order), pick)


def _notes(table: JobTable, rows: Rows, field: str) -> Mapping[int, str] | None:
    """What others know of the held jobs among `rows`, by slot; ``None`` for a field of Slurm's own."""
    note_of = table.derived.get(field)
    if note_of is None:
        return None
    held = rows.compress(table.columns.numbers("priority").take(rows) == 0)
    return {slot: note for slot in held.tolist() if (note := note_of(table.jobs[slot])) is not None}


def _matching(table: JobTable, filters: frozenset[Filter]) -> Rows:
    """Slots that pass all filters, latest submission first."""
    if not filters:
        return table.columns.order
    return table.answers.get(filters, lambda: _match(table, filters))


def _match(table: JobTable, filters: frozenset[Filter]) -> Rows:
    tests = sorted(((_test(table, *item), item) for item in filters), key=lambda pair: pair[0].at_most)
    first, item = tests[0]
    if len(tests) > 1 and (first.rows is None or first.at_most > _FEW):
        # Worth to be kept: many ask for PENDING and something else.
        rows = _matching(table, frozenset([item]))
    elif first.rows is not None:
        rows = first.rows()
    else:
        rows = table.columns.order.compress(first.passes(table.columns.order))
    for test, _ in tests[1:]:
        rows = rows.compress(test.passes(rows))
    return rows


class _Test(NamedTuple):
    """One filter, ready to be asked of rows."""

    at_most: int
    """No more rows than this pass."""
    passes: Callable[[Rows], Flags]
    rows: Callable[[], Rows] | None = None
    """A way to all rows that pass, in order, that is shorter than asking every row."""


def _test(table: JobTable, name: str, wanted: Any) -> _Test:
    if name in _COLUMN:
        column = _COLUMN[name]
        return _with_codes(table, column, table.columns.vocabularies[column].find(wanted))
    if name == "nodes":
        allocations = table.columns.vocabularies["nodes"].values
        codes = [code for code, nodes in enumerate(allocations) if nodes and not wanted.isdisjoint(nodes)]
        return _with_codes(table, "nodes", codes)
    if name == "job_ids":
        return _with_slots(table, set().union(*map(table.slots_of, wanted)))
    if name == "visibility":
        return _visible(table, wanted)
    return _in_window(table, name, wanted)


def _with_codes(table: JobTable, column: str, codes: list[int]) -> _Test:
    """Rows that have any of `codes` in `column`."""
    vocabulary, values = table.columns.vocabularies[column], table.columns.codes(column)
    count = sum(map(vocabulary.uses.item, codes))
    grouped = len(vocabulary) <= _GROUPED and (len(codes) == 1 or count <= _FEW)
    return _Test(
        count,
        lambda rows: vocabulary.lookup(codes).take(values.take(rows)),
        (lambda: _grouped(table, column, codes)) if grouped else None,
    )


def _with_slots(table: JobTable, slots: Iterable[int]) -> _Test:
    """These very rows."""
    rows = table.columns.in_order(np.array(sorted(slots), np.int32))
    return _Test(len(rows), lambda others: np.isin(others, rows), lambda: rows)


def _visible(table: JobTable, visibility: Visibility) -> _Test:
    """Rows of any of the users, or in any of the accounts or partitions, as far as those around it allow."""
    accounts = {account.lower() for account in visibility.accounts}
    wanted = {"users": visibility.users, "accounts": accounts, "partitions": visibility.partitions}
    tests = [_test(table, name, values) for name, values in wanted.items() if values]
    at_most = sum(test.at_most for test in tests)
    around = _visible(table, visibility.within) if visibility.within else None

    def passes(rows: Rows) -> Flags:
        flags = np.zeros(len(rows), np.bool_)
        for test in tests:
            flags |= test.passes(rows)
        return flags if around is None else flags & around.passes(rows)

    return _Test(at_most if around is None else min(at_most, around.at_most), passes)


def _in_window(table: JobTable, name: str, instant: int) -> _Test:
    """One side of sacct's window: had not ended before `start_time`; eligible no later than `end_time`."""
    numbers = table.columns.numbers
    if name == "start_time":
        return _Test(len(table), lambda rows: ~(numbers("end_time").take(rows) < instant))

    def came_in_time(rows: Rows) -> Flags:
        eligible, submitted = numbers("eligible_time").take(rows), numbers("submit_time").take(rows)
        early: Flags = np.where(np.isnan(eligible), submitted, eligible) <= instant
        return early

    return _Test(len(table), came_in_time)


def _grouped(table: JobTable, column: str, codes: list[int]) -> Rows:
    """The rows with any of few codes, cut out of all rows grouped by code."""
    columns, vocabulary = table.columns, table.columns.vocabularies[column]
    if not codes:
        return columns.order[:0]

    def group() -> Rows:
        values = columns.codes(column).take(columns.order).astype(np.uint16)
        return np.argsort(values, kind="stable").astype(np.int32)

    def ends() -> Codes:
        return np.cumsum(vocabulary.uses[: len(vocabulary)], dtype=np.int32)

    places = table.answers.get(("places", column), group)
    end_of, uses = table.answers.get(("ends", column), ends), vocabulary.uses
    parts = [places[end_of[code] - uses[code] : end_of[code]] for code in codes]
    return columns.order.take(parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts)))
