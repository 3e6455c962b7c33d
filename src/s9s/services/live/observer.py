"""What the watcher sees becomes events, also what happened while no server ran.

The event log keeps what clients have been told of; the first look at the cluster after a start is compared
with that. What is in neither is known from accounting, once it has been read back to the last look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Final

from pyroaring import BitMap

from s9s.domain.errors import ServiceUnavailable
from s9s.domain.events import Channel, Event, slim_job
from s9s.domain.jobs import Job
from s9s.domain.nodes import Node
from s9s.domain.transitions import Step, steps
from s9s.services.clusters import Cluster
from s9s.services.live.events import EventLog, ReplayUnavailable
from s9s.snapshot.snapshot import Update
from s9s.snapshot.store import NEVER
from s9s.storage.events import State

#: Jobs that are compared before the event loop gets its turn.
_PIECE: Final = 200
#: Events that may wait for the disk before more are compared.
_AHEAD: Final = 10_000
#: Clocks of slurmctld and slurmdbd, and what had ended just before the last look but was not seen.
_SLACK_SECONDS: Final = 60
#: No longer ago than this is it asked what happened while no server ran.
_LONGEST_SECONDS: Final = 7 * 86_400
_RETRY_SECONDS: Final = 5.0
#: What is known is kept anew after so many events, or as many as there are jobs, and at the end: it costs no
#: more for each event where there are many jobs.
_STATE_EVENTS: Final = 20_000
#: Finished jobs that were known are remembered for so long after their end.
_REMEMBERED_SECONDS: Final = 3_600

#: Clients have never been told of anything.
NOTHING: Final = State(sequence=0, at=0, jobs=[], nodes=[])

_log = logging.getLogger(__name__)


class Observer:
    """Writes one cluster's changes into the event log.

    Args:
        cluster: Whose watcher has not been started yet.
        log: Has not been started yet either.
        describe_job: A step to its event, ``None`` for none.
        describe_node: The same for a node before and after.
        clock: Epoch seconds: when things are found out.
    """

    def __init__(
        self,
        cluster: Cluster,
        log: EventLog,
        *,
        describe_job: Callable[[Step, float], Event | None],
        describe_node: Callable[[Node | None, Node | None, float], Event | None],
        clock: Callable[[], float],
    ) -> None:
        self._snapshot = cluster.snapshot
        self._watcher = cluster.watcher
        self._log = log
        self._describe_job = describe_job
        self._describe_node = describe_node
        self._clock = clock
        self._held: list[Update] | None = []
        self._seen: BitMap | None = BitMap()
        self._known_ids: set[int] = set()
        self._missing: dict[int, Job] = {}
        self._known_at = 0
        self._lost = 0
        self._saved = 0
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Begin; to be called before the watcher starts. Raises `DatabaseUnavailable`."""
        state = await self._log.start()
        self._saved = state.sequence if state else 0
        self._lost = self._log.lost
        self._unsubscribe = [
            self._watcher.subscribe(self._take),
            self._watcher.when_loaded(lambda: self._catch_up(state or NOTHING)),
        ]

    async def stop(self) -> None:
        """End; to be called after the watcher has stopped. What is known is kept for the next start."""
        for end in self._unsubscribe:
            end()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._held is None:
            self._keep_state()
        await self._log.stop()

    @property
    def has_caught_up(self) -> bool:
        """Whether everything that happened while no server ran has been told."""
        return self._held is None and self._seen is None and self._lost == self._log.lost

    def _take(self, update: Update) -> None:
        if self._held is not None:
            self._held.append(update)
            return
        self._tell(update)
        if self._lost != self._log.lost and self._seen is None:
            # Events were given up: what clients know is what the log has.
            self._catch_up(None)
        elif self._log.newest - self._saved >= max(_STATE_EVENTS, len(self._snapshot.jobs)):
            self._keep_state()

    def _tell(self, update: Update) -> None:
        now = self._clock()
        if self._seen is not None:
            self._seen.update(change.after.numeric_id for change in update.jobs if change.after)
        self._tell_jobs([step for change in update.jobs for step in steps(change.before, change.after)])
        found = (self._describe_node(change.before, change.after, now) for change in update.nodes)
        self._log.append(one for one in found if one is not None)

    def _tell_jobs(self, made: Iterable[Step]) -> None:
        now = self._clock()
        found = (self._describe_job(step, now) for step in made)
        self._log.append(one for one in found if one is not None)

    def _keep_state(self) -> None:
        if self._lost != self._log.lost:
            return  # clients were not told of all that is known
        jobs: Iterable[Job] = self._snapshot.jobs.view()
        nodes = self._snapshot.nodes.all()
        at = int(self._snapshot.observed_at)
        told: BitMap | None = None
        if self._seen is not None:
            # What ended while no server ran is not told of yet: the next server has to, if this one does not.
            told, at = self._seen | BitMap(self._known_ids), min(at, self._known_at or at)
            jobs = chain(jobs, tuple(self._missing.values()))
        self._saved = self._log.newest

        def state(sequence: int) -> State:
            ended_since = at - _REMEMBERED_SECONDS
            known = (
                job
                for job in jobs
                if not job.state.is_finished
                or ((job.end_time or 0) >= ended_since and (told is None or job.numeric_id in told))
            )
            return State(sequence=sequence, at=at, jobs=known, nodes=nodes)

        self._log.keep_state(state)

    # After a start

    def _catch_up(self, state: State | None) -> None:
        """Tell what has happened since clients were told of anything last; called when the cluster is seen.

        Args:
            state: What was kept, `NOTHING` when that is so; ``None``: look it up.
        """
        self._lost = self._log.lost
        self._begin()
        self._task = asyncio.create_task(self._compare(state), name="catch up with events")

    def _begin(self) -> tuple[Sequence[Job], list[Node]]:
        """What there is to be seen now; what changes from now on is held back."""
        self._held = []
        table = self._snapshot.jobs
        self._seen = BitMap(table.listed)
        return table.view(sorted(table.slots_with(table.listed))), list(self._snapshot.nodes.all())

    async def _compare(self, state: State | None) -> None:
        known, jobs, nodes = await self._look(state)
        if known is not None:
            self._known_at, self._known_ids = known.at, {job.numeric_id for job in known.jobs}
            self._missing = await self._compare_jobs(known, jobs)
            await self._compare_nodes(known, nodes)
        held, self._held = self._held or [], None
        for update in held:
            self._tell(update)
        self._keep_state()
        if known is not None:
            await self._compare_finished()
            self._missing, self._known_ids = {}, set()
        self._seen = None
        self._keep_state()
        if self._lost != self._log.lost:
            self._catch_up(None)

    async def _look(self, state: State | None) -> tuple[State | None, Sequence[Job], list[Node]]:
        """What clients know, and what there is to be seen."""
        while True:
            jobs, nodes = self._begin()
            try:
                return await self._known(state), jobs, nodes
            except ServiceUnavailable as error:
                _log.warning("what clients were told last is not known yet: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _known(self, state: State | None) -> State | None:
        """What clients know: the state that was kept, and the events since; ``None``: nothing at all."""
        state = state or await self._log.state() or NOTHING
        if state is NOTHING:
            return None
        jobs = {job.numeric_id: job for job in state.jobs}
        nodes = {node.node_name: node for node in state.nodes}
        at = state.at
        try:
            async for events in self._log.since(state.sequence):
                for one in events:
                    at = max(at, one.at)
                    if one.channel is Channel.JOBS:
                        _follow(jobs, one)
                    elif one.channel is Channel.NODES and one.node is not None:
                        nodes[one.resource_id] = one.node
                    elif one.channel is Channel.NODES:
                        nodes.pop(one.resource_id, None)
                await asyncio.sleep(0)
        except ReplayUnavailable as error:
            _log.warning("what clients were told is not all kept: %s", error)
            return None
        return State(sequence=self._log.newest, at=at, jobs=list(jobs.values()), nodes=list(nodes.values()))

    async def _compare_jobs(self, known: State, jobs: Sequence[Job]) -> dict[int, Job]:
        """Tell of listed jobs that differ from what is known; the known, unfinished ones not listed."""
        remaining = {job.numeric_id: job for job in known.jobs}
        floor = known.at - _SLACK_SECONDS
        for start in range(0, len(jobs), _PIECE):
            made: list[Step] = []
            for job in jobs[start : start + _PIECE]:
                before = remaining.pop(job.numeric_id, None)
                is_old = job.state.is_finished and (job.end_time or 0) < floor
                if before is None and not is_old:
                    made += steps(None, job)
                elif before is not None and before != slim_job(job):
                    made += steps(before, job)
            self._tell_jobs(made)
            await self._turn()
        return {key: job for key, job in remaining.items() if not job.state.is_finished}

    async def _compare_nodes(self, known: State, nodes: Sequence[Node]) -> None:
        before = {node.node_name: node for node in known.nodes}
        pairs: list[tuple[Node | None, Node | None]] = []
        pairs += [(before.pop(node.node_name, None), node) for node in nodes]
        pairs += [(node, None) for node in before.values()]
        now = self._clock()
        for start in range(0, len(pairs), _PIECE):
            piece = pairs[start : start + _PIECE]
            found = (self._describe_node(*pair, now) for pair in piece if pair[0] != pair[1])
            self._log.append(one for one in found if one is not None)
            await self._turn()

    async def _compare_finished(self) -> None:
        """Tell how jobs ended that are listed no more, and of those that came and went unseen."""
        table, missing = self._snapshot.jobs, self._missing
        # The same one, though it be empty: what is told here counts as told when the state is kept.
        seen = BitMap() if self._seen is None else self._seen
        floor = max(self._known_at - _SLACK_SECONDS, int(self._clock()) - _LONGEST_SECONDS)
        while not (table.finished_since <= floor or table.is_full):
            await self._watcher.ensure_finished_since(floor)
            if table.finished_since > floor and not table.is_full:
                await asyncio.sleep(_RETRY_SECONDS)

        def is_news(job: Job) -> bool:
            if job.numeric_id in seen:
                return False
            if job.numeric_id in self._known_ids:
                return job.numeric_id in missing
            return (job.end_time or job.submit_time) >= floor

        finished = table.view(table.finished_before(NEVER))
        ended = sorted(filter(is_news, finished), key=lambda job: (job.end_time or 0, job.numeric_id))
        for start in range(0, len(ended), _PIECE):
            for job in ended[start : start + _PIECE]:
                seen.add(job.numeric_id)
                self._tell_jobs(steps(missing.pop(job.numeric_id, None), job))
            await self._turn()
        for key, job in missing.items():
            if key not in seen:
                self._tell_jobs(steps(job, None))

    async def _turn(self) -> None:
        """Let others have theirs, the disk too."""
        await asyncio.sleep(0)
        if self._log.waiting > _AHEAD:
            await self._log.written()


def _follow(jobs: dict[int, Job], one: Event) -> None:
    """What is known of jobs after one more event."""
    if one.job is not None:
        jobs[one.job.numeric_id] = one.job
    elif one.job_before is not None:
        jobs.pop(one.job_before.numeric_id, None)
