"""Finished jobs by words, of a million in milliseconds.

SQLite keeps an index of words beside the table (FTS5; triggers of the schema write it). It finds, of any
number of jobs, the latest recorded ones; ranking them is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, exists, func, or_, select, text

from s9s.domain.history import FinishedJob
from s9s.domain.jobs import JobState
from s9s.domain.queries import JobQuery, Visibility
from s9s.storage.database import Database
from s9s.storage.history_queries import filters
from s9s.storage.history_rows import COLUMNS, finished_job
from s9s.storage.tables import finished_jobs

_c: Final = finished_jobs.c
_FIELDS: Final = (_c.job_name, _c.user, _c.account, _c.partition, _c.qos, _c.state)
_ROWS: Final = select(_c.number, *(_c[name] for name in COLUMNS))

#: Jobs that are looked at of all that match: the latest recorded; there is no count beyond.
MAX_FOUND: Final = 1000
#: One letter begins too many words: it counts as a word only. The index has beginnings of two and three.
_SHORTEST_PREFIX: Final = 2
#: Most jobs have one of few states: to go through all words that begin like one takes long and finds little.
_WHOLE: Final = frozenset(state.value.lower() for state in JobState if state.is_finished)
#: Jobs that ended too late to count, looked for all at once.
_MOST_LATE: Final = 2000
#: As the index splits texts.
_TOKEN: Final = re.compile(r"[^\W_]+")
_MATCHING: Final = text(
    "SELECT rowid FROM finished_words WHERE finished_words MATCH :words ORDER BY rowid DESC LIMIT :most"
)


class HistorySearch:
    """The finished jobs of all clusters, by words. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self,
        cluster: str,
        words: Sequence[str],
        visibility: Visibility | None,
        *,
        before: int,
        limit: int,
    ) -> tuple[list[FinishedJob], int]:
        """The latest jobs that have all words somewhere, and how many there are: up to `MAX_FOUND`.

        Jobs that have the very words come before those with words that only begin like them; where there are
        more than `limit` of the former, nobody looks for the latter, and they are not counted.

        Args:
            cluster: The cluster's key.
            words: Of name, user, account, partition, QOS or state, in any case.
            visibility: ``None``: all.
            before: Only what ended before this instant.
            limit: So many are returned at most.
        """

        def read(connection: Connection) -> tuple[list[FinishedJob], int]:
            numbers = _numbers(connection, words, visibility, limit)
            if not numbers:
                return [], 0
            numbers = _meeting(connection, numbers, cluster, visibility, before)
            best = numbers[:limit]
            jobs = {
                row.number: finished_job(row) for row in connection.execute(_ROWS.where(_c.number.in_(best)))
            }
            return [jobs[number] for number in best], len(numbers)

        return await self._database.ask(read)


def _meeting(
    connection: Connection, numbers: list[int], cluster: str, visibility: Visibility | None, before: int
) -> list[int]:
    """Those of some rows that are the cluster's, ended before an instant, and may be seen."""
    if visibility is None and _is_alone(connection, cluster):
        # Reading a thousand rows takes longer than finding them; only few of all ended so late.
        is_late = select(_c.number).where(_c.cluster == cluster, _c.end_time >= before).limit(_MOST_LATE)
        late = set(connection.scalars(is_late))
        if len(late) < _MOST_LATE:
            return [number for number in numbers if number not in late]
    # Wrapped, so that SQLite looks the rows up by number and does not walk an index of the cluster.
    visible = filters(connection, cluster, JobQuery(visibility=visibility))[1:]
    own = [func.coalesce(_c.cluster, "") == cluster, func.coalesce(_c.end_time, 0) < before, *visible]
    found: set[int] = set()
    for begin in range(0, len(numbers), 500):
        piece = numbers[begin : begin + 500]
        found.update(connection.scalars(select(_c.number).where(_c.number.in_(piece), *own)))
    return [number for number in numbers if number in found]


def _is_alone(connection: Connection, cluster: str) -> bool:
    """Whether no other cluster has a finished job."""
    sides = (_c.cluster < cluster, _c.cluster > cluster)
    return not any(connection.scalar(select(exists().where(side))) for side in sides)


def _numbers(
    connection: Connection, words: Sequence[str], visibility: Visibility | None, enough: int
) -> list[int]:
    """Rows that may be meant, those with the very words first; others only where those are not enough."""
    tokens = [token for word in words for token in _TOKEN.findall(word)]
    if not tokens:
        return []
    if connection.dialect.name != "sqlite":
        terms = [
            or_(*(func.lower(field).contains(token, autoescape=True) for field in _FIELDS))
            for token in tokens
        ]
        numbers = select(_c.number).where(*terms).order_by(_c.number.desc()).limit(MAX_FOUND)
        return list(connection.scalars(numbers))
    sight, found = _sight(visibility), dict[int, None]()
    for star in ("", "*"):
        parts = [f'"{token}"{star if _is_beginning(token) else ""}' for token in tokens]
        question = " AND ".join(parts + sight)
        rows = connection.execute(_MATCHING, {"words": question, "most": MAX_FOUND})
        found |= dict.fromkeys(rows.scalars())
        if len(found) > enough:
            break
    return list(found)[:MAX_FOUND]


def _is_beginning(token: str) -> bool:
    """Whether longer words that begin like it are meant, too."""
    return len(token) >= _SHORTEST_PREFIX and token not in _WHOLE


def _sight(visibility: Visibility | None) -> list[str]:
    """What the index itself can tell of visibility: no visible row is lost, and few others remain."""
    terms = []
    while visibility is not None:
        names = [
            (field, _TOKEN.findall(name))
            for field, some in (
                ("user", visibility.users),
                ("account", visibility.accounts),
                ("partition", visibility.partitions),
            )
            for name in sorted(some)
        ]
        if names and all(tokens for _, tokens in names):
            ways = [" AND ".join(f'{field} : "{token}"' for token in tokens) for field, tokens in names]
            terms.append("(" + " OR ".join(f"({way})" for way in ways) + ")")
        visibility = visibility.within
    return terms
