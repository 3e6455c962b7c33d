"""``--begin`` and ``--deadline`` as sbatch reads them, in the local zone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.begin_times import parse_begin_time

BERLIN = ZoneInfo("Europe/Berlin")

#: Understood by Slurm 22.05 and by us alike, whatever the time is.
FORMS = [
    "now", "now+1hour", "now+90", "now+5minutes", "now + 2 weeks", "now-5", "16:00", "04:00:30", "4:30pm",
    "4:30 AM", "noon", "midnight", "teatime", "fika", "today", "tomorrow", "tomorrow-noon", "2099-01-20",
    "2099-01-20T12:34", "2099-01-20T12:34:56", "2099-01-20 4:30pm", "01/20/37", "01/20/37-16:00", "0120",
    "012037", "01.20.37", "01/20", "uts1900000000", "2020-01-01",
]  # fmt: skip

REFUSED = [
    "now+2h",
    "now+1foo",
    "25:00",
    "12:60",
    "12am",
    "2099-1-2",
    "2099-01-20T24:00",
    "1:2:3",
    "elevenses",
    "x",
]


@pytest.fixture(autouse=True)
def _berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone whose clock is changed twice a year."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=BERLIN).timestamp())  # type: ignore[arg-type, misc]


NOW = at(2024, 1, 20, 12, 0)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", (2024, 1, 20, 12, 0)),
        ("now+1hour", (2024, 1, 20, 13, 0)),
        ("now+2days", (2024, 1, 22, 12, 0)),
        ("16:00", (2024, 1, 20, 16, 0)),
        ("12:00", (2024, 1, 21, 12, 0)),
        ("noon", (2024, 1, 21, 12, 0)),
        ("4:30PM", (2024, 1, 20, 16, 30)),
        ("12:30am", (2024, 1, 21, 0, 30)),
        ("midnight", (2024, 1, 21, 0, 0)),
        ("today", (2024, 1, 20, 0, 0)),
        ("tomorrow", (2024, 1, 21, 0, 0)),
        ("2024-07-01T12:34", (2024, 7, 1, 12, 34)),
        ("01/19", (2025, 1, 19, 0, 0)),
        ("01/20", (2024, 1, 20, 0, 0)),
        ("123024", (2024, 12, 30, 0, 0)),
    ],
)
def test_reads_what_users_write(text: str, moment: tuple[int, ...]) -> None:
    assert parse_begin_time(text, NOW) == at(*moment)


def test_tomorrow_can_be_23_hours_away() -> None:
    before = at(2024, 3, 30, 12, 0)
    assert parse_begin_time("12:00", before) - before == 23 * 3600


@pytest.mark.parametrize(
    "text", [*REFUSED, "", "now+", "13:00pm", "0:00am", "2024-02-30", "1960-01-01", "٤:00", "9" * 100_000]
)
def test_refuses_and_says_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="a time like"):
        parse_begin_time(text, NOW)


@given(st.text() | st.text("now+0123456789:-/.T apmuts", max_size=20))
def test_any_text_gives_an_instant_or_a_value_error(text: str) -> None:
    try:
        assert parse_begin_time(text, NOW) >= 0
    except ValueError:
        return


@pytest.mark.slurm
@pytest.mark.xdist_group("lab22.05")
def test_agrees_with_sbatch(lab22: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # The commands run in the zone of the host.
    monkeypatch.delenv("TZ")
    time.tzset()
    for text in [*FORMS, *REFUSED]:
        before = int(time.time())
        done = lab22.run(
            "alice", "sbatch", "-vv", "--test-only", f"--begin={text}", "--wrap=true", check=False
        )
        after = int(time.time())
        shown = re.search(r"^sbatch: begin +: (\S+)$", done.stderr, re.MULTILINE)
        if text in REFUSED:
            assert not shown, text
        else:
            assert shown, text
            read = int(datetime.fromisoformat(shown[1]).astimezone().timestamp())
            assert parse_begin_time(text, before) <= read <= parse_begin_time(text, after), text
