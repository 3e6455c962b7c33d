"""The route of the search."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from msgspec import structs

from s9s.api.schemas.search import SearchParameters, SearchResult, SearchResults
from s9s.api.values import csv
from s9s.domain.errors import ValidationError
from s9s.services.access import Caller
from s9s.services.search.service import KINDS, Search

#: Plurals and singulars to kinds.
_KINDS = {name: kind for kind, (singular, _) in KINDS.items() for name in (kind, singular)}


@get("/search", parameters=SearchParameters, tags=["Search"], summary="Global search")
async def search_everything(
    parameters: NamedDependency[SearchParameters],
    caller: NamedDependency[Caller],
    search: NamedDependency[Search],
) -> SearchResults:
    """Jobs (live and finished), nodes, users, partitions, accounts, QOS, reservations in one ranked answer.

    Every word counts, wherever it stands: in a name, a user, an account, a partition, a state, a feature.
    Beginnings of words are found, and so are misspelled ones where nothing is spelled like that. Exact ids
    and names come first.
    """
    answer = await search.find(
        parameters.q,
        caller,
        kinds=_kinds(parameters.type),
        limit=parameters.limit,
        offset=parameters.offset,
    )
    results = [SearchResult(**structs.asdict(one)) for one in answer.results]
    return SearchResults(
        results=results,
        total=answer.total,
        query_time=round(answer.seconds, 6),
        limit=parameters.limit,
        offset=parameters.offset,
        has_more=bool(results) and parameters.offset + len(results) < answer.total,
    )


def _kinds(text: str | None) -> list[str] | None:
    names = csv(text)
    if names is None:
        return None
    lowered = {name.lower() for name in names}
    if not lowered <= _KINDS.keys():
        raise ValidationError.of("type", text, list(KINDS))
    wanted = {_KINDS[name] for name in lowered}
    return [kind for kind in KINDS if kind in wanted]


ROUTES = [search_everything]
