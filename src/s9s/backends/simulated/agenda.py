"""What will happen, and when: the discrete events of the simulation."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Any

Action = Callable[..., None]


class Agenda:
    """Calls to come, in order of time; those of one instant in the order in which they were entered."""

    def __init__(self) -> None:
        # (instant, order of entry, action, its arguments). `order` is unique, so actions are never compared.
        self._entries: list[tuple[float, int, Action, tuple[Any, ...]]] = []
        self._order = count()

    def __len__(self) -> int:
        return len(self._entries)

    def at(self, instant: float, action: Action, *arguments: Any) -> None:
        """Call ``action(*arguments)`` when `instant` (epoch seconds) has come.

        Nothing is ever struck off: an action must see for itself whether it is still wanted.
        """
        heappush(self._entries, (instant, next(self._order), action, arguments))

    def at_all(self, entries: list[tuple[float, Action, tuple[Any, ...]]]) -> None:
        """Enter many at once, in linear time."""
        self._entries.extend(
            (instant, next(self._order), action, arguments) for instant, action, arguments in entries
        )
        heapify(self._entries)

    @property
    def next_instant(self) -> float | None:
        """When the earliest is due; ``None`` if there is none."""
        return self._entries[0][0] if self._entries else None

    def pop(self) -> tuple[float, Action, tuple[Any, ...]]:
        """The earliest, taken off. Raises `IndexError` when there is none."""
        instant, _, action, arguments = heappop(self._entries)
        return instant, action, arguments
