"""What the synthetic population's programs print: plausible lines that grow with the run time.

Nothing is kept. Every line has the same length, so that any part of a file of any size can be made when
somebody reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from s9s.backends.simulated.noise import noise
from s9s.domain.instants import format_instant
from s9s.domain.jobs import Job, JobState

_WIDTH: Final = 80
_SECONDS_PER_LINE: Final = 5
_HEADER: Final = 4


class SyntheticOutput:
    """A `base.OpenFile` on the output of a job that nobody really runs.

    Args:
        job: Gives the job as it is at the moment of asking.
        now: Gives the cluster's time.
        seed: The cluster's.
        is_error: Standard error, where the program itself has little to say.
    """

    def __init__(
        self, job: Callable[[], Job], now: Callable[[], int], seed: int, *, is_error: bool = False
    ) -> None:
        self._job = job
        self._now = now
        self._seed = seed
        self._is_error = is_error

    @property
    def size(self) -> int:
        job = self._job()
        return self._lines(job) * _WIDTH + len(self._last_words(job))

    def read_at(self, offset: int, length: int) -> bytes:
        job = self._job()
        lines = self._lines(job)
        first, last = offset // _WIDTH, min(lines, (offset + length) // _WIDTH + 1)
        text = b"".join(self._line(job, number) for number in range(first, last))
        if last == lines:
            text += self._last_words(job)
            if first > lines:
                first = lines
        start = offset - first * _WIDTH
        return text[start : start + length] if start >= 0 else b""

    def close(self) -> None:
        pass

    def _lines(self, job: Job) -> int:
        if job.start_time is None:
            return 0
        if self._is_error:
            return 1
        return _HEADER + job.elapsed_seconds(self._now()) // _SECONDS_PER_LINE

    def _line(self, job: Job, number: int) -> bytes:
        at = format_instant((job.start_time or 0) + max(0, number - _HEADER + 1) * _SECONDS_PER_LINE)
        if self._is_error:
            text = f"{at} INFO environment loaded, {job.cpu_count} CPUs on {job.node_count} node(s)"
        elif number < _HEADER:
            text = (
                f"{at} {job.job_name} started by {job.user}",
                f"{at} job {job.job_id} in partition {job.partition}, account {job.account}",
                f"{at} running on {job.nodes[0] if job.nodes else '?'} and {job.node_count - 1} more node(s)",
                f"{at} {job.cpu_count} CPUs, {(job.memory_mib or 0) // 1024} GiB, {job.gpus} GPUs",
            )[number]
        else:
            step = number - _HEADER + 1
            drawn = noise(self._seed, job.numeric_id, step)
            loss = 4.0 / (1 + step / 40) * (0.9 + 0.2 * drawn)
            text = f"{at} step {step:>7}  residual {loss:8.5f}  {800 + 200 * drawn:7.1f} items/s"
        return f"{text[: _WIDTH - 1]:<{_WIDTH - 1}}\n".encode(errors="replace").ljust(_WIDTH)[:_WIDTH]

    def _last_words(self, job: Job) -> bytes:
        if not job.state.is_finished or job.start_time is None:
            return b""
        at = format_instant(job.end_time or self._now()).removesuffix("Z")
        if not self._is_error:
            return f"{at} finished\n".encode() if job.state == JobState.COMPLETED else b""
        node = job.nodes[0] if job.nodes else "?"
        match job.state:
            case JobState.TIMEOUT:
                words = f"*** JOB {job.numeric_id} ON {node} CANCELLED AT {at} DUE TO TIME LIMIT ***"
            case JobState.CANCELLED:
                words = f"*** JOB {job.numeric_id} ON {node} CANCELLED AT {at} ***"
            case JobState.OUT_OF_MEMORY:
                words = f"Detected 1 oom_kill event in StepId={job.numeric_id}.batch."
            case JobState.FAILED:
                return f"Traceback: computation failed with code {job.exit_code}\n".encode()
            case _:
                return b""
        return f"slurmstepd: error: {words}\n".encode()
