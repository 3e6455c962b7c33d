"""Routes of partitions."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import Parameter

from s9s.api.filters import partition_query
from s9s.api.schemas.partitions import (
    PartitionDocument,
    PartitionList,
    PartitionListParameters,
    partition_document,
)
from s9s.services.access import Caller
from s9s.services.partitions import Partitions


@get(
    "/partitions",
    scope="partitions:read",
    parameters=PartitionListParameters,
    tags=["Partitions"],
    summary="List partitions",
)
async def list_partitions(
    parameters: NamedDependency[PartitionListParameters],
    caller: NamedDependency[Caller],
    partitions: NamedDependency[Partitions],
) -> PartitionList:
    """Partitions with their limits and what is free in them."""
    page = partitions.page(
        caller,
        states=partition_query(parameters).states,
        sort=parameters.sort,
        descending=parameters.order == "desc",
        limit=parameters.limit,
        offset=parameters.offset,
    )
    documents = [partition_document(view.partition, view.statistics) for view in page.items]
    return PartitionList(page.total, page.limit, page.offset, page.has_more, documents)


@get("/partitions/{name:str}", scope="partitions:read", tags=["Partitions"], summary="Get partition details")
async def get_partition(
    name: Annotated[str, Parameter(description="Partition name")],
    caller: NamedDependency[Caller],
    partitions: NamedDependency[Partitions],
) -> PartitionDocument:
    """One partition."""
    view = partitions.get(name, caller)
    return partition_document(view.partition, view.statistics)


ROUTES = [list_partitions, get_partition]
