"""The parser versions that are spoken here, newest first."""

from __future__ import annotations

from typing import Final

from s9s.backends.slurmrestd import v0_0_38, v0_0_42, v0_0_43, v0_0_44
from s9s.backends.slurmrestd.steps import Dialect

NEWEST: Final = "v0.0.45"
#: Each to the one before it. v0.0.39 to v0.0.41 are refused: their DELETE answers 200 and says nothing, so
#: that a denied cancel could not be told from a successful one.
_STEPS: Final = (v0_0_44.STEP, v0_0_43.STEP, v0_0_42.STEP, v0_0_38.STEP)

VERSIONS: Final = (NEWEST, *(step.version for step in _STEPS))
REFUSED: Final = ("v0.0.41", "v0.0.40", "v0.0.39")


def dialect(version: str) -> Dialect:
    """How one of `VERSIONS` is spoken."""
    until = VERSIONS.index(version)
    return Dialect(version, tuple(reversed(_STEPS[:until])))
