"""Jobs that really run."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from s9s.backends.simulated import Clock, SimulatedBackend
from s9s.backends.simulated.strays import started
from s9s.domain.jobs import Job, JobSubmission, JobUpdate


@dataclass
class Real:
    """An empty cluster that really runs what is submitted."""

    backend: SimulatedBackend
    clock: Clock
    folder: Path

    async def submit(self, script: str, actor: str = "alice", **fields: Any) -> str:
        text = script if script.startswith("#!") else f"#!/bin/sh\n{script}\n"
        fields = {"working_directory": str(self.folder), "standard_output": "out", "memory_mib": 16} | fields
        return (await self.backend.submit(JobSubmission(script=text, **fields), actor)).job_id

    async def job(self, job_id: str) -> Job:
        return (await self.backend.job(job_id)).job

    async def reach(self, job_id: str, *states: str) -> Job:
        async def look() -> Job | None:
            job = await self.job(job_id)
            return job if job.state in states else None

        return await until(look)

    async def finish(self, job_id: str) -> Job:
        async def look() -> Job | None:
            job = await self.job(job_id)
            return job if job.state.is_finished else None

        return await until(look)

    def read(self, name: str = "out") -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""

    async def reads(self, text: str, name: str = "out") -> str:
        async def look() -> str:
            content = self.read(name)
            return content if text in content else ""

        return await until(look)


async def until(look: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    deadline = asyncio.get_running_loop().time() + seconds
    while not (answer := await look()):
        assert asyncio.get_running_loop().time() < deadline, f"still {answer!r} after {seconds} s"
        await asyncio.sleep(0.02)
    return answer


async def gone(pid: int) -> None:
    async def look() -> bool:
        return not os.path.exists(f"/proc/{pid}") or _is_zombie(pid)

    await until(look)


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def make_real(tmp_path: Path) -> Callable[..., Real]:
    def make(**options: Any) -> Real:
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        # Five times as fast, so that the pauses of scheduler and epilog are short.
        settings = {"nodes": 8, "jobs": 0, "clock": Clock(speed=5)} | options
        backend = SimulatedBackend(state_dir=str(tmp_path / "state"), user="root", **settings)
        return Real(backend, backend.clock, folder)

    return make


@pytest.fixture
async def real(make_real: Callable[..., Real]) -> AsyncIterator[Real]:
    real = make_real()
    await real.backend.discover()
    yield real
    await real.backend.close()


async def test_exit_code_output_and_usage_are_real(real: Real) -> None:
    job_id = await real.submit("echo out; echo err >&2; exit 3", standard_error="err-%j")
    job = await real.finish(job_id)
    assert (job.state, job.exit_code, job.signal, job.reason) == ("FAILED", 3, None, "NonZeroExitCode")
    assert (real.read(), real.read(f"err-{job_id}")) == ("out\n", "err\n")
    usage = (await real.backend.job(job_id)).usage
    assert usage is not None
    assert usage.cpu_seconds is not None


async def test_usage_is_measured_while_a_job_runs(real: Real) -> None:
    job_id = await real.submit(
        f"#!{sys.executable}\nimport time\nmemory = bytearray(60 << 20)\nwhile True: sum(range(9999))"
    )

    async def used() -> bool:
        usage = (await real.backend.job(job_id)).usage
        return usage is not None and (usage.cpu_seconds or 0) > 0.1 and 60 < (usage.max_memory_mib or 0) < 120

    await until(used)
    await real.backend.cancel(job_id, "alice", force=True)
    await real.finish(job_id)
    assert await used()


async def test_both_streams_go_to_one_file_by_default(real: Real) -> None:
    job_id = await real.submit("echo out; echo err >&2", standard_output=None)
    await real.finish(job_id)
    assert real.read(f"slurm-{job_id}.out") == "out\nerr\n"


async def test_open_mode_appends_or_truncates(real: Real) -> None:
    (real.folder / "out").write_text("before\n")
    await real.finish(await real.submit("echo more", open_mode="append"))
    assert real.read() == "before\nmore\n"
    await real.finish(await real.submit("echo new"))
    assert real.read() == "new\n"


async def test_standard_input_is_read(real: Real) -> None:
    (real.folder / "in").write_text("from a file\n")
    await real.finish(await real.submit("cat", standard_input="in"))
    assert real.read() == "from a file\n"


async def test_the_environment_is_slurms(real: Real) -> None:
    job_id = await real.submit(
        "env", job_name="name", partition="gpu", nodes=2, gpus=2, cpus_per_node=4, memory_mib=100,
        environment={"GREETING": "hello world"}, time_limit_seconds=60, qos="high",
    )  # fmt: skip
    job = await real.finish(job_id)
    environment = dict(line.split("=", 1) for line in real.read().splitlines())
    expected = {
        "GREETING": "hello world",
        "SLURM_JOB_ID": job_id,
        "SLURM_JOB_NAME": "name",
        "SLURM_JOB_USER": "alice",
        "USER": "alice",
        "SLURM_JOB_PARTITION": "gpu",
        "SLURM_JOB_QOS": "high",
        "SLURM_JOB_ACCOUNT": "research",
        "SLURM_JOB_NUM_NODES": "2",
        "SLURMD_NODENAME": job.nodes[0],
        "SLURM_CPUS_ON_NODE": "4",
        "SLURM_JOB_CPUS_PER_NODE": "4(x2)",
        "SLURM_MEM_PER_NODE": "100",
        "CUDA_VISIBLE_DEVICES": "0",
        "SLURM_SUBMIT_DIR": str(real.folder),
        "PWD": str(real.folder),
    }
    assert environment.items() >= expected.items()
    assert "PYTEST_CURRENT_TEST" not in environment  # nothing of the server's own
    shown = (await real.backend.job(job_id)).environment
    assert shown is not None
    assert shown["GREETING"] == "hello world"


async def test_tasks_of_an_array_know_their_numbers(real: Real) -> None:
    array = await real.submit(
        "echo $SLURM_ARRAY_JOB_ID $SLURM_ARRAY_TASK_ID $SLURM_ARRAY_TASK_COUNT $SLURM_ARRAY_TASK_MAX",
        array="2,4", standard_output="%A-%a",
    )  # fmt: skip
    for task in (2, 4):
        await real.finish(f"{array}_{task}")
        assert real.read(f"{array}-{task}") == f"{array} {task} 2 4\n"


async def test_cancel_asks_first_and_kills_after_kill_wait(make_real: Callable[..., Real]) -> None:
    real = make_real(clock=Clock(speed=10))
    await real.backend.discover()
    try:
        polite = await real.submit("trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.05; done")
        await real.reads("ready")
        await real.backend.cancel(polite, "alice")
        job = await real.finish(polite)
        assert (job.state, job.exit_code, job.signal) == ("CANCELLED", 5, None)
        assert real.read().endswith("bye\n")
        stubborn = await real.submit(
            "trap '' TERM; echo ready; while :; do sleep 0.05; done", standard_output="stubborn"
        )
        await real.reads("ready", "stubborn")
        asked_at = real.clock.now()
        await real.backend.cancel(stubborn, "alice")
        job = await real.job(stubborn)
        assert (job.state, job.flags) == ("COMPLETING", ("CANCELLED",))
        job = await real.finish(stubborn)
        assert (job.state, job.signal) == ("CANCELLED", 9)
        assert real.clock.now() - asked_at >= 30
    finally:
        await real.backend.close()


async def test_force_kills_a_stubborn_job_that_is_completing(real: Real) -> None:
    job_id = await real.submit("trap '' TERM; echo ready; while :; do sleep 0.05; done")
    await real.reads("ready")
    await real.backend.cancel(job_id, "alice")
    assert await real.reach(job_id, "COMPLETING")
    await real.backend.cancel(job_id, "alice", force=True)
    assert (await real.finish(job_id)).state == "CANCELLED"


async def test_a_time_limit_is_kept(make_real: Callable[..., Real]) -> None:
    real = make_real(clock=Clock(speed=30))
    await real.backend.discover()
    try:
        job_id = await real.submit(
            "trap 'echo warned' USR1; while :; do sleep 0.05; done",
            time_limit_seconds=60,
            signal="B:USR1@30",
        )
        await real.reads("warned")
        assert (await real.job(job_id)).state == "RUNNING"
        job = await real.finish(job_id)
        assert (job.state, job.signal, job.reason) == ("TIMEOUT", 15, "TimeLimit")
    finally:
        await real.backend.close()


async def test_signals_are_delivered(real: Real) -> None:
    job_id = await real.submit("trap 'echo got it' USR1; echo ready; while :; do sleep 0.05; done")
    await real.reads("ready")
    await real.backend.cancel(job_id, "alice", signal=signal.SIGUSR1)
    await real.reads("got it")
    await real.backend.cancel(job_id, "alice", signal=signal.SIGKILL)
    job = await real.finish(job_id)
    assert (job.state, job.signal, job.reason) == ("FAILED", 9, "RaisedSignal")


async def test_a_suspended_job_stands_still(real: Real) -> None:
    job_id = await real.submit("i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done")
    await real.reads("3")
    await real.backend.suspend(job_id, "carol")
    pid = _pid_of(real, job_id)

    async def stopped() -> bool:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    await until(stopped)
    lines = real.read()
    assert real.read() == lines
    await real.backend.resume(job_id, "carol")
    await real.reads(str(len(lines.splitlines()) + 3))
    await real.backend.suspend(job_id, "carol")
    await until(stopped)
    await real.backend.cancel(job_id, "alice")
    assert (await real.finish(job_id)).state == "CANCELLED"


async def test_nothing_of_a_job_outlives_it(real: Real) -> None:
    """Neither a background process nor one that made itself a session of its own."""
    job_id = await real.submit(
        "sleep 300 & echo $!; setsid sh -c 'echo $$; exec sleep 300' & sleep 0.2; exit 0"
    )
    assert (await real.finish(job_id)).state == "COMPLETED"
    background, fled = map(int, real.read().split())
    await gone(background)
    await gone(fled)


async def test_requeue_runs_a_script_again(make_real: Callable[..., Real]) -> None:
    real = make_real(clock=Clock(speed=100))
    await real.backend.discover()
    try:
        job_id = await real.submit(
            "echo run $SLURM_RESTART_COUNT; sleep 100", open_mode="append", time_limit_seconds=86400
        )
        await real.reads("run 0")
        await real.backend.requeue(job_id, "alice")
        await real.reads("run 1")
        job = await real.job(job_id)
        assert (job.state, job.requeue_count) == ("RUNNING", 1)
    finally:
        await real.backend.close()


async def test_only_so_many_processes_at_a_time(make_real: Callable[..., Real]) -> None:
    real = make_real(most_processes=2)
    await real.backend.discover()
    try:
        jobs = [await real.submit("sleep 300", standard_output=f"{number}") for number in range(3)]
        await real.reach(jobs[1], "RUNNING")

        async def waits() -> bool:
            return (await real.job(jobs[2])).reason == "Resources"

        await until(waits)
        await real.backend.cancel(jobs[0], "alice")
        await real.reach(jobs[2], "RUNNING")
    finally:
        await real.backend.close()


@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        ("#!/no/such/interpreter\n", 2, "'/no/such/interpreter'"),
        ("#!/bin/sh\r\necho hi\r\n", 2, "execve()"),
        ("#!\n", 8, "execve(): [Errno 8] Exec format error"),
        ("#!/bin/sh -e\nfalse\necho not reached\n", 1, ""),
    ],
)
async def test_what_cannot_be_run_fails_at_run_time(real: Real, script: str, code: int, text: str) -> None:
    job = await real.finish(await real.submit(script))
    assert (job.state, job.exit_code) == ("FAILED", code)
    assert text in real.read()
    assert "not reached" not in real.read()


@pytest.mark.parametrize("output", ["no/such/folder/out", "fifo", ".", "/home/bob/out", "a\0b"])
async def test_a_job_without_its_output_fails(real: Real, output: str) -> None:
    os.mkfifo(real.folder / "fifo")
    job = await real.finish(await real.submit("echo hi", standard_output=output))
    assert (job.state, job.exit_code, job.signal) == ("FAILED", 0, 53)


async def test_a_missing_directory_is_replaced(real: Real) -> None:
    job_id = await real.submit(
        "pwd", working_directory="/no/such/directory", standard_output=str(real.folder / "out")
    )
    assert (await real.finish(job_id)).state == "COMPLETED"
    assert real.read().splitlines()[1] == "/tmp"
    assert "couldn't chdir to `/no/such/directory'" in real.read()


async def test_srun_runs_a_command_once(real: Real) -> None:
    job_id = await real.submit("srun -n 4 --mem=1G --label echo step $SLURM_JOB_ID")
    await real.finish(job_id)
    assert real.read() == f"step {job_id}\n"


async def test_a_homes_path_leads_into_the_state_directory(real: Real, tmp_path: Path) -> None:
    job_id = await real.submit(
        "pwd; echo $HOME",
        working_directory="/home/alice/simulations",
        standard_output="/home/alice/logs/%j.out",
    )
    job = await real.finish(job_id)
    assert job.working_directory == "/home/alice/simulations"
    home = tmp_path / "state/simulated/home/alice"
    assert (home / f"logs/{job_id}.out").read_text() == f"{home}/simulations\n{home}\n"
    relative = await real.submit("true", working_directory="simulations", standard_output=None)
    assert (await real.finish(relative)).working_directory == "/home/alice/simulations"
    assert (home / f"simulations/slurm-{relative}.out").exists()


async def test_closing_leaves_nothing_running(make_real: Callable[..., Real]) -> None:
    real = make_real()
    await real.backend.discover()
    job_id = await real.submit("trap '' TERM; setsid sleep 300 & echo $! $$; while :; do sleep 0.05; done")
    await real.reads(" ")
    pids = list(map(int, real.read().split()))
    await real.backend.close()
    for pid in pids:
        await gone(pid)
    assert not list((real.folder.parent / "state/simulated/running").iterdir())
    assert (await real.job(job_id)).state == "RUNNING"  # as slurmctld's memory is when it is killed


async def test_what_a_killed_server_left_is_ended_by_the_next(
    tmp_path: Path, make_real: Callable[..., Real]
) -> None:
    server = tmp_path / "server.py"
    server.write_text(
        "import asyncio, sys\n"
        "from s9s.backends.simulated import SimulatedBackend\n"
        "from s9s.domain.jobs import JobSubmission\n"
        "async def main():\n"
        "    backend = SimulatedBackend(state_dir=sys.argv[1], user='root', nodes=8, jobs=0)\n"
        "    await backend.discover()\n"
        "    script = '#!/bin/sh\\nsetsid sleep 300 & echo $! $$; sleep 300\\n'\n"
        "    await backend.submit(JobSubmission(script=script, standard_output=sys.argv[2]), 'alice')\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    output = tmp_path / "pids"
    process = subprocess.Popen([sys.executable, str(server), str(tmp_path / "state"), str(output)])
    try:

        async def written() -> list[str]:
            words = output.read_text().split() if output.exists() else []
            return words if len(words) == 2 else []

        pids = list(map(int, await until(written)))
        # A second server beside it leaves its jobs alone.
        beside = make_real()
        await beside.backend.discover()
        await beside.backend.close()
        assert all(started(pid) is not None for pid in pids)
    finally:
        process.kill()
        process.wait()
    after = make_real()
    await after.backend.discover()
    await after.backend.close()
    for pid in pids:
        await gone(pid)


async def test_a_held_real_job_is_started_once(real: Real) -> None:
    job_id = await real.submit("echo once >> once", hold=True)
    await real.backend.update_job(job_id, JobUpdate(hold=False), "alice")
    await real.finish(job_id)
    assert real.read("once") == "once\n"


def _pid_of(real: Real, job_id: str) -> int:
    processes = real.backend._processes
    assert processes is not None
    return processes._running[int(job_id)].popen.pid
