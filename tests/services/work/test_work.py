"""Workers on a real queue: retries, cancellation, fairness to time, and kills of whole processes."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from s9s.domain.errors import RateLimitExceeded, SlurmUnavailable, ValidationError
from s9s.domain.work import WorkItem, WorkState
from s9s.services.work.artifacts import Artifacts, name_of
from s9s.services.work.queue import Handler, Progress, WorkFailed, WorkQueue
from s9s.services.work.worker import Worker
from s9s.storage.database import Database
from s9s.storage.files import LocalFiles
from s9s.storage.work import WorkRecords
from s9s.storage.work_bounds import Bounds


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[WorkQueue]:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        bounds = Bounds(waiting_per_owner=3, attempts=3)
        yield WorkQueue(WorkRecords(database, bounds), Artifacts(LocalFiles(tmp_path / "files")))


@asynccontextmanager
async def working(queue: WorkQueue, handler: Handler, **options: Any) -> AsyncIterator[Worker]:
    queue.register("export", handler, kept_seconds=1000)
    worker = Worker(queue, beat_seconds=0.02, retry_seconds=0.01, poll_seconds=0.02, **options)
    queue.on_put = worker.wake
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await running


async def finished(queue: WorkQueue, item_id: str) -> WorkItem:
    item = await queue.wait(item_id, 20)
    assert item is not None
    assert item.state.is_finished
    return item


async def write_file(queue: WorkQueue, item: WorkItem, content: bytes) -> dict[str, Any]:
    async with queue.artifacts.create(name_of(item)) as sink:
        await asyncio.to_thread(sink.write, content)
    return {"artifact": sink.name, "sha256": sink.stored.sha256, "record_count": 5}


async def test_work_is_done_and_its_file_read_by_range(queue: WorkQueue) -> None:
    async def run(item: WorkItem, progress: Progress) -> dict[str, Any]:
        progress.set(0.5, 2)
        return await write_file(queue, item, b"abcdef" * 100_000)

    async with working(queue, run):
        item = await finished(queue, await queue.put("export", "alice", {"x": 1}))
    assert item.state is WorkState.COMPLETED
    assert (item.progress, item.records, item.attempts) == (1.0, 5, 1)
    assert item.result is not None
    assert item.result["sha256"] == sha256(b"abcdef" * 100_000).hexdigest()
    name = item.result["artifact"]
    whole = b"".join([piece async for piece in await queue.artifacts.open(name)])
    assert whole == b"abcdef" * 100_000
    part = b"".join([piece async for piece in await queue.artifacts.open(name, 7, 300_001)])
    assert part == whole[7:300_001]


async def test_what_fails_for_now_is_tried_again_and_goes_on_from_its_cursor(queue: WorkQueue) -> None:
    seen: list[Any] = []

    async def run(item: WorkItem, progress: Progress) -> dict[str, Any]:
        seen.append(item.cursor)
        if len(seen) < 3:
            await progress.save({"done": len(seen)})
            raise SlurmUnavailable("slurmctld is out of reach")
        return {}

    async with working(queue, run):
        item = await finished(queue, await queue.put("export", "alice", {}))
    assert seen == [None, {"done": 1}, {"done": 2}]
    assert (item.state, item.attempts, item.error) == (WorkState.COMPLETED, 3, None)


@pytest.mark.parametrize(
    ("error", "attempts", "reason"),
    [
        (SlurmUnavailable("slurmctld is out of reach"), 3, "slurmctld is out of reach"),
        (ValidationError("No such partition"), 1, "No such partition"),
        (WorkFailed("There is nothing to tell"), 1, "There is nothing to tell"),
        (OSError(28, "No space left on device", "/secret"), 3, "The server has no room left for the file"),
        (RuntimeError("/secret"), 3, "An unexpected error happened; the server's log has the details"),
    ],
)
async def test_what_cannot_be_done_ends_with_a_reason(
    queue: WorkQueue, error: Exception, attempts: int, reason: str
) -> None:
    async def run(item: WorkItem, progress: Progress) -> dict[str, Any]:
        raise error

    async with working(queue, run):
        item = await finished(queue, await queue.put("export", "alice", {}))
    assert (item.state, item.attempts, item.error) == (WorkState.FAILED, attempts, reason)


async def test_a_cancellation_reaches_the_handler_in_its_thread(queue: WorkQueue) -> None:
    began = asyncio.Event()
    loop = asyncio.get_running_loop()

    def count(progress: Progress) -> None:
        loop.call_soon_threadsafe(began.set)
        for number in range(100_000):
            progress.set(number / 100_000, number)
            time.sleep(0.001)

    async def run(item: WorkItem, progress: Progress) -> dict[str, Any]:
        await asyncio.to_thread(count, progress)
        return await write_file(queue, item, b"never")

    async with working(queue, run):
        item_id = await queue.put("export", "alice", {})
        await began.wait()
        item = await queue.cancel(item_id)
        assert item is not None
        assert item.status is WorkState.CANCELLED
        async with asyncio.timeout(10):
            while not (item := await queue.records.get(item_id)) or not item.state.is_finished:
                await asyncio.sleep(0.01)
    assert item.state is WorkState.CANCELLED
    assert item.records > 0


async def test_a_worker_that_is_stopped_gives_its_work_to_the_next(queue: WorkQueue) -> None:
    began = asyncio.Event()
    goes_on = False

    async def run(item: WorkItem, progress: Progress) -> dict[str, Any]:
        began.set()
        while not goes_on:
            progress.set(0.1)
            await asyncio.sleep(0.01)
        return {}

    async with working(queue, run):
        item_id = await queue.put("export", "alice", {})
        await began.wait()
    item = await queue.get(item_id)
    assert item is not None
    assert (item.state, item.attempts) == (WorkState.QUEUED, 0)
    goes_on = True
    async with working(queue, run):
        assert (await finished(queue, item_id)).state is WorkState.COMPLETED


async def test_messages_that_hang_do_not_hold_up_what_makes_files(tmp_path: Path) -> None:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        bounds = Bounds(waiting_per_owner=1, errands=frozenset({"delivery"}))
        queue = WorkQueue(WorkRecords(database, bounds), Artifacts(LocalFiles(tmp_path / "files")))
        released = asyncio.Event()

        async def hang(item: WorkItem, progress: Progress) -> dict[str, Any]:
            await released.wait()
            return {}

        async def run(item: WorkItem, progress: Progress) -> dict[str, Any]:
            return {}

        queue.register("delivery", hang)
        async with working(queue, run):
            hanging = [await queue.put("delivery", "alice", {}) for _ in range(5)]
            for _ in range(3):
                item = await finished(queue, await queue.put("export", "alice", {}))
                assert item.state is WorkState.COMPLETED
            waiting = [one for one in hanging if not (await queue.wait(one, 0) or item).state.is_finished]
            assert waiting == hanging
            released.set()
            for one in hanging:
                await finished(queue, one)


async def test_nobody_puts_more_than_the_bounds_allow(queue: WorkQueue) -> None:
    queue.register("export", None)
    for _ in range(3):
        await queue.put("export", "alice", {})
    with pytest.raises(RateLimitExceeded) as raised:
        await queue.put("export", "alice", {})
    assert raised.value.details == {"unfinished": 3, "maximum": 3, "whose": "own"}
    await queue.put("export", "bob", {})


async def test_files_live_as_long_as_their_items(queue: WorkQueue, tmp_path: Path) -> None:
    async def run(item: WorkItem, progress: Progress) -> dict[str, Any]:
        return await write_file(queue, item, b"x")

    async with working(queue, run):
        item = await finished(queue, await queue.put("export", "alice", {}))
    # What a killed process left: a file of an earlier lease, one of no item at all, one half written.
    orphans = [f"{item.item_id}-0.file", "exp_00-1.file", "exp_01-1.file.part", f"{item.item_id}-9.file"]
    for name in orphans:
        (tmp_path / "files" / name).touch()
    now = time.time()
    await queue.clean()
    await queue.sweep()
    assert len(list((tmp_path / "files").iterdir())) == 5
    queue.clock = lambda: now + 990
    assert await queue.get(item.item_id) is not None
    queue.clock = lambda: now + 4000
    assert await queue.get(item.item_id) is None
    await queue.clean()
    await queue.sweep()
    assert list((tmp_path / "files").iterdir()) == []
    assert await queue.records.get(item.item_id) is None


async def test_a_file_that_is_not_finished_does_not_exist(queue: WorkQueue, tmp_path: Path) -> None:
    async def fail() -> None:
        async with queue.artifacts.create("exp_00-1.file") as sink:
            sink.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert list((tmp_path / "files").iterdir()) == []
    with pytest.raises(FileNotFoundError):
        await queue.artifacts.open("exp_00-1.file")
    async with queue.artifacts.create("exp_00-1.file") as sink:
        sink.write(b"whole")
    file = tmp_path / "files" / "exp_00-1.file"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk, as root")
async def test_a_full_disk_ends_with_a_reason_and_leaves_nothing(queue: WorkQueue, tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(files)], check=True)
    try:

        async def run(item: WorkItem, progress: Progress) -> dict[str, Any]:
            return await write_file(queue, item, b"x" * item.payload["size"])

        async with working(queue, run):
            item = await finished(queue, await queue.put("export", "alice", {"size": 2_000_000}))
            assert (item.state, item.error) == (WorkState.FAILED, "The server has no room left for the file")
            assert item.attempts == 3
            assert list(files.iterdir()) == []
            item = await finished(queue, await queue.put("export", "alice", {"size": 100_000}))
            assert item.state is WorkState.COMPLETED
    finally:
        subprocess.run(["umount", str(files)], check=True)


# Does what it finds, slowly and in steps, until it is killed.
WORKER = """
import asyncio, sys, time
from pathlib import Path
from s9s.services.work.artifacts import Artifacts, name_of
from s9s.services.work.queue import WorkQueue
from s9s.services.work.worker import Worker
from s9s.storage.database import Database
from s9s.storage.files import LocalFiles
from s9s.storage.work import WorkRecords
from s9s.storage.work_bounds import Bounds

