"""Questions to a `JobTable`: filters and pages. `ordering` has the orders.

Every filter is a set of rows, kept as a bitmap in the order of submission (`bitmaps`): one for each word of a
column, made when it is first asked for and kept true from then on (`sets`). What else was found holds until
the table changes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial, reduce
from operator import attrgetter, or_
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from s9s.domain.queries import JobQuery, Visibility
from s9s.snapshot.bitmaps import all_places, pack, places, rows_at
from s9s.snapshot.columns import pick
from s9s.snapshot.counts import count_by_user
from s9s.snapshot.ordering import arrange
from s9s.snapshot.rows import Rows
from s9s.snapshot.store import JobTable

#: Filters that a column answers.
_COLUMN: Final = {
    "states": "status",
    "users": "user",
    "partitions": "partition",
    "accounts": "account",
    "qos": "qos",
    "names": "job_name",
    "nodes": "nodes",
}
#: Compared without case, as Slurm does; the keys of these columns are lower case.
_CASELESS: Final = frozenset({"account", "qos"})
_FILTERS: Final = (*_COLUMN, "job_ids", "start_time", "end_time", "visibility")
_filters_of: Final = attrgetter(*_FILTERS)

#: Up to so many words the rows of each are combined; of more it is cheaper to ask every row once.
_FEW_WORDS: Final = 16
#: A column of no more values than this.
_FEW_VALUES: Final = 32
#: No more rows than this are sorted by themselves; more are picked from all rows, sorted.
_FEW: Final = 4096


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
    first, last = query.offset, query.offset + query.limit
    if query.sort != "submit_time":
        rows = _sorted(table, query, now)
        return Slots(rows[first:last].tolist(), len(rows))
    order, chosen = table.columns.order, _matching(table, query)
    if chosen is None:
        return Slots((order[::-1] if query.descending else order)[first:last].tolist(), len(order))
    total = len(chosen)
    if query.descending:
        page = places(chosen, total - last, total - first)[::-1]
    else:
        page = places(chosen, first, last)
    return Slots(pick(order, page.tolist()), total)


def visible_rows(table: JobTable, visibility: Visibility) -> Rows:
    """Slots of all that is visible, latest submission first."""
    return _rows(table, _visible(table, visibility))[::-1]


def counts_by_user(table: JobTable, visibility: Visibility) -> Mapping[str, tuple[int, int]]:
    """Running and pending jobs of each user, of those that are visible."""
    return count_by_user(table.columns, visible_rows(table, visibility))


def _sorted(table: JobTable, query: JobQuery, now: int) -> Rows:
    """Slots that pass all filters, in the order of the query."""
    order = (query.sort, query.descending, now if query.sort == "elapsed_time" else None)

    def everything() -> Rows:
        return arranged(table.columns.order)

    def arranged(rows: Rows) -> Rows:
        notes = _notes(table, rows, query.sort)
        return arrange(table.columns, rows, query.sort, query.descending, now, notes)

    chosen = _matching(table, query)
    if chosen is None:
        return table.answers.get(order, everything)

    def sifted(chosen: BitMap) -> Rows:
        rows = _rows(table, chosen)
        if len(rows) <= _FEW:
            return arranged(rows)
        is_chosen = np.zeros(table.columns.capacity, np.bool_)
        is_chosen[rows] = True
        all_rows = table.answers.get(order, everything)
        return all_rows.compress(is_chosen.take(all_rows))

    return table.answers.get((order, _filters_of(query)), sifted, chosen)


def _notes(table: JobTable, rows: Rows, field: str) -> Mapping[int, str] | None:
    """What others know of the held jobs among `rows`, by slot; ``None`` for a field of Slurm's own."""
    note_of = table.derived.get(field)
    if note_of is None:
        return None
    held = rows.compress(table.columns.numbers("priority").take(rows) == 0)
    return {slot: note for slot in held.tolist() if (note := note_of(table.jobs[slot])) is not None}


