"""The event log and whoever follows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from s9s.config.section import AbsolutePath, Section, Text


class Events(Section):
    """Changes as they happen: the event log that WebSockets, Server-Sent Events and webhooks read."""

    keep_seconds: Annotated[int, Field(ge=60, le=366 * 86400)] = 86400
    """How long events are kept for clients that come back (`since`)."""
    max_events: Annotated[int, Field(ge=1000, le=100_000_000)] = 500_000
    """Events kept at most; beyond it the oldest go first. 100,000 take 10 to 20 MB."""
    statistics_seconds: Annotated[float, Field(ge=0.5, le=3600)] = 10.0
    """How often it is looked whether the figures of the channels `queue` and `metrics` have changed."""
    hook_socket: AbsolutePath | None = None
    """Socket where the script of `s9s hook` tells at once what has changed, such as /run/s9s/hook.sock; unset
    is none. Whoever can write to it may say so, nothing more."""
    hook_user: Text = "slurm"
    """Who may write to the hook's socket besides root: SlurmUser. Where the server is not root, itself."""
    max_connections: Annotated[int, Field(ge=1, le=100_000)] = 64
    """WebSockets and event streams of one credential that may be open at the same time."""
    max_subscriptions: Annotated[int, Field(ge=1, le=10_000)] = 64
    """Subscriptions of one WebSocket."""
    max_buffer_bytes: Annotated[int, Field(ge=4096, le=2**30)] = 65_536
    """What may wait for one client to be read; one that is slower is told that it lagged, and brought up to
    date from the log."""
