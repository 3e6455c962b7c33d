"""Long computing in a thread, so that the event loop goes on meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

#: Computed between two pauses; a call that takes longer by itself keeps the interpreter as long.
_PIECE_SECONDS: Final = 0.0003
#: Enough for whoever waits to wake up. It has the interpreter then, until it waits for something itself.
_PAUSE_SECONDS: Final = 0.0001
#: What is computed at the same time; more of it waits.
_THREADS: Final = 4
#: Added to the niceness of these threads: of a core that both want, the event loop gets nine tenths.
_NICER: Final = 10


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


async def beside(work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """What `work` returns, computed in a thread that leaves the processor to the event loop.

    For what nobody's request waits for. Threads are equals otherwise: on a busy core the loop would get half
    of it while a listing is read, and everyone whom it serves would wait. (A lower priority than this would
    have the thread stand still with the interpreter in its hands as soon as other processes are busy.)
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(work, *arguments, **options))


def _step_back() -> None:
    # Elsewhere it would be the whole process.
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with suppress(OSError):  # a sandbox may not allow it
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICER)


_threads: Final = ThreadPoolExecutor(_THREADS, "beside", initializer=_step_back)