async def main(directory):
    database = await Database.open(f"sqlite:///{directory}/s9s.db")
    records = WorkRecords(database, Bounds(attempts=1000))
    queue = WorkQueue(records, Artifacts(LocalFiles(directory / "files")))

    async def run(item, progress):
        def write(sink):
            for number in range(item.payload["rows"]):
                sink.write(b"%d\\n" % number)
                progress.set(number / item.payload["rows"], number)
                time.sleep(0.001)
        async with queue.artifacts.create(name_of(item)) as sink:
            await asyncio.to_thread(write, sink)
        return {"artifact": sink.name, "sha256": sink.stored.sha256, "record_count": item.payload["rows"]}

    queue.register("export", run)
    await Worker(queue, concurrency=2, lease_seconds=1, beat_seconds=0.1, poll_seconds=0.05).run()

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_kills_at_any_moment_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path)])

    chance = random.Random(5)
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        queue = WorkQueue(WorkRecords(database), Artifacts(LocalFiles(tmp_path / "files")))
        queue.register("export", None)
        ids: list[str] = []

        async def put() -> None:
            number = len(ids)
            ids.append(await queue.put("export", f"user{number % 4}", {"rows": 100 * (1 + number % 5)}))

        for _ in range(16):
            await put()
        workers = [start(), start()]
        completed: dict[str, WorkItem] = {}
        kills = 0
        try:
            async with asyncio.timeout(120):
                while kills < 10 or len(completed) < len(ids):
                    await asyncio.sleep(chance.uniform(0.2, 0.6))
                    items = [item for item_id in ids if (item := await queue.get(item_id)) is not None]
                    assert len(items) == len(ids)
                    # One that has only begun to start, which takes long on a busy machine, loses nothing.
                    if kills < 10 and any(item.state is WorkState.RUNNING for item in items):
                        victim = chance.randrange(2)
                        workers[victim].send_signal(signal.SIGKILL)
                        workers[victim].wait(10)
                        workers[victim] = start()
                        kills += 1
                    for item in items:
                        assert item.state is not WorkState.FAILED
                        if item.state is WorkState.COMPLETED:
                            # Once there, a result never changes.
                            assert completed.setdefault(item.item_id, item) == item
                    # Work never runs out before the last kill, however fast it is done between two looks.
                    while kills < 10 and len(ids) - len(completed) < 16:
                        await put()
        finally:
            for worker in workers:
                worker.kill()
                worker.wait(10)
        assert any(item.attempts > 1 for item in completed.values())
        for item in completed.values():
            content = b"".join(b"%d\n" % number for number in range(item.payload["rows"]))
            assert item.result is not None
            assert item.result["sha256"] == sha256(content).hexdigest()
            found = [piece async for piece in await queue.artifacts.open(item.result["artifact"])]
            assert b"".join(found) == content
        later = time.time() + 4000
        queue.clock = lambda: later
        await queue.sweep()
        wanted = sorted(str(item.result and item.result["artifact"]) for item in completed.values())
        assert sorted(path.name for path in (tmp_path / "files").iterdir()) == wanted


