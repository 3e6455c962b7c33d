"""What slurmdbd tells: users, and jobs that have ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from s9s.backends.base import Unsupported
from s9s.backends.slurmrestd import accounted, build, parse_accounting
from s9s.backends.slurmrestd.client import Client
from s9s.backends.slurmrestd.errors import Asked
from s9s.domain.accounting import User
from s9s.domain.history import FinishedJob
from s9s.domain.jobs import Job

_log = logging.getLogger(__name__)

_DAY: Final = 86400
#: slurmdbd has no paging. A window that gave fewer jobs is followed by a longer one, else by a shorter.
_MANY_JOBS: Final = 5000


class Accounting:
    """Reads accounting with the server's own identity.

    Args:
        client: To slurmrestd.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.cluster: str | None = None
        """The cluster whose records count; ``None``: all, until discovery has found its name."""

    async def clusters(self) -> list[str]:
        """The names of all clusters that share the database."""
        answer = await self._client.ask(
            build.LIST_CLUSTERS, accounted.Clusters, Asked(action="list clusters")
        )
        return [cluster.name for cluster in answer.clusters]

    async def users(self) -> list[User]:
        """All users with their associations on this cluster."""
        users, associations, shares = await asyncio.gather(
            self._client.ask(build.LIST_USERS, accounted.Users, Asked(action="list users")),
            self._client.ask(
                build.LIST_ASSOCIATIONS, accounted.Associations, Asked(action="list associations")
            ),
            self._shares(),
        )
        return parse_accounting.users(users.users, associations.associations, shares, self.cluster)

    async def _shares(self) -> Sequence[accounted.Share] | None:
        try:
            answer = await self._client.ask(build.LIST_SHARES, accounted.Shares, Asked(action="list shares"))
        except Unsupported:
            return None
        return answer.shares.shares

    async def finished_jobs(self, start: int, end: int) -> list[Job]:
        """Jobs that ended in [start, end), in pieces so that no answer is boundless."""
        return [one.job for one in await self._finished(start, end, steps=False)]

    async def finished_with_usage(self, start: int, end: int) -> list[FinishedJob]:
        """The same jobs with what they used."""
        return await self._finished(start, end, steps=True)

    async def _finished(self, start: int, end: int, *, steps: bool) -> list[FinishedJob]:
        found: dict[int, FinishedJob] = {}
        span = _DAY
        while start < end:
            until = min(end, start + span)
            jobs = await self._ended(start, until, steps=steps)
            for one in jobs:
                before = found.get(one.job.numeric_id)
                if before is None or before.job.submit_time <= one.job.submit_time:
                    found[one.job.numeric_id] = one
            span = max(3600, span // 4) if len(jobs) > _MANY_JOBS else span * 4
            start = until
        return list(found.values())

    async def _ended(self, start: int, end: int, *, steps: bool) -> list[FinishedJob]:
        request = build.list_accounted_jobs(start, end, steps=steps)
        answer = await self._client.ask(request, accounted.Jobs, Asked(action="list finished jobs"))
        return await asyncio.to_thread(self._read, answer.jobs, start, end)

    def _read(self, records: list[accounted.Job], start: int, end: int) -> list[FinishedJob]:
        jobs = []
        for record in records:
            if self.cluster is not None and record.cluster not in (self.cluster, None, ""):
                continue
            try:
                job = parse_accounting.job(record)
            except ValueError as error:
                _log.warning("cannot read job %s of accounting: %s", record.job_id, error)
                continue
            # Slurm's window holds all jobs that were there during it, and its end is inclusive.
            if job.state.is_finished and job.end_time is not None and start <= job.end_time < end:
                jobs.append(FinishedJob(job, parse_accounting.usage(record)))
        return jobs
