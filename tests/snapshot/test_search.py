"""Words to jobs and things: which are found, in which order, and that a view does not change."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.jobs import Job
from s9s.snapshot.search import FewJobs, JobView, ThingView, like, search, words_of
from s9s.snapshot.store import JobTable
from s9s.snapshot.texts import EXACT, INSIDE, PREFIX, WORD, WORD_PREFIX, KeptTexts, MendedTexts, Texts
from tests.snapshot.making import everything, job, some, task

letters = st.text("abä-_1 ", max_size=6)


def plain_grade(word: str, text: str) -> float:
    """As anyone would write it."""
    best = 0.0
    for match in re.finditer(f"(?={re.escape(word)})", text):
        at, end = match.start(), match.start() + len(word)
        begins = at == 0 or not (text[at - 1].isalnum())
        ends = end == len(text) or not (text[end].isalnum())
        if at == 0 and end == len(text):
            grade = EXACT
        elif at == 0:
            grade = PREFIX
        elif begins and ends:
            grade = WORD
        else:
            grade = WORD_PREFIX if begins else INSIDE
        best = max(best, grade)
    return best


@given(st.lists(st.none() | letters, max_size=8), st.text("abä-_1", min_size=1, max_size=3))
def test_texts_find_what_a_loop_finds(values: list[str | None], word: str) -> None:
    found = Texts(values).find(word)
    grades = [plain_grade(word, (value or "").lower()) for value in values]
    assert ([0.0] * len(values) if found is None else found.tolist()) == pytest.approx(grades)


@given(
    st.lists(st.none() | letters, max_size=8),
    st.dictionaries(st.integers(0, 11), st.none() | letters, max_size=4),
    st.text("abä-_1", min_size=1, max_size=3),
)
def test_mended_texts_are_like_new_ones(
    values: list[str | None], changed: dict[int, str | None], word: str
) -> None:
    now = values + [None] * (max(changed, default=0) + 1 - len(values))
    for place, value in changed.items():
        now[place] = value
    expected, mended = Texts(now), MendedTexts(Texts(values), changed, len(now))
    found, wanted = mended.find(word), expected.find(word)
    assert len(mended) == len(expected)
    assert (None if found is None or not found.any() else found.tolist()) == (
        None if wanted is None else wanted.tolist()
    )
    assert mended.tokens >= expected.tokens


@given(st.lists(st.lists(letters, min_size=3, max_size=4), max_size=5), st.text("ab", min_size=1, max_size=2))
def test_kept_texts_are_like_new_ones(rounds: list[list[str]], word: str) -> None:
    kept = KeptTexts()
    for values in rounds:
        found, wanted = kept.of(values).find(word), Texts(values).find(word)
        assert (None if found is None or not found.any() else found.tolist()) == (
            None if wanted is None else wanted.tolist()
        )


def test_what_is_kept_between_views_follows_the_jobs() -> None:
    """Names come and go between two searches, a few or all of them."""
    table = table_of(*(job(number, job_name=f"first{number}") for number in range(1, 2000)))
    kept: dict[str, tuple[int, Texts]] = {}

    def names(question: str) -> set[str]:
        view = JobView(table.columns, table.columns.order[::-1], kept)
        hits = search({"jobs": view}, words_of(question), 5000)
        places = hits["jobs"].places if "jobs" in hits else []
        return {table.jobs[slot].job_name for slot in view.slots(places)}

    assert len(names("first")) == 1999
    made = kept["job_name"]
    table.apply(some([job(5, job_name="second5"), job(6000, job_name="second6000")]))
    assert names("second") == {"second5", "second6000"}
    assert "first5" not in names("first5")
    assert kept["job_name"] is made, "a few changes are no reason to make all anew"
    table.apply(some([job(number, job_name=f"third{number}") for number in range(1, 1500)]))
    assert len(names("third")) == 1499
    assert len(names("first")) == 500
    assert kept["job_name"] is not made


def table_of(*jobs: Job) -> JobTable:
    table = JobTable()
    table.apply(everything(jobs))
    return table


def found(table: JobTable, question: str, limit: int = 10) -> list[str]:
    view = JobView(table.columns, table.columns.order[::-1], {})
    tokens = sorted(view.tokens())
    hits = search({"jobs": view}, words_of(question), limit, meant=lambda word: like(word, tokens))
    if "jobs" not in hits:
        return []
    assert all(0 < score <= 1 for score in hits["jobs"].scores)
    assert hits["jobs"].scores == sorted(hits["jobs"].scores, reverse=True)
    return [table.jobs[slot].job_id for slot in view.slots(hits["jobs"].places)]


class TestJobs:
    table = table_of(
        job(1, job_name="train-gpu", user="alice", account="research", submit_time=10),
        job(2, "PENDING", job_name="simulation_7", user="bob", partition="gpu", qos="high", submit_time=20),
        job(3, "COMPLETED", job_name="simulation", user="alice", account="Physics", submit_time=30),
        job(12, job_name="alice", user="carol", reservation="maintenance", submit_time=40),
        task(123, 100, 7, job_name="array", user="dave", submit_time=50),
    )

    @pytest.mark.parametrize(
        ("question", "ids"),
        [
            ("alice", ["12", "1", "3"]),
            ("ALICE  train", ["1"]),
            ("gpu", ["2", "1"]),
            ("sim", ["2", "3"]),
            ("simulation", ["3", "2"]),
            ("bob pending", ["2"]),
            ("physics", ["3"]),
            ("high", ["2"]),
            ("mainten", ["12"]),
            ("12", ["12", "100_7"]),
            ("123", ["100_7"]),
            ("100", ["100_7"]),
            ("simulatoin", ["3", "2"]),
            ("pyhsics alice", ["3"]),
            ("nothing", []),
            ("qzx", []),
        ],
    )
    def test_which_and_in_which_order(self, question: str, ids: list[str]) -> None:
        assert found(self.table, question) == ids

    def test_every_word_counts_and_where_none_has_all_the_most(self) -> None:
        assert found(self.table, "alice research train") == ["1"]
        assert found(self.table, "alice research nothing") == ["1"]
        assert found(self.table, "bob research") == ["2", "1"]

    def test_the_latest_of_many_that_are_as_good(self) -> None:
        table = table_of(*(job(number, submit_time=number) for number in range(1, 200)))
        assert found(table, "simulation", limit=3) == ["199", "198", "197"]
        view = JobView(table.columns, table.columns.order[::-1], {})
        assert search({"jobs": view}, ["alice"], 3)["jobs"].total == 199

    def test_a_view_stays_as_it_was(self) -> None:
        table, texts = table_of(job(1, job_name="before"), job(2, job_name="other")), {}
        view = JobView(table.columns, table.columns.order[::-1], texts)
        table.apply(some([job(1, job_name="after"), job(3, job_name="before")], removed=[2]))
        assert search({"jobs": view}, ["before"], 9)["jobs"].total == 1
        later = JobView(table.columns, table.columns.order[::-1], texts)
        hits = search({"jobs": later}, ["before"], 9)["jobs"]
        assert [table.jobs[slot].numeric_id for slot in later.slots(hits.places)] == [3]

    def test_jobs_of_no_table_are_worth_the_same(self) -> None:
        jobs = [one for one in self.table.jobs if one.state.is_finished]
        view = JobView(self.table.columns, self.table.columns.order[::-1], {})
        for word in ("simulation", "alice", "phys", "3"):
            few = search({"past": FewJobs(jobs)}, [word], 9)["past"]
            all_ = search({"jobs": view}, [word], 9)["jobs"]
            scores = dict(zip(view.slots(all_.places), all_.scores, strict=True))
            assert few.scores == pytest.approx([scores[2]])


def test_names_count_more_than_what_is_said() -> None:
    view = ThingView(["gpu001", "node1", "node2"], ["MIXED a100", "idle gpu001", "DOWN"])
    hits = search({"nodes": view}, ["gpu001"], 9)["nodes"]
    assert hits.places == [0, 1]
    assert hits.scores[0] == 1.0 > hits.scores[1]


def test_a_kind_without_all_words_is_found_by_its_names_only() -> None:
    jobs = FewJobs([job(1, "COMPLETED", user="alice", partition="gpu")])
    nodes = ThingView(["gpu001", "n2"], ["", "gpu"])
    hits = search({"jobs": jobs, "nodes": nodes}, ["alice", "gpu"], 9)
    assert (hits["jobs"].total, hits["nodes"].places) == (1, [0])


def test_words_are_bounded() -> None:
    assert words_of("  A a B\tc ") == ["a", "b", "c"]
    assert words_of(" \n") == []
    assert len(words_of(" ".join(map(str, range(100))))) == 8
    assert len(words_of("x" * 500)[0]) == 64
