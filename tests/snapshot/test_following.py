"""A look that is told in pieces is one look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from s9s.domain.changes import Changes
from s9s.domain.jobs import Job
from s9s.snapshot.following import JobFollower
from s9s.snapshot.store import JobTable
from tests.snapshot.making import NOON, job


class Pieces:
    """A backend whose feed tells what it was given, one after the other."""

    def __init__(self, *pieces: Changes[Job]) -> None:
        self._pieces = list(pieces)

    def jobs_feed(self) -> Pieces:
        return self

    async def poll(self) -> Changes[Job]:
        return self._pieces.pop(0)

    def forget(self, keys: Sequence[int]) -> None: ...


def piece(*jobs: Job, more: bool = True) -> Changes[Job]:
    return Changes(asked_at=NOON, changed=list(jobs), removed=[], complete=not more, more=more)


async def test_what_is_in_no_piece_is_gone_and_what_is_in_one_is_not() -> None:
    table = JobTable()
    table.apply(piece(job(1), job(3), job(9), more=False))
    backend = Pieces(piece(job(1), job(2)), piece(job(3, "SUSPENDED")), piece(job(4), more=False))
    told: list[int] = []
    follower = JobFollower(
        cast("Any", backend),
        table,
        lambda made: told.extend(one.after.numeric_id for one in made if one.after is not None),
    )
    await follower.poll()
    assert set(table.listed) == {1, 2, 3, 4}
    assert table.vanished == {9: job(9)}
    assert told == [2, 3, 4]
    assert not backend._pieces
