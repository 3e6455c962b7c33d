import signal
import subprocess
import sys

import pytest

from s9s.domain.samples import ROLLUPS, Sample
from s9s.storage.database import Database
from s9s.storage.samples import SampleRecords

DAY = 1_800_000_000 - 1_800_000_000 % 86400


@pytest.fixture
def records(database: Database) -> SampleRecords:
    return SampleRecords(database)


def minute(number: int, partition: str | None = None, **values: float) -> Sample:
    return Sample(at=DAY + 60 * number, partition=partition, **values)  # type: ignore[arg-type]  # numbers


async def test_what_was_written_comes_back_in_order_and_as_it_was(records: SampleRecords) -> None:
    written = [
        Sample(
            at=DAY + 60 * number,
            covered_seconds=45,
            cpus_total=64,
            cpus_allocated=number,
            memory_total_mib=1024,
            memory_allocated_mib=512,
            gpus_total=4,
            gpus_allocated=1,
            jobs={"PENDING": 3, "RUNNING": 2},
            nodes={"IDLE": 2},
            pending_max=3,
            submitted=1,
            started=2,
            completed=3,
            failed=4,
            cancelled=5,
            wait_seconds_sum=600,
            wait_count=2,
            wait_seconds_max=500,
        )
        for number in (3, 1, 2)
    ]
    assert await records.add("one", written) == 3
    found = await records.series("one", 60, DAY, DAY + 86400)
    assert found == sorted(written, key=lambda one: one.at)
    assert await records.series("one", 60, DAY + 61, DAY + 180) == [written[2]]
    assert await records.series("two", 60, DAY, DAY + 86400) == []
    assert await records.latest("one") == DAY + 180
    assert await records.latest("two") is None


@pytest.mark.parametrize("step", ROLLUPS)
async def test_each_minute_counts_once_in_every_longer_span(records: SampleRecords, step: int) -> None:
    for number in range(7):
        one = minute(number, cpus_total=100, cpus_allocated=10 * number, submitted=1, pending_max=number)
        assert await records.add("one", [one, minute(number, "gpu", submitted=2)]) == 2
        assert await records.add("one", [one, minute(number, "gpu", submitted=2)]) == 0
    first, *_ = await records.series("one", step, DAY, DAY + 86400)
    within = min(7, step // 60)
    assert (first.at, first.submitted, first.covered_seconds) == (DAY, within, 60 * within)
    assert first.cpus_allocated == pytest.approx(10 * (within - 1) / 2)
    assert first.pending_max == within - 1
    (gpu, *_) = await records.series("one", step, DAY, DAY + 86400, "gpu")
    assert (gpu.partition, gpu.submitted) == ("gpu", 2 * within)


async def test_many_minutes_at_once_are_the_same_as_one_by_one(records: SampleRecords) -> None:
    many = [minute(number, name, submitted=number) for number in range(40) for name in (None, "cpu")]
    for one in many:
        await records.add("slow", [one])
    await records.add("fast", [*many, *many])
    for step in (60, *ROLLUPS):
        for name in (None, "cpu"):
            assert await records.series("fast", step, DAY, DAY + 86400, name) == await records.series(
                "slow", step, DAY, DAY + 86400, name
            )


async def test_each_length_of_span_is_kept_for_its_own_time(records: SampleRecords) -> None:
    await records.add("one", [minute(number) for number in range(20)])
    await records.add("two", [minute(0)])
    assert await records.clear("one", {60: DAY + 600, 300: DAY + 300, 3600: DAY}) == 11
    assert (await records.series("one", 60, DAY, DAY + 86400))[0].at == DAY + 600
    assert len(await records.series("one", 300, DAY, DAY + 86400)) == 3
    assert len(await records.series("one", 3600, DAY, DAY + 86400)) == 1
    assert len(await records.series("two", 60, DAY, DAY + 86400)) == 1


_WRITER = """
import asyncio, sys
from s9s.domain.samples import Sample
from s9s.storage.database import Database
from s9s.storage.samples import SampleRecords

async def main(url, day):
    async with await Database.open(url) as database:
        records = SampleRecords(database)
        for number in range(1440):
            one = dict(at=day + 60 * number, submitted=1)
            await records.add("one", [Sample(**one), Sample(**one, partition="gpu")])
            print(number, flush=True)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_a_kill_loses_no_minute_that_was_written_and_leaves_none_half(url: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, url, str(DAY)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        told = 0
        for line in writer.stdout:
            told = int(line)
            if told == 70:
                writer.send_signal(signal.SIGKILL)
    assert told >= 70
    async with await Database.open(url) as database:
        records = SampleRecords(database)
        minutes = await records.series("one", 60, DAY, DAY + 86400)
        assert [one.at for one in minutes] == [DAY + 60 * number for number in range(len(minutes))]
        assert len(minutes) in (told + 1, told + 2)
        for name in (None, "gpu"):
            for step in (60, *ROLLUPS):
                found = await records.series("one", step, DAY, DAY + 86400, name)
                assert sum(one.submitted for one in found) == len(minutes)
