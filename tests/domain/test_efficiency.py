import pytest
from msgspec import structs

from s9s.domain.durations import UNLIMITED
from s9s.domain.efficiency import Efficiency, Kind, added_up, efficiency_of, suggest, suggest_for
from s9s.domain.jobs import JobState, JobUsage
from tests.snapshot.making import NOON, job

HOUR = 3600
#: An hour on two nodes with four CPUs and 8 GiB each, and two GPUs.
RAN = job(
    7, "COMPLETED", start_time=NOON, end_time=NOON + HOUR, node_count=2, cpu_count=8, memory_mib=16_384,
    gpus=2, time_limit_seconds=4 * HOUR,
)  # fmt: skip
USED = JobUsage(
    cpu_seconds=2.0 * HOUR, max_memory_mib=4096.0, max_task_memory_mib=1536.0, tasks=4, gpu_utilization=0.25
)


def test_efficiency_is_what_seff_says() -> None:
    found = efficiency_of(RAN, USED, 0)
    assert (found.cpu, found.memory, found.gpu) == (0.25, 0.25, 0.25)
    assert found.cpu_wasted == 6 * HOUR
    assert found.memory_wasted == 12_288 * HOUR
    assert found.gpu_wasted == 1.5 * HOUR


def test_what_nobody_measured_is_none_and_wastes_nothing() -> None:
    for usage in (None, JobUsage()):
        found = efficiency_of(RAN, usage, 0)
        assert (found.cpu, found.memory, found.gpu) == (None, None, None)
        assert (found.cpu_wasted, found.memory_wasted, found.gpu_wasted) == (0, 0, 0)
        assert found.cpu_seconds == 8 * HOUR
    idle = efficiency_of(RAN, JobUsage(cpu_seconds=0.0), 0)
    assert (idle.cpu, idle.memory) == (0.0, None)
    never = efficiency_of(job(8, "CANCELLED"), JobUsage(cpu_seconds=0.0), 0)
    assert (never.cpu, never.elapsed_seconds) == (None, 0)


def test_more_than_all_is_shown_and_wastes_nothing() -> None:
    found = efficiency_of(RAN, JobUsage(cpu_seconds=8.5 * HOUR, max_memory_mib=20_000.0), 0)
    assert found.cpu == pytest.approx(1.0625)
    assert (found.cpu_wasted, found.memory_wasted) == (0, 0)


def test_a_running_job_counts_until_now() -> None:
    running = structs.replace(RAN, state=JobState.RUNNING, end_time=None)
    assert efficiency_of(running, JobUsage(cpu_seconds=240.0), NOON + 60).cpu == 0.5


def test_sums_weigh_jobs_by_what_they_had_and_leave_out_what_was_not_measured() -> None:
    small = structs.replace(RAN, cpu_count=1, end_time=NOON + 360)
    rows = [efficiency_of(RAN, USED, 0), efficiency_of(small, JobUsage(cpu_seconds=360.0), 0)]
    rows.append(efficiency_of(RAN, None, 0))
    found = added_up(rows)
    assert found.jobs == 3
    assert found.cpu == pytest.approx((2 * HOUR + 360) / (8 * HOUR + 360))
    assert found.memory == 0.25
    assert found.cpu_seconds == 16 * HOUR + 360
    assert added_up([]) == Efficiency()


def test_a_suggestion_has_room_to_spare_and_is_never_more_than_what_was_enough() -> None:
    found = suggest(RAN, USED, Kind(jobs=8, cpus=2.5, node_memory_mib=3000.0, elapsed_seconds=2 * HOUR))
    assert found is not None
    assert found.cpus == 3
    # Of two nodes each had two of the largest tasks, but another job of its kind needed nearly as much.
    assert found.memory_mib == 3712
    assert found.time_limit_seconds == 9000
    assert (found.confidence, found.based_on_jobs) == (0.8, 8)
    alone = suggest(RAN, USED, None)
    assert alone is not None
    assert alone.confidence == 0.33
    full = suggest(RAN, JobUsage(cpu_seconds=7.9 * HOUR, max_memory_mib=16_000.0), None)
    assert full is not None
    assert (full.cpus, full.memory_mib) == (8, 8192)


def test_who_ran_into_a_limit_needs_more() -> None:
    late = suggest(structs.replace(RAN, state=JobState.TIMEOUT, time_limit_seconds=HOUR), USED, None)
    assert late is not None
    assert late.time_limit_seconds == 5400
    fat = suggest(structs.replace(RAN, state=JobState.OUT_OF_MEMORY), USED, None)
    assert fat is not None
    assert fat.memory_mib == 12_288
    endless = suggest(structs.replace(RAN, time_limit_seconds=UNLIMITED), USED, None)
    assert endless is not None
    assert endless.time_limit_seconds == 4500


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED", "NODE_FAIL"])
def test_what_broke_off_suggests_nothing(state: str) -> None:
    assert suggest(structs.replace(RAN, state=JobState(state)), USED, None) is None


def test_nothing_is_suggested_without_a_measure_or_for_a_moment() -> None:
    assert suggest(RAN, None, None) is None
    assert suggest(structs.replace(RAN, end_time=NOON + 30), USED, None) is None
    unmeasured = suggest(RAN, JobUsage(), None)
    assert unmeasured is not None
    assert (unmeasured.cpus, unmeasured.memory_mib) == (None, None)


def test_a_kind_has_a_suggestion_of_its_own() -> None:
    assert suggest_for(None) is None
    found = suggest_for(Kind(jobs=2, cpus=3.2, node_memory_mib=1000.0, elapsed_seconds=100))
    assert found is not None
    assert (found.cpus, found.memory_mib, found.time_limit_seconds) == (4, 1216, 180)
    assert found.confidence == 0.35
