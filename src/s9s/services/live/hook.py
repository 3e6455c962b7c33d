"""What Slurm's own scripts tell at once, instead of being found out at the next poll.

The script that `s9s hook` prints sends a line for every job that starts or ends and for every node that
changes. It says no more than which one: what has become of it, the watcher asks Slurm.
"""

from __future__ import annotations

import asyncio
import re
from typing import Final

from s9s.domain.hostlists import expand_hostlist
from s9s.domain.jobs import JobState
from s9s.services.clusters import Cluster

#: Longest message; a syslog header of `logger` included.
MAX_BYTES: Final = 4096
_MESSAGE: Final = re.compile(rb"s9s (job|nodes) ([\x21-\x7e]{1,1024})\s*\0?\Z")
_JOB_ID: Final = re.compile(r"[1-9]\d{0,9}(?:_\d{1,9}|\+\d{1,4})?", re.ASCII)
#: A job whose script has ended is COMPLETING for a moment; it is looked at again after these seconds.
_AGAIN_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
#: Jobs that are looked at again at the same time.
_MAX_AGAIN: Final = 64


class Hook:
    """Wakes the watcher for what messages name.

    Args:
        cluster: Whose scripts send them.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._again: dict[str, asyncio.TimerHandle] = {}
        self.received = 0
        """Messages so far that were understood."""

    def hear(self, message: bytes) -> bool:
        """Take a message; whether it was one."""
        match = _MESSAGE.search(message[:MAX_BYTES])
        if match is None:
            return False
        what, name = match[1], match[2].decode("ascii")
        if what == b"job":
            if not _JOB_ID.fullmatch(name):
                return False
            self._cluster.watcher.touch([name])
            self._look_again(name, 0)
        else:
            try:
                nodes = expand_hostlist(name)
            except ValueError:
                return False
            self._cluster.watcher.touch(None, nodes=nodes)
        self.received += 1
        return True

    def stop(self) -> None:
        """Look at nothing again."""
        for one in self._again.values():
            one.cancel()
        self._again.clear()

    def _look_again(self, job_id: str, times: int) -> None:
        if (waiting := self._again.pop(job_id, None)) is not None:
            waiting.cancel()
        if times == len(_AGAIN_SECONDS) or len(self._again) >= _MAX_AGAIN:
            return

        def look() -> None:
            del self._again[job_id]
            job = self._cluster.snapshot.jobs.get(job_id)
            if job is not None and job.state is JobState.COMPLETING:
                self._cluster.watcher.touch([job_id])
                self._look_again(job_id, times + 1)

        loop = asyncio.get_running_loop()
        self._again[job_id] = loop.call_later(_AGAIN_SECONDS[times], look)
