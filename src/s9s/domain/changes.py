"""One look at a cluster: everything, or what differs from the look before."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")


class Changes(Struct, Generic[T], kw_only=True):
    """The outcome of one poll of a feed.

    `removed` holds keys (a job's `numeric_id`, a node's or partition's name) that Slurm no longer
    lists. With `complete` set, `changed` is all there is and whatever else was known is gone.

    With `more` set it is only a piece, so that not everything is there twice at once: `removed` is empty,
    `complete` false, and the next poll tells more of the same look. `complete` of its last piece, which has
    `more` not set, is meant of all pieces together.
    """

    asked_at: float
    """Epoch seconds just before Slurm was asked: nothing older than this is in it."""
    changed: list[T]
    removed: list[int] | list[str]
    complete: bool = False
    more: bool = False
