"""The event log and whoever follows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from s9s.config.section import Section


class Events(Section):
    """Changes as they happen: the event log that WebSockets, Server-Sent Events and webhooks read."""

    keep_seconds: Annotated[int, Field(ge=60, le=366 * 86400)] = 86400
    """How long events are kept for clients that come back (`since`)."""
    max_events: Annotated[int, Field(ge=1000, le=100_000_000)] = 500_000
    """Events kept at most; beyond it the oldest go first. 100,000 take 10 to 20 MB."""
