"""A progress bar on standard error, where somebody looks at it."""

from __future__ import annotations

from typing import Self


class Bar:
    """How far something is that ends in a file of rows.

    Args:
        what: "Exporting".
        is_shown: Whether there is a bar at all.
    """

    def __init__(self, what: str, *, is_shown: bool) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True), disable=not is_shown, transient=True)
        self._task = self._progress.add_task(what, total=1.0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def set(self, fraction: float, records: int = 0) -> None:
        """Show a part of the whole, from 0 to 1, and the rows so far."""
        self._progress.update(self._task, completed=fraction, description=f"{records} rows")
