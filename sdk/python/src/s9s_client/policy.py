"""When a request is sent once more, and after which pause.

The policy, the same in the clients for JavaScript and Go:

- **429** is repeated, whatever the request: the server has done nothing.
- **502, 503, 504, timeouts and broken connections** are repeated for what is *repeatable*: every read, and
  every submission that carries an `Idempotency-Key` (they all do by default). Any other write may have
  arrived and is never sent twice.
- There are at most `max_retries` repetitions (3). Before the n-th lies a random pause between half and the
  whole of `0.5 s * 2^(n-1)`, at most 8 s; or what `Retry-After` asks for, if that is more. A `Retry-After` of
  more than `max_retry_after` (60 s) is not waited for: the error comes at once.
- `timeout` (30 s) is for each attempt.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

#: Statuses of a server, or of what stands before it, that may be well again in a moment.
_UNWELL: Final = frozenset({502, 503, 504})
#: Statuses that are worth another try when the request may arrive twice.
RETRIED: Final = _UNWELL | {429}


@dataclass(frozen=True)
class Policy:
    """How patient a client is. Times are seconds."""

    timeout: float = 30.0
    max_retries: int = 3
    pause: float = 0.5
    max_pause: float = 8.0
    max_retry_after: float = 60.0
    random: Callable[[], float] = random.random

    def delay(
        self, attempt: int, *, repeatable: bool, status: int | None, retry_after: float | None
    ) -> float | None:
        """The pause before the next attempt; ``None``: there is none.

        Args:
            attempt: How many there were, from 1.
            repeatable: Whether the request may arrive twice.
            status: Of the answer; ``None`` without one.
            retry_after: What the answer asks for.
        """
        if attempt > self.max_retries:
            return None
        if status != 429 and not (repeatable and (status is None or status in _UNWELL)):
            return None
        asked = retry_after or 0.0
        if asked > self.max_retry_after:
            return None
        return max(asked, self.pause_after(attempt))

    def pause_after(self, failures: int) -> float:
        """A random pause that grows with the failures in a row."""
        own = min(self.max_pause, self.pause * 2.0 ** min(failures - 1, 30))
        return own * (0.5 + self.random() / 2)


def retry_after_of(value: str | None) -> float | None:
    """Seconds of a `Retry-After` header; a date counts as absent."""
    try:
        return max(0.0, float(value)) if value else None
    except ValueError:
        return None
