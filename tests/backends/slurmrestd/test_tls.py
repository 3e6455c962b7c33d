"""slurmrestd behind TLS: a proxy with a private authority before the lab's own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lab import Lab
from s9s.backends.slurmrestd import KeyTokens, RestBackend
from s9s.domain.errors import SlurmUnavailable
from tests.api.authority import Authority


@asynccontextmanager
async def tls_proxy(certificate: Path, target: str) -> AsyncIterator[int]:
    """The port of a proxy that ends TLS and passes everything on."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    where = urlsplit(target)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(1 << 16):
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        behind_reader, behind_writer = await asyncio.open_connection(where.hostname, where.port)
        try:
            await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer))
        finally:
            for one in (writer, behind_writer):
                one.transport.abort()
                with suppress(OSError, asyncio.CancelledError):
                    await one.wait_closed()

    serving: set[asyncio.Task[None] | None] = set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        tasks = [task for task in serving if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_slurmrestd_that_a_private_authority_vouches_for(lab24: Lab, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tokens = KeyTokens(str(lab24.jwt_key), service_user="root")
    async with tls_proxy(authority.server(), lab24.slurmrestd_url) as port:
        backend = RestBackend(url=f"https://127.0.0.1:{port}", tokens=tokens, ca=str(authority.file))
        info = await backend.discover()
        assert info.slurm_version.startswith("24.11")
        assert {user.username for user in await backend.users()} >= {"alice", "bob"}
        await backend.close()


@pytest.mark.parametrize("case", ["nobody vouches", "another authority", "another name"])
async def test_no_token_goes_to_a_stranger(tmp_path: Path, case: str) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "Other CA")
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1 << 16))
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    behind = await asyncio.start_server(listen, "127.0.0.1", 0)
    target = f"http://127.0.0.1:{behind.sockets[0].getsockname()[1]}"
    ca = {"nobody vouches": None, "another authority": str(other.file), "another name": str(authority.file)}
    async with tls_proxy(authority.server(), target) as port:
        host = "localhost" if case == "another name" else "127.0.0.1"
        key = tmp_path / "jwt.key"
        key.write_bytes(b"k" * 32)
        key.chmod(0o600)
        tokens = KeyTokens(str(key), service_user="root")
        backend = RestBackend(url=f"https://{host}:{port}", tokens=tokens, ca=ca[case])
        with pytest.raises(SlurmUnavailable):
            await backend.discover()
        await backend.close()
    behind.close()
    assert b"".join(heard) == b""


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    key = tmp_path / "jwt.key"
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(SlurmUnavailable, match="slurmrestd_ca"):
            RestBackend(
                url="https://127.0.0.1:1",
                tokens=KeyTokens(str(key), service_user="root"),
                ca=str(tmp_path / name),
            )
