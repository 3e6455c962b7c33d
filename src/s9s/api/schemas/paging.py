"""What all lists have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from s9s.api.parameters import Parameters

SortOrder = Literal["asc", "desc"]


class PageParameters(Parameters, frozen=True):
    """Which page of a list; each list adds its filters and its order."""

    limit: Annotated[int, Meta(ge=1, le=1000, description="Maximum results")] = 100
    offset: Annotated[int, Meta(ge=0, le=10**12, description="Pagination offset")] = 0


class PageInfo(Struct, frozen=True):
    """Where a page stands in its list."""

    total: int
    limit: int
    offset: int
    has_more: bool
