"""How a submitted job goes where nothing is really run: by what its script looks like."""

from __future__ import annotations

import re
from typing import Final

from s9s.backends.simulated.noise import noise
from s9s.backends.simulated.records import Course
from s9s.domain.jobs import JobState

_SLEEP: Final = re.compile(r"(?:^|[;&|]\s*|\s)sleep\s+(\d{1,9}(?:\.\d+)?[smhd]?)(?=\s|;|$)", re.MULTILINE)
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_EXIT: Final = re.compile(r"^\s*(?:exit\s+(\d{1,3})|(false))\s*;?\s*$", re.MULTILINE)


def course_of_script(script: str, seed: int, numeric_id: int) -> Course:
    """It takes as long as its ``sleep`` lines say, else half a minute to two, and ends as ``exit N`` says."""
    sleeps = [match[1] for match in _SLEEP.finditer(script)]
    drawn = noise(seed, numeric_id)
    seconds = sum(_seconds(text) for text in sleeps) if sleeps else 30 + int(drawn * 90)
    last = [int(match[1] or 1) & 255 for match in _EXIT.finditer(script)][-1:]
    code = last[0] if last else 0
    return Course(
        seconds, JobState.FAILED if code else JobState.COMPLETED, code, cpu_efficiency=0.3 + drawn / 2
    )


def _seconds(text: str) -> int:
    unit = _UNITS.get(text[-1])
    return int(float(text[:-1]) * unit) if unit else int(float(text))
