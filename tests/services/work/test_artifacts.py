"""Files in S3-compatible storage, spoken to over its real protocol."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx2
import obstore
import pytest
from obstore.store import S3Store

from s9s.app.queue import open_artifacts
from s9s.config import BadConfiguration, Settings
from s9s.services.work.artifacts import Artifacts


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A storage of moto's with a bucket."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        address = f"http://127.0.0.1:{port}"
        headers = {"authorization": "AWS key:x"}
        httpx2.put(f"{address}/s9s-files", headers=headers, timeout=30).raise_for_status()
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def settings(endpoint: str, tmp_path: Path) -> Settings:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("secret\n")
    return Settings.model_validate(
        {
            "server": {"state_dir": tmp_path},
            "artifacts": {
                "bucket": "s9s-files",
                "endpoint": endpoint,
                "access_key_id": "key",
                "secret_access_key_file": secret,
            },
        }
    )


@pytest.fixture
def artifacts(settings: Settings) -> Artifacts:
    return open_artifacts(settings)


async def test_objects_are_written_whole_and_read_by_range(artifacts: Artifacts, endpoint: str) -> None:
    content = bytes(range(256)) * 80_000  # 20 MB: an upload in parts
    async with artifacts.create("exp_00-1.file") as sink:
        for begin in range(0, len(content), 300_000):
            sink.write(content[begin : begin + 300_000])
    assert (sink.stored.size, sink.stored.sha256) == (len(content), sha256(content).hexdigest())
    assert b"".join([piece async for piece in await artifacts.open("exp_00-1.file")]) == content
    part = [piece async for piece in await artifacts.open("exp_00-1.file", 1_000_001, 9_999_999)]
    assert b"".join(part) == content[1_000_001:9_999_999]
    await artifacts.delete("exp_00-1.file")
    await artifacts.delete("exp_00-1.file")
    with pytest.raises(FileNotFoundError):
        await artifacts.open("exp_00-1.file")


async def test_what_fails_leaves_no_object_and_what_nobody_wants_is_swept(
    artifacts: Artifacts, endpoint: str
) -> None:
    async def fail() -> None:
        async with artifacts.create("exp_01-1.file") as sink:
            sink.write(b"x" * 20_000_000)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    for name in ("exp_02-1.file", "exp_03-1.file"):
        async with artifacts.create(name) as sink:
            sink.write(b"x")
    gone = await artifacts.sweep(lambda item_id, fence, kind: item_id == "exp_02", time.time() + 60)
    assert gone == 1
    store = S3Store("s9s-files", endpoint=endpoint, access_key_id="key", secret_access_key="x",
                    region="us-east-1", client_options={"allow_http": True})  # fmt: skip
    assert [one["path"] for piece in obstore.list(store) for one in piece] == ["s9s/exp_02-1.file"]


async def test_storage_that_is_not_there_is_an_error_of_the_disk(settings: Settings) -> None:
    closed = settings.artifacts.model_copy(update={"bucket": "no-such-bucket"})
    elsewhere = open_artifacts(settings.model_copy(update={"artifacts": closed}))

    async def write() -> None:
        async with elsewhere.create("exp_00-1.file") as sink:
            sink.write(b"x")

    with pytest.raises(OSError, match=r"storage|object"):
        await write()


def test_a_key_needs_its_secret(tmp_path: Path) -> None:
    settings = Settings.model_validate({"artifacts": {"bucket": "files", "access_key_id": "key"}})
    with pytest.raises(BadConfiguration, match="belong together"):
        open_artifacts(settings)
