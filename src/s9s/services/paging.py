"""Sort and page of lists that are small enough to be sorted as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from s9s.domain.errors import ValidationError
from s9s.domain.queries import Page

T = TypeVar("T")


def page_of(
    items: Iterable[T],
    keys: Mapping[str, Callable[[T], Any]],
    *,
    sort: str,
    descending: bool,
    limit: int,
    offset: int,
    identity: Callable[[T], Any],
) -> Page[T]:
    """One page of `items` sorted by the key called `sort`, ties by `identity`.

    Items whose key is ``None`` come last in either order. Raises `ValidationError` for an unknown key.
    """
    key = keys.get(sort)
    if key is None:
        raise ValidationError.of("sort", sort, sorted(keys))
    everything = sorted(items, key=identity)
    present = [item for item in everything if key(item) is not None]
    absent = [item for item in everything if key(item) is None]
    present.sort(key=key, reverse=descending)
    return Page(
        items=(present + absent)[offset : offset + limit], total=len(everything), limit=limit, offset=offset
    )
