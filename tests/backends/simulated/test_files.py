"""Files as the simulated cluster's users see them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from s9s.backends.base import OpenFile, SupportsFiles
from s9s.backends.simulated.files import SimulatedFiles
from s9s.domain.errors import PermissionDenied, ResourceNotFound, ValidationError
from tests.backends.simulated.conftest import World

OUTPUT = "/home/alice/logs/job_12345.out"


@pytest.fixture
async def populated(make_world: Callable[..., World]) -> AsyncIterator[World]:
    world = make_world(jobs=60)
    await world.backend.discover()
    yield world
    await world.backend.close()


@pytest.fixture
def files(populated: World) -> SimulatedFiles:
    assert isinstance(populated.backend, SupportsFiles)
    return populated.backend.files


@pytest.fixture
def home(populated: World, tmp_path: Path) -> Path:
    return tmp_path / "simulated/home/alice"


def whole(opened: OpenFile) -> bytes:
    try:
        return opened.read_at(0, opened.size)
    finally:
        opened.close()


async def test_the_contracts_files_are_there(files: SimulatedFiles) -> None:
    assert await files.home("alice") == "/home/alice"
    for path in ("/home/alice/test.sh", "/home/alice/scripts/simulation.sh"):
        assert whole(await files.open(path, "alice")).startswith(b"#!/bin/sh\n")


async def test_files_of_a_user_are_kept_between_servers(
    files: SimulatedFiles, home: Path, make_world: Callable[..., World]
) -> None:
    (home / "test.sh").write_text("changed")
    again = make_world()
    await again.backend.discover()
    await again.backend.close()
    assert (home / "test.sh").read_text() == "changed"


async def test_a_range_of_a_real_file(files: SimulatedFiles, home: Path) -> None:
    (home / "data").write_bytes(b"0123456789")
    opened = await files.open("/home/alice/data", "alice")
    assert (opened.size, opened.read_at(3, 4), opened.read_at(8, 10), opened.read_at(10, 1)) == (
        10,
        b"3456",
        b"89",
        b"",
    )
    opened.close()
    opened.close()


async def test_others_files_are_not_for_everybody(files: SimulatedFiles, home: Path) -> None:
    for path in ("/home/alice/test.sh", str(home / "test.sh"), "/home/bob/../alice/test.sh", OUTPUT):
        with pytest.raises(PermissionDenied):
            await files.open(path, "bob")
        if path != str(home / "test.sh"):
            whole(await files.open(path, "root"))


async def test_links_out_of_a_home_are_followed_only_where_they_may_lead(
    files: SimulatedFiles, home: Path, tmp_path: Path
) -> None:
    bob = home.parent / "bob"
    bob.mkdir()
    (bob / "secret").write_text("secret")
    (tmp_path / "tokens").write_text("secret")
    (tmp_path / "tokens").chmod(0o644)
    (home / "shown").symlink_to("/home/bob/secret")
    (home / "real").symlink_to(bob / "secret")
    (home / "relative").symlink_to("../bob/secret")
    (home / "folder").symlink_to("/home/bob")
    (home / "server").symlink_to(tmp_path / "tokens")
    for name in ("shown", "real", "relative", "folder/secret", "server"):
        with pytest.raises(PermissionDenied):
            await files.open(f"/home/alice/{name}", "alice")
    (home / "own").symlink_to("/home/alice/test.sh")
    assert whole(await files.open("/home/alice/own", "alice"))


async def test_the_real_file_system_is_open_as_far_as_for_others(
    files: SimulatedFiles, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    public, private = outside / "public", outside / "private"
    public.write_text("x")
    public.chmod(0o644)
    private.write_text("x")
    private.chmod(0o600)
    assert whole(await files.open(str(public), "alice")) == b"x"
    with pytest.raises(PermissionDenied):
        await files.open(str(private), "alice")
    assert whole(await files.open(str(private), "root")) == b"x"


async def test_only_regular_files_are_opened(files: SimulatedFiles, home: Path) -> None:
    os.mkfifo(home / "fifo")
    (home / "loop").symlink_to("loop")
    for path in (
        "/home/alice", "/home/alice/fifo", "/home/alice/loop", "/dev/zero", "/proc/self/environ",
        "/proc/self/mem", "test.sh", "", "/home/alice/a\0b", "/sys/kernel/notes",
    ):  # fmt: skip
        with pytest.raises((ValidationError, ResourceNotFound)) as caught:
            await files.open(path, "alice")
        if path != "/home/alice/loop":
            assert isinstance(caught.value, ValidationError), path
    for path in ("/home/alice/none", "/home/alice/test.sh/x", "/home/nobody/x"):
        with pytest.raises(ResourceNotFound) as missing:
            await files.open(path, "alice")
        assert missing.value.details == {"resource_type": "file", "resource_id": path}
    with pytest.raises(ResourceNotFound):
        await files.open("/etc/passwd", "nosuchuser")


async def test_a_running_jobs_output_grows(populated: World, files: SimulatedFiles) -> None:
    opened = await files.open(OUTPUT, "alice")
    before = whole(opened)
    assert len(before) == opened.size
    assert before.startswith(b"20")
    assert b"simulation_run started by alice" in before
    populated.step(600)
    after = whole(await files.open(OUTPUT, "alice"))
    assert after.startswith(before)
    assert len(after.splitlines()) == len(before.splitlines()) + 120
    assert {len(line) for line in after.splitlines()} == {79}
    for offset, length in ((0, 1), (79, 2), (80, 80), (101, 333), (len(after) - 7, 100), (len(after), 5)):
        assert opened.read_at(offset, length) == after[offset : offset + length]
    error = whole(await files.open("/home/alice/logs/job_12345.err", "alice"))
    assert b"32 CPUs on 2 node(s)" in error


async def test_a_finished_jobs_last_words_say_how_it_ended(populated: World, files: SimulatedFiles) -> None:
    opened = await files.open("/home/alice/logs/job_12345.err", "alice")
    await populated.backend.cancel("12345", "alice")
    populated.step(1000)
    assert b"*** JOB 12345 ON node001 CANCELLED AT" in whole(opened)
    assert (await populated.backend.job("12345")).job.state == "CANCELLED"
    size = (await files.open(OUTPUT, "alice")).size
    populated.step(1000)
    assert (await files.open(OUTPUT, "alice")).size == size


async def test_what_has_not_started_has_no_output(files: SimulatedFiles) -> None:
    for path in ("/home/alice/logs/job_12346.out", "/home/alice/logs/job_99.out", "/home/alice/logs/12345"):
        with pytest.raises(ResourceNotFound):
            await files.open(path, "alice")


async def test_a_confined_cluster_opens_no_file_of_the_host(
    make_world: Callable[..., World], tmp_path: Path
) -> None:
    world = make_world(jobs=60, confined=True)
    await world.backend.discover()
    assert isinstance(world.backend, SupportsFiles)
    files = world.backend.files
    (tmp_path / "secret").write_text("#!/bin/sh\n")
    (tmp_path / "simulated/home/alice/link").symlink_to(tmp_path / "secret")
    try:
        for path in ("/etc/passwd", str(tmp_path / "secret"), "/home/alice/link", "/no/such/file"):
            for actor in ("root", "alice"):
                with pytest.raises(ResourceNotFound):
                    await files.open(path, actor)
        assert whole(await files.open("/home/alice/test.sh", "root")).startswith(b"#!/bin/sh\n")
        assert whole(await files.open(OUTPUT, "alice"))
    finally:
        await world.backend.close()
