"""Whoever follows events: their subscriptions, and how one who could not keep up gets up to date again."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from s9s.domain.errors import PermissionDenied, S9SError
from s9s.domain.events import Channel, Event
from s9s.services.access import Caller
from s9s.services.live.events import EventLog, ReplayUnavailable
from s9s.services.live.matching import Filter, Sight, Telling, telling

#: Events that are looked up in the log before others get their turn.
_PIECE: Final = 200

_log = logging.getLogger(__name__)


class Packet:
    """An event on its way; what it looks like on some wire is made once for all who see it so."""

    __slots__ = ("_forms", "event", "is_gone")

    def __init__(self, event: Event, *, is_gone: bool = False) -> None:
        self.event = event
        self.is_gone = is_gone
        """Nothing may be told but that the resource is gone."""
        self._forms: dict[str, bytes] = {}

    def form(self, name: str, make: Callable[[Packet], bytes]) -> bytes:
        """Bytes of this name, made when they are asked for first."""
        found = self._forms.get(name)
        if found is None:
            found = self._forms[name] = make(self)
        return found


class Sink(Protocol):
    """Where a reader's packets go."""

    def put(self, packet: Packet) -> bool:
        """Take a packet; False, and nothing taken, when there is no room."""
        ...

    async def room(self) -> None:
        """Wait until there is room again, and most of what was put has been taken away."""
        ...

    async def lagged(self, sequence: int) -> None:
        """Tell that packets after this event could not be put, and follow now."""
        ...

    async def snapshot(self, subscription: Subscription, sequence: int, rows: Rows) -> None:
        """Send all that matches, as of the event `sequence`."""
        ...

    async def gap(self, subscription: Subscription, error: S9SError) -> None:
        """Tell that what was missed cannot be replayed; a snapshot follows where there can be one."""
        ...

    def refused(self, subscription: Subscription, error: PermissionDenied) -> None:
        """Tell that a subscription has ended because the caller may not have it any more."""
        ...


Rows = Sequence[Any]
"""Of a snapshot: jobs or nodes."""


class Subscription:
    """One filter of a reader."""

    def __init__(self, reader: Reader, name: str, wanted: Filter, sight: Sight) -> None:
        self.reader = reader
        self.name = name
        self.wanted = wanted
        self.sight = sight
        self.after = 0
        """Events up to this one are not for it."""


class Source(Protocol):
    """Whoever tells readers of events, as they see it; `hub.Hub` is the one."""

    log: EventLog
    position: int
    """The last event that readers have been told of, or are being told of."""
    complete: int
    """The last event that all live readers have been told of."""
    lags: int
    """How often a reader was too slow."""
    readers: set[Reader]

    def require(self, caller: Caller, channel: Channel) -> Sight:
        """What a caller may see of a channel now. Raises `PermissionDenied`."""
        ...

    async def rows(self, one: Subscription) -> tuple[Rows, int]:
        """All that a subscription matches now, and the last event that is in it."""
        ...

    def enter(self, one: Subscription) -> None:
        """Let a subscription be found."""
        ...

    def leave(self, one: Subscription) -> None:
        """Let it be found no more."""
        ...


