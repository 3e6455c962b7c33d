from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.domain.samples import ROLLUPS, Bucket, Sample, percent, roll_up

HOUR = 1_800_000_000 - 1_800_000_000 % 3600

amounts = st.integers(0, 10**6)
counts = st.dictionaries(st.sampled_from(["PENDING", "RUNNING", "SUSPENDED"]), st.integers(0, 10**5))


@st.composite
def minutes(draw: st.DrawFn) -> list[Sample]:
    ats = draw(st.sets(st.integers(0, 59), min_size=1, max_size=20))
    return [
        Sample(
            at=HOUR + 60 * at,
            covered_seconds=draw(st.integers(1, 60)),
            cpus_total=draw(amounts),
            cpus_allocated=draw(amounts),
            jobs=draw(counts),
            pending_max=draw(amounts),
            submitted=draw(amounts),
            wait_seconds_sum=draw(amounts),
            wait_count=draw(amounts),
            wait_seconds_max=draw(amounts),
        )
        for at in ats
    ]


@given(minutes(), st.randoms())
def test_neither_order_nor_intermediate_steps_change_a_roll_up(samples: list[Sample], random: Random) -> None:
    whole = roll_up(samples, 3600)
    shuffled = random.sample(samples, len(samples))
    halves = shuffled[: len(samples) // 2], shuffled[len(samples) // 2 :]
    again = roll_up([roll_up(half, 3600) for half in halves if half], 3600)
    by_five = [roll_up([one for one in samples if one.at // 300 == at], 300) for at in _fives(samples)]
    for other in (again, roll_up(by_five, 3600)):
        assert other.covered_seconds == whole.covered_seconds
        assert (other.submitted, other.wait_seconds_sum) == (whole.submitted, whole.wait_seconds_sum)
        assert (other.pending_max, other.wait_seconds_max) == (whole.pending_max, whole.wait_seconds_max)
        assert other.cpus_allocated == pytest.approx(whole.cpus_allocated)
        assert other.jobs == pytest.approx(whole.jobs)


def _fives(samples: list[Sample]) -> set[int]:
    return {one.at // 300 for one in samples}


def test_means_are_weighted_by_the_time_covered() -> None:
    half = Sample(at=HOUR, covered_seconds=60, cpus_total=100, cpus_allocated=100, jobs={"RUNNING": 4})
    rest = Sample(at=HOUR + 60, covered_seconds=20, cpus_total=100, cpus_allocated=20, submitted=3)
    rolled = roll_up([half, rest], 300)
    assert rolled.cpus_allocated == 80
    assert rolled.jobs == {"RUNNING": 3}
    assert (rolled.at, rolled.covered_seconds, rolled.submitted) == (HOUR, 80, 3)


def test_only_samples_of_one_span_and_partition_are_rolled_up() -> None:
    one = Sample(at=HOUR)
    for others in ([], [one, Sample(at=HOUR, partition="gpu")], [one, Sample(at=HOUR + 300)]):
        with pytest.raises(ValueError, match="one span"):
            roll_up(others, 300)


def test_spans_nest() -> None:
    assert all(longer % shorter == 0 for shorter, longer in pairwise((60, *ROLLUPS)))


def test_a_gap_is_none_and_never_zero() -> None:
    gap = Bucket(at=HOUR, step_seconds=60)
    assert gap.coverage == 0
    for name in ("cpu_utilization", "memory_utilization", "gpu_utilization", "jobs_submitted",
                 "jobs_completed", "avg_queue_time"):  # fmt: skip
        assert getattr(gap, name) is None


def test_what_cannot_be_measured_is_none() -> None:
    bucket = Bucket(
        at=HOUR, step_seconds=60, sample=Sample(at=HOUR, cpus_total=8, cpus_allocated=3, covered_seconds=30)
    )
    assert (bucket.cpu_utilization, bucket.gpu_utilization, bucket.avg_queue_time) == (37.5, None, None)
    assert (bucket.jobs_submitted, bucket.coverage) == (0, 0.5)
    assert percent(1, 3) == 33.3
