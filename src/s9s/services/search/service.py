"""One question to everything in one ranked answer: jobs, nodes, users, partitions, accounts, reservations."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple
from urllib.parse import quote

from msgspec import Struct

from s9s.domain.errors import ServiceUnavailable, ValidationError
from s9s.domain.jobs import Job
from s9s.domain.queries import Visibility
from s9s.services.access import Caller, job_visibility, may_see_job, require_scope
from s9s.services.clusters import Cluster
from s9s.services.history.finished import History
from s9s.services.search.findable import Findable, Named
from s9s.services.search.things import Thing, job_title
from s9s.snapshot.query import visible_rows
from s9s.snapshot.rows import Rows
from s9s.snapshot.search import FewJobs, Hits, JobView, View, like, search, words_of
from s9s.snapshot.texts import Texts
from s9s.storage.history_search import HistorySearch

#: What can be asked for: what a result of it is called, and the scope that it takes. Of equal scores the
#: first kind comes first.
KINDS: Final = {
    "jobs": ("job", "jobs:read"),
    "nodes": ("node", "nodes:read"),
    "users": ("user", "users:read"),
    "partitions": ("partition", "partitions:read"),
    "accounts": ("account", "users:read"),
    "qos": ("qos", "users:read"),
    "reservations": ("reservation", "partitions:read"),
}

#: How far one can page; whoever wants more asks for more words.
MAX_OFFSET: Final = 1000
#: Finished jobs of the database that are ranked.
_RANKED: Final = 50
#: How long the words that there are, for typos, may be out of date.
_TOKENS_SECONDS: Final = 60.0
#: The same for the span of finished jobs that is in the database: what ended since is in memory.
_REACH_SECONDS: Final = 2.0
_KEPT: Final = 16

_PAST: Final = "past"
_ORDER: Final = {kind: place for place, kind in enumerate((*KINDS, _PAST))}


class Found(Struct, frozen=True):
    """One result."""

    type: str
    id: str
    title: str
    description: str
    url: str
    score: float


class Answer(Struct, frozen=True):
    """A page of results, best first."""

    results: list[Found]
    total: int
    seconds: float


class _Outcome(NamedTuple):
    """What the thread found."""

    hits: dict[str, Hits]
    named: dict[str, Named]
    slots: list[int]


class Search:
    """Searches one cluster.

    Args:
        cluster: To be searched.
        history: Says which finished jobs are in the database.
        records: Searches those.
        key: What the cluster is called in the database.
    """

    def __init__(self, cluster: Cluster, history: History, records: HistorySearch, key: str) -> None:
        self._cluster = cluster
        self._history = history
        self._records = records
        self._key = key
        self._reach: tuple[int, int] | None = None
        self._reach_at = -_REACH_SECONDS
        self._texts: dict[str, tuple[int, Texts]] = {}
        self._findable = Findable(cluster)
        self._tokens: OrderedDict[Hashable, tuple[float, list[str]]] = OrderedDict()
        # One at a time: each takes all of a processor for some milliseconds.
        self._thread = ThreadPoolExecutor(1, "search")

    def close(self) -> None:
        """End the searching thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def find(
        self, question: str, caller: Caller, *, kinds: Sequence[str] | None, limit: int, offset: int
    ) -> Answer:
        """What fits the question best, of what the caller may see.

        Args:
            question: Words; all of them count.
            caller: Whoever asks.
            kinds: Some of `KINDS`; ``None``: all that the credential is good for.
            limit: Results on the page.
            offset: Results before it.

        Raises:
            ValidationError: No word is in the question.
            PermissionDenied: A kind is asked for that the credential is not good for.
        """
        began = time.perf_counter()
        words = words_of(question)
        if not words:
            raise ValidationError.of("q", question, "at least one word")
        for kind in kinds or ():
            require_scope(caller, KINDS[kind][1])
        wanted = [kind for kind in kinds or KINDS if caller.allows(KINDS[kind][1])]
        await self._cluster.watcher.settled()
        sight = self._sight(caller)
        past: list[Job] = []
        past_total, reach = 0, None
        if "jobs" in wanted:
            past, past_total, reach = await self._past(words, sight, offset + limit)
        outcome = await asyncio.get_running_loop().run_in_executor(
            self._thread, self._prepare(words, caller, wanted, past, reach, offset + limit)
        )
        total = sum(found.total for found in outcome.hits.values())
        if _PAST in outcome.hits:
            total += max(0, past_total - outcome.hits[_PAST].total)
        results = self._ranked(outcome, past, sight)[offset : offset + limit]
        return Answer(results, max(total, offset + len(results)), time.perf_counter() - began)

    async def _past(
        self, words: list[str], sight: Visibility | None, enough: int
    ) -> tuple[list[Job], int, tuple[int, int] | None]:
        """Finished jobs from the database, how many there are in all, and which span is all there."""
        try:
            reach = await self._coverage()
            if reach is None:
                return [], 0, None
            found, total = await self._records.find(
                self._key, words, sight, before=reach[1], limit=max(_RANKED, enough)
            )
            jobs = [one.job for one in found]
            if len(words) == 1 and words[0][0].isdecimal():
                named = await self._history.find(words[0])
                is_new = named is not None and (named.job.end_time or 0) < reach[1] and named.job not in jobs
                if named is not None and is_new and may_see_job(sight, named.job):
                    jobs, total = [named.job, *jobs], total + 1
        except ServiceUnavailable:
            return [], 0, None  # what is in memory is found all the same
        return jobs, total, reach

    async def _coverage(self) -> tuple[int, int] | None:
        """The span of finished jobs that is in the database, of a moment ago."""
        now = time.monotonic()
        if now - self._reach_at >= _REACH_SECONDS:
            self._reach, self._reach_at = await self._history.coverage(), now
        return self._reach

    def _prepare(
        self,
        words: list[str],
        caller: Caller,
        wanted: list[str],
        past: list[Job],
        reach: tuple[int, int] | None,
        enough: int,
    ) -> Callable[[], _Outcome]:
        """What the thread does, on views of this moment that nobody changes."""
        table, sight = self._cluster.snapshot.jobs, self._sight(caller)
        live: JobView | None = None
        if "jobs" in wanted:
            rows = table.columns.order[::-1] if sight is None else visible_rows(table, sight)
            live = JobView(table.columns, self._not_past(rows, reach), self._texts)
        things = self._findable.views(caller, wanted)

        def run() -> _Outcome:
            named = {kind: make() for kind, make in things.items()}
            views: dict[str, View] = {kind: one.view for kind, one in named.items()}
            if live is not None:
                views |= {"jobs": live, _PAST: FewJobs(past)}
            hits = search(
                views, words, enough, meant=lambda word: like(word, self._known(sight, views.values()))
            )
            slots = live.slots(hits["jobs"].places) if live is not None and "jobs" in hits else []
            return _Outcome(hits, named, slots)

        return run

    def _not_past(self, rows: Rows, reach: tuple[int, int] | None) -> Rows:
        """The rows of jobs that the database does not have."""
        if reach is None:
            return rows
        ends = self._cluster.snapshot.jobs.columns.numbers("end_time").take(rows)
        kept: Rows = rows.compress(~((ends >= reach[0]) & (ends < reach[1])))
        return kept

    def _ranked(self, outcome: _Outcome, past: list[Job], sight: Visibility | None) -> list[Found]:
        """The results of all kinds, best first."""
        table = self._cluster.snapshot.jobs
        ranked: list[tuple[float, int, int, Found]] = []
        for kind, found in outcome.hits.items():
            for place, (which, score) in enumerate(zip(found.places, found.scores, strict=True)):
                if kind in ("jobs", _PAST):
                    job = past[which] if kind == _PAST else table.jobs[outcome.slots[place]]
                    # While the thread searched, another job may have come into the slot.
                    if not job.job_id or not may_see_job(sight, job):
                        continue
                    result = _of_job(job, score)
                else:
                    result = _of_thing(KINDS[kind][0], outcome.named[kind].things[which], score)
                ranked.append((-result.score, _ORDER[kind], place, result))
        return [one[-1] for one in sorted(ranked, key=lambda one: one[:3])]

    def _known(self, sight: Visibility | None, views: Iterable[View]) -> list[str]:
        """The words that there are for a caller, for typos; of a minute ago at most."""
        now = time.monotonic()
        made_at, tokens = self._tokens.get(sight, (-_TOKENS_SECONDS, []))
        if now - made_at >= _TOKENS_SECONDS:
            tokens = sorted(set().union(*(one.tokens() for one in views if not isinstance(one, FewJobs))))
            self._tokens[sight] = now, tokens
            if len(self._tokens) > _KEPT:
                self._tokens.popitem(last=False)
        return tokens

    def _sight(self, caller: Caller) -> Visibility | None:
        return job_visibility(caller, self._cluster.info, self._cluster.snapshot.users.get(caller.user))


def _of_job(job: Job, score: float) -> Found:
    title, description = job_title(job)
    return Found("job", job.job_id, title, description, f"/v1/jobs/{quote(job.job_id)}", round(score, 3))


def _of_thing(kind: str, thing: Thing, score: float) -> Found:
    return Found(kind, thing.id, thing.title, thing.description, thing.url, round(score, 3))
