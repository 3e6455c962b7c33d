"""Submissions that a client may repeat: the same key is answered with the same job.

The key is on disk before Slurm is asked, and the answer before the client has it. If the server ends between
the two, nobody has noted whether Slurm took the job; so each such job carries a mark in its environment, and
is looked for by it. Slurm shows a job's environment only where accounting keeps it
(AccountingStoreFlags=job_env): elsewhere, or when no job bears the mark, a repetition is told that nobody
knows. It never makes a second job.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec
import structlog

from s9s.domain.errors import (
    ResourceConflict,
    S9SError,
    ServiceUnavailable,
    SlurmUnavailable,
)
from s9s.domain.instants import format_instant
from s9s.domain.jobs import Job, JobSubmission
from s9s.domain.queries import JobQuery
from s9s.services.access import Caller
from s9s.services.audit import observe, recorded
from s9s.services.clusters import Cluster
from s9s.services.jobs.control import SUBMITTED, Accepted, JobControl
from s9s.services.jobs.submissions import MARK
from s9s.snapshot.query import find
from s9s.storage.database import DatabaseUnavailable
from s9s.storage.idempotency import IdempotencyRecords, Kept

log = structlog.get_logger(__name__)

#: Jobs that are looked at for the mark, newest first.
_MAX_LOOKED_AT: Final = 20
#: So far may Slurm's clock be behind ours, in seconds.
_SKEW_SECONDS: Final = 60


class Answered(NamedTuple):
    """A submission's result, and whether it is that of an earlier request with the same key."""

    accepted: Accepted
    is_replay: bool


class Submissions:
    """Submits, and with a key only once.

    Args:
        cluster: Where.
        control: Submits.
        records: Where keys are kept.
        keep_seconds: How long.
        patience_seconds: How long a mark is looked for, since accounting hears of jobs a little later, and
            how long one request waits for another server process that has the same key in hand.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        cluster: Cluster,
        control: JobControl,
        records: IdempotencyRecords,
        *,
        keep_seconds: int,
        patience_seconds: float = 8.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cluster = cluster
        self._control = control
        self._records = records
        self._keep_seconds = keep_seconds
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._running: dict[bytes, asyncio.Task[Answered]] = {}

    async def submit(
        self, submission: JobSubmission, caller: Caller, key: str | None, asked: object
    ) -> Answered:
        """Submit, or answer as the first time when the caller's user has used this key before.

        Args:
            submission: What to submit.
            caller: As whom. Keys of different users have nothing to do with each other.
            key: ``None`` submits each time.
            asked: The request as it came: with the same key it must be the same.

        Raises:
            ResourceConflict: The key was used for something else, or nobody knows what came of it.
        """
        if key is None:
            return Answered(await self._control.submit(submission, caller), is_replay=False)
        key_hash = sha256(f"{caller.user}\0{key}".encode()).digest()
        fingerprint = sha256(msgspec.json.encode(asked, order="deterministic")).digest()
        while (running := self._running.get(key_hash)) is not None:
            # Whatever came of it, the records tell: they know whether this is the same request, too.
            await asyncio.wait([running])
        # A client that goes away must not leave the key without its answer.
        work = asyncio.create_task(self._once(submission, caller, key, key_hash, fingerprint))
        self._running[key_hash] = work
        work.add_done_callback(lambda _: self._running.pop(key_hash, None))
        return await asyncio.shield(work)

    async def _once(
        self, submission: JobSubmission, caller: Caller, key: str, key_hash: bytes, fingerprint: bytes
    ) -> Answered:
        # What must not be done leaves its key unused.
        await recorded()
        new = Kept(fingerprint, secrets.token_hex(16), int(self._clock()))
        earlier = await self._records.begin(key_hash, new, self._keep_seconds)
        if earlier is not None:
            return Answered(await self._earlier(earlier, caller, key, key_hash, fingerprint), is_replay=True)
        try:
            accepted = await self._control.submit(submission, caller, mark=new.marker)
        except S9SError as error:
            if _is_certainly_undone(error):
                await self._records.remove(key_hash)
            raise
        try:
            await self._records.finish(key_hash, msgspec.json.encode(accepted).decode())
        except DatabaseUnavailable as error:
            # The job is there; a repetition finds it by its mark.
            log.error("the answer to a submission cannot be kept", job=accepted.job_id, error=str(error))
        return Answered(accepted, is_replay=False)

    async def _earlier(
        self, kept: Kept, caller: Caller, key: str, key_hash: bytes, fingerprint: bytes
    ) -> Accepted:
        if kept.fingerprint != fingerprint:
            raise ResourceConflict(
                "This Idempotency-Key was used for another submission: repeat that one unchanged, or take a "
                "new key",
                resource_type="idempotency_key",
                resource_id=key,
            )
        deadline = time.monotonic() + self._patience_seconds
        others: set[str] = set()
        while kept.answer is None:
            jobs = self._submitted_since(kept.started_at, caller)
            candidates = [job for job in jobs if job.job_id not in others]
            for job in candidates:
                mark = await self._mark_of(job, caller)
                if mark == kept.marker:
                    accepted = Accepted(_submission_id(job), SUBMITTED, [])
                    await self._records.finish(key_hash, msgspec.json.encode(accepted).decode())
                    observe(f"jobs/{accepted.job_id}", after={"found_by": MARK})
                    return accepted
                if mark is not None:
                    others.add(job.job_id)
            if time.monotonic() > deadline:
                raise _unknown(
                    key, caller.user, kept, [job for job in candidates if job.job_id not in others]
                )
            await asyncio.sleep(1.0)
            kept = await self._records.find(key_hash) or kept
        return msgspec.json.decode(kept.answer, type=Accepted)

    def _submitted_since(self, since: int, caller: Caller) -> list[Job]:
        """The caller's own jobs that can be the one, newest first."""
        self._cluster.require_reachable()
        snapshot = self._cluster.snapshot
        query = JobQuery(users=frozenset({caller.user}), limit=_MAX_LOOKED_AT)
        found = find(snapshot.jobs, query, int(snapshot.observed_at))
        jobs = (snapshot.jobs.jobs[slot] for slot in found.slots)
        return [job for job in jobs if (job.submit_time or 0) >= since - _SKEW_SECONDS]

    async def _mark_of(self, job: Job, caller: Caller) -> str | None:
        """The mark; empty without one, ``None`` where Slurm does not show the environment."""
        try:
            details = await self._cluster.backend.job(job.job_id, caller.user)
        except SlurmUnavailable:
            raise
        except S9SError:
            return None
        return details.environment.get(MARK, "") if details.environment else None


def _is_certainly_undone(error: S9SError) -> bool:
    """Whether Slurm has refused, or was never asked; then the same key may be tried again."""
    if isinstance(error, SlurmUnavailable):
        return error.never_sent
    return not isinstance(error, ServiceUnavailable)


def _submission_id(job: Job) -> str:
    """What the answer to the submission called it: of an array the whole."""
    return str(job.array_job_id) if job.array_job_id else job.job_id.partition("+")[0]


def _unknown(key: str, user: str, kept: Kept, candidates: list[Job]) -> ResourceConflict:
    return ResourceConflict(
        "The server was interrupted while it submitted this for the first time, and the job may have been "
        f"submitted. Look for it with GET /v1/jobs?user={user}&sort=submit_time (details name the jobs that "
        "it can be), and submit with a new key if it is none of them",
        resource_type="idempotency_key",
        resource_id=key,
        submitted_at=format_instant(kept.started_at),
        candidates=[job.job_id for job in candidates],
    )
