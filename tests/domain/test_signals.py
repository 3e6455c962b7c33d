"""Signals by name and number."""

from __future__ import annotations

import signal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.signals import signal_name, signal_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SIGUSR1", 10),
        ("usr1", 10),
        ("10", 10),
        (" Kill ", 9),
        ("SIGCLD", 17),
        ("RTMIN", 34),
        ("64", 64),
        ("09", 9),
    ],
)
def test_reads_names_and_numbers(text: str, number: int) -> None:
    assert signal_number(text) == number


@pytest.mark.parametrize(
    "text", ["", "SIG", "0", "65", "99", "-9", "SIGSIGUSR1", "SIG_IGN", "FOO", "٣", "9\0", "1" * 9999]
)
def test_refuses_what_is_no_signal(text: str) -> None:
    with pytest.raises(ValueError, match="a signal like"):
        signal_number(text)


@pytest.mark.parametrize("number", sorted(signal.Signals))
def test_what_has_a_name_is_read_back(number: int) -> None:
    assert signal_number(signal_name(number)) == number


def test_other_numbers_have_names_too() -> None:
    assert (signal_name(9), signal_name(35), signal_name(200)) == ("SIGKILL", "SIGRTMIN+1", "SIG200")


@given(st.text())
def test_any_text_gives_a_signal_or_a_value_error(text: str) -> None:
    try:
        assert 1 <= signal_number(text) <= 64
    except ValueError:
        return
