"""Exports: wait for one, and save its file."""

from __future__ import annotations

import os
from typing import Any

from s9s_client._async.http import path as path_of
from s9s_client._async.operations import AsyncExportOperations
from s9s_client._async.work import ended, save
from s9s_client.models import Export


class AsyncExports(AsyncExportOperations):
    """Rows as files."""

    async def wait(self, export_id: str, *, timeout: float | None = None) -> Export:
        """The export when it is completed.

        Raises:
            WorkFailed: It has failed, or was cancelled.
            WaitTimeout: It is not completed after `timeout` seconds; ``None`` waits for ever.
        """
        return await ended(self._http, f"Export {export_id}", lambda: self.get(export_id), timeout)

    async def save(self, export_id: str, path: str | os.PathLike[str]) -> int:
        """Its file at a path of this machine, whole or not at all; how many bytes it has."""
        return await save(self._http, path_of("/v1/exports/{}/download", export_id), path)

    async def run(
        self, path: str | os.PathLike[str], *, timeout: float | None = None, **request: Any
    ) -> Export:
        """Ask for one as `create` does, wait until it is completed, and save its file."""
        made = await self.create(**request)
        done = await self.wait(made.export_id, timeout=timeout)
        await self.save(made.export_id, path)
        return done
