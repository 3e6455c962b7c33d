"""What a state directory remembers of its cluster, in `lab.json`."""

import json
from pathlib import Path
from typing import Any

from lab.errors import LabError


class State:
    """The remembered values of one state directory; empty until the first `update`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._path = directory / "lab.json"

    def read(self) -> dict[str, Any]:
        """All values; {} if there never was a cluster."""
        return dict(json.loads(self._path.read_text())) if self._path.exists() else {}

    def require(self) -> dict[str, Any]:
        """All values.

        Raises: LabError if there never was a cluster.
        """
        if not (values := self.read()):
            raise LabError(f"there is no cluster in {self.directory}: bring it up first")
        return values

    def update(self, **values: object) -> None:
        """Set some values, keep the others."""
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(self.read() | values, indent=1))
        partial.rename(self._path)  # a reader sees the old or the new file, never half of one
