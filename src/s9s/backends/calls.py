"""Counts what Slurm is asked, by operation and way."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Awaitable
from typing import Final, TypeVar

from s9s.backends.base import Unsupported
from s9s.domain.errors import S9SError, SlurmUnavailable
from s9s.domain.tallies import Tally

R = TypeVar("R")


class Calls:
    """Calls of a backend by operation and way."""

    def __init__(self) -> None:
        self.tallies: Final[defaultdict[tuple[str, str], Tally]] = defaultdict(Tally)
        """Outcomes are ``ok``, ``refused``, ``unavailable``, ``failed``; what a way cannot do is no call."""

    async def measure(self, operation: str, way: str, call: Awaitable[R]) -> R:
        """What comes of a call, which is counted. Raises whatever it raises."""
        began, outcome = time.perf_counter(), "failed"
        try:
            result = await call
            outcome = "ok"
        except SlurmUnavailable:
            outcome = "unavailable"
            raise
        except Unsupported:
            outcome = ""
            raise
        except S9SError:
            outcome = "refused"
            raise
        finally:
            if outcome:
                self.tallies[operation, way].observe(outcome, time.perf_counter() - began)
        return result
