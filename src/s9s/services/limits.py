"""Rate limits: how many requests a credential may make in a window, exact over all processes.

A process leases a part of what is left of a window from a row in the database, and admits from that in
memory: reads do not wait for the database, and yet no more are admitted in all than the limit allows.
Leases are a sixteenth of the rest, so they get smaller as it runs out, and what is not used is given back.
See docs/decisions/0006-rate-limits.md.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from s9s.domain.errors import RateLimitExceeded
from s9s.services.access import Caller
from s9s.storage.database import DatabaseUnavailable
from s9s.storage.quotas import Quotas

WINDOW_SECONDS: Final = 3600
#: Requests in a window for each of the contract's tiers; what enterprise gets is a setting.
FREE: Final = 1_000
PRO: Final = 10_000

#: The part of the rest that is leased at once. A process that is killed loses the lease that it holds.
_SHARE: Final = 16
#: What a process has leased and not touched for so long, it gives back for others.
IDLE_SECONDS: Final = 30
#: How often what is idle is looked for.
_KEEP_SECONDS: Final = 10.0
#: Whether somebody gave something back of a window that was used up is asked at most that often.
_ASK_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


class Quota:
    """One credential's window, as far as this process knows it."""

    __slots__ = (
        "active",
        "asked",
        "asked_at",
        "credential",
        "leased",
        "limit",
        "lock",
        "low",
        "resets_at",
        "rest",
        "used_at"
    )  # fmt: skip

    def __init__(self, credential: str, limit: int) -> None:
        self.credential = credential
        self.limit = limit
        self.leased = 0
        """Requests that may be admitted here at once."""
        self.rest = limit
        """Requests that nobody had leased when last asked."""
        self.low = 0
        """Below so many a new lease is due."""
        self.resets_at = 0
        """When the window ends; epoch seconds."""
        self.asked = 0
        """How often the database was asked for a lease, and when last."""
        self.asked_at = self.used_at = 0.0
        self.active = 0
        """Requests that are under way."""
        self.lock = asyncio.Lock()

    @property
    def remaining(self) -> int:
        """Requests left of the window: exact with one process, else as others had leased when last asked."""
        return self.leased + self.rest

    def has_lease(self, now: float) -> bool:
        """Whether a request can be admitted at once."""
        return self.leased > 0 and now < self.resets_at

    def is_spent(self, now: float) -> bool:
        """Whether there is nothing left, as far as known without asking."""
        return (
            now < self.resets_at
            and self.leased == 0
            and self.rest == 0
            and abs(now - self.asked_at) < _ASK_SECONDS
        )

    def exceeded(self, now: float) -> RateLimitExceeded:
        """The error for one request too many."""
        seconds = max(1, self.resets_at - int(now))
        return RateLimitExceeded(
            f"This credential has used its {self.limit} requests an hour; try again in {seconds} seconds",
            seconds,
            limit=self.limit,
            window_seconds=WINDOW_SECONDS,
            reset=self.resets_at,
        )


class RateLimits:
    """The quotas of all credentials. `start` keeps leases fresh; `stop` gives them back.

    Args:
        records: Where all processes count.
        enterprise: Requests in a window for the tier enterprise.
        max_concurrent: Requests of one credential that may be under way at once in this process.
        clock: Epoch seconds.
    """

    def __init__(
        self,
        records: Quotas,
        *,
        enterprise: int,
        max_concurrent: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records = records
        self._limits: Mapping[str, int] = {"free": FREE, "pro": PRO, "enterprise": enterprise}
        self._max_concurrent = max_concurrent
        self.clock = clock
        self._quotas: dict[str, Quota] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    def of(self, caller: Caller) -> Quota:
        """The quota of a caller's credential."""
        key = caller.token_id or f"user:{caller.user}"
        quota = self._quotas.get(key)
        if quota is None or quota.limit != self._limits.get(caller.tier, FREE):
            quota = self._quotas[key] = Quota(key, self._limits.get(caller.tier, FREE))
        return quota

    def take(self, quota: Quota, now: float) -> bool:
        """Admit one request at once; False when there is no lease for it: ask `admit`."""
        if quota.leased <= 0 or now >= quota.resets_at:  # as `has_lease`, without a call for each request
            return False
        quota.leased -= 1
        quota.used_at = now
        if quota.leased < quota.low:
            self._renew_soon(quota)
        return True

    async def admit(self, quota: Quota) -> None:
        """Admit one request. Raises `RateLimitExceeded`, and `DatabaseUnavailable` when nobody can tell."""
        while not self.take(quota, now := self.clock()):
            if quota.is_spent(now):
                raise quota.exceeded(now)
            await self._renew(quota)

    @contextmanager
    def under_way(self, quota: Quota) -> Iterator[None]:
        """While a request is being answered. Raises `RateLimitExceeded` when there are too many at once."""
        if quota.active >= self._max_concurrent:
            raise RateLimitExceeded(
                f"This credential has {quota.active} requests under way already",
                1,
                max_concurrent_requests=self._max_concurrent,
            )
        quota.active += 1
        try:
            yield
        finally:
            quota.active -= 1

    async def start(self) -> None:
        """Begin to give back what is idle."""
        self._spawn(self._keep())

    async def stop(self) -> None:
        """Give everything back. Stopping twice is harmless."""
        self._stopping.set()
        # Not cancelled: a transaction that is cut short leaves a connection in nobody's hands.
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self._give_back(float("inf"))
        except DatabaseUnavailable as error:
            _log.warning("what is left of the rate limits is lost: %s", error)

    def _renew_soon(self, quota: Quota) -> None:
        quota.low = 0  # once
        if quota.rest:
            self._spawn(self._renew(quota))

    async def _renew(self, quota: Quota) -> None:
        """Lease some more, unless whoever held the lock before has just done so."""
        asked = quota.asked
        async with quota.lock:
            now = self.clock()
            if quota.asked != asked and (quota.is_spent(now) or (quota.leased and now < quota.resets_at)):
                return
            lease = await self._records.lease(quota.credential, quota.limit, WINDOW_SECONDS, _SHARE, int(now))
            resets_at = lease.started_at + WINDOW_SECONDS
            held = quota.leased if resets_at == quota.resets_at else 0
            quota.leased, quota.rest, quota.resets_at = held + lease.granted, lease.left, resets_at
            quota.low = lease.granted // 2
            quota.asked += 1
            quota.asked_at = now

    async def _give_back(self, before: float) -> None:
        """Return the leases that were last used before an instant, and forget whose they were."""
        idle = [one for one in self._quotas.values() if one.used_at < before and not one.lock.locked()]
        unused = [(one.credential, one.resets_at - WINDOW_SECONDS, one.leased) for one in idle if one.leased]
        for one in idle:
            one.rest += one.leased
            one.leased = 0
            if not one.active and one.resets_at <= before:
                del self._quotas[one.credential]
        await self._records.give_back(unused)

    async def _keep(self) -> None:
        cleared_at = 0.0
        while not self._stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _KEEP_SECONDS)
            now = self.clock()
            try:
                await self._give_back(now - IDLE_SECONDS)
                if now - cleared_at >= WINDOW_SECONDS:
                    await self._records.clear(int(now) - 2 * WINDOW_SECONDS)
                    cleared_at = now
            except DatabaseUnavailable as error:
                _log.warning("the rate limits cannot be kept: %s", error)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="rate limits")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("the rate limits cannot be renewed: %s", error)
