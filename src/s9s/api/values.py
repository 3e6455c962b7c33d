"""Single values of requests to domain values, with errors that name the parameter."""

from __future__ import annotations

from typing import Final, TypeVar

from s9s.domain.durations import parse_duration
from s9s.domain.errors import ValidationError
from s9s.domain.hostlists import expand_hostlist
from s9s.domain.instants import parse_instant
from s9s.domain.jobs import JOB_STATE_WORDS
from s9s.domain.memory import parse_memory
from s9s.services.nodes import NODE_STATES

E = TypeVar("E")

MAX_ALTERNATIVES: Final = 1000
_EMPTY: Final = frozenset({""})


def csv(text: str | None) -> frozenset[str] | None:
    """A comma list; ``None`` and an empty text are no filter."""
    if text is None:
        return None
    values = frozenset(map(str.strip, text.split(","))) - _EMPTY
    if len(values) > MAX_ALTERNATIVES:
        raise ValidationError("Too many values in one filter", allowed=MAX_ALTERNATIVES)
    return values or None


def words(
    parameter: str, text: str | None, allowed: frozenset[str] | tuple[str, ...]
) -> frozenset[str] | None:
    """A comma list of words from a known set, upper case, given in any case."""
    values = csv(text)
    if values is None:
        return None
    upper = frozenset(value.upper() for value in values)
    unknown = upper.difference(allowed)
    if unknown:
        raise ValidationError.of(parameter, ",".join(sorted(unknown)), sorted(allowed))
    return upper


def job_states(text: str | None) -> frozenset[str] | None:
    """A filter of job states or flags."""
    return words("state", text, JOB_STATE_WORDS)


def node_states(text: str | None) -> frozenset[str] | None:
    """A filter of node states or flags."""
    return words("state", text, NODE_STATES)


def lowered(values: frozenset[str] | None) -> frozenset[str] | None:
    """The same without regard to case."""
    return None if values is None else frozenset(value.lower() for value in values)


def instant(parameter: str, text: str | None) -> int | None:
    """A time."""
    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise ValidationError.of(parameter, text, str(error)) from error


def duration(parameter: str, value: str | int | None) -> int | None:
    """A span in seconds; a bare number is minutes, as in Slurm."""
    if value is None:
        return None
    try:
        return parse_duration(str(value))
    except ValueError as error:
        raise ValidationError.of(parameter, value, str(error)) from error


def memory(parameter: str, value: str | int | None) -> int | None:
    """An amount of memory in MiB; a bare number is MB, as in Slurm."""
    if value is None:
        return None
    try:
        return parse_memory(str(value))
    except ValueError as error:
        raise ValidationError.of(parameter, value, str(error)) from error


def hostlist(parameter: str, text: str | None) -> frozenset[str] | None:
    """A filter of node names."""
    if text is None:
        return None
    try:
        return frozenset(expand_hostlist(text)) or None
    except ValueError as error:
        raise ValidationError.of(parameter, text, str(error)) from error