class Reader:
    """Somebody with subscriptions. `close` ends them all."""

    def __init__(self, hub: Source, caller: Caller, sink: Sink) -> None:
        self._hub = hub
        self.caller = caller
        self.sink = sink
        self.subscriptions: dict[str, Subscription] = {}
        self.position = hub.position
        """The last event that it has been told of, if it was for it."""
        self.told = 0
        """The last event that was for it."""
        self.is_live = True
        """Whether it is told of events as they come; otherwise it is being brought up to date."""
        self._task: asyncio.Task[None] | None = None
        self._wishes: deque[tuple[Subscription, int | None, bool]] = deque()

    def subscribe(
        self, name: str, wanted: Filter, *, since: int | None = None, snapshot: bool = False
    ) -> Subscription:
        """Have events told.

        Args:
            name: Its own among the reader's; one of the same name is replaced.
            wanted: Which.
            since: Have those after this event replayed first.
            snapshot: Have all that matches told first; with `since` only where that cannot be replayed.

        Raises:
            PermissionDenied: The caller may see nothing of that.
            ReplayUnavailable: The log does not go back so far, and there is to be no snapshot.
        """
        sight = self._hub.require(self.caller, wanted.channel)
        if since is not None and not snapshot:
            self._hub.log.require(since)
        self.unsubscribe(name)
        one = Subscription(self, name, wanted, sight)
        self.subscriptions[name] = one
        one.after = self._hub.position
        if since is not None or snapshot:
            self._wishes.append((one, since, snapshot))
            self._catch_up()
        self._hub.enter(one)
        return one

    def resume(self, since: int) -> None:
        """Have what came after an event told, of all subscriptions together and in order, before the rest.

        Raises `ReplayUnavailable`.
        """
        # Where another process writes the log, this one may not have heard yet of what the reader knows.
        start = min(since, self._hub.log.newest)
        self._hub.log.require(start)
        for one in self.subscriptions.values():
            one.after = since
        self.position, self.told = start, since
        if self.is_live:
            self.is_live = False
            self._task = asyncio.create_task(self._follow(lagged=False), name="catch up")

    def unsubscribe(self, name: str) -> bool:
        """End a subscription; whether there was one."""
        one = self.subscriptions.pop(name, None)
        if one is not None:
            self._hub.leave(one)
        return one is not None

    def close(self) -> None:
        """End everything. Closing twice is harmless."""
        for name in tuple(self.subscriptions):
            self.unsubscribe(name)
        self._hub.readers.discard(self)
        if self._task is not None:
            self._task.cancel()

    def tell(self, packet: Packet) -> None:
        """Put a packet that is for one of the subscriptions, each event once."""
        sequence = packet.event.sequence
        if not self.is_live or sequence <= self.told:
            return
        if self.sink.put(packet):
            self.told = sequence
        else:
            self.position = sequence - 1
            self._hub.lags += 1
            self._catch_up(lagged=True)

    def _catch_up(self, *, lagged: bool = False) -> None:
        if self.is_live:
            self.is_live = False
            if not lagged:
                self.position = self._hub.complete
            self._task = asyncio.create_task(self._follow(lagged), name="catch up")

    async def _follow(self, lagged: bool) -> None:
        """Bring the reader up to date from the log, then let it be told as events come."""
        try:
            if lagged:
                await self.sink.room()
                await self.sink.lagged(self.position)
            while True:
                while self._wishes:
                    await self._grant(*self._wishes.popleft())
                if await self._advance() and not self._wishes:
                    break
            self.is_live = True
        except S9SError as error:
            # The log is out of reach: what was missed is missed, and said so.
            _log.warning("a reader cannot be brought up to date: %s", error)
            for one in tuple(self.subscriptions.values()):
                await self.sink.gap(one, error)
            self._wishes.clear()
            self.position, self.is_live = self._hub.position, True

    async def _grant(self, one: Subscription, since: int | None, snapshot: bool) -> None:
        """What a subscription asked for at its beginning."""
        if self.subscriptions.get(one.name) is not one:
            return
        if since is not None:
            try:
                await self._replay(one, since)
                return
            except ReplayUnavailable as error:
                await self.sink.gap(one, error)
        if snapshot:
            await self._send_snapshot(one)

    async def _replay(self, one: Subscription, since: int) -> None:
        """Events that were missed, for one subscription, up to where the reader is."""
        until = one.after = self.position
        async for events in self._hub.log.since(since):
            for event in events:
                if event.sequence > until:
                    return
                if event.channel is one.wanted.channel:
                    told = telling(one.wanted, one.sight, event)
                    if told is not Telling.NOTHING:
                        await self._put(Packet(event, is_gone=told is Telling.GONE))
            await asyncio.sleep(0)

    async def _send_snapshot(self, one: Subscription) -> None:
        rows, sequence = await self._hub.rows(one)
        one.after = max(one.after, sequence)
        await self.sink.snapshot(one, sequence, rows)

    async def _advance(self) -> bool:
        """Go on in the log to where the hub is; whether that is reached, with nothing in between."""
        hub = self._hub
        if self.position >= hub.position:
            return True
        try:
            async for events in hub.log.since(self.position):
                for count, event in enumerate(events):
                    if event.sequence > hub.position:
                        return False
                    await self._consider(event)
                    self.position = event.sequence
                    if count % _PIECE == _PIECE - 1:
                        await asyncio.sleep(0)
                await asyncio.sleep(0)
        except ReplayUnavailable as error:
            self.position = hub.position
            for one in tuple(self.subscriptions.values()):
                await self.sink.gap(one, error)
                self._wishes.append((one, None, True))
            return False
        # Whatever the log holds, others get their turn.
        await asyncio.sleep(0)
        return self.position >= hub.position

    async def _consider(self, event: Event) -> None:
        for one in tuple(self.subscriptions.values()):
            if one.wanted.channel is not event.channel or event.sequence <= max(one.after, self.told):
                continue
            told = telling(one.wanted, one.sight, event)
            if told is not Telling.NOTHING:
                await self._put(Packet(event, is_gone=told is Telling.GONE))
                self.told = event.sequence
                return

    async def _put(self, packet: Packet) -> None:
        while not self.sink.put(packet):
            await self.sink.room()
