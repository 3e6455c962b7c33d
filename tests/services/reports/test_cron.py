"""Times of cron expressions, where clocks change too."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.services.reports.cron import cron, last_due, next_due

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = BERLIN) -> int:
    """A local time; with ``second`` behind it the second of two that clocks show."""
    shown, second, _ = text.partition(" second")
    return int(datetime.fromisoformat(shown).replace(tzinfo=ZoneInfo(zone), fold=bool(second)).timestamp())


def times(expression: str, begin: str, count: int, zone: str = BERLIN) -> list[str]:
    found, now = [], float(at(begin, zone))
    for _ in range(count):
        due = next_due(expression, zone, now)
        assert due is not None
        assert due > now
        found.append(datetime.fromtimestamp(due, ZoneInfo(zone)).strftime("%m-%d %H:%M %z"))
        now = due
    return found


def test_an_hour_that_clocks_skip_is_due_once_right_after_it() -> None:
    expected = ["03-28 02:30 +0100", "03-29 03:00 +0200", "03-30 02:30 +0200"]
    assert times("30 2 * * *", "2026-03-27 12:00", 3) == expected
    # Both times of the hour that is not there fall on one moment.
    expected = ["03-29 03:00 +0200", "03-30 02:00 +0200", "03-30 02:30 +0200"]
    assert times("0,30 2 * * *", "2026-03-28 12:00", 3) == expected
    assert times("0 0 * * *", "2026-09-05 12:00", 2, "America/Santiago") == [
        "09-06 01:00 -0300",
        "09-07 00:00 -0300",
    ]


def test_an_hour_that_clocks_show_twice_is_due_the_first_time() -> None:
    expected = ["10-25 02:30 +0200", "10-26 02:30 +0100"]
    assert times("30 2 * * *", "2026-10-24 12:00", 2) == expected
    # Seen from within the second of the two hours, both times are over.
    assert times("45 2 * * *", "2026-10-25 02:10 second", 1) == ["10-26 02:45 +0100"]


def test_every_hour_is_every_hour() -> None:
    expected = ["10-25 01:00 +0200", "10-25 02:00 +0200", "10-25 02:00 +0100", "10-25 03:00 +0100"]
    assert times("0 * * * *", "2026-10-25 00:30", 4) == expected
    assert times("15 * * * *", "2026-03-29 01:00", 2) == ["03-29 01:15 +0100", "03-29 03:15 +0200"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("0 0 0 * * *", "five fields"),
        ("61 * * * *", "minute"),
        ("*/0 * * * *", "minute"),
        ("0 24 * * *", "hour"),
        ("0 0 30 2 *", "day-of-month"),
        ("0 0 * 13 *", "month"),
        ("0 0 * * mo", "day-of-week"),
        ("@reboot", "five fields"),
    ],
)
def test_what_is_no_expression_is_told_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        cron(text, BERLIN)


def test_names_and_spaces() -> None:
    assert cron(" 0   6\t1 * * ") == "0 6 1 * *"
    assert cron("@Monthly") == "0 0 1 * *"
    assert times("0 6 L * *", "2024-02-01 00:00", 1) == ["02-29 06:00 +0100"]
    assert times("0 9 * * MON-FRI", "2026-11-27 10:00", 1) == ["11-30 09:00 +0100"]


EXPRESSIONS = [
    "*/7 * * * *",
    "0 * * * *",
    "30 2 * * *",
    "15 1,2,3 * * *",
    "0 6 1 * *",
    "0 0 * * 0",
    "59 23 L * *",
]
MOMENTS = st.integers(at("2026-01-01 00:00"), at("2027-06-01 00:00"))


@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from([BERLIN, "UTC", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    MOMENTS,
    st.integers(0, 3 * 86_400),
)
def test_what_was_missed_last_is_the_last_one_that_was_due(
    expression: str, zone: str, begin: int, gap: int
) -> None:
    first = next_due(expression, zone, begin)
    assert first is not None
    now = first + gap
    last = last_due(expression, zone, first, now)
    assert first <= last <= now
    following = next_due(expression, zone, last)
    assert following is not None
    assert following > now
    if last > first:
        assert next_due(expression, zone, last - 1) == last


def test_years_of_misses_are_passed_over_at_once() -> None:
    first, now = at("2016-01-01 00:00"), at("2026-11-25 10:00:30")
    assert last_due("* * * * *", BERLIN, first, now) == at("2026-11-25 10:00")
