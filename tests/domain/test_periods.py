from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.periods import CALENDAR, Period, last_full, midnight, zone
from s9s.domain.reports import Kind, change, duration, shown

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("kind", "first", "last", "label"),
    [
        ("day", date(2026, 11, 23), date(2026, 11, 23), "23 November 2026"),
        ("week", date(2026, 11, 16), date(2026, 11, 22), "16–22 November 2026"),
        ("month", date(2026, 10, 1), date(2026, 10, 31), "October 2026"),
        ("quarter", date(2026, 7, 1), date(2026, 9, 30), "Q3 2026"),
        ("year", date(2025, 1, 1), date(2025, 12, 31), "2025"),
    ],
)
def test_the_last_full_period(kind: str, first: date, last: date, label: str) -> None:
    found = last_full(kind, "UTC", NOON)
    assert (found.first, found.last, found.label, found.kind) == (first, last, label, kind)


def test_today_is_the_zones_today() -> None:
    late = datetime(2026, 11, 30, 23, 30, tzinfo=UTC).timestamp()
    assert last_full("month", "UTC", late).label == "October 2026"
    assert last_full("month", "Europe/Berlin", late).label == "November 2026"
    assert last_full("day", "Pacific/Kiritimati", late).first == date(2026, 11, 30)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_days_in_which_clocks_change_are_as_long_as_they_are(day: date, hours: int) -> None:
    assert Period(day, day, "Europe/Berlin").seconds == hours * 3600


def test_a_day_that_begins_after_midnight() -> None:
    """Clocks in Beirut go from 00:00 to 01:00."""
    start = midnight(date(2024, 3, 31), "Asia/Beirut")
    assert datetime.fromtimestamp(start, ZoneInfo("Asia/Beirut")).hour in (0, 1)
    assert Period(date(2024, 3, 30), date(2024, 3, 31), "Asia/Beirut").seconds == 47 * 3600


@pytest.mark.parametrize(
    ("first", "last", "label", "before"),
    [
        (date(2023, 12, 1), date(2023, 12, 31), "December 2023", "November 2023"),
        (date(2024, 2, 1), date(2024, 2, 29), "February 2024", "January 2024"),
        (date(2023, 12, 4), date(2023, 12, 10), "4–10 December 2023", "27 November – 3 December 2023"),
        (date(2023, 12, 30), date(2024, 1, 2), "30 December 2023 – 2 January 2024", "26–29 December 2023"),
        (date(2023, 1, 1), date(2023, 12, 31), "2023", "2022"),
    ],
)
def test_labels_and_the_period_before(first: date, last: date, label: str, before: str) -> None:
    period = Period(first, last)
    assert period.label == label
    assert period.before().label == before


@given(
    st.sampled_from(CALENDAR),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
    st.integers(min_value=86400 * 800, max_value=4 * 10**9),
)
def test_periods_follow_each_other_without_gap(kind: str, time_zone: str, now: int) -> None:
    period = last_full(kind, time_zone, now)
    assert period.kind == kind or (kind == "day" and period.days == 1)
    assert period.before().end == period.start
    assert period.end <= now
    assert period.days == (period.last - period.first).days + 1
    assert abs(period.seconds - period.days * 86400) <= 2 * 3600
    assert period.last < (datetime.fromtimestamp(now, ZoneInfo(time_zone)).date() + timedelta(days=1))


@pytest.mark.parametrize("name", ["", "Nowhere/City", "../../etc/passwd", "/etc/localtime", "utc\0"])
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        zone(name)


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (None, Kind.AMOUNT, "–"),
        (1234567, Kind.COUNT, "1,234,567"),
        (1234.56, Kind.AMOUNT, "1,235"),
        (12.345, Kind.AMOUNT, "12.3"),
        (4.0, Kind.AMOUNT, "4"),
        (99.96, Kind.PERCENT, "100.0"),
        (4.24, Kind.CHANGE, "+4.2"),
        (-4.24, Kind.CHANGE, "−4.2"),
        (-0.01, Kind.CHANGE, "0.0"),
        (12345.6, Kind.CHANGE, "+12,346"),
        (754, Kind.DURATION, "12m 34s"),
        (8100, Kind.DURATION, "2h 15m"),
        ("=x", Kind.TEXT, "=x"),
    ],
)
def test_values_for_people(value: str | float | None, kind: Kind, text: str) -> None:
    assert shown(value, kind) == text


def test_durations_and_changes() -> None:
    assert [duration(one) for one in (0, 59, 60, 3599, 3600, 86399, 86400, 90000)] == [
        "0s", "59s", "1m 0s", "59m 59s", "1h 0m", "23h 59m", "1d 0h", "1d 1h",
    ]  # fmt: skip
    assert change(3, 2) == 50
    assert change(3, 0) is None
    assert change(3, None) is None
