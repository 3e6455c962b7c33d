"""TRES and GRES lists to amounts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.tres import Tres, gres_gpus, parse_tres


def test_reads_what_slurm_allocates() -> None:
    assert parse_tres("cpu=4,mem=8G,node=2,billing=4,gres/gpu=2,gres/gpu:a100=2") == Tres(
        cpus=4, memory_mib=8192, nodes=2, gpus=2, other={"billing": "4", "gres/gpu:a100": "2"}
    )


def test_typed_gpus_count_where_there_is_no_sum() -> None:
    assert parse_tres("gres/gpu:a100=2,gres/gpu:v100=1").gpus == 3


@pytest.mark.parametrize("text", ["", "(null)", "N/A"])
def test_nothing_is_no_amounts(text: str) -> None:
    assert parse_tres(text) == Tres()


def test_what_is_not_mentioned_is_none() -> None:
    assert parse_tres("mem=16000M") == Tres(memory_mib=16000)


@pytest.mark.parametrize(
    "text", ["cpu", "cpu=x", "=4", "cpu=4,,mem=1G", "mem=abc", "cpu=-1", "cpu=٣", "node=" + "9" * 20]
)
def test_refuses_what_is_no_list(text: str) -> None:
    with pytest.raises(ValueError, match=r"a list like|an amount of memory|a count"):
        parse_tres(text)


@pytest.mark.parametrize(
    ("text", "gpus"),
    [
        ("gpu:a100:4(S:0-1)", 4),
        ("gpu:a100:2(IDX:0-1)", 2),
        ("gpu:a100:3(IDX:0-1,3),shard:8(0/8,1/8)", 3),
        ("gpu:a100:4,gpu:v100:2", 6),
        ("gres:gpu:2", 2),
        ("gres/gpu:2", 2),
        ("gres/gpu=2", 2),
        ("gres:gpu:a100:2", 2),
        ("gpu", 1),
        ("gpu:a100", 1),
        ("gpu:0", 0),
        ("gpu:2K", 2048),
        ("shard:8", 0),
        ("gpumem:8", 0),
        ("(null)", 0),
        ("N/A", 0),
        ("", 0),
    ],
)
def test_counts_gpus(text: str, gpus: int) -> None:
    assert gres_gpus(text) == gpus


@given(
    st.dictionaries(
        st.sampled_from(["cpu", "node", "gres/gpu", "billing", "license/a"]), st.integers(0, 10**9)
    ),
    st.none() | st.integers(0, 10**9),
)
def test_every_amount_is_read_back(amounts: dict[str, int], mem: int | None) -> None:
    items = [f"{name}={amount}" for name, amount in amounts.items()] + (
        [] if mem is None else [f"mem={mem}M"]
    )
    tres = parse_tres(",".join(items))
    assert (tres.cpus, tres.nodes, tres.memory_mib) == (amounts.get("cpu"), amounts.get("node"), mem)
    assert tres.gpus == amounts.get("gres/gpu", 0)
    assert tres.other == {name: str(amounts[name]) for name in ("billing", "license/a") if name in amounts}


@given(st.text() | st.text("gpure:=/s0123K(),- ", max_size=30))
def test_any_text_gives_an_amount_or_a_value_error(text: str) -> None:
    for read in (parse_tres, gres_gpus):
        try:
            read(text)
        except ValueError:
            continue
