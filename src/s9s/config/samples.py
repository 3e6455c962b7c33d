"""How long samples are kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from s9s.config.section import Section

_Days = Annotated[int, Field(ge=1, le=36_500)]


class Samples(Section):
    """Samples of the cluster over time, behind metrics, reports and exports."""

    minute_days: _Days = 7
    """Days for which a sample of each minute is kept."""
    five_minutes_days: _Days = 35
    """Days for which means of five minutes are kept."""
    hour_days: _Days = 800
    """Days for which means of an hour are kept."""
    day_days: _Days = 7300
    """Days for which means of a day are kept."""

    @property
    def kept_seconds(self) -> dict[int, int]:
        """By the length of a span in seconds: for how many seconds it is kept."""
        days = {
            60: self.minute_days,
            300: self.five_minutes_days,
            3600: self.hour_days,
            86400: self.day_days,
        }
        return {step: kept * 86400 for step, kept in days.items()}
