"""What goes on by itself: users submit, change their minds, nodes fail and come back."""

from __future__ import annotations

import math
from random import Random
from typing import Final

from msgspec.structs import replace

from s9s.backends.simulated.applications import ARRAY_TASKS
from s9s.backends.simulated.arrays import parse_array
from s9s.backends.simulated.catalogue import Catalogue
from s9s.backends.simulated.cluster import Cluster
from s9s.backends.simulated.conditions import Dependency
from s9s.backends.simulated.lifecycle import Lifecycle
from s9s.backends.simulated.node_control import NodeControl
from s9s.backends.simulated.records import Record
from s9s.domain.jobs import JobState

_DAY: Final = 86400
#: A node fails by itself about once in so many days, and is back after so many seconds on average.
_DAYS_BETWEEN_FAILURES: Final = 60
_OUTAGE_SECONDS: Final = 3600
#: Loads of all nodes are reported once within so many seconds.
_REPORT_SECONDS: Final = 60


class Arrivals:
    """Submissions at random that follow the time of day and keep the number of jobs about as it was.

    Args:
        cluster: Where all this happens.
        lifecycle: Takes the jobs.
        node_control: Takes the failures.
        catalogue: What is submitted.
        random: Where chance comes from.
        rate: Submissions in a second, on average.
        jobs: The number of jobs in slurmctld's memory that the rate keeps.
        has_nights: Whether the rate follows the time of day.
    """

    def __init__(
        self,
        cluster: Cluster,
        lifecycle: Lifecycle,
        node_control: NodeControl,
        catalogue: Catalogue,
        random: Random,
        *,
        rate: float,
        jobs: int,
        has_nights: bool,
    ) -> None:
        self._cluster = cluster
        self._lifecycle = lifecycle
        self._node_control = node_control
        self._catalogue = catalogue
        self._random = random
        self._rate = rate
        self._jobs = jobs
        self._has_nights = has_nights
        self._last: Record | None = None
        self._reported = 0

    def begin(self) -> None:
        """From now on, life goes on."""
        self._plan_arrival()
        self._plan_failure()
        self._cluster.agenda.at(self._cluster.now + 1, self._report)

    # -- jobs ------------------------------------------------------------------------------------------------

    def _plan_arrival(self) -> None:
        now = self._cluster.now
        # More at three in the afternoon than at three at night, and when there are few jobs.
        daytime = math.sin((now % _DAY / _DAY - 0.375) * 2 * math.pi) if self._has_nights else 0.0
        pressure = min(3.0, max(0.2, 1 + 25 * (1 - len(self._cluster.records) / self._jobs)))
        pause = self._random.expovariate(self._rate * (1 + 0.35 * daytime) * pressure)
        self._cluster.agenda.at(now + pause, self._arrive)

    def _arrive(self) -> None:
        cluster, random = self._cluster, self._random
        plan = self._catalogue.draw(random)
        numeric_id = cluster.ids.next()
        tasks = parse_array(numeric_id, f"1-{random.randrange(*ARRAY_TASKS)}%4") if plan.is_array else None
        job = replace(
            plan.prototype,
            job_id=str(numeric_id),
            numeric_id=numeric_id,
            submit_time=cluster.instant,
            time_limit_seconds=plan.time_limit_seconds,
            array_job_id=numeric_id if tasks else None,
            array_tasks=tasks.shown if tasks else None,
        )
        record = Record(job=job, need=plan.need, course=plan.course, tasks=tasks)
        dependency = None
        if random.random() < 0.04 and self._last is not None and not self._last.job.state.is_finished:
            dependency = Dependency.parse(f"afterany:{self._last.job.numeric_id}")
            record.job = replace(job, user=self._last.job.user, account=self._last.job.account)
        if random.random() < 0.02:
            record.begin_time = cluster.instant + random.randrange(60, 7200)
        self._lifecycle.enter(record, dependency)
        self._last = record
        if random.random() < 0.02:
            # Somebody notices a mistake soon after.
            cluster.agenda.at(cluster.now + random.expovariate(1 / 120), self._regret, record)
        self._plan_arrival()

    def _regret(self, record: Record) -> None:
        if record.job.state == JobState.PENDING and record.job.numeric_id in self._cluster.records:
            self._lifecycle.give_up(record, JobState.CANCELLED)

    # -- nodes -----------------------------------------------------------------------------------------------

    def _plan_failure(self) -> None:
        pause = self._random.expovariate(len(self._cluster.pool) / (_DAYS_BETWEEN_FAILURES * _DAY))
        self._cluster.agenda.at(self._cluster.now + pause, self._fail)

    def _fail(self) -> None:
        position = self._random.randrange(len(self._cluster.pool))
        if self._cluster.pool.states[position].is_usable:
            self._node_control.fail_by_itself(position, "Not responding")
            back = self._cluster.now + 60 + self._random.expovariate(1 / _OUTAGE_SECONDS)
            self._cluster.agenda.at(back, self._node_control.recover_by_itself, position)
        self._plan_failure()

    def _report(self) -> None:
        """Let a part of the nodes report their load, so that all have within `_REPORT_SECONDS`."""
        pool = self._cluster.pool
        for _ in range(-(-len(pool) // _REPORT_SECONDS)):
            self._reported = (self._reported + 1) % len(pool)
            if pool.states[self._reported].expected_ends:
                pool.journal.note(self._reported)
        self._cluster.agenda.at(self._cluster.now + 1, self._report)
