"""Nothing is done in Slurm before its intent is on disk."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from s9s.backends.base import Acts, Backend, Reads
from s9s.domain.errors import ServiceUnavailable
from s9s.services.acts import RecordedActs
from s9s.services.audit import Audit, Deed
from s9s.storage.audit import AuditRecords
from s9s.storage.database import Database
from tests.disk import Disk

ACTS = sorted(name for name in vars(Acts) if not name.startswith("_"))


class Slurm:
    """Notes what is done in it."""

    def __init__(self) -> None:
        self.done: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        async def act(*given: Any, **named: Any) -> str:
            self.done.append((name, (*given, *named.values())))
            return name

        return act


@pytest.fixture
async def audit(tmp_path: Path) -> AsyncIterator[Audit]:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        made = Audit(AuditRecords(database))
        yield made
        await made.stop()


def arguments(name: str) -> list[str]:
    """One for each parameter that is no option."""
    parameters = list(inspect.signature(getattr(Acts, name)).parameters.values())[1:]
    return [one.name for one in parameters if one.default is one.empty]


def test_every_act_has_an_actor_and_no_question_is_an_act() -> None:
    assert all("actor" in arguments(name) for name in ACTS)
    assert {name for name in dir(Backend) if not name.startswith("_")} == set(ACTS) | {
        name for name in vars(Reads) if not name.startswith("_")
    }


@pytest.mark.parametrize("name", ACTS)
async def test_an_act_waits_for_its_intent(audit: Audit, disk: Disk, name: str) -> None:
    slurm = Slurm()
    disk.may_go_on.clear()
    await audit.begin(Deed(action=name), waits=False)
    acting = asyncio.create_task(getattr(RecordedActs(slurm), name)(*arguments(name)))  # type: ignore[arg-type]
    await asyncio.to_thread(disk.begun.wait, 10)
    for _ in range(10):
        await asyncio.sleep(0)
    assert slurm.done == []
    disk.may_go_on.set()
    await acting
    assert [(found, given[: len(arguments(name))]) for found, given in slurm.done] == [
        (name, tuple(arguments(name)))
    ]


@pytest.mark.parametrize("name", ACTS)
async def test_nothing_is_done_when_the_disk_fails(audit: Audit, disk: Disk, name: str) -> None:
    slurm = Slurm()
    disk.fails = True
    intent = await audit.begin(Deed(action=name), waits=False)
    for _ in range(2):
        with pytest.raises(ServiceUnavailable, match="nothing may be changed"):
            await getattr(RecordedActs(slurm), name)(*arguments(name))  # type: ignore[arg-type]
    assert slurm.done == []
    await audit.finish(intent, "SERVICE_UNAVAILABLE", 503)


async def test_who_waits_for_the_disk_is_told_of_its_failure_at_once(audit: Audit, disk: Disk) -> None:
    disk.fails = True
    with pytest.raises(ServiceUnavailable, match="nothing may be changed"):
        await audit.begin(Deed(action="revoke_token"))


async def test_what_happened_is_recorded_once_though_the_disk_fails(
    audit: Audit, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.fails = True
    await audit.record(Deed(action="login"), "AUTHENTICATION_FAILED", 401)
    assert "may not survive a power failure" in caplog.text
    disk.fails = False
    await audit.stop()
    assert (await audit.verify()).count == 1
