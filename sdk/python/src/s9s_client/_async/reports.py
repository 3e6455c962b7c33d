"""Reports: wait for one, and save its file."""

from __future__ import annotations

import os
from typing import Any

from s9s_client._async.http import path as path_of
from s9s_client._async.operations import AsyncReportOperations
from s9s_client._async.work import ended, save
from s9s_client.models import Report


class AsyncReports(AsyncReportOperations):
    """Reports on how a cluster is used."""

    async def wait(self, report_id: str, *, timeout: float | None = None) -> Report:
        """The report when it is completed.

        Raises:
            WorkFailed: It has failed, or was cancelled.
            WaitTimeout: It is not completed after `timeout` seconds; ``None`` waits for ever.
        """
        return await ended(self._http, f"Report {report_id}", lambda: self.get(report_id), timeout)

    async def save(self, report_id: str, path: str | os.PathLike[str]) -> int:
        """Its file at a path of this machine, whole or not at all; how many bytes it has."""
        return await save(self._http, path_of("/v1/reports/{}/download", report_id), path)

    async def run(
        self, path: str | os.PathLike[str], *, timeout: float | None = None, **request: Any
    ) -> Report:
        """Ask for one as `create` does, wait until it is completed, and save its file."""
        made = await self.create(**request)
        done = await self.wait(made.report_id, timeout=timeout)
        await self.save(made.report_id, path)
        return done
