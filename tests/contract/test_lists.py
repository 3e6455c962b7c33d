"""Lists: paging, sorting, what an unknown or a bad parameter gets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.jobs import Jobs
from tests.contract.rules import invalid
from tests.contract.serving import Caller

IDS = {"jobs": "job_id", "nodes": "node_name", "users": "username", "partitions": "name"}
NOUNS = list(IDS)


def rows(caller: Caller, noun: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of one page."""
    found: list[dict[str, Any]] = caller.read(f"/v1/{noun}", **parameters)[noun]
    return found


@pytest.mark.parametrize("noun", NOUNS)
class TestPages:
    """`limit` 1..1000 (default 100), `offset` >= 0, and what a page says of itself."""

    def test_says_what_it_is(self, alice: Caller, jobs: Jobs, noun: str) -> None:
        jobs.held()
        page = alice.read(f"/v1/{noun}")
        assert (page["limit"], page["offset"]) == (100, 0)
        assert len(page[noun]) == min(100, page["total"]) > 0
        assert page["has_more"] is (page["total"] > 100)
        page = alice.read(f"/v1/{noun}", limit=1, offset=page["total"] - 1)
        assert (page["limit"], len(page[noun]), page["has_more"]) == (1, 1, False)

    def test_beyond_the_end_is_empty(self, alice: Caller, noun: str) -> None:
        page = alice.read(f"/v1/{noun}", offset=1_000_000)
        assert (page[noun], page["offset"], page["has_more"]) == ([], 1_000_000, False)
        assert page["total"] >= 0

    @pytest.mark.parametrize(
        "value", ["0", "1001", "-1", "1.5", "ten", "", " 5", "９", "99999999999999999999"]
    )
    def test_a_bad_limit_is_refused(self, alice: Caller, noun: str, value: str) -> None:
        assert str(invalid(alice.get(f"/v1/{noun}", params={"limit": value}), "limit")["value"]) == value

    @pytest.mark.parametrize("value", ["-1", "x", "1.5", "99999999999999999999"])
    def test_a_bad_offset_is_refused(self, alice: Caller, noun: str, value: str) -> None:
        invalid(alice.get(f"/v1/{noun}", params={"offset": value}), "offset")

    def test_the_largest_limit_is_taken(self, alice: Caller, noun: str) -> None:
        assert alice.read(f"/v1/{noun}", limit=1000)["limit"] == 1000


@pytest.mark.parametrize("noun", NOUNS)
class TestOrder:
    """`sort` takes any scalar field, `order` asc and desc; ties are broken by id."""

    def test_every_scalar_field_sorts(self, alice: Caller, noun: str) -> None:
        scalars = {
            name
            for row in rows(alice, noun, limit=1000)
            for name, value in row.items()
            if value is not None and not isinstance(value, (dict, list))
        }
        assert len(scalars) >= 5
        refused = [
            name for name in scalars if alice.get(f"/v1/{noun}", params={"sort": name}).status_code != 200
        ]
        assert not refused

    def test_asc_is_desc_reversed(self, alice: Caller, noun: str) -> None:
        name = IDS[noun]
        up = [row[name] for row in rows(alice, noun, sort=name, order="asc", limit=5)]
        total = alice.read(f"/v1/{noun}", limit=1)["total"]
        assert len(set(up)) == len(up) == min(5, total)
        if noun != "jobs":  # of which new ones come in between
            down = [row[name] for row in rows(alice, noun, sort=name, order="desc", limit=1000)]
            assert down[::-1][:5] == up
            assert up == sorted(up)

    @pytest.mark.parametrize("value", ["", "nonsense", "job_id,user", "-job_id", "a list"])
    def test_what_cannot_be_sorted_by_is_refused(self, alice: Caller, noun: str, value: str) -> None:
        lists = {"jobs": "nodes", "nodes": "features", "users": "associations", "partitions": "features"}
        value = lists[noun] if value == "a list" else value
        invalid(alice.get(f"/v1/{noun}", params={"sort": value}), "sort")

    @pytest.mark.parametrize("value", ["", "up", "ascending", "1"])
    def test_another_order_is_refused(self, alice: Caller, noun: str, value: str) -> None:
        invalid(alice.get(f"/v1/{noun}", params={"order": value}), "order")


