"""The composition root: the one place that sees every package and puts them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s9s.config import Settings


def serve(settings: Settings) -> None:
    """Serve until interrupted. Raises `click.ClickException` with what to mend when it cannot start."""
    # A worker, which is in this room too, needs neither the API nor its framework.
    from s9s.app.server import serve as start

    start(settings)
