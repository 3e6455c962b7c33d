"""Queries agree with the plain way to answer them, whatever has happened to the table before."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from s9s.domain.changes import Changes
from s9s.domain.jobs import Job, JobState
from s9s.domain.queries import JOB_SORT_FIELDS, JobQuery, Visibility
from s9s.snapshot import query as query_module
from s9s.snapshot.query import find
from s9s.snapshot.records import NO_JOB
from s9s.snapshot.store import JobTable
from tests.snapshot.making import NOON
from tests.snapshot.oracle import PlainTable, reason_of_hold

NUMBERS = st.integers(1, 40)
TIMES = st.integers(NOON, NOON + 20)
WORDS = st.sampled_from(["a", "B", "b", "ä", "aa", ""])
STATES = st.sampled_from([*JobState])
PARTITIONS = st.sampled_from(["gpu", "normal", "gpu,normal", "debug"])
NODES = st.sampled_from(["n1", "n2", "n3"])


@st.composite
def jobs(draw: st.DrawFn, finished: bool = False) -> Job:
    state = draw(STATES.filter(lambda state: state.is_finished or not finished))
    number = draw(NUMBERS)
    identity: dict[str, object] = {"job_id": str(number)}
    match draw(st.sampled_from(["single", "task", "rest", "component"])):
        case "task":
            # An array's id is never that of somebody else's record: arrays are 100 and up here.
            array, index = draw(st.integers(100, 102)), number
            identity = {"job_id": f"{array}_{index}", "array_job_id": array, "array_task_id": index}
        case "rest" if not finished:
            identity |= {"array_job_id": number, "array_tasks": "50-60"}
        case "component":
            head = draw(st.integers(200, 202))
            identity = {"job_id": f"{head}+{number}", "het_job_id": head, "het_job_offset": number}
    optional = {
        "account": WORDS, "qos": WORDS, "eligible_time": TIMES, "start_time": TIMES, "end_time": TIMES,
        "suspend_time": TIMES, "priority": st.just(0) | st.integers(1, 2**32 - 1),
        "memory_mib": st.integers(0, 2**40),
        "time_limit_seconds": st.sampled_from([-1, 60, 3600]), "exit_code": st.integers(0, 255),
        "expected_start_time": TIMES, "signal": st.integers(1, 64),
        "comment": WORDS, "features": WORDS, "reservation": WORDS,
        "reason": WORDS, "working_directory": WORDS, "standard_output": WORDS, "standard_error": WORDS,
    }  # fmt: skip
    fields = {name: draw(st.none() | values) for name, values in optional.items()}
    return Job(
        **identity,  # type: ignore[arg-type]
        numeric_id=number,
        job_name=draw(WORDS),
        user=draw(WORDS),
        state=state,
        flags=tuple(draw(st.lists(st.sampled_from(["CONFIGURING", "REQUEUED", "FAILED"]), max_size=2))),
        partition=draw(PARTITIONS),
        submit_time=draw(TIMES),
        suspended_seconds=draw(st.integers(0, 5)),
        nodes=tuple(draw(st.lists(NODES, max_size=2, unique=True))),
        node_count=draw(st.integers(0, 3)),
        cpu_count=draw(st.integers(0, 3)),
        gpus=draw(st.integers(0, 3)),
        **fields,  # type: ignore[arg-type]
    )


def alternatives(values: st.SearchStrategy[str]) -> st.SearchStrategy[frozenset[str] | None]:
    return st.none() | st.none() | st.frozensets(values, max_size=3)


QUERIES = st.builds(
    JobQuery,
    states=alternatives(st.sampled_from([*JobState, "CONFIGURING", "REQUEUED", "SUSPENDED"]).map(str)),
    users=alternatives(WORDS),
    partitions=alternatives(st.sampled_from(["gpu", "normal", "none"])),
    accounts=alternatives(WORDS),
    qos=alternatives(WORDS),
    names=alternatives(WORDS),
    nodes=alternatives(NODES),
    job_ids=alternatives(
        NUMBERS.map(str)
        | st.sampled_from(["100", "201", "102_7", "200+3", "0", "x", "7_7_7", "9" * 5000, "-1", "1+", "٣"])
    ),
    start_time=st.none() | TIMES,
    end_time=st.none() | TIMES,
    sort=st.sampled_from(JOB_SORT_FIELDS),
    descending=st.booleans(),
    limit=st.integers(1, 10),
    offset=st.integers(0, 5),
    visibility=st.recursive(
        st.none(),
        lambda around: st.builds(
            Visibility,
            st.frozensets(WORDS, max_size=2),
            st.frozensets(WORDS, max_size=2),
            st.frozensets(st.sampled_from(["gpu", "normal", "none"]), max_size=2),
            around,
        ),
        max_leaves=3,
    ),
)


class Comparison(RuleBasedStateMachine):
    """The same changes to both tables, then the same questions."""

    def __init__(self) -> None:
        super().__init__()
        self.table = JobTable()
        self.table.derived["hold_reason"] = reason_of_hold
        self.plain = PlainTable()
        self.generation = 0
        self.thresholds = query_module._FEW, query_module._FEW_WORDS

    @initialize(few=st.sampled_from([0, 3, 4096]), few_words=st.sampled_from([0, 16]))
    def choose_ways(self, few: int, few_words: int) -> None:
        """Small tables, too, take the ways that are meant for large ones."""
        query_module._FEW, query_module._FEW_WORDS = few, few_words  # type: ignore[misc]

    def teardown(self) -> None:
        query_module._FEW, query_module._FEW_WORDS = self.thresholds  # type: ignore[misc]

    @rule(
        changed=st.lists(jobs(), max_size=8, unique_by=lambda one: one.numeric_id),
        removed=st.lists(NUMBERS, max_size=4),
        keep=st.frozensets(NUMBERS, max_size=3),
        complete=st.booleans(),
    )
    def apply(self, changed: list[Job], removed: list[int], keep: frozenset[int], complete: bool) -> None:
        removed = [number for number in removed if number not in {one.numeric_id for one in changed}]
        changes = Changes(asked_at=1.0, changed=changed, removed=removed, complete=complete)
        before = dict(self.plain.jobs)
        made = self.table.apply(changes, keep)
        self.plain.apply(changes, keep)
        self.check_changes(before, made)

    @rule(changed=st.lists(jobs(), min_size=1, max_size=8, unique_by=lambda one: one.numeric_id))
    def go_on(self, changed: list[Job]) -> None:
        """As most polls: what is known is where it was, what is new was submitted last."""
        known = self.plain.jobs
        last = max((one.submit_time for one in known.values()), default=NOON)
        times = {number: one.submit_time for number, one in known.items()}
        after = [replace(one, submit_time=times.get(one.numeric_id, last + 1)) for one in changed]
        self.apply(after, [], frozenset(), False)

    @precondition(lambda self: self.plain.jobs)
    @rule(
        column=st.sampled_from(["states", "users", "partitions", "accounts", "qos", "names", "nodes"]),
        changed=st.lists(jobs(), min_size=1, max_size=8, unique_by=lambda one: one.numeric_id),
    )
    def ask_beside(self, column: str, changed: list[Job]) -> None:
        """Every word of a column before and after others are there."""
        words = {
            "states": [*JobState, "CONFIGURING"],
            "partitions": ["gpu", "normal"],
            "nodes": ["n1", "n2", "n3"],
        }.get(column, ["a", "B", "b", "ä", "aa", ""])
        queries = [JobQuery(**{column: frozenset({str(word)})}) for word in words]  # type: ignore[arg-type]
        for query in queries:
            self.ask(query, NOON)
        self.go_on(changed)
        for query in queries:
            self.ask(query, NOON)

    @rule(finished=st.lists(jobs(finished=True), max_size=8))
    def add_finished(self, finished: list[Job]) -> None:
        before = dict(self.plain.jobs)
        made = self.table.add_finished(finished)
        self.plain.add_finished(finished)
        self.check_changes(before, made)

    @rule(numbers=st.lists(NUMBERS, max_size=5))
    def drop(self, numbers: list[int]) -> None:
        before = dict(self.plain.jobs)
        made = self.table.drop(numbers)
        self.plain.drop(numbers)
        self.check_changes(before, made)

    @rule(before=TIMES)
    def forget_finished(self, before: int) -> None:
        self.table.forget_finished(before)
        self.plain.forget_finished(before)
        self.generation = self.table.generation

    @precondition(lambda self: self.plain.jobs)
    @rule(query=QUERIES, now=TIMES)
    def ask(self, query: JobQuery, now: int) -> None:
        expected, total = self.plain.find(query, now)
        for _ in ("worked out", "remembered"):
            found = find(self.table, query, now)
            assert [self.table.jobs[slot].numeric_id for slot in found.slots] == [
                one.numeric_id for one in expected
            ]
            assert found.total == total

    def check_changes(self, before: dict[int, Job], made: list[object]) -> None:
        after = self.plain.jobs
        expected = {
            (before.get(number), after.get(number))
            for number in before.keys() | after.keys()
            if before.get(number) != after.get(number)
        }
        assert {(change.before, change.after) for change in made} == expected  # type: ignore[attr-defined]
        assert len(made) == len(expected)
        assert (self.table.generation > self.generation) == bool(expected)
        self.generation = self.table.generation

    @invariant()
    def holds_the_same(self) -> None:
        held = [one for one in self.table.jobs if one is not NO_JOB]
        assert {one.numeric_id: one for one in held} == self.plain.jobs
        assert len(self.table) == len(held) == len(self.plain.jobs)
        assert set(self.table.vanished) == self.plain.vanished
        assert set(self.table.listed) == self.plain.listed

    @invariant()
    def finds_by_address(self) -> None:
        for number, one in self.plain.jobs.items():
            assert self.table.get(str(number)) == one
        busy = {JobState.RUNNING, JobState.COMPLETING, JobState.SUSPENDED}
        for name in ("n1", "n2", "n3"):
            here = [one for one in self.plain.jobs.values() if name in one.nodes and one.state in busy]
            assert self.table.on_node(name) == [
                one.job_id for one in sorted(here, key=lambda one: one.numeric_id)
            ]

    @invariant()
    def counts_uses(self) -> None:
        """No value is forgotten while a row has it, none is kept without."""
        columns = self.table.columns
        for name, vocabulary in columns.vocabularies.items():
            codes = columns.codes(name)[columns.order]
            kept = {vocabulary.values[code] for code in set(codes.tolist())}
            assert {value for value in vocabulary.values if value is not None} == kept - {None}
            assert sum(vocabulary.uses.tolist()) == len(columns.order)


TestComparison = Comparison.TestCase
TestComparison.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
