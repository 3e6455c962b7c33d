"""Events: a subscription that comes back by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from s9s_client._async.operations import AsyncEventOperations
from s9s_client._async.patience import AsyncPatience
from s9s_client.errors import ReplayUnavailable, ResourceConflict, S9SError, TransportError
from s9s_client.stream import SILENCE_SECONDS, Event, Messages, Position


class AsyncEvents(AsyncEventOperations):
    """Changes as they happen."""

    async def subscribe(
        self,
        channel: str | Sequence[str] = "jobs",
        *,
        since: int | None = None,
        snapshot: bool = False,
        **filters: Any,
    ) -> AsyncIterator[Event]:
        """Events for as long as the iteration goes on.

        When the connection breaks, or the server starts anew, it is opened again, with growing pauses, and
        goes on after the last event. An error that a new try would not mend is raised.

        Args:
            channel: `jobs`, `nodes`, `metrics`, `alerts`, `queue`; several without filters.
            since: Begin after the event of this `sequence`.
            snapshot: Begin with what matches now.
            filters: Those of the channel's list: `user="alice", state="RUNNING"`.

        Raises:
            ReplayUnavailable: Some of what was missed is no longer kept: read the list, and subscribe anew.
        """
        position = Position(since, snapshot)
        patience = AsyncPatience(self._http)
        while True:
            failure: S9SError = TransportError("The server has ended the stream")
            try:
                async for event in self._once(position, channel, filters):
                    patience.heard()
                    yield event
            except S9SError as error:
                failure = error
            await patience.after(failure)

    async def _once(
        self, position: Position, channel: str | Sequence[str], filters: dict[str, Any]
    ) -> AsyncIterator[Event]:
        messages = Messages(position)
        query = {"channel": channel, "since": position.since, **filters}
        if position.wants_snapshot:
            query["snapshot"] = True
        try:
            async with self._http.stream(
                "GET",
                "/v1/events",
                query=query,
                headers={"Accept": "text/event-stream"},
                repeatable=False,
                silence=SILENCE_SECONDS,
            ) as response:
                async for piece in response.aiter_bytes():
                    for event in messages.feed(piece):
                        yield event
        except ResourceConflict as error:
            raise ReplayUnavailable(error.message) from error