class TestJobsInOrder:
    """Own jobs that nothing moves, so that pages can be compared."""

    @pytest.fixture
    def mine(self, bob: Caller, jobs: Jobs) -> list[str]:
        """Ids of nine held jobs of bob's with three names, in the order of their submission."""
        return [jobs.held("bob", job_name=f"order-{number % 3}") for number in range(9)]

    def test_newest_come_first(self, bob: Caller, mine: list[str]) -> None:
        times = [row["submit_time"] for row in rows(bob, "jobs", user="bob", limit=1000)]
        assert times == sorted(times, reverse=True)
        oldest = rows(bob, "jobs", user="bob", order="asc", limit=1000)
        assert [row["submit_time"] for row in oldest] == sorted(times)

    def test_ids_sort_as_numbers(self, bob: Caller, mine: list[str]) -> None:
        found = [
            row["job_id"] for row in rows(bob, "jobs", sort="job_id", order="asc", user="bob", limit=1000)
        ]
        numbers = [int(job_id.partition("_")[0]) for job_id in found]
        assert numbers == sorted(numbers)

    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize(
        "sort", ["submit_time", "job_name", "user", "start_time", "memory", "time_limit"]
    )
    def test_pages_join_without_a_gap(self, bob: Caller, mine: list[str], sort: str, order: str) -> None:
        fixed = {"user": "bob", "state": "PENDING", "sort": sort, "order": order}
        whole = [row["job_id"] for row in rows(bob, "jobs", limit=1000, **fixed)]
        assert set(mine) <= set(whole)
        paged: list[str] = []
        for offset in range(0, len(whole), 4):
            page = bob.read("/v1/jobs", limit=4, offset=offset, **fixed)
            assert page["total"] == len(whole)
            assert page["has_more"] is (offset + 4 < len(whole))
            paged += [row["job_id"] for row in page["jobs"]]
        assert paged == whole

    def test_spans_and_amounts_sort_by_size(self, bob: Caller, jobs: Jobs) -> None:
        sizes = {jobs.held("bob", time_limit=limit, memory=memory): limit for limit, memory in
                 [("30", "2GB"), ("2-0", "100MB"), ("4:00:00", "1500MB"), ("UNLIMITED", "10GB")]}  # fmt: skip
        for sort, expected in (
            ("time_limit", ["30", "4:00:00", "2-0", "UNLIMITED"]),
            ("memory", ["2-0", "4:00:00", "30", "UNLIMITED"]),
        ):
            found = rows(bob, "jobs", user="bob", sort=sort, order="asc", limit=1000)
            assert [sizes[row["job_id"]] for row in found if row["job_id"] in sizes] == expected


class TestUnknown:
    """An unknown parameter or a bad value is 400, with what is allowed."""

    @pytest.mark.parametrize("noun", NOUNS)
    @pytest.mark.parametrize("name", ["nonsense", "Limit", "usr", "state[]"])
    def test_parameter(self, alice: Caller, noun: str, name: str) -> None:
        details = invalid(alice.get(f"/v1/{noun}", params={name: "1"}), name)
        assert "limit" in str(details["allowed"])

    @pytest.mark.parametrize(
        "path",
        ["jobs/60000001", "nodes/node001", "users/alice", "partitions/gpu", "status"],
    )
    def test_parameter_of_a_single_thing(self, alice: Caller, path: str) -> None:
        invalid(alice.get(f"/v1/{path}", params={"nonsense": "1"}), "nonsense")

    def test_parameter_of_a_write(self, alice: Caller) -> None:
        invalid(alice.delete("/v1/jobs/60000001", params={"forse": "true"}), "forse")
        invalid(alice.put("/v1/jobs/60000001/hold", params={"reason": "x"}), "reason")

    @pytest.mark.parametrize(
        ("path", "name", "value"),
        [
            ("jobs", "state", "SLEEPING"), ("jobs", "state", "RUNNING,SLEEPING"),
            ("nodes", "state", "SLEEPING"), ("nodes", "available", "perhaps"),
            ("jobs", "start_time", "yesterday-ish"), ("jobs", "end_time", "x"),
        ],
    )  # fmt: skip
    def test_value(self, alice: Caller, path: str, name: str, value: str) -> None:
        assert value.rsplit(",", maxsplit=1)[-1] in str(
            invalid(alice.get(f"/v1/{path}", params={name: value}), name)
        )

    def test_a_state_that_is_not_one_names_those_that_are(self, alice: Caller) -> None:
        details = invalid(alice.get("/v1/jobs?state=SLEEPING"), "state")
        assert {"PENDING", "RUNNING", "OUT_OF_MEMORY"} <= set(details["allowed"])
