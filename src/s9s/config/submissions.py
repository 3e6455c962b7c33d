"""How submissions are taken."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from s9s.config.section import Section


class Submissions(Section):
    """Submissions of jobs."""

    keep_keys_seconds: Annotated[int, Field(ge=60, le=30 * 86400)] = 86400
    """How long an `Idempotency-Key` is remembered, and answered with the job that it was first used for."""
