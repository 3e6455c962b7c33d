"""Thousands of WebSocket clients in one process: as little as can be, so that they are not what is measured.

``python -m benchmarks.ws_clients PORT CREDENTIAL FIRST LAST KIND JOB`` connects clients FIRST to LAST, each
with a filter of its own, says ``ready``, and then for each line on standard input when its clients heard.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import struct
import sys
import time
from typing import Any

#: Connections that are being made at the same time.
TOGETHER = 100


def masked(text: str) -> bytes:
    """A client's text frame."""
    payload, mask = text.encode(), os.urandom(4)
    size = len(payload)
    head = bytes([0x81, 0x80 | size]) if size < 126 else b"\x81" + struct.pack("!BH", 0x80 | 126, size)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


class Client(asyncio.Protocol):
    """Subscribes, and remembers when something came."""

    def __init__(self, credential: str, message: str) -> None:
        self.credential = credential
        self.message = message
        self.transport: Any = None
        self.is_upgraded = False
        self.subscribed = asyncio.get_running_loop().create_future()
        self.heard_at = 0.0
        self.is_lost = False
        self.rest = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(
            b"GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Authorization: Bearer " + self.credential.encode() + b"\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        if not self.is_upgraded:
            if not data.startswith(b"HTTP/1.1 101") and not self.subscribed.done():
                self.subscribed.set_exception(RuntimeError(data[:300].decode()))
                return
            self.is_upgraded = True
            self.transport.write(masked(self.message))
            return
        self.rest += data
        while len(self.rest) >= 2:
            head, size = (2, self.rest[1]) if self.rest[1] < 126 else (4, int.from_bytes(self.rest[2:4]))
            if len(self.rest) < head + size:
                return
            opcode, payload = self.rest[0] & 0xF, self.rest[head : head + size]
            self.rest = self.rest[head + size :]
            if opcode == 9:
                self.transport.write(b"\x8a" + bytes([0x80 | len(payload)]) + bytes(4) + payload)
            elif not self.subscribed.done():
                self.subscribed.set_result(None)
            else:
                self.heard_at = time.monotonic()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if not self.subscribed.done():
            self.subscribed.set_exception(RuntimeError("the connection was lost"))


def message_of(kind: str, number: int, job: str) -> str:
    """A subscription that no other client has."""
    wanted = {"job_id": f"{job},{10_000_000 + number}"} if kind == "one_job" else {"user": f"nobody{number}"}
    return json.dumps({"action": "subscribe", "channel": "jobs", "filter": wanted})


async def main() -> None:
    port, credential, first, last, kind, job = sys.argv[1:7]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    turns = asyncio.Semaphore(TOGETHER)

    async def connect(number: int) -> None:
        async with turns:
            _, client = await loop.create_connection(
                lambda: Client(credential, message_of(kind, number, job)), "127.0.0.1", int(port)
            )
            await client.subscribed
            clients.append(client)

    await asyncio.gather(*(connect(number) for number in range(int(first), int(last))))
    print("ready", flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        seconds = float(line)
        for client in clients:
            client.heard_at = 0.0
        print("armed", flush=True)
        deadline = loop.time() + seconds
        while loop.time() < deadline and not all(client.heard_at for client in clients):
            await asyncio.sleep(0.02)
        heard = [client.heard_at for client in clients if client.heard_at]
        print(
            json.dumps(
                {
                    "heard": len(heard),
                    "first": min(heard, default=0.0),
                    "last": max(heard, default=0.0),
                    "lost": sum(client.is_lost for client in clients),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    asyncio.run(main())
