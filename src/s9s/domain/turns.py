"""Long computing in a thread, so that the event loop goes on meanwhile."""

from __future__ import annotations

import time
from typing import Final

#: Computed between two pauses; a call that takes longer by itself keeps the interpreter as long.
_PIECE_SECONDS: Final = 0.0003
#: Enough for whoever waits to wake up. It has the interpreter then, until it waits for something itself.
_PAUSE_SECONDS: Final = 0.0001


class Turns:
    """Gives other threads the interpreter from time to time.

    That a thread lets go of the interpreter at each read is not enough: it has it again before whoever waits
    is awake, and whoever waits asks for it by force only after a whole interval (`sys.setswitchinterval`)
    without such an event. A thread that reads a piece each half millisecond shuts the event loop out
    altogether; seen with CPython 3.11: nothing was answered for 200 ms.

    Args:
        is_needed: False where nobody waits yet, so that all goes as fast as it can.
    """

    def __init__(self, *, is_needed: bool = True) -> None:
        self._is_needed = is_needed
        self._since = time.thread_time()

    def take(self) -> None:
        """To be called between two pieces of work of a fraction of a millisecond each."""
        if not self._is_needed:
            return
        if time.thread_time() - self._since >= _PIECE_SECONDS:
            time.sleep(_PAUSE_SECONDS)
            self._since = time.thread_time()
