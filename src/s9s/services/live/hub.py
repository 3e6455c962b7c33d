"""Fan-out: each event to those who want it and may see it, in order, and to nobody else's cost.

Subscriptions that want the same and may see the same are one group; groups are found by the narrowest thing
they ask for, so those whom an event does not concern are not even looked at. Readers are written to at once,
as long as they keep up. One that does not is left alone until it has read what it has, then told that it
lagged and brought up to date from the log; the log, not memory, keeps what it missed.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec import structs

from s9s.domain.errors import PermissionDenied
from s9s.domain.events import Channel, Event
from s9s.domain.queries import JobQuery
from s9s.services.access import Caller, may_see_all, require_channel
from s9s.services.clusters import Cluster
from s9s.services.live.events import EventLog
from s9s.services.live.matching import Filter, Key, Sight, Telling, keys_of_event, keys_of_filter, telling
from s9s.services.live.readers import Packet, Reader, Rows, Sink, Subscription
from s9s.services.nodes import node_matches
from s9s.snapshot.clock import Pulse
from s9s.snapshot.query import find

#: Seconds of telling before others on the event loop get their turn.
_TURN_SECONDS: Final = 0.004
#: Members of a group, or groups, that are told before the time is looked at.
_MEMBERS: Final = 64
#: How long a snapshot waits for what is in it to be in the log.
_PATIENCE_SECONDS: Final = 15.0


class _Group:
    """Subscriptions that want the same and may see the same."""

    __slots__ = ("key", "keys", "members")

    def __init__(self, key: tuple[Filter, Sight], keys: list[Key]) -> None:
        self.key = key
        self.keys = keys
        self.members: dict[Subscription, None] = {}


class Hub:
    """Tells readers of events.

    Args:
        log: Whose.
        cluster: What callers may see of it, and what it is like now.
    """

    def __init__(self, log: EventLog, cluster: Cluster) -> None:
        self.log = log
        self._snapshot = cluster.snapshot
        self._groups: dict[tuple[Filter, Sight], _Group] = {}
        self._index: dict[tuple[Channel, Key], dict[_Group, None]] = {}
        self._waiting: deque[Event] = deque()
        self._telling: Iterator[None] | None = None
        self._pump: asyncio.Task[None] | None = None
        self._end: Callable[[], None] | None = None
        self._progress = Pulse()
        self._basis: object = None
        self.changes = 0
        """To be raised when a reader's caller is another one than before."""
        self._latest: dict[Channel, dict[str, Event]] = {Channel.QUEUE: {}, Channel.METRICS: {}}
        self.current: dict[Channel, Callable[[], Iterable[Event]]] = {}
        """Of channels with a state of their own: events that say what it is now, for snapshots."""
        self.readers: set[Reader] = set()
        self.position = 0
        """The last event that readers have been told of, or are being told of."""
        self.complete = 0
        """The last event that all live readers have been told of."""
        self.lags = 0
        """How often a reader was too slow."""

    def start(self) -> None:
        """Begin; the log has been started."""
        self.position = self.complete = self.log.newest
        self._end = self.log.follow(self._take)

    async def stop(self) -> None:
        """Tell nobody any more. Stopping twice is harmless."""
        if self._end is not None:
            self._end()
            self._end = None
        for reader in tuple(self.readers):
            reader.close()
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)

    def reader(self, caller: Caller, sink: Sink) -> Reader:
        """Somebody new, without subscriptions yet."""
        made = Reader(self, caller, sink)
        self.readers.add(made)
        return made

    def require(self, caller: Caller, channel: Channel) -> Sight:
        """What a caller may see of a channel now.

        Raises `PermissionDenied` when that is nothing, `SlurmUnavailable` before the first contact.
        """
        info, user = self._snapshot.require_info(), self._snapshot.users.get(caller.user)
        visibility = require_channel(caller, info, user, channel.value)
        return Sight(visibility, nodes=channel is not Channel.ALERTS or may_see_all(caller, info, "nodes"))

    def _sight(self, caller: Caller, channel: Channel) -> Sight:
        try:
            return self.require(caller, channel)
        except PermissionDenied as error:
            return Sight(refused=error.message)

    async def rows(self, one: Subscription) -> tuple[Rows, int]:
        """All that a subscription matches now, and the last event that is in it, which has been told of."""
        sequence, lost = self.log.appended, self.log.lost
        rows = self._rows_of(one)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            # What nobody has been told of yet must not be taken back by a server that is killed.
            while self.position < sequence and lost == self.log.lost:
                await self._progress.next()
        return rows, min(sequence, self.position)

    def _rows_of(self, one: Subscription) -> Rows:
        wanted, snapshot = one.wanted, self._snapshot
        if wanted.channel is Channel.JOBS:
            query = structs.replace(
                wanted.jobs or JobQuery(), visibility=one.sight.visibility, limit=len(snapshot.jobs), offset=0
            )
            found = find(snapshot.jobs, query, int(snapshot.observed_at))
            return snapshot.jobs.view(found.slots)
        if wanted.channel is Channel.NODES:
            query_nodes = wanted.nodes
            return [
                node
                for node in snapshot.nodes.all()
                if query_nodes is None or node_matches(node, query_nodes)
            ]
        provider = self.current.get(wanted.channel)
        found_events = provider() if provider else self._latest.get(wanted.channel, {}).values()
        return [event for event in found_events if telling(wanted, one.sight, event) is not Telling.NOTHING]

    def enter(self, one: Subscription) -> None:
        """Let a subscription be found."""
        key = (one.wanted, one.sight)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(key, keys_of_filter(one.wanted, one.sight))
            for name in group.keys:
                self._index.setdefault((one.wanted.channel, name), {})[group] = None
        group.members[one] = None

    def leave(self, one: Subscription) -> None:
        """Let it be found no more."""
        key = (one.wanted, one.sight)
        group = self._groups.get(key)
        if group is None or one not in group.members:
            return
        del group.members[one]
        if group.members:
            return
        del self._groups[key]
        for name in group.keys:
            place = (one.wanted.channel, name)
            found = self._index.get(place)
            if found is not None:
                found.pop(group, None)
                if not found:
                    del self._index[place]

    def review(self) -> None:
        """See what everybody may see now, if PrivateData, accounts or roles have changed."""
        info = self._snapshot.info
        basis = (info and info.private_data, self._snapshot.users.generation, self.changes)
        if info is None or basis == self._basis:
            return
        self._basis = basis
        sights: dict[tuple[Caller, Channel], Sight] = {}
        for reader in tuple(self.readers):
            for one in tuple(reader.subscriptions.values()):
                key = (reader.caller, one.wanted.channel)
                if (sight := sights.get(key)) is None:
                    sight = sights[key] = self._sight(*key)
                if sight == one.sight:
                    continue
                self.leave(one)
                if sight.refused is not None:
                    reader.unsubscribe(one.name)
                    reader.sink.refused(
                        one, PermissionDenied(sight.refused, channel=one.wanted.channel.value)
                    )
                    continue
                one.sight = sight
                self.enter(one)

    def _take(self, events: Sequence[Event]) -> None:
        self._waiting.extend(events)
        is_idle = self._pump is None or self._pump.done()
        # Most often there is one event, and few who want it: no need to wait for a turn.
        if is_idle and not self._deliver(time.monotonic() + _TURN_SECONDS):
            self._pump = asyncio.create_task(self._deliver_all(), name="fan out")

    async def _deliver_all(self) -> None:
        # Whoever finds that all is told must be done in the same turn: what comes next begins anew.
        while True:
            if self._deliver(time.monotonic() + _TURN_SECONDS):
                return
            await asyncio.sleep(0)

    def _deliver(self, until: float) -> bool:
        """Tell of waiting events until time is up; whether all is told."""
        while self._telling is not None or self._waiting:
            if self._telling is None:
                event = self._waiting.popleft()
                self.position = event.sequence
                self._telling = self._tell(event)
            for _ in self._telling:
                if time.monotonic() >= until:
                    return False
            self._telling = None
            self.complete = self.position
            self._progress.beat()
            if time.monotonic() >= until:
                return not self._waiting
        return True

    def _tell(self, event: Event) -> Iterator[None]:
        """Tell all whom it concerns, in pieces."""
        if (latest := self._latest.get(event.channel)) is not None:
            latest[event.resource_id] = event
        groups: dict[_Group, None] = {}
        for key in keys_of_event(event):
            found = self._index.get((event.channel, key))
            if found:
                groups.update(found)
        packets: dict[Telling, Packet] = {}
        for count, group in enumerate(groups):
            told = telling(*group.key, event)
            if told is Telling.NOTHING:
                if count % _MEMBERS == _MEMBERS - 1:
                    yield
                continue
            packet = packets.get(told)
            if packet is None:
                packet = packets[told] = Packet(event, is_gone=told is Telling.GONE)
            for number, one in enumerate(tuple(group.members), 1):
                if event.sequence > one.after:
                    one.reader.tell(packet)
                if number % _MEMBERS == 0:
                    yield
            if count % _MEMBERS == _MEMBERS - 1:
                yield
