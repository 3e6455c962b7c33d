from __future__ import annotations

import pytest

from s9s.snapshot.arrays import Address, array_ranges, count_tasks, parse_address


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("7", [7]),
        ("2-5%2", [2, 3, 4, 5]),
        ("0-10:5", [0, 5, 10]),
        ("1,3,5-7%1", [1, 3, 5, 6, 7]),
        ("[4-5]", [4, 5]),
        ("1,...", [1]),
        ("3:0", [3]),
        ("", []),
    ],
)
def test_array_ranges(text: str, tasks: list[int]) -> None:
    assert [task for tasks in array_ranges(text) for task in tasks] == tasks


def test_counting_costs_nothing_however_many_there_are() -> None:
    assert count_tasks("0-4000000%10") == 4_000_001
    assert count_tasks("1-1000000000:7,2000000000") == 142_857_143 + 1
    assert count_tasks(None) == count_tasks("") == count_tasks("?") == 1


def test_addresses() -> None:
    assert parse_address("123") == Address(123)
    assert parse_address("123_7") == Address(123, "_", 7)
    assert parse_address("123+1") == Address(123, "+", 1)
    assert parse_address("12345678901") is None