# Dies of what it finds.
POISONED = """
import asyncio, os, sys
from pathlib import Path
from s9s.services.work.artifacts import Artifacts
from s9s.services.work.queue import WorkQueue
from s9s.services.work.worker import Worker
from s9s.storage.database import Database
from s9s.storage.files import LocalFiles
from s9s.storage.work import WorkRecords
from s9s.storage.work_bounds import Bounds

async def main(directory):
    database = await Database.open(f"sqlite:///{directory}/s9s.db")
    queue = WorkQueue(WorkRecords(database, Bounds(attempts=2)), Artifacts(LocalFiles(directory / "files")))

    async def run(item, progress):
        if item.payload.get("is_poison"):
            os._exit(9)
        return {}

    queue.register("export", run)
    await Worker(queue, lease_seconds=1, beat_seconds=0.1, poll_seconds=0.05).run()

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_an_item_that_kills_its_workers_fails_with_a_reason_and_harms_no_other(tmp_path: Path) -> None:
    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", POISONED, str(tmp_path)])

    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        queue = WorkQueue(WorkRecords(database), Artifacts(LocalFiles(tmp_path / "files")))
        queue.register("export", None)
        poison = await queue.put("export", "alice", {"is_poison": True})
        harmless = await queue.put("export", "bob", {})
        deaths, worker = 0, start()
        try:
            async with asyncio.timeout(60):
                while not (item := await queue.get(poison)) or not item.state.is_finished:
                    if worker.poll() is not None:
                        assert worker.returncode == 9
                        deaths, worker = deaths + 1, start()
                    await asyncio.sleep(0.05)
            assert (await finished(queue, harmless)).state is WorkState.COMPLETED
        finally:
            worker.kill()
            worker.wait(10)
        assert (item.state, deaths) == (WorkState.FAILED, 2)
        assert item.error == "The process that worked on it ended unexpectedly, 2 times"
