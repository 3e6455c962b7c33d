"""Reservations: nodes that are kept for somebody, or for maintenance."""

from __future__ import annotations

from msgspec import Struct


class Reservation(Struct, frozen=True, kw_only=True):
    """One reservation. Instants are epoch seconds; what Slurm has not set is ``None`` or empty."""

    name: str
    state: str
    """ACTIVE or INACTIVE."""
    start_time: int | None = None
    end_time: int | None = None
    nodes: tuple[str, ...] = ()
    partition: str | None = None
    users: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    """MAINT, IGNORE_JOBS, FLEX, ..."""
