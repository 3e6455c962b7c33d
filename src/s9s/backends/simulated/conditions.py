"""Dependencies of pending jobs: what they wait for, and who waits for whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TypeVar

from msgspec import Struct

from s9s.backends.simulated.records import Record
from s9s.domain.dependencies import parse_dependency
from s9s.domain.jobs import Job, JobState

K = TypeVar("K")

SINGLETON = "singleton"

#: Types that this cluster understands.
KNOWN_TYPES = frozenset({"after", "afterany", "aftercorr", "afternotok", "afterok", SINGLETON})


class Verdict(Enum):
    """Whether something that a job depends on has happened."""

    MET = "met"
    OPEN = "unfulfilled"
    NEVER = "failed"


class Condition(Struct, frozen=True):
    """One part of a dependency: ``afterok`` of job ``12``, or ``after:12+5``."""

    type: str
    job_id: str | None = None
    delay_seconds: int = 0

    @property
    def text(self) -> str:
        """As Slurm writes it."""
        if self.job_id is None:
            return self.type
        minutes = f"+{self.delay_seconds // 60}" if self.delay_seconds else ""
        return f"{self.type}:{self.job_id}{minutes}"


class Dependency(Struct, frozen=True):
    """All conditions of a job; `any_of`: one of them is enough (``?``)."""

    conditions: tuple[Condition, ...]
    any_of: bool

    @classmethod
    def parse(cls, text: str) -> Dependency:
        """From ``afterok:1:2,afterany:3`` or ``afterok:1?afterok:2``.

        Raises:
            ValueError: for what Slurm calls a job dependency problem.
        """
        if "," in text and "?" in text:
            raise ValueError("dependencies are joined by , or by ?, not by both")
        conditions = []
        for part in parse_dependency(text):
            if part.type not in KNOWN_TYPES:
                raise ValueError(f"this cluster knows no {part.type} dependency")
            job_id, _, minutes = (part.job_id or "").partition("+")
            job_id = job_id.removesuffix("_*")
            delay = int(minutes) * 60 if minutes and part.type == "after" else 0
            conditions.append(Condition(part.type, job_id or None, delay))
        return cls(tuple(conditions), "?" in text)

    def judge(self, verdict_of: Callable[[Condition], Verdict]) -> tuple[Verdict, str | None]:
        """Where it stands, and how Slurm shows what is left: ``afterok:3400(unfulfilled)``."""
        judged = [(condition, verdict_of(condition)) for condition in self.conditions]
        verdicts = [verdict for _, verdict in judged]
        if self.any_of:
            met, never = Verdict.MET in verdicts, all(verdict is Verdict.NEVER for verdict in verdicts)
        else:
            met, never = all(verdict is Verdict.MET for verdict in verdicts), Verdict.NEVER in verdicts
        if met:
            return Verdict.MET, None
        left = [
            f"{condition.text}({verdict.value})"
            for condition, verdict in judged
            if verdict is not Verdict.MET
        ]
        return (Verdict.NEVER if never else Verdict.OPEN), ("?" if self.any_of else ",").join(left)


def verdict_on(condition: Condition, jobs: Iterable[Job], now: int) -> Verdict:
    """What the jobs that a condition names (all tasks of an array) make of it."""
    verdicts = {_verdict(condition, job, now) for job in jobs}
    if Verdict.NEVER in verdicts:
        return Verdict.NEVER
    return Verdict.OPEN if Verdict.OPEN in verdicts or not verdicts else Verdict.MET


def _verdict(condition: Condition, job: Job, now: int) -> Verdict:
    if condition.type == "after":
        since = job.start_time if job.start_time is not None else job.end_time
        met = since is not None and now >= since + condition.delay_seconds
        return Verdict.MET if met else Verdict.OPEN
    if not job.state.is_finished:
        return Verdict.OPEN
    match condition.type:
        case "afterok" | "aftercorr":
            met = job.state == JobState.COMPLETED
        case "afternotok":
            met = job.state != JobState.COMPLETED
        case _:
            met = True
    return Verdict.MET if met else Verdict.NEVER


class Waiters:
    """Who waits for whom, so that an event looks only at the jobs that it concerns."""

    def __init__(self) -> None:
        self._dependencies: dict[int, Dependency] = {}
        self._of_job: defaultdict[int, set[int]] = defaultdict(set)
        self._of_name: defaultdict[tuple[str, str], set[int]] = defaultdict(set)

    def dependency(self, numeric_id: int) -> Dependency | None:
        """What this pending job waits for."""
        return self._dependencies.get(numeric_id)

    def add(self, job: Job, dependency: Dependency) -> None:
        """Note a pending job and its dependency."""
        self._dependencies[job.numeric_id] = dependency
        for condition in dependency.conditions:
            if condition.job_id is None:
                self._of_name[job.user, job.job_name].add(job.numeric_id)
            else:
                self._of_job[base_id(condition.job_id)].add(job.numeric_id)

    def drop(self, job: Job) -> None:
        """Forget a job that waits no longer."""
        dependency = self._dependencies.pop(job.numeric_id, None)
        for condition in dependency.conditions if dependency else ():
            if condition.job_id is None:
                _discard(self._of_name, (job.user, job.job_name), job.numeric_id)
            else:
                _discard(self._of_job, base_id(condition.job_id), job.numeric_id)

    def singleton(self, job: Job, everybody: Iterable[Record]) -> Verdict:
        """Whether every earlier job of the same name and user has ended."""
        for record in everybody:
            other = record.job
            if (
                other.numeric_id < job.numeric_id
                and other.user == job.user
                and other.job_name == job.job_name
                and not other.state.is_finished
                and (job.array_job_id is None or other.array_job_id != job.array_job_id)
            ):
                return Verdict.OPEN
        return Verdict.MET

    def on(self, job: Job) -> list[int]:
        """The jobs that an event in this job's life may concern, oldest first."""
        waiting = set(self._of_name.get((job.user, job.job_name), ()))
        for numeric_id in {job.numeric_id, job.array_job_id}:
            if numeric_id is not None:
                waiting |= self._of_job.get(numeric_id, set())
        waiting.discard(job.numeric_id)
        return sorted(waiting)


def _discard(index: dict[K, set[int]], key: K, numeric_id: int) -> None:
    waiting = index.get(key)
    if waiting is not None:
        waiting.discard(numeric_id)
        if not waiting:
            del index[key]


def base_id(address: str) -> int:
    """12 for ``12`` and ``12_3``."""
    return int(address.partition("_")[0])
