"""Search on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from s9s.api.parameters import Parameters
from s9s.services.search.service import MAX_OFFSET


class SearchParameters(Parameters, frozen=True, kw_only=True):
    """What is looked for."""

    q: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=500,
            description="Search query: words, their beginnings, or an id. All words count",
            examples=["alice gpu"],
        ),
    ]
    type: (
        Annotated[
            str,
            Meta(
                description="Resource types as a comma list: jobs, nodes, users, partitions, accounts, qos, "
                "reservations; "
                "by default all that the credential may read"
            ),
        ]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=100, description="Maximum results")] = 20
    offset: Annotated[int, Meta(ge=0, le=MAX_OFFSET, description="Pagination offset")] = 0


class SearchResult(Struct, frozen=True):
    """Something that fits."""

    type: Annotated[
        str, Meta(description="job, node, user, partition, account, qos or reservation", examples=["job"])
    ]
    id: Annotated[str, Meta(examples=["12345"])]
    title: str
    description: str
    url: Annotated[str, Meta(description="Where it is told in full", examples=["/v1/jobs/12345"])]
    score: Annotated[float, Meta(ge=0, le=1, description="1 is an exact id or name")]


class SearchResults(Struct, frozen=True):
    """Results of all types, best first."""

    results: list[SearchResult]
    total: Annotated[
        int, Meta(description="How many there are in all; of finished jobs in the database up to 1,000 count")
    ]
    query_time: Annotated[float, Meta(description="Seconds")]
    limit: int
    offset: int
    has_more: bool
