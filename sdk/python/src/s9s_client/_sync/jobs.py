"""Jobs: what goes beyond single requests.

Made from _async by `make sdk`; not to be edited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Literal

from s9s_client._sync.http import path
from s9s_client._sync.operations import JobOperations
from s9s_client._sync.patience import Patience
from s9s_client.errors import S9SError, TransportError, WaitTimeout
from s9s_client.models import BulkAnswer, Job
from s9s_client.stream import SILENCE_SECONDS, Frames, Output

#: States that a job does not leave by itself.
FINISHED: Final = frozenset(
    {
        "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY", "BOOT_FAIL",
        "DEADLINE",
    }
)  # fmt: skip
_Action = Literal["cancel", "hold", "priority", "release", "requeue"]
#: Ids that the server takes in one request.
_BULK: Final = 10_000


class Jobs(JobOperations):
    """List, submit, look up and change jobs."""

    def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        interval: float = 1.0,
        max_interval: float = 15.0,
        on_change: Callable[[Job], None] | None = None,
    ) -> Job:
        """The job when it has ended, however it did: look at its `state`.

        Args:
            job_id: Which.
            timeout: Seconds after which `WaitTimeout` is raised; ``None`` waits for ever.
            interval: Seconds between two looks at first; it grows by half each time.
            max_interval: And no further than this.
            on_change: Called with the job whenever its state is another one.
        """
        clock = self._http.clock
        deadline = None if timeout is None else clock() + timeout
        seen: str | None = None
        while True:
            job = self.get(job_id)
            if job.state != seen and on_change is not None:
                on_change(job)
            seen = job.state
            if job.state in FINISHED:
                return job
            pause = interval
            if deadline is not None:
                left = deadline - clock()
                if left <= 0:
                    raise WaitTimeout(f"Job {job_id} is still {job.state} after {timeout:g} s", job)
                pause = min(pause, left)
            self._http.sleep(pause)
            interval = min(max_interval, interval * 1.5)

    def follow_output(
        self, job_id: str, *, stream: str = "output", lines: int | None = None
    ) -> Iterator[str]:
        """What a job writes, as it writes it, until it ends.

        When the connection breaks, or the server starts anew, it goes on where it was, and nothing is left
        out or told twice. After a requeue the file begins anew, and so does what is told. An error that a
        new try would not mend is raised, and so is any before the first answer.

        Args:
            job_id: Which.
            stream: `output` or `error`.
            lines: Begin with so many of the last lines; ``None``: with all.
        """
        output, patience, has_begun = Output(), Patience(self._http), False
        while not output.has_ended:
            failure: S9SError = TransportError("The server has ended the stream")
            try:
                with self._http.stream(
                    "GET",
                    path("/v1/jobs/{}/{}", job_id, stream),
                    query={"follow": True, "lines": lines},
                    headers={"Accept": "text/event-stream", "Last-Event-ID": output.place},
                    silence=SILENCE_SECONDS,
                ) as response:
                    has_begun, frames = True, Frames()
                    for piece in response.iter_bytes():
                        patience.heard()
                        for frame in frames.feed(piece):
                            if text := output.read(frame):
                                yield text
            except S9SError as error:
                if not has_begun:
                    raise
                failure = error
            if not output.has_ended:
                patience.after(failure)

    def cancel_many(
        self, job_ids: Sequence[str], *, force: bool | None = None, signal: str | None = None
    ) -> BulkAnswer:
        """Cancel any number of jobs, each with its own result."""
        return self._many("cancel", job_ids, {"force": force, "signal": signal})

    def hold_many(self, job_ids: Sequence[str], *, reason: str | None = None) -> BulkAnswer:
        """Hold any number of jobs, each with its own result."""
        return self._many("hold", job_ids, {"reason": reason})

    def release_many(self, job_ids: Sequence[str]) -> BulkAnswer:
        """Release any number of jobs, each with its own result."""
        return self._many("release", job_ids, {})

    def requeue_many(self, job_ids: Sequence[str]) -> BulkAnswer:
        """Requeue any number of jobs, each with its own result."""
        return self._many("requeue", job_ids, {})

    def _many(self, action: _Action, job_ids: Sequence[str], options: dict[str, Any]) -> BulkAnswer:
        options = {name: value for name, value in options.items() if value is not None}
        whole: BulkAnswer | None = None
        for start in range(0, len(job_ids) or 1, _BULK):
            part = self.bulk(
                action=action, job_ids=list(job_ids[start : start + _BULK]), options=options or None
            )
            if whole is None:
                whole = part
                continue
            whole.results.extend(part.results)
            for name in ("total", "successful", "failed"):
                setattr(whole.summary, name, getattr(whole.summary, name) + getattr(part.summary, name))
        assert whole is not None
        return whole
