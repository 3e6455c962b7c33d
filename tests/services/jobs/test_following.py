"""One file, one reader, any number of followers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from s9s.backends.files import DescriptorFile
from s9s.domain.errors import PermissionDenied, ResourceNotFound
from s9s.domain.jobs import Job, JobState
from s9s.services.access import Caller, Role
from s9s.services.jobs.following import RECENT_BYTES, Following, Happening, Told
from s9s.snapshot.snapshot import Update
from s9s.snapshot.store import JobChange

ALICE = Caller("alice", Role.USER)


class CountedFile(DescriptorFile):
    """Knows how much of it was read."""

    read = 0

    def read_at(self, offset: int, length: int) -> bytes:
        content = super().read_at(offset, length)
        CountedFile.read += len(content)
        return content


class Site:
    """A job of alice's, its file, and what a `Following` asks of a cluster."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now = 1_000_000.0
        self.opens = 0
        self.job_now = Job(
            job_id="7", numeric_id=7, job_name="x", user="alice", state=JobState.RUNNING, partition="normal",
            submit_time=999_000, start_time=999_100, standard_output=str(path), working_directory="/",
        )  # fmt: skip
        self.snapshot = SimpleNamespace(jobs=SimpleNamespace(get=lambda _: self.job_now))
        self.told: list[Callable[[Update], None]] = []
        self.is_asleep = False
        self.watcher = SimpleNamespace(now=lambda: self.now, subscribe=self.subscribe)
        self.files = self
        self.following = Following(cast("Any", self), cast("Any", self), clock=cast("Any", self))

    # Of the cluster's files, of `Output` and of a clock that runs a hundred times as fast.

    async def open(self, path: str, actor: str) -> CountedFile:
        assert actor == "alice"
        self.opens += 1
        try:
            handle = await asyncio.to_thread(Path(path).open, "rb")
        except FileNotFoundError:
            raise ResourceNotFound.of("file", path) from None
        with handle:
            return CountedFile(os.dup(handle.fileno()))

    async def job(self, job_id: str, stream: str, caller: Caller) -> Job:
        if caller.user != self.job_now.user:
            raise PermissionDenied("no")
        return self.job_now

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() * 100

    async def sleep(self, seconds: float) -> None:
        if self.is_asleep:
            await asyncio.Event().wait()
        await asyncio.sleep(seconds / 100)

    def subscribe(self, callback: Callable[[Update], None]) -> Callable[[], None]:
        self.told.append(callback)
        return lambda: self.told.remove(callback)

    def tell(self, job: Job) -> None:
        for callback in self.told:
            callback(Update(generation=1, jobs=[JobChange(None, job)]))

    # What happens.

    def append(self, content: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(content)

    def become(self, state: JobState, **more: Any) -> None:
        self.job_now = replace(self.job_now, state=state, **more)

    def end(self, state: JobState = JobState.COMPLETED) -> None:
        self.become(state, end_time=int(self.now), exit_code=0)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(tmp_path / "out")
    CountedFile.read = 0
    yield made
    assert made.following.files == 0
    await made.following.close()
    assert made.told == []


async def collect(told: AsyncIterator[Told]) -> tuple[bytes, list[Told]]:
    async with asyncio.timeout(20):
        everything = [one async for one in told]
    return b"".join(one.content for one in everything), everything


async def test_a_thousand_followers_read_a_file_once(site: Site) -> None:
    site.append(b"before\n")
    followers = [
        asyncio.create_task(collect(await site.following.follow("7", "output", ALICE))) for _ in range(1000)
    ]
    await asyncio.sleep(0.1)
    assert site.following.files == 1
    for number in range(100):
        site.append(b"%04d" % number * 1000)
        await asyncio.sleep(0.002)
    site.end()
    expected = b"before\n" + b"".join(b"%04d" % number * 1000 for number in range(100))
    for content, told in await asyncio.gather(*followers):
        assert content == expected
        assert told[-1].what is Happening.END
        assert told[-1].job is not None
        assert told[-1].job.state is JobState.COMPLETED
    assert CountedFile.read == len(expected)


async def test_a_slow_follower_misses_nothing_and_holds_up_nobody(site: Site) -> None:
    slow = await site.following.follow("7", "output", ALICE)
    site.append(b"a")
    first = await anext(slow)
    fast = asyncio.create_task(collect(await site.following.follow("7", "output", ALICE)))
    big = bytes(range(256)) * (3 * RECENT_BYTES // 256)
    site.append(big)
    site.end()
    assert (await fast)[0] == b"a" + big
    assert first.content + (await collect(slow))[0] == b"a" + big


async def test_a_file_that_shrinks_begins_anew(site: Site) -> None:
    site.append(b"first life, a long one")
    following = await site.following.follow("7", "output", ALICE)
    assert (await anext(following)).content == b"first life, a long one"
    site.path.write_bytes(b"second")
    assert (await anext(following)).what is Happening.TRUNCATE
    site.end()
    content, told = await collect(following)
    assert content == b"second"
    assert told[0].offset == 0


@pytest.mark.parametrize("appends", [True, False])
async def test_a_requeue_begins_anew_unless_it_appends(site: Site, appends: bool) -> None:
    site.append(b"one run\n")
    following = await site.following.follow("7", "output", ALICE)
    assert (await anext(following)).content == b"one run\n"
    if appends:
        site.append(b"another run\n")
    else:
        site.path.write_bytes(b"another run\n")
    site.become(JobState.RUNNING, start_time=999_500)
    site.end()
    content, told = await collect(following)
    assert content == b"another run\n"
    assert (told[0].what is Happening.TRUNCATE) is not appends


async def test_what_is_written_late_is_still_told(site: Site) -> None:
    site.append(b"x")
    following = await site.following.follow("7", "output", ALICE)
    assert (await anext(following)).content == b"x"
    site.end()
    site.append(b"late")
    assert (await collect(following))[0] == b"late"


async def test_a_job_without_a_file_ends_and_says_so(site: Site) -> None:
    site.become(JobState.PENDING, start_time=None)
    following = asyncio.create_task(collect(await site.following.follow("7", "output", ALICE)))
    await asyncio.sleep(0.05)
    assert site.opens == 0  # nothing is looked for before the start
    site.end(JobState.CANCELLED)
    content, told = await following
    assert content == b""
    assert told[-1].reason == "The job has ended (CANCELLED) and has left no output file"


async def test_the_server_stops(site: Site) -> None:
    site.append(b"x")
    following = asyncio.create_task(collect(await site.following.follow("7", "output", ALICE)))
    await asyncio.sleep(0.05)
    await site.following.close()
    told = (await following)[1][-1]
    assert (told.what, told.job, told.reason) == (Happening.END, None, "The server stops")


async def test_nobody_follows_any_more(site: Site) -> None:
    site.append(b"x")
    following = await site.following.follow("7", "output", ALICE)
    await anext(following)
    assert site.following.files == 1
    await cast("Any", following).aclose()
    assert site.following.files == 0
    with pytest.raises(PermissionDenied):
        await site.following.follow("7", "output", Caller("bob", Role.USER))


async def test_a_change_of_the_job_is_looked_at_at_once(site: Site) -> None:
    site.is_asleep = True  # nothing is looked at just because time goes by
    site.become(JobState.PENDING, start_time=None)
    told = await site.following.follow("7", "output", ALICE)
    first = asyncio.ensure_future(anext(told))
    await asyncio.sleep(0.05)
    site.append(b"hello")
    site.become(JobState.RUNNING, start_time=999_100)
    site.tell(replace(site.job_now, job_id="8"))
    await asyncio.sleep(0.05)
    assert not first.done()
    site.tell(site.job_now)
    async with asyncio.timeout(10):
        assert (await first).content == b"hello"
    await told.aclose()
