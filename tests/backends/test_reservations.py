"""Reservations, as both ways to a real Slurm tell them, and the one of the simulated cluster."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from s9s.backends.base import SupportsReservations
from s9s.domain.reservations import Reservation


@pytest.fixture
def made(backend_name: str, request: pytest.FixtureRequest) -> Iterator[dict[str, Reservation]]:
    """Two reservations on a real cluster, one of them active."""
    lab: Any = request.getfixturevalue(f"lab{backend_name.partition('-')[2][:2]}")
    now = int(time.time())
    later, names = now + 40 * 86_400, ("s9s_now", "s9s_later")

    def scontrol(*arguments: str) -> None:
        environment = os.environ | {"SLURM_CONF": str(lab.slurm_conf), "TZ": "UTC"}
        subprocess.run([f"{lab.bin_dir}/scontrol", *arguments], env=environment, check=True, timeout=60)

    start = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(later))
    scontrol(
        "create", "reservation", f"ReservationName={names[0]}", "StartTime=now", "Duration=60", "NodeCnt=1",
        "Users=alice,bob", "Flags=FLEX,IGNORE_JOBS", "Nodes=node004",
    )  # fmt: skip
    scontrol(
        "create", "reservation", f"ReservationName={names[1]}", f"StartTime={start}", "Duration=120",
        "Users=root", "Flags=MAINT,IGNORE_JOBS", "Nodes=node[001-002]",
    )  # fmt: skip
    try:
        yield {
            names[0]: Reservation(
                name=names[0], state="ACTIVE", start_time=now, end_time=now + 3600, nodes=("node004",),
                users=("alice", "bob"), flags=("FLEX", "IGNORE_JOBS"),
            ),
            names[1]: Reservation(
                name=names[1], state="INACTIVE", start_time=later, end_time=later + 7200,
                nodes=("node001", "node002"), users=("root",), flags=("MAINT", "IGNORE_JOBS"),
            ),
        }  # fmt: skip
    finally:
        for name in names:
            scontrol("delete", f"ReservationName={name}")


async def test_reservations(backend: Any, backend_name: str, request: pytest.FixtureRequest) -> None:
    assert isinstance(backend, SupportsReservations)
    if backend_name == "simulated":
        (planned,) = await backend.reservations()
        assert (planned.name, planned.state) == ("maintenance", "INACTIVE")
        assert planned.start_time is not None
        assert planned.start_time > time.time() + 30 * 86_400
        assert set(planned.nodes) == {node.node_name for node in (await backend.nodes_feed().poll()).changed}
        return
    assert await backend.reservations() == [], "none is no error"
    expected: dict[str, Reservation] = request.getfixturevalue("made")
    found = {one.name: one for one in await backend.reservations()}
    assert set(found) == set(expected)
    for name, wanted in expected.items():
        one = found[name]
        assert (one.state, one.nodes, one.users, one.accounts) == (
            wanted.state,
            wanted.nodes,
            wanted.users,
            (),
        )
        assert set(wanted.flags) <= set(one.flags)
        assert one.start_time == pytest.approx(wanted.start_time, abs=60)
        assert one.end_time == pytest.approx(wanted.end_time, abs=120)
