"""Exports: wait for one, and save its file.

Made from _async by `make sdk`; not to be edited.
"""

from __future__ import annotations

import os
from typing import Any

from s9s_client._sync.http import path as path_of
from s9s_client._sync.operations import ExportOperations
from s9s_client._sync.work import ended, save
from s9s_client.models import Export


class Exports(ExportOperations):
    """Rows as files."""

    def wait(self, export_id: str, *, timeout: float | None = None) -> Export:
        """The export when it is completed.

        Raises:
            WorkFailed: It has failed, or was cancelled.
            WaitTimeout: It is not completed after `timeout` seconds; ``None`` waits for ever.
        """
        return ended(self._http, f"Export {export_id}", lambda: self.get(export_id), timeout)

    def save(self, export_id: str, path: str | os.PathLike[str]) -> int:
        """Its file at a path of this machine, whole or not at all; how many bytes it has."""
        return save(self._http, path_of("/v1/exports/{}/download", export_id), path)

    def run(self, path: str | os.PathLike[str], *, timeout: float | None = None, **request: Any) -> Export:
        """Ask for one as `create` does, wait until it is completed, and save its file."""
        made = self.create(**request)
        done = self.wait(made.export_id, timeout=timeout)
        self.save(made.export_id, path)
        return done
