"""Durations: every form of ``--time``, ours besides, and nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.durations import (
    LONGEST,
    UNLIMITED,
    format_duration,
    format_hours,
    format_wait,
    parse_duration,
)

SLURM_FORMS = {
    "30": 1800,
    "0005": 300,
    "1:30": 90,
    "90:00": 5400,
    "4:00:00": 14400,
    "0:90:00": 5400,
    "1-": 86400,
    "1-12": 129600,
    "1-25": 176400,
    "1-12:30": 131400,
    "7-00:00:00": 604800,
    "1-01:02:03": 90123,
    "unlimited": UNLIMITED,
    "INFINITE": UNLIMITED,
    "-1": UNLIMITED,
}

OUR_FORMS = {
    "2h": 7200,
    "30m": 1800,
    "7d": 604800,
    "45s": 45,
    "1d12h": 129600,
    "12m 34s": 754,
    "2H": 7200,
    " 2h ": 7200,
}

SLURM_REFUSES = ["1-1:", ":5", "1:2:3:4", "5.5", "+5", "abc", "1--2"]

OUR_REFUSALS = [
    *SLURM_REFUSES,
    "",
    " ",
    "-",
    "-5",
    "2x",
    "h",
    "1h 2d",
    "1-2h",
    "٣",
    "1\0",
    "²",
    "9" * 13,
    "9" * 100_000,
    "99999999-0",
]


@pytest.mark.parametrize(("text", "seconds"), (SLURM_FORMS | OUR_FORMS).items())
def test_reads_every_form(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", OUR_REFUSALS)
def test_refuses_and_says_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="a duration like"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00:00"),
        (42, "0:00:42"),
        (8130, "2:15:30"),
        (14400, "4:00:00"),
        (86399, "23:59:59"),
        (86400, "1-00:00:00"),
        (604800, "7-00:00:00"),
        (UNLIMITED, "UNLIMITED"),
    ],
)
def test_writes_as_the_contract_does(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


def test_has_no_notation_for_negative_spans() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        format_duration(-2)


@given(st.integers(UNLIMITED, LONGEST))
def test_what_is_written_is_read_back(seconds: int) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text() | st.text("0123456789-: dhmsDHMS", max_size=20))
def test_any_text_gives_seconds_or_a_value_error(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert seconds == UNLIMITED or 0 <= seconds <= LONGEST


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.6, "1m 0s"), (754, "12m 34s"), (8100, "2h 15m"), (273600, "3d 4h"), (-3, "0s")],
)
def test_waits_are_told_as_a_person_would(seconds: float, text: str) -> None:
    assert format_wait(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(4489200, "1247h"), (459000, "127.5h"), (0, "0h"), (60, "0h")])
def test_hours_have_one_decimal_at_most(seconds: int, text: str) -> None:
    assert format_hours(seconds) == text


@pytest.mark.slurm
@pytest.mark.xdist_group("lab22.05")
def test_agrees_with_sbatch(lab22: Any) -> None:
    def as_sbatch_reads(text: str) -> int | None:
        done = lab22.run(
            "alice", "sbatch", "-vv", "--test-only", f"--time={text}", "--wrap=true", check=False
        )
        shown = re.search(r"^sbatch: time +: (\S+)$", done.stderr, re.MULTILINE)
        assert shown or "Invalid --time specification" in done.stderr
        return parse_duration(shown[1]) if shown else None

    # sbatch rounds up to minutes.
    whole_minutes = {
        text: seconds if seconds == UNLIMITED else -(-seconds // 60) * 60
        for text, seconds in SLURM_FORMS.items()
    }
    assert {text: as_sbatch_reads(text) for text in SLURM_FORMS} == whole_minutes
    assert {text: as_sbatch_reads(text) for text in SLURM_REFUSES} == dict.fromkeys(SLURM_REFUSES)
