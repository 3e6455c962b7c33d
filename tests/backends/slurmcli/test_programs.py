"""Commands under load and without a slurmctld: stand-ins that sleep instead of Slurm's own."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from s9s.backends.processes import Processes
from s9s.backends.slurmcli.programs import Programs, in_memory
from s9s.domain.errors import SlurmUnavailable, ValidationError


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    """squeue takes its first argument in seconds, scontrol says what `state` says."""
    _write(tmp_path / "squeue", 'sleep "$1"; echo "$SLURM_CONF $SLURM_TIME_FORMAT"')
    _write(tmp_path / "sacct", 'sleep "$1"; echo done')
    _write(
        tmp_path / "scontrol",
        f'echo x >> {tmp_path}/pings; echo "Slurmctld(primary) at h is $(cat {tmp_path}/state)"',
    )
    (tmp_path / "state").write_text("UP")
    return tmp_path


@pytest.fixture
def programs(bin_dir: Path) -> Programs:
    return Programs(Processes(), str(bin_dir), "/etc/x.conf", 30.0, concurrency=3)


def _write(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def _pings(bin_dir: Path) -> int:
    pings = bin_dir / "pings"
    return len(pings.read_text().split()) if pings.exists() else 0


async def test_the_cluster_and_its_formats_are_told(programs: Programs) -> None:
    finished = await programs.run(["squeue", "0"])
    assert finished.stdout == b"/etc/x.conf %s\n"


async def test_a_slow_command_of_a_living_slurmctld_is_waited_for(programs: Programs, bin_dir: Path) -> None:
    assert (await programs.run(["squeue", "2.5"])).returncode == 0
    assert _pings(bin_dir) == 1


async def test_many_slow_commands_ask_once_and_all_get_through(programs: Programs, bin_dir: Path) -> None:
    results = await asyncio.gather(*(programs.run(["squeue", "1.1"]) for _ in range(9)))
    assert [finished.returncode for finished in results] == [0] * 9
    assert _pings(bin_dir) == 0  # waiting for a turn is no sign of an outage


async def test_a_dead_slurmctld_is_noticed_in_seconds(programs: Programs, bin_dir: Path) -> None:
    (bin_dir / "state").write_text("DOWN")
    began = time.monotonic()
    results = await asyncio.gather(
        *(programs.run(["squeue", "20"]) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [SlurmUnavailable] * 3
    assert time.monotonic() - began < 4
    assert _pings(bin_dir) == 1


async def test_accounting_does_not_need_slurmctld(programs: Programs, bin_dir: Path) -> None:
    (bin_dir / "state").write_text("DOWN")
    assert (await programs.run(["sacct", "2.2"])).stdout == b"done\n"


async def test_time_is_limited(programs: Programs) -> None:
    with pytest.raises(SlurmUnavailable, match="squeue took longer"):
        await programs.run(["squeue", "20"], timeout=0.2)


async def test_a_turn_is_given_back_by_whoever_gives_up(programs: Programs) -> None:
    tasks = [asyncio.create_task(programs.run(["squeue", "20"])) for _ in range(6)]
    await asyncio.sleep(0.3)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (await asyncio.wait_for(programs.run(["squeue", "0"]), 5)).returncode == 0


async def test_what_is_not_there_is_unavailable(tmp_path: Path) -> None:
    nothing = Programs(Processes(), str(tmp_path), None, 5.0)
    assert not nothing.has("squeue")
    with pytest.raises(SlurmUnavailable):
        await nothing.run(["squeue"])
    with pytest.raises(SlurmUnavailable):
        await nothing.ping()


@pytest.mark.parametrize("argument", ["--job-name=a\0b", "--comment=\ud800"])
async def test_what_no_command_can_be_given_is_refused(programs: Programs, argument: str) -> None:
    with pytest.raises(ValidationError) as caught:
        await programs.run(["squeue", argument])
    assert caught.value.details["parameter"] in ("job-name", "comment")


def test_a_file_in_memory_is_at_its_beginning() -> None:
    with in_memory(b"content") as descriptor, open(descriptor, "rb", closefd=False) as file:
        assert file.read() == b"content"
