"""Requests at a fixed pace: `python -m benchmarks.paced` reads an order on standard input, writes latencies.

A process of its own, so that it can be pinned. The instants are fixed beforehand and a latency counts from
the instant at which the request was due: a server that stalls is charged for everyone whom it kept waiting.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from urllib.parse import urlsplit

import uvloop

from benchmarks import machine
from benchmarks.servers import ROOT


@dataclass(frozen=True)
class Order:
    """What to ask for."""

    url: str
    headers: dict[str, str]
    paths: list[str]
    rate: int
    seconds: float
    connections: int


@dataclass(frozen=True)
class Paced:
    """How it went; seconds, sorted."""

    took: list[float]
    """From the instant at which each request was due to its answer."""
    late: list[float]
    """From that instant until the request was really sent: what of it is not the server's."""


def paced(order: Order) -> Paced:
    """Ask, and say how long each answer took."""
    done = subprocess.run(
        machine.pinned(machine.LOAD_CORE, [sys.executable, "-m", "benchmarks.paced"]),
        input=json.dumps(asdict(order)),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        timeout=order.seconds + 60,
    )
    found = json.loads(done.stdout)
    return Paced(sorted(found["took"]), sorted(found["late"]))


class _Connection(asyncio.Protocol):
    """Sends requests, pipelined only if the server falls behind, and notes when each was answered."""

    def __init__(self, took: list[float]) -> None:
        self._took = took
        self._due: list[float] = []
        self._buffer = bytearray()
        self._missing = 0
        self.transport: asyncio.Transport

    def send(self, request: bytes, due: float) -> None:
        self._due.append(due)
        self.transport.write(request)

    @property
    def is_idle(self) -> bool:
        return not self._due

    def data_received(self, data: bytes) -> None:
        if self._missing > len(data):
            self._missing -= len(data)
            return
        self._buffer += data[self._missing :]
        if self._missing:
            self._missing = 0
            self._answered()
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end]).lower()
            if not head.startswith(b"http/1.1 200"):
                raise SystemExit(head.decode())
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            whole = end + 4 + length
            if len(self._buffer) < whole:
                self._missing = whole - len(self._buffer)
                self._buffer.clear()
                return
            del self._buffer[:whole]
            self._answered()

    def _answered(self) -> None:
        self._took.append(time.monotonic() - self._due.pop(0))


async def _run(order: Order) -> dict[str, list[float]]:
    address = urlsplit(order.url)
    loop = asyncio.get_running_loop()
    took: list[float] = []
    late: list[float] = []
    connections = [_Connection(took) for _ in range(order.connections)]
    for one in connections:
        one.transport, _ = await loop.create_connection(lambda one=one: one, address.hostname, address.port)  # type: ignore[misc]
    lines = "".join(f"{name}: {value}\r\n" for name, value in order.headers.items())
    head = f" HTTP/1.1\r\nHost: {address.netloc}\r\n{lines}\r\n"
    requests = [f"GET {path}{head}".encode() for path in order.paths]
    count = int(order.rate * order.seconds)
    began = time.monotonic() + 0.1
    gc.disable()
    for number in range(count):
        due = began + number / order.rate
        if (early := due - time.monotonic()) > 0:
            await asyncio.sleep(early)
        else:
            await asyncio.sleep(0)
        late.append(time.monotonic() - due)
        connections[number % len(connections)].send(requests[number % len(requests)], due)
    deadline = time.monotonic() + 10
    while len(took) < count and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    if len(took) < count:
        raise SystemExit(f"only {len(took)} of {count} requests were answered")
    for connection in connections:
        connection.transport.abort()
    return {"took": took, "late": late}


if __name__ == "__main__":
    json.dump(uvloop.run(_run(Order(**json.load(sys.stdin)))), sys.stdout)
