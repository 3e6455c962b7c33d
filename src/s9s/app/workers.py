"""The worker processes of a server: started when there is something to do, ended when there is not."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from s9s.config import Settings
from s9s.services.work.queue import WorkQueue
from s9s.storage.database import DatabaseUnavailable

#: How often the queue is looked at without being told: others may have put work, or some be due again.
_LOOK_SECONDS: Final = 5.0
#: How often expired files are deleted, and those of killed processes.
_CLEAN_SECONDS: Final = 60.0
_SWEEP_SECONDS: Final = 900.0
#: How long a worker may take to put its work back when the server stops.
_STOP_SECONDS: Final = 5.0
#: Pauses before a worker is started again that has failed.
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0

_log = logging.getLogger(__name__)


class Workers:
    """Keeps as many workers as the settings say, while there is work.

    Args:
        settings: Handed on to the workers.
        queue: Whose work it is; tells when there is more.
    """

    def __init__(self, settings: Settings, queue: WorkQueue) -> None:
        self._settings = settings
        self._queue = queue
        self._wakened = asyncio.Event()
        self._is_stopping = False
        self._processes: list[_Process] = [_Process(settings) for _ in range(settings.work.processes)]
        self._task: asyncio.Task[None] | None = None
        self._cleaned_at = self._swept_at = float("-inf")
        queue.on_put = self.wake

    def start(self) -> None:
        """Begin to look at the queue."""
        self._task = asyncio.create_task(self._run(), name="workers")

    def wake(self) -> None:
        """There is more to do."""
        self._wakened.set()
        for process in self._processes:
            process.wake()

    async def stop(self) -> None:
        """End the workers; what they have not finished stays in the queue."""
        self._is_stopping = True
        self._wakened.set()
        if self._task is not None:
            await self._task
        await asyncio.gather(*(process.stop() for process in self._processes))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._is_stopping:
            self._wakened.clear()
            try:
                if self._processes and await self._queue.records.has_unfinished(list(self._queue.kinds)):
                    for process in self._processes:
                        await process.ensure(self._wakened.set)
                await self._clean(loop.time())
            except (DatabaseUnavailable, OSError) as error:
                _log.warning("background work waits: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wakened.wait(), _LOOK_SECONDS)

    async def _clean(self, now: float) -> None:
        if now - self._cleaned_at >= _CLEAN_SECONDS:
            self._cleaned_at = now
            await self._queue.clean()
        if now - self._swept_at >= _SWEEP_SECONDS:
            self._swept_at = now
            await self._queue.sweep()


class _Process:
    """One worker process, when there is one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._pause = 0.0
        self._not_before = 0.0

    def wake(self) -> None:
        """Let it look at the queue at once."""
        if self._process is not None and self._process.stdin is not None:
            with suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(b"\n")

    async def ensure(self, ended: Callable[[], None]) -> None:
        """Start it if it does not run; `ended` is called when it may be started again."""
        loop = asyncio.get_running_loop()
        if self._process is not None or loop.time() < self._not_before:
            return
        # Its standard input ends with this process, however that ends; settings may hold secrets, so
        # they are not among the arguments, which everybody on the host can read.
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "s9s.app.worker", stdin=asyncio.subprocess.PIPE
        )
        assert process.stdin is not None
        process.stdin.write(self._settings.model_dump_json().encode() + b"\n")
        self._watcher = asyncio.create_task(self._watch(process, ended), name=f"worker {process.pid}")

    async def _watch(self, process: asyncio.subprocess.Process, ended: Callable[[], None]) -> None:
        status = await process.wait()
        self._process = None
        loop = asyncio.get_running_loop()
        if status == 0:
            self._pause = 0.0
        else:
            _log.error("a worker process has ended with status %d", status)
            self._pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, self._pause * 2))
        self._not_before = loop.time() + self._pause
        loop.call_later(self._pause, ended)

    async def stop(self) -> None:
        """End it, at first kindly."""
        process, watcher = self._process, self._watcher
        if process is None or watcher is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await asyncio.shield(watcher)
        except TimeoutError:
            _log.warning("a worker process does not stop and is killed")
            process.kill()
            await watcher
