"""Writes a sample of a cluster each minute, and forgets old ones."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from s9s.domain.errors import ServiceUnavailable
from s9s.domain.samples import MINUTE, Sample
from s9s.services.clusters import Cluster
from s9s.snapshot.clock import Clock
from s9s.snapshot.figures import Figures
from s9s.snapshot.sampling import sample_minute
from s9s.storage.samples import SampleRecords

log = structlog.get_logger(__name__)

#: How often it is looked whether a minute is over, in real seconds.
TICK_SECONDS: Final = 1.0
#: Slurm's times are whole seconds: what began in a minute's last second is seen in the next one.
_LAG_SECONDS: Final = 1
#: Minutes that may be over at once, on a simulated cluster whose time is run faster, and that wait for a
#: database which is out of reach; beyond it the earliest are gaps.
_MAX_MINUTES: Final = 120
_CLEAR_SECONDS: Final = 3600.0


class Sampler:
    """Follows one cluster's snapshot, in the cluster's own time.

    A minute is sampled when jobs and nodes have been read after its end. Where they were not read for too
    long the minutes in between are gaps. A restart that misses no whole minute leaves none.

    Args:
        cluster: To be sampled.
        name: Under which the samples are kept.
        records: Where they are kept.
        kept_seconds: For how long, by length of span.
        clock: To wait on; counts real seconds.
        patience_seconds: Reads of Slurm that are further apart than this, in real seconds, make a gap.
    """

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        records: SampleRecords,
        *,
        kept_seconds: Mapping[int, int],
        clock: Clock,
        patience_seconds: float = 30.0,
    ) -> None:
        self._cluster = cluster
        self._name = name
        self._records = records
        self._kept_seconds = kept_seconds
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._observed = 0.0
        self._observed_at = 0.0
        self._began = 0
        self._next = 0
        self._is_due = False
        self._unwritten: list[list[Sample]] = []
        self._cleared_at: float | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin. Raises `DatabaseUnavailable`."""
        self._next = (await self._records.latest(self._name) or -MINUTE) + MINUTE
        self._task = asyncio.create_task(self._run(), name="sample the cluster")

    async def stop(self) -> None:
        """End; what was sampled and not yet written is tried once more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._write()

    async def _run(self) -> None:
        while True:
            try:
                await self.tick()
            except Exception:  # the next minute is another one
                log.exception("a sample could not be taken")
            await self._clock.sleep(TICK_SECONDS)

    async def tick(self) -> None:
        """Sample what is over since the last time; called again and again."""
        over = self._minutes_over()
        if over and not self._is_due:
            # A look at many jobs arrives in pieces, and is whole at the next tick.
            self._is_due = True
        elif over:
            self._is_due = False
            self._sample(over)
        await self._write()
        await self._clear()

    def _minutes_over(self) -> range:
        """The minutes to sample now, by their beginnings."""
        snapshot = self._cluster.snapshot
        if not snapshot.is_loaded:
            return range(0)
        observed, now = min(snapshot.observed_at, snapshot.nodes.observed_at), self._clock.monotonic()
        whole = int(observed - _LAG_SECONDS) // MINUTE * MINUTE
        if not self._observed:
            is_close = whole - MINUTE <= self._next <= whole
            self._begin(observed, self._next if is_close else None)
        elif observed < self._observed - MINUTE or (
            observed > self._observed and now - self._observed_at > self._patience_seconds
        ):
            # The clock was set back, or nobody looked.
            self._begin(observed, None)
        if observed != self._observed:
            self._observed, self._observed_at = observed, now
        return range(max(self._next, whole - _MAX_MINUTES * MINUTE), whole, MINUTE)

    def _begin(self, observed: float, since: int | None) -> None:
        """The cluster is seen from now on, or has been since a minute that is not over for long."""
        self._began = int(observed) if since is None else since
        self._next = self._began // MINUTE * MINUTE

    def _sample(self, over: range) -> None:
        figures = Figures(self._cluster.snapshot.jobs)
        for at in over:
            covered = min(MINUTE, at + MINUTE - self._began)
            if covered > 0:
                self._unwritten.append(sample_minute(self._cluster.snapshot, figures, at, covered))
        del self._unwritten[:-_MAX_MINUTES]
        self._next = over.stop

    async def _write(self) -> None:
        if not self._unwritten:
            return
        minutes = len(self._unwritten)
        try:
            await self._records.add(self._name, [one for minute in self._unwritten for one in minute])
        except ServiceUnavailable as error:
            log.warning("samples are kept in memory for now", minutes=minutes, error=str(error))
        else:
            del self._unwritten[:minutes]

    async def _clear(self) -> None:
        now = self._clock.monotonic()
        if not self._observed or (self._cleared_at is not None and now - self._cleared_at < _CLEAR_SECONDS):
            return
        self._cleared_at = now
        before = {step: int(self._observed) - kept for step, kept in self._kept_seconds.items()}
        try:
            await self._records.clear(self._name, before)
        except ServiceUnavailable as error:
            log.warning("old samples stay for now", error=str(error))
