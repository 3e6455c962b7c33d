"""A worker process: does background work until there is none, or until whoever started it ends.

``python -m s9s.app.worker`` is how a server starts one: settings come as one line on standard input, each
further byte means that there may be work, and its end means to stop. `s9s worker` is the same for people.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from s9s.app.handlers import register_handlers
from s9s.app.logs import configure_logging
from s9s.app.queue import open_queue
from s9s.config import Settings
from s9s.services.work.worker import Worker
from s9s.storage.database import Database

#: Without work for so long a worker ends that a server has started; the next one costs a second.
IDLE_SECONDS: Final = 60.0
#: Pieces of work that one process does side by side, so that a long one does not hold up the short ones.
CONCURRENCY: Final = 4
#: The server's own process comes first.
_NICE: Final = 10


@asynccontextmanager
async def working(settings: Settings, *, concurrency: int = CONCURRENCY) -> AsyncIterator[Worker]:
    """A worker on the database of the settings, ready to `run`. Raises `DatabaseUnavailable`."""
    async with await Database.open(settings.database_url) as database:
        queue = open_queue(settings, database)
        register_handlers(settings, database, queue)
        yield Worker(queue, concurrency=concurrency)


async def work_until_stopped(settings: Settings, *, concurrency: int = CONCURRENCY) -> None:
    """Work until SIGTERM or SIGINT; what is under way then goes back into the queue."""
    async with working(settings, concurrency=concurrency) as worker:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stop)
        await worker.run()


async def _work_for_server(settings: Settings) -> None:
    async with working(settings) as worker:
        loop = asyncio.get_running_loop()
        # Ctrl-C in a terminal reaches both; the server says when it is time.
        loop.add_signal_handler(signal.SIGINT, lambda: None)
        loop.add_signal_handler(signal.SIGTERM, worker.stop)

        def heard() -> None:
            with suppress(BlockingIOError):
                if os.read(0, 4096):
                    worker.wake()
                else:
                    loop.remove_reader(0)
                    worker.stop()

        os.set_blocking(0, False)
        loop.add_reader(0, heard)
        idle = asyncio.create_task(_end_when_idle(worker))
        try:
            await worker.run()
        finally:
            idle.cancel()


async def _end_when_idle(worker: Worker) -> None:
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(1)
        since = worker.idle_since
        if since is not None and loop.time() - since >= IDLE_SECONDS and not await worker.has_unfinished():
            worker.stop()


def main() -> None:
    """For a server."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            return
        line += byte
    settings = Settings.model_validate_json(line)
    configure_logging(settings.logging)
    with suppress(OSError):
        os.nice(_NICE)
    gc.enable()
    asyncio.run(_work_for_server(settings))


if __name__ == "__main__":
    main()
