"""From one parser version of slurmrestd to the next: the frame that the modules ``v0_0_*`` fill in.

Everything else here speaks the newest version only. A request is lowered step by step to the version that a
slurmrestd offers, and its answer is lifted step by step to the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar, cast

import msgspec
from msgspec import Struct

from s9s.backends.base import Unsupported
from s9s.backends.slurmrestd.payloads import Answer

A = TypeVar("A", bound=Answer)


class Request(Struct, frozen=True, kw_only=True):
    """One call, without version and identity."""

    operation: str
    """Its name, for `Step.lower` and `Step.lacks`: ``list jobs``, ``submit``, ..."""
    method: str = "GET"
    plugin: str = "slurm"
    """``slurm`` (slurmctld) or ``slurmdb`` (slurmdbd)."""
    path: tuple[str, ...]
    query: tuple[tuple[str, str], ...] = ()
    body: dict[str, Any] | None = None
    repeat: bool = True
    """Whether it may be made again when the connection fails; only ever so for reads."""


class Lift(Struct, frozen=True):
    """How an older version's answer is read."""

    form: Any
    """The struct type that the JSON is decoded to."""
    raise_: Callable[[Any], Any]
    """Turns it into the next newer version's."""


Lower: TypeAlias = Callable[[Request], Request]


class Step(Struct, frozen=True, kw_only=True):
    """What differs between a version and the next newer one that is spoken here."""

    version: str
    lift: Mapping[type[Answer], Lift] = {}
    """By the newest version's answer; answers that are alike are left out."""
    lower: Mapping[str, Lower] = {}
    """By operation; requests that are alike are left out."""
    lacks: Mapping[str, str] = {}
    """Operations that this version and older ones have no means for, and why."""
    has: frozenset[str] = frozenset()
    """Operations that this version and older ones have again."""


class Dialect:
    """The newest version's requests and answers, as one parser version makes and understands them.

    Args:
        version: ``v0.0.42``.
        steps: From that version up to the one before the newest; empty for the newest itself.
    """

    def __init__(self, version: str, steps: Sequence[Step]) -> None:
        self.version = version
        self._steps = tuple(steps)

    def lacks(self, operation: str) -> str | None:
        """Why the version cannot do it; ``None`` when it can."""
        for step in self._steps:
            if operation in step.has:
                return None
            if operation in step.lacks:
                return step.lacks[operation]
        return None

    def request(self, newest: Request) -> Request:
        """The version's own form of a request.

        Raises:
            Unsupported: when it has none.
        """
        if reason := self.lacks(newest.operation):
            raise Unsupported(reason)
        request = newest
        for step in reversed(self._steps):
            if lower := step.lower.get(newest.operation):
                request = lower(request)
        return request

    def answer(self, kind: type[A], content: bytes | bytearray) -> A:
        """An answer of the version in the newest form.

        Raises:
            msgspec.DecodeError: when it is no such answer.
        """
        lifts = [step.lift[kind] for step in self._steps if kind in step.lift]
        form = lifts[0].form if lifts else kind
        answer = _decoder(form).decode(content)
        for lift in lifts:
            answer = lift.raise_(answer)
        return cast(A, answer)


@cache
def _decoder(form: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(form)
