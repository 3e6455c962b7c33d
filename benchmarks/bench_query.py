"""Queries over 100,000 jobs in memory, beside the plain way: a comprehension and a sort.

`python -m benchmarks.bench_query` shows every question by itself.
"""

from __future__ import annotations

import gc
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from benchmarks.results import Result, median
from s9s.domain.changes import Changes
from s9s.domain.jobs import Job, JobState
from s9s.domain.queries import JOB_SORT_FIELDS, JobQuery, Visibility
from s9s.snapshot.query import find
from s9s.snapshot.store import JobTable
from tests.snapshot.oracle import PlainTable

JOBS: Final = 100_000
NOW: Final = 1_700_000_000
_MANY, _FEW, _PLAIN = 200, 15, 3

_USERS = [f"user{number:03}" for number in range(300)]
_PARTITIONS = ["normal", "gpu", "long", "gpu,normal", "debug"]
_STATES = [
    *[JobState.PENDING] * 63,
    *[JobState.RUNNING] * 20,
    *[JobState.COMPLETED] * 12,
    *[JobState.FAILED] * 5,
]


def _one(*words: str) -> frozenset[str]:
    return frozenset(words)


#: By submission, the order that lists have by default.
DEFAULT: Final = {
    "everything": JobQuery(limit=50),
    "PENDING": JobQuery(states=_one("PENDING"), limit=50),
    "PENDING from 30,000": JobQuery(states=_one("PENDING"), limit=50, offset=30_000),
    "a user": JobQuery(users=_one("user007"), limit=50),
    "four users": JobQuery(users=_one("user001", "user002", "user003", "user004"), limit=50),
    "user, state and partition": JobQuery(
        users=_one("user008"), states=_one("PENDING"), partitions=_one("gpu"), limit=50
    ),
    "state and partition": JobQuery(states=_one("PENDING"), partitions=_one("gpu"), limit=50),
    "a name": JobQuery(names=_one("job_77"), limit=50),
    "a node": JobQuery(nodes=_one("n00077"), limit=50),
    "an id": JobQuery(job_ids=_one("1000077"), limit=50),
    "what a user may see": JobQuery(visibility=Visibility(_one("user007"), _one("acct3")), limit=50),
    "since an hour": JobQuery(start_time=NOW - 3600, limit=50),
}
SORTED: Final = {
    field: JobQuery(sort=field, limit=50) for field in JOB_SORT_FIELDS if field != "submit_time"
} | {
    "PENDING by priority": JobQuery(states=_one("PENDING"), sort="priority", limit=50),
    "a user by priority": JobQuery(users=_one("user007"), sort="priority", limit=50),
}


def population(count: int = JOBS, seed: int = 1) -> list[Job]:
    """Jobs as a backend delivers them: no two share a string."""
    dice = random.Random(seed)
    jobs = [_job(1_000_000 + number, dice) for number in range(count)]
    return msgspec.msgpack.decode(msgspec.msgpack.encode(jobs), type=list[Job])


def _job(number: int, dice: random.Random) -> Job:
    state, user = dice.choice(_STATES), dice.choice(_USERS)
    submitted = NOW - dice.randrange(200_000)
    started = None if state is JobState.PENDING else submitted + dice.randrange(5_000)
    ended = started + dice.randrange(9_000) if started is not None and state.is_finished else None
    return Job(
        job_id=str(number),
        numeric_id=number,
        job_name=f"job_{dice.randrange(20_000)}",
        user=user,
        account=f"acct{dice.randrange(40)}",
        partition=dice.choice(_PARTITIONS),
        qos=dice.choice(["normal", "high", None]),
        state=state,
        submit_time=submitted,
        eligible_time=submitted,
        start_time=started,
        end_time=ended,
        time_limit_seconds=dice.choice([3_600, 7_200, 86_400, -1]),
        nodes=() if started is None else (f"n{dice.randrange(10_000):05}",),
        node_count=1,
        cpu_count=dice.randrange(1, 65),
        memory_mib=dice.choice([1_000, 4_000, 128_000]),
        gpus=dice.randrange(3),
        priority=dice.randrange(2**31),
        reason="Priority" if state is JobState.PENDING else None,
        working_directory=f"/home/{user}/project{dice.randrange(50)}",
        command=f"/home/{user}/run.sh",
        standard_output=f"/home/{user}/logs/job_{number}.out",
        exit_code=0 if ended is not None else None,
    )


