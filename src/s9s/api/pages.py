"""Pages of the job list as bytes: rows are rendered once a change, pages once a refresh.

Both the route and the fast lane answer from here, so that they cannot differ.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from s9s.api.parameters import read_parameters
from s9s.api.schemas.jobs import JobFilter, JobListParameters, encode_list, encode_row
from s9s.api.values import csv, hostlist, instant, job_states
from s9s.domain.errors import ValidationError
from s9s.domain.queries import JobQuery, Visibility
from s9s.services.access import Caller
from s9s.services.jobs.service import Jobs, Version

#: Distinct pages remembered for one state of the snapshot, and the bytes of those that are kept.
MAX_PAGES: Final = 2048
MAX_BYTES: Final = 8 * 1024 * 1024


@lru_cache(maxsize=1024)
def read_job_query(query_string: bytes) -> JobQuery:
    """The query string of the job list. Raises `ValidationError`, `InvalidRequest`."""
    asked = read_parameters(JobListParameters, query_string)
    return job_query_of(
        asked, sort=asked.sort, descending=asked.order == "desc", limit=asked.limit, offset=asked.offset
    )


def job_query_of(asked: JobListParameters | JobFilter, **page: Any) -> JobQuery:
    """The filters of a job list; `page` has the rest of a `JobQuery`. Raises `ValidationError`."""
    start_time, end_time = instant("start_time", asked.start_time), instant("end_time", asked.end_time)
    if start_time is not None and end_time is not None and end_time < start_time:
        raise ValidationError.of(
            "end_time", asked.end_time, f"a time at or after start_time {asked.start_time}"
        )
    return JobQuery(
        states=job_states(asked.state),
        users=csv(asked.user),
        partitions=csv(asked.partition),
        accounts=csv(asked.account),
        qos=csv(asked.qos),
        names=None if asked.job_name is None else frozenset([asked.job_name]),
        nodes=hostlist("node", asked.node),
        job_ids=csv(asked.job_id),
        start_time=start_time,
        end_time=end_time,
        **page,
    )


#: A query string and what whoever asks may see.
Key = tuple[bytes, Visibility | None]


class JobPages:
    """Answers of ``GET /v1/jobs``."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._version: Version | None = None
        #: Empty for what was asked for once: most pages never are again, and keeping them costs others' room.
        self._pages: dict[Key, bytes] = {}
        self._bytes = 0

    async def answer(self, query_string: bytes, caller: Caller) -> bytes:
        """The page as JSON, with everything in it that the caller has written. Raises `ValidationError`."""
        query = read_job_query(query_string)
        if not self._jobs.is_ready_for(query):
            await self._jobs.prepare(query)
            if await self._jobs.is_long(query):
                return encode_list(
                    *await self._jobs.long_page(query, self._jobs.visibility(caller), encode_row)
                )
        key = query_string, self._jobs.visibility(caller)
        return self.kept(key, self._jobs.version) or self._built(key, query)

    @property
    def version(self) -> Version | None:
        """What pages are of at the moment; ``None``: something written is not in the snapshot yet."""
        return self._jobs.version if self._jobs.is_settled else None

    def visibility(self, caller: Caller) -> Visibility | None:
        """Which rows the caller may see; ``None``: all."""
        return self._jobs.visibility(caller)

    def at_once(self, key: Key) -> bytes | None:
        """A page that is not kept; ``None`` when there is something to wait for. Raises `ValidationError`."""
        query = read_job_query(key[0])
        return self._built(key, query) if self._jobs.is_ready_for(query) else None

    def kept(self, key: Key, version: Version) -> bytes | None:
        """A page that has been asked for before; nothing if it has not, or not in this version."""
        if version != self._version or len(self._pages) >= MAX_PAGES or self._bytes > MAX_BYTES:
            self._pages.clear()
            self._version, self._bytes = version, 0
        return self._pages.get(key)

    def _built(self, key: Key, query: JobQuery) -> bytes:
        body = encode_list(*self._jobs.page(query, key[1], encode_row))
        if key in self._pages:
            self._pages[key] = body
            self._bytes += len(body)
        else:
            self._pages[key] = b""
        return body
