"""What the simulation needs of whoever really runs its jobs."""

from __future__ import annotations

from typing import Protocol

from s9s.backends.simulated.records import Record


class Launcher(Protocol):
    """Runs jobs really."""

    @property
    def has_room(self) -> bool:
        """Whether one more process may be started."""
        ...

    def start(self, record: Record) -> None:
        """Start a job's process; `Lifecycle.exited` hears when it is gone."""
        ...

    def signal(self, record: Record, number: int) -> None:
        """Deliver a signal to all of the job's processes."""
        ...

    def is_running(self, record: Record) -> bool:
        """Whether the job has a process."""
        ...
