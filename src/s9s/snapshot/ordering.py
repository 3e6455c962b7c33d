"""The orders in which jobs can be listed, besides that of submission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from s9s.domain.durations import UNLIMITED
from s9s.domain.queries import JOB_SORT_FIELDS
from s9s.snapshot.columns import Columns
from s9s.snapshot.records import CODES, NUMBERS
from s9s.snapshot.rows import Rows
from s9s.snapshot.vocabulary import NOTHING

Values = npt.NDArray[np.float64]

#: Sort fields that are strings.
TEXTS: Final = tuple(name for name in CODES if name in JOB_SORT_FIELDS)
#: Sort fields that are not called like their column.
_COLUMN: Final = {"memory": "memory_mib", "time_limit": "time_limit_seconds"}
#: No limit is more than any limit.
_ENDLESS: Final = float(2**40)
#: Above any array task id (MaxArraySize is at most 4,000,001).
_TASKS: Final = float(2**22)
_ROOM: Final = float(2**62)


def arrange(
    columns: Columns,
    rows: Rows,
    field: str,
    descending: bool,
    now: int,
    notes: Mapping[int, str] | None = None,
) -> Rows:
    """`rows` ordered by a sort field, then by numeric id; ``None`` last in either direction.

    Args:
        columns: Of the table that the rows belong to.
        rows: Any slots, in any order.
        field: One of `JOB_SORT_FIELDS`.
        descending: Largest first, ties too.
        now: Epoch seconds that `elapsed_time` is counted to.
        notes: The field's values by slot, for a field that has no column.
    """
    values = _values(columns, rows, field, now) if notes is None else _noted(columns, rows, notes)
    numeric = columns.numbers("numeric_id").take(rows)
    missing = np.isnan(values)
    present, absent = np.flatnonzero(~missing), np.flatnonzero(missing)
    present = present[_by_value(values[present], numeric[present])]
    absent = absent[np.argsort(numeric[absent])]
    if descending:
        present, absent = present[::-1], absent[::-1]
    return rows.take(np.concatenate([present, absent]))


def _by_value(values: Values, numeric: Values) -> npt.NDArray[np.intp]:
    """Places in ascending order of value, then numeric id."""
    if not len(values):
        return np.zeros(0, np.intp)
    low, first = values.min(), numeric.min()
    ids = numeric.max() - first + 1
    if (values.max() - low + 1) * ids < _ROOM:
        # One sort of unique integers is three times as fast as a stable one by two keys.
        return np.argsort((values - low).astype(np.int64) * int(ids) + (numeric - first).astype(np.int64))
    return np.lexsort((numeric, values))


def _values(columns: Columns, rows: Rows, field: str, now: int) -> Values:
    """What to compare, by row; ``nan`` for ``None``."""
    name = _COLUMN.get(field, field)
    if field == "elapsed_time":
        return columns.elapsed(rows, now).astype(np.float64)
    if field == "job_id":
        return _job_ids(columns, rows)
    if name in NUMBERS:
        values = columns.numbers(name).take(rows)
        return np.where(values == UNLIMITED, _ENDLESS, values) if field == "time_limit" else values
    if field == "state":
        states = [status[0] if status else "" for status in columns.vocabularies["status"].values]
        place = {state: number for number, state in enumerate(sorted(set(states)))}
        return np.array([place[state] for state in states], np.float64).take(
            columns.codes("status").take(rows)
        )
    codes = columns.codes(name).take(rows)
    ranks = columns.vocabularies[name].ranks().take(codes).astype(np.float64)
    ranks[codes == NOTHING] = np.nan
    return ranks


def _noted(columns: Columns, rows: Rows, notes: Mapping[int, str]) -> Values:
    places = {note: place for place, note in enumerate(sorted(set(notes.values())))}
    values = np.full(columns.capacity, np.nan)
    values[list(notes)] = [places[note] for note in notes.values()]
    return values.take(rows)


def _job_ids(columns: Columns, rows: Rows) -> Values:
    """Array or heterogeneous job, then task or component; the unstarted rest of an array after its tasks."""
    numeric, array, task, het, offset = (
        columns.numbers(name).take(rows)
        for name in ("numeric_id", "array_job_id", "array_task_id", "het_job_id", "het_job_offset")
    )
    family = np.where(np.isnan(array), np.where(np.isnan(het), numeric, het), array)
    single = np.where(np.isnan(offset), 0.0, offset)
    member = np.where(np.isnan(array), single, np.where(np.isnan(task), _TASKS - 1, task))
    values: Values = (family - family.min(initial=np.inf)) * _TASKS + member
    return values
