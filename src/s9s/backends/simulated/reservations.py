"""The one reservation of the simulated cluster."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from s9s.backends.simulated.cluster import Cluster
from s9s.domain.reservations import Reservation

#: Further ahead than any job may run, so that no job has to wait for it.
_AHEAD_SECONDS: Final = 45 * 86_400
_HOURS: Final = 8


def planned_maintenance(cluster: Cluster) -> Reservation:
    """All nodes on the first day of a quarter of the year; put off before it gets in any job's way."""
    soonest = datetime.fromtimestamp(cluster.now + _AHEAD_SECONDS, UTC)
    quarter = (soonest.month - 1) // 3 + 1
    year, month = (soonest.year + 1, 1) if quarter == 4 else (soonest.year, 3 * quarter + 1)
    start = int(datetime(year, month, 1, 6, tzinfo=UTC).timestamp())
    return Reservation(
        name="maintenance",
        state="INACTIVE",
        start_time=start,
        end_time=start + _HOURS * 3600,
        nodes=tuple(spec.name for spec in cluster.site.nodes),
        users=("root",),
        flags=("MAINT", "IGNORE_JOBS", "SPEC_NODES", "ALL_NODES"),
    )
