"""Order and page of lists that are small enough to be sorted as they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from s9s.domain.errors import ValidationError
from s9s.domain.queries import Page

T = TypeVar("T")


def ordered(
    items: Sequence[T], keys: Mapping[str, Callable[[T], Any]], *, sort: str, descending: bool
) -> Sequence[T]:
    """`items` sorted by the key called `sort`, ties in the order in which they come.

    They come in the order of the first of `keys`, so that this one costs nothing. Items whose key is
    ``None`` stand last in either order. Raises `ValidationError` for an unknown key.
    """
    key = keys.get(sort)
    if key is None:
        raise ValidationError.of("sort", sort, sorted(keys))
    if sort == next(iter(keys)):
        return items[::-1] if descending else items
    present = [item for item in items if key(item) is not None]
    absent = [item for item in items if key(item) is None]
    present.sort(key=key, reverse=descending)
    return present + absent


def page_of(items: Sequence[T], *, limit: int, offset: int) -> Page[T]:
    """One page of a list that is filtered and ordered."""
    return Page(items=list(items[offset : offset + limit]), total=len(items), limit=limit, offset=offset)
