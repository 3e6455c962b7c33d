"""Signals: their names, with or without SIG, to numbers and back."""

from __future__ import annotations

import signal
from typing import Final

_ALLOWED: Final = "a signal like SIGUSR1, USR1 or 10"
_HIGHEST: Final = int(signal.SIGRTMAX)
_REALTIME: Final = int(signal.SIGRTMIN)


def signal_number(text: str) -> int:
    """The number of ``SIGUSR1``, ``usr1`` or ``10``: 1 to 64.

    Raises:
        ValueError: when there is no such signal.
    """
    name = text.strip().upper()
    if name.isascii() and name.isdecimal() and len(name) <= 2:
        number = int(name)
    else:
        known = signal.Signals.__members__.get("SIG" + name.removeprefix("SIG"))
        number = known if known is not None else 0
    if not 1 <= number <= _HIGHEST:
        raise ValueError(_ALLOWED)
    return int(number)


def signal_name(number: int) -> str:
    """``SIGKILL`` for 9, ``SIGRTMIN+1`` for 35, ``SIG200`` for what this system does not know."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIGRTMIN+{number - _REALTIME}" if _REALTIME < number < _HIGHEST else f"SIG{number}"
