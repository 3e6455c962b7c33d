"""Instants: RFC 3339 in, RFC 3339 UTC out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.instants import format_instant, parse_instant

LATEST = 253402300799


@pytest.mark.parametrize(
    ("text", "epoch"),
    [
        ("2023-12-15T10:30:00Z", 1702636200),
        ("2023-12-15t10:30:00z", 1702636200),
        ("2023-12-15 10:30:00Z", 1702636200),
        ("2023-12-15T11:30:00+01:00", 1702636200),
        ("2023-12-15T05:00:00-05:30", 1702636200),
        ("2023-12-15T10:30:00.999Z", 1702636200),
        ("2023-12-15", 1702598400),
        ("1702636200", 1702636200),
        ("0", 0),
        ("2024-02-29T00:00:00Z", 1709164800),
        ("9999-12-31T23:59:59Z", LATEST),
    ],
)
def test_reads_rfc_3339_dates_and_epochs(text: str, epoch: int) -> None:
    assert parse_instant(text) == epoch


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2023-12-15T10:30:00",
        "2023-12-15T10:30Z",
        "2023-12-15T10:30:00 01:00",
        "2023-02-29",
        "2023-13-01",
        "2023-12-15T24:00:00Z",
        "2023-12-15T10:30:60Z",
        "2023-12-15T10:30:00+25:00",
        "1969-12-31",
        "1970-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "0000-01-01",
        "-1",
        "1.5",
        "999999999999",
        "٢٠٢٣-12-15",
        "2023-12-15\0",
        "1" * 100_000,
    ],
)
def test_refuses_and_says_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="a time like"):
        parse_instant(text)


def test_writes_utc_with_z() -> None:
    assert format_instant(1702636200) == "2023-12-15T10:30:00Z"


@given(st.integers(0, LATEST))
def test_what_is_written_is_read_back(epoch: int) -> None:
    assert parse_instant(format_instant(epoch)) == epoch


@given(st.integers(0, LATEST))
def test_agrees_with_the_standard_library(epoch: int) -> None:
    assert format_instant(epoch) == datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@given(st.text() | st.text("0123456789-:TZ+. ", max_size=30))
def test_any_text_gives_an_instant_or_a_value_error(text: str) -> None:
    try:
        epoch = parse_instant(text)
    except ValueError:
        return
    assert 0 <= epoch <= LATEST
