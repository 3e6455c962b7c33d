"""Those who follow events and output: WebSockets, Server-Sent Events, chunks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from s9s.api.following import PATHS, OutputSockets, OutputStreams
from s9s.api.frames import SharedFramesProtocol
from s9s.api.live import LiveEndpoint, Snapshots
from s9s.api.peers import Proxies
from s9s.api.sockets import Sockets
from s9s.api.streams import EventStreams
from s9s.api.verifiers import Verifiers
from s9s.app.callers import Callers
from s9s.config import Settings
from s9s.services.clusters import Cluster
from s9s.services.jobs.following import Following
from s9s.services.jobs.service import Jobs
from s9s.services.live.events import EventLog
from s9s.services.live.hub import Hub
from s9s.services.live.open_connections import OpenConnections
from s9s.services.live.tickets import Tickets
from s9s.services.nodes import Nodes
from s9s.storage.database import Database
from s9s.storage.tickets import TicketRecords


@dataclass(frozen=True)
class Live:
    """What those who follow events are served by."""

    hub: Hub
    connections: OpenConnections
    streams: EventStreams
    output: OutputStreams
    following: Following
    sockets: Sockets


@asynccontextmanager
async def live(
    settings: Settings,
    cluster: Cluster,
    database: Database,
    events: EventLog,
    jobs: Jobs,
    nodes: Nodes,
    following: Following,
    callers: Callers,
    proxies: Proxies,
) -> AsyncIterator[Live]:
    """Begin to tell of events, and of what jobs write."""
    hub = Hub(events, cluster)
    connections = OpenConnections(
        callers.tokens.known, maximum=settings.events.max_connections, review=hub.review
    )
    snapshots = Snapshots(jobs, nodes)
    tickets, verifiers = (
        Tickets(TicketRecords(database), callers.standing),
        Verifiers(callers.credentials, proxies),
    )
    streams = EventStreams(hub, snapshots, connections, tickets, verifiers)
    public = settings.server.public_url
    sockets = Sockets(
        {
            "/v1/ws": LiveEndpoint(hub, snapshots, max_subscriptions=settings.events.max_subscriptions),
            **{path: OutputSockets(following, stream) for path, stream in PATHS.items()},
        },
        verifiers,
        proxies=proxies,
        limits=callers.limits,
        connections=connections,
        tickets=tickets,
        audit=callers.audit,
        origins=[*settings.server.allowed_origins, *([public] if public else [])],
    )
    hub.start()
    connections.start()
    try:
        yield Live(
            hub, connections, streams, OutputStreams(following, connections, verifiers), following, sockets
        )
    finally:
        await following.close()
        streams.stop()
        await connections.stop()
        await hub.stop()


def websocket_protocol(settings: Settings) -> type[SharedFramesProtocol]:
    """The protocol class for uvicorn."""

    class Protocol(SharedFramesProtocol):
        max_buffer_bytes = settings.events.max_buffer_bytes

    return Protocol
