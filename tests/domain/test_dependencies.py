"""Dependencies in Slurm's notation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.dependencies import DEPENDENCY_TYPES, format_dependency, parse_dependency
from s9s.domain.jobs import Dependency

with_job = st.builds(
    Dependency,
    type=st.sampled_from([kind for kind in DEPENDENCY_TYPES if kind != "singleton"]),
    job_id=st.from_regex(r"[1-9][0-9]{0,6}(_([0-9]{1,4}|\*))?(\+[0-9])?", fullmatch=True),
)
conditions = st.lists(with_job | st.just(Dependency(type="singleton")), max_size=8)


def test_reads_what_slurm_reports() -> None:
    assert parse_dependency("afterok:3400(unfulfilled)?afterany:77_*(failed)") == [
        Dependency(type="afterok", job_id="3400", status="unfulfilled"),
        Dependency(type="afterany", job_id="77_*", status="failed"),
    ]
    assert parse_dependency("singleton(unfulfilled)") == [Dependency(type="singleton", status="unfulfilled")]


def test_reads_what_users_write() -> None:
    assert [(d.type, d.job_id) for d in parse_dependency("AfterOK:1:2_3,after:4+10,singleton")] == [
        ("afterok", "1"),
        ("afterok", "2_3"),
        ("after", "4+10"),
        ("singleton", None),
    ]


@pytest.mark.parametrize("text", ["", " ", "(null)"])
def test_nothing_is_no_conditions(text: str) -> None:
    assert parse_dependency(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "afterok", "afterok:", "afterok:x", "afterok:1:", "before:1", "singleton:1", "afterok:1,,afterok:2",
        "123", "afterok:1(un fulfilled)", "afterok(x):1", "afterok:٣", "afterok:1\0",
        "afterok:" + "1" * 11, "," * 200_000,
    ],
)  # fmt: skip
def test_refuses_and_says_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="dependencies like"):
        parse_dependency(text)


def test_neighbours_of_one_type_share_a_condition() -> None:
    text = "afterok:1:2,afterany:3,afterok:4"
    assert format_dependency(parse_dependency("afterok:1,afterok:2,afterany:3,afterok:4")) == text


@given(conditions)
def test_what_is_written_is_read_back(given_conditions: list[Dependency]) -> None:
    # Singleton is said once, however often it is repeated side by side.
    once = [c for n, c in enumerate(given_conditions) if c.job_id or n == 0 or given_conditions[n - 1].job_id]
    assert parse_dependency(format_dependency(given_conditions)) == once


@given(st.text() | st.text("afterokny:0123,?(_*+) ", max_size=30))
def test_any_text_gives_conditions_or_a_value_error(text: str) -> None:
    try:
        parse_dependency(text)
    except ValueError:
        return
