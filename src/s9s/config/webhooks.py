"""Events that are posted to other servers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from s9s.config.section import Section


class Webhooks(Section):
    """What users have posted to other servers (`POST /v1/webhooks`); where to, `outgoing.allowed` says."""

    per_user: Annotated[int, Field(ge=0, le=10_000)] = 10
    """Webhooks that one user may have."""
    maximum: Annotated[int, Field(ge=0, le=10_000)] = 500
    """Webhooks of all users together."""
    attempts: Annotated[int, Field(ge=1, le=1000)] = 12
    """How often a delivery is tried before it is given up; it can be posted again by hand."""
    first_retry_seconds: Annotated[float, Field(ge=0.1, le=3600)] = 5.0
    """Pause after the first attempt that fails; each further one is three times as long."""
    longest_retry_seconds: Annotated[float, Field(ge=0.1, le=86400)] = 3600.0
    """Longest pause between two attempts."""
    keep_days: Annotated[int, Field(ge=1, le=366)] = 7
    """How long finished deliveries are kept, those that were given up too."""
