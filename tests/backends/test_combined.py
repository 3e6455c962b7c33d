"""Which way is taken when, and what happens when it fails."""

from __future__ import annotations

from typing import Any

import pytest

from s9s.backends.base import Unsupported
from s9s.backends.combined import COMMANDS, SLURMRESTD, CombinedBackend
from s9s.domain.changes import Changes
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import PermissionDenied, SlurmUnavailable
from s9s.domain.jobs import JobSubmission, Submitted

SUBMISSION = JobSubmission(script="#!/bin/sh\n")


class Way:
    """A backend that does what it is told to, and remembers what it was asked."""

    def __init__(self, name: str, *, acts_as: str = "anyone", error: Exception | None = None) -> None:
        self.name = name
        self.acts_as = acts_as
        self.error = error
        self.calls: list[str] = []

    async def discover(self) -> ClusterInfo:
        if isinstance(self.error, SlurmUnavailable | Unsupported):
            raise self.error
        routes = dict.fromkeys(("submit", "list jobs", "requeue"), self.name)
        return ClusterInfo(name="c", slurm_version="24.11.5", routes=routes, acts_as=self.acts_as)

    def _act(self, what: str) -> None:
        self.calls.append(what)
        if self.error is not None:
            raise self.error

    async def submit(self, submission: JobSubmission, actor: str) -> Submitted:
        self._act("submit")
        return Submitted(job_id=f"1 by {self.name}")

    async def requeue(self, job_id: str, actor: str) -> None:
        self._act("requeue")

    async def users(self) -> list[Any]:
        self._act("users")
        return [self.name]

    def jobs_feed(self) -> Any:
        return Feed(self)


class Feed:
    def __init__(self, way: Way) -> None:
        self.way = way
        self.polls = 0

    async def poll(self) -> Changes[Any]:
        self.way._act("poll")
        self.polls += 1
        return Changes(asked_at=0.0, changed=[self.way.name], removed=[], complete=self.polls == 1)

    def forget(self, keys: Any) -> None:
        self.way.calls.append(f"forget {keys}")


async def combine(**ways: Way) -> CombinedBackend:
    backend = CombinedBackend(dict(ways))  # type: ignore[misc]
    await backend.discover()
    return backend


async def test_a_change_takes_slurmrestd_and_a_list_the_commands() -> None:
    rest, commands = Way("rest"), Way("commands")
    backend = await combine(**{COMMANDS: commands, SLURMRESTD: rest})
    assert (await backend.submit(SUBMISSION, "alice")).job_id == "1 by rest"
    assert (await backend.jobs_feed().poll()).changed == ["commands"]


async def test_what_one_way_cannot_do_the_other_does() -> None:
    rest, commands = Way("rest"), Way("commands")
    backend = await combine(**{COMMANDS: commands, SLURMRESTD: rest})
    rest.error = Unsupported("no such route")
    await backend.requeue("7", "alice")
    assert (rest.calls, commands.calls) == (["requeue"], ["requeue"])


async def test_a_change_that_may_have_arrived_is_not_made_twice() -> None:
    rest, commands = Way("rest"), Way("commands")
    backend = await combine(**{COMMANDS: commands, SLURMRESTD: rest})
    rest.error = SlurmUnavailable("no answer")
    with pytest.raises(SlurmUnavailable):
        await backend.submit(SUBMISSION, "alice")
    assert commands.calls == []


async def test_a_change_that_was_never_sent_takes_the_other_way() -> None:
    rest, commands = Way("rest"), Way("commands")
    backend = await combine(**{COMMANDS: commands, SLURMRESTD: rest})
    rest.error = SlurmUnavailable("connection refused", never_sent=True)
    assert (await backend.submit(SUBMISSION, "alice")).job_id == "1 by commands"


async def test_only_a_way_that_can_act_as_the_user_is_taken() -> None:
    rest, commands = Way("rest", acts_as="bob"), Way("commands", acts_as="nobody")
    backend = await combine(**{COMMANDS: commands, SLURMRESTD: rest})
    assert (await backend.submit(SUBMISSION, "bob")).job_id == "1 by rest"
    with pytest.raises(PermissionDenied):
        await backend.submit(SUBMISSION, "alice")
    assert commands.calls == []


async def test_reading_goes_on_the_other_way_from_a_complete_look() -> None:
    rest, commands = Way("rest"), Way("commands")
    backend = await combine(**{COMMANDS: commands, SLURMRESTD: rest})
    feed = backend.jobs_feed()
    assert (await feed.poll()).complete
    assert not (await feed.poll()).complete
    commands.error = SlurmUnavailable("gone")
    changes = await feed.poll()
    assert changes.changed == ["rest"]
    assert changes.complete


async def test_it_comes_back_to_the_best_way() -> None:
    rest, commands = Way("rest"), Way("commands")
    backend = await combine(**{COMMANDS: commands, SLURMRESTD: rest})
    feed = backend.jobs_feed()
    commands.error = SlurmUnavailable("gone")
    await feed.poll()
    commands.error = None
    seen = [(await feed.poll()).changed[0] for _ in range(70)]
    assert seen[0] == "rest"
    assert seen[-1] == "commands"


async def test_without_accounting_there_are_no_users() -> None:
    rest = Way("rest")
    backend = await combine(**{SLURMRESTD: rest})
    rest.error = Unsupported("no slurmdb")
    assert await backend.users() == []


async def test_one_way_that_is_out_of_reach_at_start_is_told_of() -> None:
    rest, commands = Way("rest", error=SlurmUnavailable("connection refused")), Way("commands")
    backend = await combine(**{COMMANDS: commands, SLURMRESTD: rest})
    info = await backend.discover()
    assert info.routes["submit"] == "commands"
    assert any("connection refused" in note for note in info.notes)


async def test_nothing_in_reach_is_an_outage() -> None:
    rest = Way("rest", error=SlurmUnavailable("connection refused"))
    with pytest.raises(SlurmUnavailable):
        await combine(**{SLURMRESTD: rest})
