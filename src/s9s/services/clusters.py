"""One cluster, as the use cases see it: the way to it, what is known of it, and its users' files."""

from __future__ import annotations

from typing import Final

from s9s.backends.base import Acts, Backend, Reads, UserFiles
from s9s.domain.clusters import ClusterInfo
from s9s.services.acts import RecordedActs
from s9s.snapshot.snapshot import Snapshot
from s9s.snapshot.watcher import Watcher


class Cluster:
    """Everything a service needs of a cluster; a value, so that there can be several.

    Args:
        backend: The way to it.
        snapshot: What is known of it.
        watcher: Keeps the snapshot fresh.
        files: Of its users.
    """

    def __init__(self, backend: Backend, snapshot: Snapshot, watcher: Watcher, files: UserFiles) -> None:
        self._backend = backend
        self.snapshot: Final = snapshot
        self.watcher: Final = watcher
        self.files: Final = files

    @property
    def backend(self) -> Reads:
        """For questions."""
        return self._backend

    @property
    def acts(self) -> Acts:
        """For everything that changes something in Slurm: it waits until the audit log knows of it."""
        return RecordedActs(self._backend)

    @property
    def info(self) -> ClusterInfo:
        """What discovery found. Raises `SlurmUnavailable` as long as the cluster was never reached."""
        return self.snapshot.require_info()

    def can_act_as(self, user: str) -> bool:
        """Whether this server has the means to do something in Slurm as `user`."""
        return self.info.acts_as in ("anyone", user)

    def require_reachable(self) -> None:
        """Raises `SlurmUnavailable` at once while the cluster is known to be out of reach."""
        self.snapshot.require_reachable()
