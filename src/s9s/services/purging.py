"""Credentials that ended long ago are removed; what was done with them stays in the audit log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from s9s.storage.database import DatabaseUnavailable
from s9s.storage.tokens import TokenRecords

#: How often it is looked for any.
PAUSE_SECONDS: Final = 3600.0

_log = logging.getLogger(__name__)


class Purging:
    """Removes credentials some time after they were revoked or expired.

    Not certificates: one that is forgotten could count again as one that nobody has registered.

    Args:
        records: Has them.
        keep_seconds: How long they are kept after their end.
        clock: Epoch seconds.
    """

    def __init__(
        self, records: TokenRecords, keep_seconds: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._records = records
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def purge(self) -> int:
        """Remove what is due now; how many that were. Raises `DatabaseUnavailable`."""
        removed = await self._records.purge(int(self._clock()) - self._keep_seconds)
        if removed:
            _log.info("%d credentials that ended long ago are removed", removed)
        return removed

    def start(self) -> None:
        """Do it now, and again each hour."""
        self._task = asyncio.create_task(self._run(), name="purging")

    async def stop(self) -> None:
        """End it; a transaction under way is finished."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.purge()
            except DatabaseUnavailable as error:
                _log.warning("old credentials cannot be removed: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), PAUSE_SECONDS)
