"""Memory: Slurm's units, 1024-based, to MiB and back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.memory import format_memory, parse_memory

SLURM_FORMS = {
    "4096": 4096,
    "1K": 1,
    "10K": 1,
    "1025K": 2,
    "512M": 512,
    "64G": 65536,
    "1g": 1024,
    "2T": 2097152,
    "1GB": 1024,
}
SLURM_REFUSES = ["abc", "2.5G", "1P", "1GiB", "1X"]
OUR_FORMS = {
    "128GB": 131072,
    "128GiB": 131072,
    "128 GB": 131072,
    "1.5G": 1536,
    "62.50G": 64000,
    "0.1M": 1,
    "89292K": 88,
    "1P": 1 << 30,
    "0": 0,
}


@pytest.mark.parametrize(("text", "mib"), (SLURM_FORMS | OUR_FORMS).items())
def test_reads_every_unit(text: str, mib: int) -> None:
    assert parse_memory(text) == mib


@pytest.mark.parametrize(
    "text",
    [
        "",
        "G",
        "-1",
        "1E",
        "1.G",
        ".5G",
        "1 2G",
        "1GG",
        "1MBB",
        "٣G",
        "1\0",
        "9" * 16,
        "999999999999999P",
        "1e3",
        "9" * 100_000,
    ],
)
def test_refuses_and_says_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="an amount of memory like"):
        parse_memory(text)


@pytest.mark.parametrize(
    ("mib", "text"),
    [(131072, "128GB"), (1500, "1500MB"), (1024, "1GB"), (0, "0GB"), (1023, "1023MB"), (2097152, "2048GB")],
)
def test_writes_whole_gb_or_else_mb(mib: int, text: str) -> None:
    assert format_memory(mib) == text


@given(st.integers(0, 10**15 - 1))
def test_what_is_written_is_read_back(mib: int) -> None:
    assert parse_memory(format_memory(mib)) == mib


@given(st.text() | st.text("0123456789.KMGTPiB ", max_size=20))
def test_any_text_gives_an_amount_or_a_value_error(text: str) -> None:
    try:
        mib = parse_memory(text)
    except ValueError:
        return
    assert 0 <= mib < 2**63


@pytest.mark.slurm
@pytest.mark.xdist_group("lab22.05")
def test_agrees_with_sbatch(lab22: Any) -> None:
    def as_sbatch_reads(text: str) -> int | None:
        done = lab22.run("alice", "sbatch", "-vv", "--test-only", f"--mem={text}", "--wrap=true", check=False)
        shown = re.search(r"^sbatch: mem +: (\S+)$", done.stderr, re.MULTILINE)
        assert shown or "Invalid --mem specification" in done.stderr
        return parse_memory(shown[1]) if shown else None

    assert {text: as_sbatch_reads(text) for text in SLURM_FORMS} == SLURM_FORMS
    assert {text: as_sbatch_reads(text) for text in SLURM_REFUSES} == dict.fromkeys(SLURM_REFUSES)
