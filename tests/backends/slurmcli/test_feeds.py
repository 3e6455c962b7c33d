"""What a feed says from one look to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.backends.base import everything
from s9s.backends.command import Finished
from s9s.backends.slurmcli import feeds
from s9s.backends.slurmcli.feeds import JobsFeed, Lines, NodesFeed
from s9s.backends.slurmcli.programs import Programs
from s9s.domain.errors import SlurmUnavailable
from tests.backends.slurmcli.printing import Squeue


def feed_of(squeue: Squeue) -> JobsFeed:
    return JobsFeed(cast("Programs", squeue))


async def test_the_first_look_is_complete_and_later_ones_differ() -> None:
    squeue = Squeue({"JobID": "1"}, {"JobID": "2"})
    feed = feed_of(squeue)
    first = await feed.poll()
    assert (first.complete, {job.numeric_id for job in first.changed}, first.removed) == (True, {1, 2}, [])
    second = await feed.poll()
    assert (second.complete, second.changed, second.removed) == (False, [], [])
    squeue.jobs = [{"JobID": "2", "State": "COMPLETING"}, {"JobID": "3"}]
    third = await feed.poll()
    assert {job.numeric_id: job.state.value for job in third.changed} == {2: "COMPLETING", 3: "RUNNING"}
    assert third.removed == [1]
    assert first.asked_at < second.asked_at < third.asked_at


async def test_time_that_runs_is_no_change() -> None:
    squeue = Squeue({"TimeUsed": "0:10"})
    feed = feed_of(squeue)
    await feed.poll()
    squeue.jobs = [{"TimeUsed": "0:11"}]
    assert not (await feed.poll()).changed


async def test_what_is_forgotten_is_told_again() -> None:
    squeue = Squeue({"JobID": "1"}, {"JobID": "2"}, {"JobID": "3"})
    feed = feed_of(squeue)
    await feed.poll()
    feed.forget([2, 77])
    again = await feed.poll()
    assert ([job.numeric_id for job in again.changed], again.removed) == ([2], [])
    assert not (await feed.poll()).changed
    feed.forget([3])
    squeue.jobs = squeue.jobs[:2]
    assert (await feed.poll()).removed == [3]
    feed.forget_all()
    assert (await feed.poll()).complete


async def test_a_look_that_fails_never_was() -> None:
    squeue = Squeue({"JobID": "1"})
    feed = feed_of(squeue)
    await feed.poll()
    squeue.jobs = [{"JobID": "2"}]
    said = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n"
    squeue.failure = Finished(returncode=1, stdout=b"", stderr=said)
    feed.forget([1])
    with pytest.raises(SlurmUnavailable):
        await feed.poll()
    squeue.failure = None
    after = await feed.poll()
    assert ([job.numeric_id for job in after.changed], after.removed, after.complete) == ([2], [1], False)


async def test_marks_in_a_name_make_the_feed_choose_others() -> None:
    squeue = Squeue({"JobID": "1"})
    feed = feed_of(squeue)
    await feed.poll()
    column = squeue.formats[0].split(":")[1].split(",")[0]
    squeue.jobs = [{"JobID": "1", "Name": f"x{column}y"}, {"JobID": "2"}]
    changes = await feed.poll()
    assert changes.complete
    assert [job.job_name for job in changes.changed] == [f"x{column}y", "job"]
    assert len(set(squeue.formats)) == 2


async def test_a_job_that_is_not_understood_stays_as_it_was() -> None:
    squeue = Squeue({"JobID": "1"}, {"JobID": "2"})
    feed = feed_of(squeue)
    await feed.poll()
    squeue.jobs = [{"JobID": "1", "State": "SURPRISED"}, {"JobID": "2", "State": "COMPLETED"}]
    changes = await feed.poll()
    assert ([job.numeric_id for job in changes.changed], changes.removed) == ([2], [])
    assert not (await feed.poll()).changed


async def test_many_jobs_cross_the_boundaries_of_chunks() -> None:
    squeue = Squeue(*({"JobID": str(number), "Name": "n" * (number % 700)} for number in range(1, 4001)))
    feed = feed_of(squeue)
    first = await everything(feed)
    assert [job.numeric_id for job in first] == list(range(1, 4001))
    assert [len(job.job_name) for job in first] == [number % 700 for number in range(1, 4001)]
    assert not (await feed.poll()).changed


class Scontrol:
    def __init__(self) -> None:
        self.text = b""

    async def run(self, argv: Sequence[str], *, stdout: int, **_: Any) -> Finished:
        with open(stdout, "wb", closefd=False) as file:
            file.write(self.text)
        return Finished(returncode=0, stdout=b"", stderr="")


def node(name: str, state: str = "IDLE", rest: str = "") -> bytes:
    return (
        f"NodeName={name} Arch=x86_64 CPUAlloc=0 CPUTot=8 CPULoad=0.10 Gres=(null) OS=Linux 6.1 #1 x "
        f"RealMemory=1000 AllocMem=0 FreeMem=900 State={state} Partitions=normal {rest}\n"
    ).encode()


async def test_nodes_change_appear_and_vanish() -> None:
    scontrol = Scontrol()
    feed = NodesFeed(cast("Programs", scontrol))
    scontrol.text = node("a1") + node("a2")
    assert (await feed.poll()).complete
    scontrol.text = node("a2", "DOWN*+DRAIN") + node("a3")
    changes = await feed.poll()
    assert changes.removed == ["a1"]
    a2, a3 = changes.changed
    assert (a2.node_name, a2.base_state, a2.flags, a2.state) == (
        "a2",
        "DOWN",
        ("DRAIN", "NOT_RESPONDING"),
        "DOWN",
    )
    assert a3.node_name == "a3"
    feed.forget(["a3"])
    assert [entry.node_name for entry in (await feed.poll()).changed] == ["a3"]


async def test_nodes_are_the_same_however_they_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    scontrol = Scontrol()
    scontrol.text = b"".join(node(f"n{number}", rest="Reason=x NodeName=n0 [y@1]") for number in range(9))
    for size in (1, 7, 100, len(node("n1")), 1 << 16):
        monkeypatch.setattr(feeds, "_CHUNK", size)
        changes = await NodesFeed(cast("Programs", scontrol)).poll()
        assert [one.node_name for one in changes.changed] == [f"n{number}" for number in range(9)]
        assert {one.reason for one in changes.changed} == {"x NodeName=n0"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Reason=plain [dave@1700000000]", ("plain", "dave", 1700000000)),
        ("Reason=State=UP NodeName=b9 [x@1] y [dave@17]", ("State=UP NodeName=b9 [x@1] y", "dave", 17)),
        ("Reason=two [dave@17]        lines [x@1] Comment=c", ("two lines [x@1]", "dave", 17)),
        ("Reason=Not responding [slurm@Unknown]", ("Not responding", "slurm", None)),
        ("Comment=c State=DOWN Reason=r [dave@1700000000]", ("r", "dave", 1700000000)),
        ("Reason=no bracket", ("no bracket", None, None)),
        ("", (None, None, None)),
    ],
)  # fmt: skip
async def test_texts_of_administrators_are_no_fields(text: str, reason: tuple[str, str, int]) -> None:
    scontrol = Scontrol()
    scontrol.text = node("a1", rest=text)
    (found,) = (await NodesFeed(cast("Programs", scontrol)).poll()).changed
    assert (found.reason, found.reason_user, found.reason_time) == reason
    assert (found.node_name, found.state) == ("a1", "IDLE")


LOOKS = st.lists(st.dictionaries(st.integers(1, 9), st.sampled_from("abc")), min_size=1, max_size=6)


@given(looks=LOOKS, forgotten=st.sets(st.integers(1, 9)))
def test_lines_against_two_dictionaries(looks: list[dict[int, str]], forgotten: set[int]) -> None:
    lines: Lines[int] = Lines()
    before: dict[int, str] = {}
    for look in looks:
        printed = [f"{key} {value}".encode() for key, value in look.items()]
        lines.forget(forgotten)
        lines.begin()
        changed = set()
        for position, line in lines.new(printed):
            key = list(look)[position]
            lines.belongs(line, key)
            changed.add(key)
        assert lines.commit() == before.keys() - look.keys()
        expected = {key for key in look if key not in before or before[key] != look[key] or key in forgotten}
        assert changed == expected
        before = look


async def test_a_long_first_look_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_PIECE", 2)
    monkeypatch.setattr(feeds, "_CHUNK", 64)
    squeue = Squeue(*({"JobID": str(number)} for number in range(1, 6)))
    feed = feed_of(squeue)
    looks = [await feed.poll() for _ in range(3)]
    assert [[job.numeric_id for job in look.changed] for look in looks] == [[1, 2], [3, 4], [5]]
    assert [(look.more, look.complete) for look in looks] == [(True, False), (True, False), (False, True)]
    assert len({look.asked_at for look in looks}) == 1

    squeue.jobs = [{"JobID": str(number), "State": "COMPLETING"} for number in range(2, 6)]
    later = await feed.poll()
    assert (len(later.changed), later.removed, later.more) == (4, [1], False)
    assert {job.numeric_id for job in await everything(feed_of(squeue))} == {2, 3, 4, 5}