def delta(jobs: list[Job], share: float = 0.01, seed: int = 2) -> Changes[Job]:
    """One in a hundred is another: most of them have moved on, one in five is new."""
    dice = random.Random(seed)
    others = int(len(jobs) * share)
    chosen = dice.sample(jobs, others * 4 // 5)
    changed = [
        replace(job, state=JobState.RUNNING, start_time=NOW, nodes=(f"n{dice.randrange(10_000):05}",))
        for job in chosen
    ]
    new = [_job(2_000_000 + seed * len(jobs) + number, dice) for number in range(others // 5)]
    return Changes(asked_at=NOW, changed=changed + new, removed=[])


def queries() -> Iterator[Result]:
    """Queries, changes and memory of 100,000 jobs in memory."""
    jobs = population()
    yield _memory()
    table, plain = JobTable(), PlainTable()
    complete = Changes(asked_at=NOW, changed=jobs, removed=[], complete=True)
    build = seconds(partial(table.apply, complete))
    plain.apply(complete)
    gc.collect()
    gc.freeze()  # as the watcher does
    yield _result("query_build", "100,000 jobs into an empty table", build, 1.0, "s")
    yield _asked("query_default", "slowest of the filters, by submission", DEFAULT, 50, table, plain)
    yield _asked("query_sorted", "slowest of the other orders", SORTED, 500, table, plain)
    yield _new_filters(table)
    # As from a backend, each has just been read when it is applied.
    took = [seconds(partial(table.apply, delta(jobs, seed=seed))) * 1e3 for seed in range(2, 2 + _FEW)]
    yield _result("query_delta", "1 % of the jobs changed", median(took), 15, "ms", slowest=max(took))


def _asked(
    name: str, what: str, queries: dict[str, JobQuery], target: float, table: JobTable, plain: PlainTable
) -> Result:
    figures: dict[str, Any] = {}
    for title, query in queries.items():
        ask = partial(find, table, query, NOW)
        again = median([seconds(ask, _MANY) * 1e6 for _ in range(_FEW)])
        first = median(micros(ask, _FEW, table.answers.clear))
        slow = median(micros(partial(plain.find, query, NOW), _PLAIN))
        figures[title] = {
            "us": again,
            "us_first": first,
            "us_plain": slow,
            "times_plain": median([slow / again]),
            "times_plain_first": median([slow / first]),
        }
    slowest = max(one["us"] for one in figures.values())
    return _result(name, what, slowest, target, "µs", **figures)


def _new_filters(table: JobTable) -> Result:
    dice = random.Random(3)
    took = []
    for _ in range(5_000):
        query = JobQuery(
            users=frozenset(dice.sample(_USERS, dice.randint(1, 4))) if dice.random() < 0.75 else None,
            states=_one(*dice.sample(["PENDING", "RUNNING", "FAILED"], 2)) if dice.random() < 0.75 else None,
            partitions=_one(dice.choice(["normal", "gpu"])) if dice.random() < 0.5 else None,
            offset=dice.randrange(10_000),
            limit=50,
        )
        took.append(seconds(partial(find, table, query, NOW)) * 1e6)
    took.sort()
    figures = {"p99": took[4_950], "slowest": took[-1]}
    return _result("query_new", "a filter not asked before, by submission", median(took), 50, "µs", **figures)


def _memory() -> Result:
    gc.collect()
    tracemalloc.start()
    table = JobTable()
    table.apply(Changes(asked_at=NOW, changed=population(), removed=[], complete=True))
    for field in JOB_SORT_FIELDS:
        find(table, JobQuery(sort=field), NOW)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    return _result("query_memory", "100,000 jobs with columns, indexes and all orders", held, 150, "MB")


def _result(name: str, what: str, measured: float, target: float, unit: str, **figures: Any) -> Result:
    return Result(name, what, measured, target, unit, data={"jobs": JOBS}, figures=figures)


def seconds(what: Callable[[], object], times: int = 1) -> float:
    """CPU time that it takes, on average of so many times: whoever else is on the machine counts less."""
    began = time.process_time()
    for _ in range(times):
        what()
    return (time.process_time() - began) / times


def micros(
    what: Callable[[], object], times: int, before: Callable[[], object] = lambda: None
) -> list[float]:
    """CPU time that it takes each time; `before` does not count."""
    took = []
    for _ in range(times):
        before()
        took.append(seconds(what) * 1e6)
    return took


def main() -> None:
    """Show everything."""
    for result in queries():
        print(f"{result.what}: {result.value} (target {result.goal})")
        for title, figures in result.figures.items():
            if isinstance(figures, dict):
                print(
                    f"  {title:28} {figures['us']:8.1f} µs, first {figures['us_first']:8.0f} µs, "
                    f"plain {figures['us_plain']:8.0f} µs: {figures['times_plain']:8.0f} and "
                    f"{figures['times_plain_first']:5.0f} times as fast"
                )
            else:
                print(f"  {title}: {figures:.3g} {result.unit}")


if __name__ == "__main__":
    main()
