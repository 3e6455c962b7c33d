"""Reports: wait for one, and save its file.

Made from _async by `make sdk`; not to be edited.
"""

from __future__ import annotations

import os
from typing import Any

from s9s_client._sync.http import path as path_of
from s9s_client._sync.operations import ReportOperations
from s9s_client._sync.work import ended, save
from s9s_client.models import Report


class Reports(ReportOperations):
    """Reports on how a cluster is used."""

    def wait(self, report_id: str, *, timeout: float | None = None) -> Report:
        """The report when it is completed.

        Raises:
            WorkFailed: It has failed, or was cancelled.
            WaitTimeout: It is not completed after `timeout` seconds; ``None`` waits for ever.
        """
        return ended(self._http, f"Report {report_id}", lambda: self.get(report_id), timeout)

    def save(self, report_id: str, path: str | os.PathLike[str]) -> int:
        """Its file at a path of this machine, whole or not at all; how many bytes it has."""
        return save(self._http, path_of("/v1/reports/{}/download", report_id), path)

    def run(self, path: str | os.PathLike[str], *, timeout: float | None = None, **request: Any) -> Report:
        """Ask for one as `create` does, wait until it is completed, and save its file."""
        made = self.create(**request)
        done = self.wait(made.report_id, timeout=timeout)
        self.save(made.report_id, path)
        return done
