"""The socket that Slurm's scripts write to."""

from __future__ import annotations

import asyncio
import logging
import os
import pwd
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from s9s.config import BadConfiguration, Settings
from s9s.services.clusters import Cluster
from s9s.services.live.hook import MAX_BYTES, Hook

#: Messages that are taken before others on the event loop get their turn.
_AT_ONCE: Final = 64

_log = logging.getLogger(__name__)


@asynccontextmanager
async def listening(settings: Settings, cluster: Cluster) -> AsyncIterator[Hook | None]:
    """Listen where the settings say; ``None`` where they say nothing.

    Only who may write to the socket's file is heard: `events.hook_user` and root where the server runs as
    root, else the server's own user. Raises `BadConfiguration` for a path that cannot be used.
    """
    path = settings.events.hook_socket
    if path is None:
        yield None
        return
    hook, listener = Hook(cluster), _bind(path, settings.events.hook_user)

    def take() -> None:
        for _ in range(_AT_ONCE):
            try:
                message = listener.recv(MAX_BYTES)
            except OSError:
                return
            if not hook.hear(message):
                _log.warning("what came to the hook's socket is no message of its script")

    loop = asyncio.get_running_loop()
    loop.add_reader(listener.fileno(), take)
    try:
        yield hook
    finally:
        loop.remove_reader(listener.fileno())
        hook.stop()
        listener.close()
        with suppress(OSError):
            path.unlink()


def _bind(path: Path, user: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise BadConfiguration(f"events.hook_socket = {path}: there is something else already")
            path.unlink()
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        if os.geteuid() == 0:
            try:
                os.chown(path, pwd.getpwnam(user).pw_uid, -1)
            except KeyError:
                _log.warning("there is no user %s (events.hook_user): only root can use the hook", user)
    except OSError as error:
        listener.close()
        raise BadConfiguration(f"events.hook_socket = {path}: {error.strerror}") from error
    except BaseException:
        listener.close()
        raise
    return listener
