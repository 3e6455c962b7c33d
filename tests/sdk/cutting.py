"""A way to a server on which connections break: after so many bytes of an answer, anywhere in it."""

from __future__ import annotations

import random
import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class CuttingProxy:
    """Passes bytes on, and resets each connection after a random number of them.

    Args:
        url: Of the server.
        least, most: Bytes of the server's that a client gets on one connection.
    """

    def __init__(self, url: str, least: int, most: int) -> None:
        parts = urlsplit(url)
        self._target = parts.hostname, parts.port
        self._random = random.Random(7)
        self._range = least, most
        self.cuts = 0
        """Connections that were broken."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._target, timeout=60)
                budget = self._random.randint(*self._range)
                for source, target, limit in ((client, server, None), (server, client, budget)):
                    thread = threading.Thread(target=self._pass, args=(source, target, limit), daemon=True)
                    thread.start()
                    self._threads.append(thread)

    def _pass(self, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if limit is None:
                    target.sendall(data)
                    continue
                target.sendall(data[:limit])
                limit -= len(data)
                if limit <= 0:
                    self.cuts += 1
                    # A reset, as of a network that is gone.
                    target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
