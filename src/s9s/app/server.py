"""The server process: sockets, signals, and the lines that greet whoever started it."""

from __future__ import annotations

import asyncio
import errno
import gc
import getpass
import resource
import shlex
import socket
import sys
from contextlib import suppress
from typing import Final

import click
import uvicorn
import uvloop

from s9s import __version__
from s9s.api.fastlane import protocol_with
from s9s.app.application import Application, running
from s9s.app.credentials import TEST_TOKEN
from s9s.app.live import websocket_protocol
from s9s.app.logs import configure_logging
from s9s.app.memory import keep_little
from s9s.app.tls import UnusableTls, open_tls
from s9s.config import BadConfiguration, Settings
from s9s.domain.errors import SlurmUnavailable
from s9s.storage.database import DatabaseUnavailable
from s9s.storage.signing_keys import UnusableKeys

#: Connections that wait to be accepted, and that may be open at once.
_BACKLOG: Final = 4096
_MAX_CONNECTIONS: Final = 20_000
_SHUTDOWN_SECONDS: Final = 10
#: Objects made between two collections. While a listing is read, lists of 100,000 jobs are among the young,
#: and each collection walks through them: 4 to 20 ms, which with Python's 700 came many times a second.
_YOUNG: Final = 20_000


def serve(settings: Settings) -> None:
    """Serve until interrupted. Raises `click.ClickException` with what to mend when it cannot start."""
    keep_little()
    configure_logging(settings.logging)
    _allow_connections()
    try:
        listener = _listen(settings.server.host, settings.server.port)
    except OSError as error:
        is_taken = error.errno == errno.EADDRINUSE
        raise click.ClickException(
            f"Cannot listen on {settings.server.host} port {settings.server.port}: {error.strerror}"
            + (". Another program may be there: try --port with another number" if is_taken else "")
        ) from error
    try:
        uvloop.run(_serve(settings, listener))
    except DatabaseUnavailable as error:
        raise click.ClickException(f"Cannot use the database: {error}") from error
    except BadConfiguration as error:
        raise click.ClickException(str(error)) from error
    except UnusableTls as error:
        raise click.ClickException(f"Cannot use TLS: {error}") from error
    except UnusableKeys as error:
        raise click.ClickException(f"Cannot use the keys of access tokens: {error}") from error
    except SlurmUnavailable as error:
        raise click.ClickException(f"{error.message} (`s9s check` tells more)") from error
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


def _allow_connections() -> None:
    """Have as many open files as the system allows: a connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


async def _serve(settings: Settings, listener: socket.socket) -> None:
    tls = open_tls(settings.server)
    async with running(settings) as application:
        config = uvicorn.Config(
            application.front,
            http=protocol_with(
                application.lane,
                head_seconds=settings.limits.request_head_seconds,
                body_seconds=settings.limits.request_body_seconds,
            ),
            loop="none",
            ws=websocket_protocol(settings),
            lifespan="on",
            log_config=None,
            access_log=settings.logging.access,
            server_header=False,
            date_header=True,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            timeout_keep_alive=75,
            proxy_headers=False,
            ssl_context_factory=None if tls is None else lambda *_: tls.context,
        )
        server = _GreetingServer(config, settings, application)
        watching = asyncio.create_task(tls.watch()) if tls else None
        # A thread that reads what Slurm has printed lets requests wait no longer than this.
        sys.setswitchinterval(0.001)
        # What is alive now lives as long as the process: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG)
        try:
            await server.serve(sockets=[listener])
        finally:
            if watching:
                watching.cancel()


class _GreetingServer(uvicorn.Server):
    """Greets as soon as the first request would be answered."""

    def __init__(self, config: uvicorn.Config, settings: Settings, application: Application) -> None:
        super().__init__(config)
        self._settings = settings
        self._application = application

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            _greet(self._settings, self._application, sockets[0].getsockname()[1])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # What has no end of its own would be waited for.
        await self._application.live.following.close()
        # Streams of events never end by themselves.
        self._application.live.streams.stop()
        await super().shutdown(sockets)


def _greet(settings: Settings, application: Application, port: int) -> None:
    """Which cluster, where the docs are, and what to paste into a shell."""
    host = settings.server.host
    name = f"[{host}]" if ":" in host else host
    scheme = "https" if settings.server.tls_certificate else "http"
    url = settings.server.public_url or f"{scheme}://{name}:{port}"
    info = application.cluster.snapshot.info
    if application.is_simulated:
        what = "the embedded simulated cluster"
    elif info is None:
        what = "a Slurm that is out of reach right now; it is tried again and again"
    else:
        what = f"the cluster {info.name}, Slurm {info.slurm_version}"
        if info.acts_as not in ("anyone", "nobody"):
            what += f", as {info.acts_as} only"
        elif info.acts_as == "nobody":
            what += "; it can act as nobody, so it only reads"
    token = TEST_TOKEN if application.is_simulated else _token_command(settings)
    lines = (
        f"S9S {__version__} on {url} serves {what}.",
        f"Interactive docs: {url}/docs   Reference: {url}/redoc",
        f"Paste:  export S9S_API_URL={url}\n        export S9S_API_TOKEN={token}",
    )
    click.echo("\n".join(lines))
    for note in info.notes if info else ():
        click.echo(f"Note: {note}")


def _token_command(settings: Settings) -> str:
    """A shell's substitution that makes a token for whoever started the server; no secret is ever printed."""
    command = [sys.argv[0], "token", "create", "--user", getpass.getuser()]
    if settings.config_file is not None:
        command += ["--config", str(settings.config_file)]
    return f"$({shlex.join(command)})"
