"""Hostlists: against ClusterShell, and against Slurm's own scontrol."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ClusterShell.NodeSet import NodeSet
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.hostlists import MOST_NAMES, expand_hostlist, fold_hostlist

SLURM_FORMS = {
    "node001": ["node001"],
    "node[001-003]": ["node001", "node002", "node003"],
    "node[001-002,007],login1": ["node001", "node002", "node007", "login1"],
    "a[9-11]": ["a9", "a10", "a11"],
    "a[09-11]": ["a09", "a10", "a11"],
    "a[099-100]": ["a099", "a100"],
    "a[001-2]": ["a001", "a002"],
    "a[1-003]": ["a1", "a2", "a3"],
    "r[0-1]n[1-2]": ["r0n1", "r0n2", "r1n1", "r1n2"],
    "a[1-2][3-4]": ["a13", "a14", "a23", "a24"],
    "[1-2]": ["1", "2"],
    "a[1-2,5]b[3],c": ["a1b3", "a2b3", "a5b3", "c"],
}

names = st.from_regex(r"[a-z]{1,3}(-?[0-9]{1,4}){0,2}(-ib)?", fullmatch=True)


@st.composite
def ranges(draw: st.DrawFn) -> str:
    """A bracket group of non-overlapping ranges of one width."""
    edges = sorted(draw(st.sets(st.integers(0, 999), min_size=2, max_size=8)))
    width = draw(st.sampled_from([0, 3, 5]))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return "[" + ",".join(f"{low:0{width}}-{high:0{width}}" for low, high in pairs) + "]"


@pytest.mark.parametrize(("text", "expected"), SLURM_FORMS.items())
def test_expands_as_written(text: str, expected: list[str]) -> None:
    assert expand_hostlist(text) == expected


def test_text_may_follow_a_group() -> None:
    # More than Slurm allows, as ClusterShell does.
    assert expand_hostlist("n[1-2]-ib") == ["n1-ib", "n2-ib"]


def test_no_text_is_no_names() -> None:
    assert expand_hostlist("") == expand_hostlist("  ") == []
    assert fold_hostlist([]) == ""


@pytest.mark.parametrize(
    "text",
    [
        "a[", "a]", "a[]", "a[1", "a[1,2", "a1]", "a[x]", "a[2-1]", "a[1-]", "a[-1]", "a[1--2]", "a[1,,2]",
        "a[[1]]", "a,,b", ",a", "a,", "a b", "a[1-2] b", "a[1 - 2]", "a[٣]", "a\nb", f"a[1-{MOST_NAMES + 1}]",
        "a[1-999999999999999999]", "a[0-999]b[0-999]", "a[1-60000],b[1-60000]",
        "a[" + "1," * 60000 + "1]x[1-2]", "a[1-" + "9" * 5000 + "]", "a," * 1_000_001,
    ],
)  # fmt: skip
def test_refuses_what_is_broken_or_too_much(text: str) -> None:
    with pytest.raises(ValueError, match="a hostlist like"):
        expand_hostlist(text)


def test_allows_as_many_names_as_it_says() -> None:
    assert len(expand_hostlist(f"a[1-{MOST_NAMES}]")) == MOST_NAMES


@pytest.mark.parametrize(
    ("given_names", "folded"),
    [
        (["node001", "node002", "node003"], "node[001-003]"),
        (["a3", "a1"], "a[1,3]"),
        (["a7"], "a7"),
        (["a1", "a01", "a02", "a2"], "a[1-2,01-02]"),
        (["a9", "a10", "a11"], "a[9-11]"),
        (["a099", "a100"], "a[099-100]"),
        (["b", "a", "b"], "a,b"),
        (["a", "a1"], "a,a1"),
        (["n1-ib", "n2-ib"], "n1-ib,n2-ib"),
        (["r0n1", "r0n2", "r1n1"], "r0n[1-2],r1n1"),
        (["1", "2"], "[1-2]"),
    ],
)
def test_folds_as_slurm_does(given_names: list[str], folded: str) -> None:
    assert fold_hostlist(given_names) == folded


@given(st.lists(names, max_size=30))
def test_folding_keeps_exactly_the_names(given_names: list[str]) -> None:
    folded = fold_hostlist(given_names)
    expanded = expand_hostlist(folded)
    assert sorted(expanded) == sorted(set(given_names))
    assert fold_hostlist(reversed(expanded)) == folded


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), ranges(), st.sampled_from(["", "-ib"])), min_size=1, max_size=4
    )
)
def test_expands_as_clustershell_does(items: list[tuple[str, str, str]]) -> None:
    text = ",".join(map("".join, items))
    assert set(expand_hostlist(text)) == set(NodeSet(text))


@given(st.sets(st.from_regex(r"[a-c][0-9]{3}", fullmatch=True), max_size=40))
def test_clustershell_reads_what_is_folded(given_names: set[str]) -> None:
    assert set(NodeSet(fold_hostlist(given_names))) == given_names


@given(st.text() | st.text("ab01[],- ", max_size=20))
def test_any_text_gives_names_or_a_value_error(text: str) -> None:
    try:
        expanded = expand_hostlist(text)
    except ValueError:
        return
    assert all(expanded)


@pytest.mark.slurm
@pytest.mark.xdist_group("lab22.05")
def test_expands_as_scontrol_does(lab22: Any) -> None:
    shown = {
        text: lab22.run("alice", "scontrol", "show", "hostnames", text).stdout.split() for text in SLURM_FORMS
    }
    assert shown == SLURM_FORMS


@pytest.mark.slurm
@pytest.mark.xdist_group("lab22.05")
def test_scontrol_reads_what_is_folded(lab22: Any) -> None:
    chance = random.Random(7)
    given_names = {
        f"{chance.choice(['a', 'r1n'])}{chance.randrange(300):0{chance.choice([0, 3])}}" for _ in range(400)
    }
    shown = lab22.run("alice", "scontrol", "show", "hostnames", fold_hostlist(given_names)).stdout.split()
    assert sorted(shown) == sorted(given_names)
    folded_by_slurm = lab22.run(
        "alice", "scontrol", "show", "hostlistsorted", ",".join(given_names)
    ).stdout.strip()
    assert sorted(expand_hostlist(folded_by_slurm)) == sorted(given_names)
