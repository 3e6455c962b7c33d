"""Reports."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from s9s.config.section import Section


class Reports(Section):
    """Files of reports."""

    lifetime_seconds: Annotated[int, Field(ge=60, le=3650 * 86400)] = 30 * 86400
    """How long a report can be fetched, from when it was asked for; then it is deleted."""