def _rows(table: JobTable, chosen: BitMap) -> Rows:
    """All slots of a set, in the order of submission."""
    return table.columns.order.take(all_places(chosen))


def _matching(table: JobTable, query: JobQuery) -> BitMap | None:
    """The rows that pass all filters; ``None``: there is no filter."""
    matching: BitMap | None = None
    for name, wanted in zip(_FILTERS, _filters_of(query), strict=True):
        if wanted is not None:
            found = _set(table, name, wanted)
            matching = found if matching is None else matching & found
    return matching


def _set(table: JobTable, name: str, wanted: Any) -> BitMap:
    """The rows that pass one filter."""
    if name in _COLUMN:
        return _with_words(table, _COLUMN[name], wanted)
    if name == "visibility":
        return _visible(table, wanted)
    if name == "job_ids":
        return _with_ids(table, wanted)
    return table.answers.get((name, wanted), _in_window, table, name, wanted)


def _with_words(table: JobTable, column: str, words: Collection[str]) -> BitMap:
    """Rows whose value in a column goes by any of these words."""
    if not 0 < len(words) <= _FEW_WORDS:
        return table.answers.get((column, words), _with_values, table, column, words)
    if len(words) > 1 and len(table.columns.vocabularies[column]) <= _FEW_VALUES:
        # Of few values few combinations are asked for, and those again and again.
        return table.answers.get((column, words), _any_of, table, column, words)
    return _any_of(table, column, words)


def _any_of(table: JobTable, column: str, words: Collection[str]) -> BitMap:
    get = table.columns.sets.get
    if column in _CASELESS:
        words = {word.lower() for word in words}
    return reduce(or_, [get(column, word, partial(_with_values, table, column, (word,))) for word in words])


def _with_values(table: JobTable, column: str, words: Collection[str]) -> BitMap:
    vocabulary = table.columns.vocabularies[column]
    codes = vocabulary.find(map(str.lower, words) if column in _CASELESS else words)
    if len(codes) == 1:
        return pack(_codes(table, column) == codes[0])
    if not codes:
        return BitMap()
    return pack(vocabulary.lookup(codes).take(_codes(table, column)))


def _with_ids(table: JobTable, wanted: Collection[str]) -> BitMap:
    return rows_at(table.columns.places(set().union(*map(table.slots_of, wanted))))


def _visible(table: JobTable, visibility: Visibility) -> BitMap:
    """Rows of any of the users, or in any of the accounts or partitions, as far as those around it allow."""
    visible = BitMap()
    wanted = {"user": visibility.users, "account": visibility.accounts, "partition": visibility.partitions}
    for column, words in wanted.items():
        if words:
            visible |= _with_words(table, column, words)
    return visible if visibility.within is None else visible & _visible(table, visibility.within)


def _in_window(table: JobTable, name: str, instant: int) -> BitMap:
    """One side of sacct's window: had not ended before `start_time`; eligible no later than `end_time`."""
    if name == "start_time":
        return pack(~(_numbers(table, "end_time") < instant))
    eligible, submitted = _numbers(table, "eligible_time"), _numbers(table, "submit_time")
    return pack(np.where(np.isnan(eligible), submitted, eligible) <= instant)


def _numbers(table: JobTable, column: str) -> npt.NDArray[np.float64]:
    """A column of numbers, by row."""
    columns = table.columns
    return table.answers.get(("by row", column), lambda: columns.numbers(column).take(columns.order))


def _codes(table: JobTable, column: str) -> npt.NDArray[Any]:
    """A column of codes, by row and as narrow as can be: comparing all rows is as fast as reading them."""
    columns = table.columns

    def by_row() -> npt.NDArray[Any]:
        width = np.min_scalar_type(len(columns.vocabularies[column]))
        return columns.codes(column).take(columns.order).astype(width)

    return table.answers.get(("by row", column), by_row)
