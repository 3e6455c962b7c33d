"""Where events wait until they are posted together."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from s9s.domain.errors import PermissionDenied, S9SError
from s9s.domain.events import Event
from s9s.services.live.readers import Packet, Rows, Subscription

#: Events that wait; what is beyond waits in the log.
ROOM: Final = 1_000
#: Events in one post, and bytes of what they tell.
TOGETHER: Final = 500
TOGETHER_BYTES: Final = 1024 * 1024


class WaitingEvents:
    """A reader's sink: takes events as long as there is room, and gives them in pieces."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self.is_broken = False
        """Something is missing after what waits: to be read anew from there."""

    def __len__(self) -> int:
        return len(self._events)

    def put(self, packet: Packet) -> bool:
        if len(self._events) >= ROOM:
            return False
        self._events.append(packet.event)
        self._filled.set()
        return True

    async def room(self) -> None:
        while len(self._events) > ROOM // 4:
            self._emptied.clear()
            await self._emptied.wait()

    async def lagged(self, sequence: int) -> None:
        """Nobody needs to be told: nothing is left out."""

    async def snapshot(self, subscription: Subscription, sequence: int, rows: Rows) -> None:
        """Follows a gap only, and then all begins anew."""

    async def gap(self, subscription: Subscription, error: S9SError) -> None:
        self.give_up()

    def refused(self, subscription: Subscription, error: PermissionDenied) -> None:
        """What may not be seen any more is left out when it is posted."""

    def give_up(self) -> None:
        """Let whoever waits begin anew."""
        self.is_broken = True
        self._filled.set()

    async def filled(self) -> None:
        """Wait until there is something, or it is broken."""
        await self._filled.wait()

    def piece(self) -> list[Event]:
        """The first of them, for one post."""
        taken: list[Event] = []
        size = 0
        while self._events and len(taken) < TOGETHER:
            size += len(bytes(self._events[0].data))
            if taken and size > TOGETHER_BYTES:
                break
            taken.append(self._events.popleft())
        if not self._events and not self.is_broken:
            self._filled.clear()
        self._emptied.set()
        return taken
