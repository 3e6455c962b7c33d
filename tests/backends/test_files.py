"""Files are opened with the rights of the user who asks, whatever is put in the way."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import uvloop
from msgspec.structs import replace

from s9s.backends import files as module
from s9s.backends import files_child
from s9s.backends.base import OpenFile, UserFiles
from s9s.backends.files import LocalUserFiles
from s9s.backends.processes import Processes
from s9s.domain.errors import PermissionDenied, ResourceNotFound, S9SError, SlurmUnavailable, ValidationError

OWN = pwd.getpwuid(os.geteuid()).pw_name
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
#: The server's own user, and one whom a child must become.
both = pytest.mark.parametrize("actor", [OWN, pytest.param("nobody", marks=needs_root)])


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may read."""
    path = Path(tempfile.mkdtemp(prefix="s9s-files-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def processes() -> Iterator[Processes]:
    made = Processes()
    yield made
    made.close()


@pytest.fixture
async def files(processes: Processes) -> AsyncIterator[LocalUserFiles]:
    made = LocalUserFiles(processes, timeout_seconds=5)
    yield made
    await made.close()


def written(path: Path, content: bytes = b"hello", mode: int = 0o644) -> str:
    path.write_bytes(content)
    path.chmod(mode)
    return str(path)


def content(file: OpenFile) -> bytes:
    try:
        return file.read_at(0, file.size)
    finally:
        file.close()


def children() -> list[int]:
    """The processes that open files for this one."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            is_ours = (
                f"\nPPid:\t{os.getpid()}\n" in (text := status.read_text()) and "\nState:\tZ" not in text
            )
            if is_ours and files_child.__file__ in status.with_name("cmdline").read_text():
                found.append(int(status.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


def test_is_what_services_ask_for(processes: Processes) -> None:
    files: UserFiles = LocalUserFiles(processes)
    assert files


@both
async def test_reads_what_the_user_may_read(files: LocalUserFiles, folder: Path, actor: str) -> None:
    file = await files.open(written(folder / "file"), actor)
    assert (file.size, file.read_at(1, 3), file.read_at(3, 100), file.read_at(9, 1)) == (
        5,
        b"ell",
        b"lo",
        b"",
    )
    file.close()
    file.close()


@both
async def test_sees_what_is_appended(files: LocalUserFiles, folder: Path, actor: str) -> None:
    path = Path(written(folder / "file"))
    file = await files.open(str(path), actor)
    with path.open("ab") as writer:
        writer.write(b" world")
    assert content(file) == b"hello world"


@both
async def test_follows_links(files: LocalUserFiles, folder: Path, actor: str) -> None:
    (folder / "link").symlink_to(written(folder / "file"))
    assert content(await files.open(str(folder / "link"), actor)) == b"hello"


@both
async def test_reads_the_tail_of_a_huge_file_at_once(files: LocalUserFiles, folder: Path, actor: str) -> None:
    path = Path(written(folder / "huge", b""))
    with path.open("r+b") as writer:
        writer.truncate(100 << 30)
        writer.seek(0, os.SEEK_END)
        writer.write(b"the end\n")
    started = time.monotonic()
    file = await files.open(str(path), actor)
    assert file.read_at(file.size - 8, 8) == b"the end\n"
    assert time.monotonic() - started < 2
    file.close()


@needs_root
async def test_another_users_file_is_denied(files: LocalUserFiles, folder: Path) -> None:
    secret = written(folder / "secret", mode=0o600)
    (folder / "link").symlink_to(secret)
    (folder / "closed").mkdir(mode=0o700)
    written(folder / "closed/open")
    for path in (secret, str(folder / "link"), str(folder / "closed/open"), "/etc/shadow", "/proc/1/environ"):
        with pytest.raises(PermissionDenied):
            await files.open(path, "nobody")
    assert content(await files.open(secret, OWN)) == b"hello"


@needs_root
async def test_a_users_groups_count(
    files: LocalUserFiles, folder: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(folder / "shared", mode=0o640)
    os.chown(path, 0, 54321)
    with pytest.raises(PermissionDenied):
        await files.open(path, "nobody")
    nobody = processes.identities.of("nobody")
    assert nobody is not None
    member = replace(nobody, groups=(*nobody.groups, 54321))
    monkeypatch.setattr(processes.identities, "of", lambda _name: member)
    # The child that is there has the old groups.
    assert content(await files.open(path, "nobody")) == b"hello"


@both
async def test_only_regular_files(files: LocalUserFiles, folder: Path, actor: str) -> None:
    os.mkfifo(folder / "fifo")
    (folder / "fifo").chmod(0o666)
    (folder / "loop").symlink_to(folder / "loop")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
        (folder / "socket").chmod(0o666)
        for path in (
            folder, folder / "fifo", folder / "socket", folder / "loop", Path("/dev/null"), Path("/dev/zero"),
            Path("/proc/self/status"), Path("/proc/version"), Path("/sys/kernel/mm/hugepages"),
            Path("/sys/kernel/fscaps"), Path("/"), folder / ("x" * 300),
        ):  # fmt: skip
            with pytest.raises(ValidationError) as caught:
                await files.open(str(path), actor)
            assert caught.value.details["parameter"] == "path", path


@both
async def test_missing_files_are_not_found(files: LocalUserFiles, folder: Path, actor: str) -> None:
    written(folder / "file")
    for name in ("nothing", "nothing/file", "file/below"):
        with pytest.raises(ResourceNotFound) as caught:
            await files.open(f"{folder}/{name}", actor)
        assert caught.value.details == {"resource_type": "file", "resource_id": f"{folder}/{name}"}


@pytest.mark.parametrize(
    "path", ["", "file", "./file", "~/file", "/etc/\0passwd", "/\ud800", "/" + "x" * 4095]
)
@both
async def test_only_absolute_paths(files: LocalUserFiles, path: str, actor: str) -> None:
    with pytest.raises(ValidationError):
        await files.open(path, actor)


@both
async def test_names_need_not_be_unicode(files: LocalUserFiles, folder: Path, actor: str) -> None:
    path = os.fsencode(folder) + b"/\xff\xfe \n"
    written(Path(os.fsdecode(path)))
    assert content(await files.open(os.fsdecode(path), actor)) == b"hello"


async def test_home(files: LocalUserFiles) -> None:
    assert await files.home("nobody") == pwd.getpwnam("nobody").pw_dir
    with pytest.raises(ResourceNotFound, match="User no-such-user not found"):
        await files.home("no-such-user")


async def test_unknown_users_own_nothing(files: LocalUserFiles) -> None:
    with pytest.raises(ResourceNotFound):
        await files.open("/etc/passwd", "no-such-user")


async def test_an_ordinary_user_opens_only_their_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: pwd.getpwnam("daemon").pw_uid)
    processes = Processes()
    files = LocalUserFiles(processes)
    path = written(folder / "file")
    assert content(await files.open(path, "daemon")) == b"hello"
    with pytest.raises(PermissionDenied, match="no means to open files as nobody"):
        await files.open(path, "nobody")
    processes.close()


@needs_root
async def test_the_child_has_nothing_but_the_user(files: LocalUserFiles, folder: Path) -> None:
    (await files.open(written(folder / "file"), "nobody")).close()
    (pid,) = children()
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    entry = pwd.getpwnam("nobody")
    assert status["Uid"].split() == [str(entry.pw_uid)] * 4
    assert status["Gid"].split() == [str(entry.pw_gid)] * 4
    assert set(map(int, status["Groups"].split())) == set(os.getgrouplist("nobody", entry.pw_gid))
    assert all(int(status[kind], 16) == 0 for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"))
    assert Path(f"/proc/{pid}/environ").read_text() == ""
    assert os.readlink(f"/proc/{pid}/fd/0").startswith("socket:")
    # It closes the file just after it has passed it on.
    await until(lambda: {link.name for link in Path(f"/proc/{pid}/fd").iterdir()} == {"0", "1", "2"})
    assert os.readlink(f"/proc/{pid}/fd/1") == os.readlink(f"/proc/{pid}/fd/2") == "/dev/null"


@needs_root
async def test_one_child_serves_many_at_once(files: LocalUserFiles, folder: Path) -> None:
    paths = [written(folder / str(number), str(number).encode()) for number in range(50)]
    opened = await asyncio.gather(*(files.open(path, "nobody") for path in paths))
    assert [content(file) for file in opened] == [str(number).encode() for number in range(50)]
    assert len(children()) == 1


@needs_root
async def test_a_dead_child_is_replaced(files: LocalUserFiles, folder: Path) -> None:
    path = written(folder / "file")
    (await files.open(path, "nobody")).close()
    (pid,) = children()
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not children())
    assert content(await files.open(path, "nobody")) == b"hello"


@needs_root
async def test_a_child_that_hangs_is_given_up(processes: Processes, folder: Path) -> None:
    files = LocalUserFiles(processes, timeout_seconds=0.3)
    path = written(folder / "file")
    (await files.open(path, "nobody")).close()
    (pid,) = children()
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(SlurmUnavailable, match=r"did not open within 0\.3 s"):
        await files.open(path, "nobody")
    await until(lambda: pid not in children())
    again = LocalUserFiles(processes)
    assert content(await again.open(path, "nobody")) == b"hello"
    await again.close()
    await files.close()


@needs_root
async def test_children_end_when_idle_old_or_too_many(
    processes: Processes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(folder / "file")
    monkeypatch.setattr(module, "_IDLE", 0.05)
    files = LocalUserFiles(processes)
    (await files.open(path, "nobody")).close()
    await until(lambda: not children())

    monkeypatch.setattr(module, "_IDLE", 60)
    monkeypatch.setattr(module, "_OLDEST", 0)
    (await files.open(path, "nobody")).close()
    old = children()
    (await files.open(path, "nobody")).close()
    await until(lambda: len(children()) == 1 and children() != old)

    monkeypatch.setattr(module, "_MOST_OPENERS", 1)
    (await files.open(path, "daemon")).close()
    await until(lambda: len(children()) == 1)
    (pid,) = children()
    assert Path(f"/proc/{pid}").stat().st_uid in {0, pwd.getpwnam("daemon").pw_uid}
    await files.close()
    await until(lambda: not children())


@needs_root
async def test_busy_children_are_not_ended_for_others(
    processes: Processes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_OPENERS", 1)
    files = LocalUserFiles(processes)
    path = written(folder / "file")
    (await files.open(path, "nobody")).close()
    (pid,) = children()
    os.kill(pid, signal.SIGSTOP)
    opening = asyncio.create_task(files.open(path, "nobody"))
    await until(lambda: files._openers["nobody"].busy)
    with pytest.raises(SlurmUnavailable, match="Too many users"):
        await files.open(path, "daemon")
    os.kill(pid, signal.SIGCONT)
    assert content(await opening) == b"hello"
    await files.close()


@needs_root
async def test_no_descriptor_is_left_open(files: LocalUserFiles, folder: Path) -> None:
    path = written(folder / "file")
    os.mkfifo(folder / "fifo")
    (await files.open(path, "nobody")).close()
    before = sorted(os.listdir("/proc/self/fd"))
    for actor in ("nobody", OWN):
        for name in (path, str(folder / "fifo"), str(folder), "/nothing"):
            try:
                # Not closed: whoever forgets it does not leak it.
                await files.open(name, actor)
            except S9SError:
                continue
    assert sorted(os.listdir("/proc/self/fd")) == before
    (pid,) = children()
    await until(lambda: len(os.listdir(f"/proc/{pid}/fd")) == 3)


@needs_root
def test_works_on_uvloop(folder: Path) -> None:
    async def main() -> None:
        processes = Processes()
        files = LocalUserFiles(processes)
        for _ in range(3):
            assert content(await files.open(written(folder / "file"), "nobody")) == b"hello"
        await files.close()
        processes.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
