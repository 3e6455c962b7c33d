"""Reports."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from s9s.config.section import Section


class Reports(Section):
    """Files of reports."""

    lifetime_seconds: Annotated[int, Field(ge=60, le=3650 * 86400)] = 30 * 86400
    """How long a report can be fetched, from when it was asked for; then it is deleted."""
    schedules_per_user: Annotated[int, Field(ge=0, le=10_000)] = 50
    """Schedules that one user may have; more are refused."""
