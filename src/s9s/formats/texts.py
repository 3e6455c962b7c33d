"""Values as people read them, a column at a time, and what no text may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from s9s.domain.durations import UNLIMITED, format_duration, format_hours
from s9s.domain.hostlists import expand_hostlist
from s9s.domain.instants import format_instant
from s9s.domain.memory import format_memory
from s9s.formats.columns import Kind

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: Results that are kept of a function.
_KEPT: Final = 50_000


class Memo(dict[K, V]):
    """What a function makes of its argument, remembered; ``None`` stays ``None``."""

    def __init__(self, function: Callable[[K], V], kept: int = _KEPT) -> None:
        super().__init__()
        self._function = function
        self._kept = kept

    def __missing__(self, key: K) -> V:
        if len(self) >= self._kept:
            self.clear()
        value = self[key] = self._function(key)
        return value

    def each(self, values: Sequence[Any]) -> list[Any]:
        """The function of each value."""
        get = self.__getitem__
        return [None if value is None else get(value) for value in values]


def _names_of(text: str) -> list[str]:
    try:
        return expand_hostlist(text) if text else []
    except ValueError:
        return [text]


def _words_of(text: str) -> list[str]:
    return text.split(",") if text else []


_duration: Final[Memo[int, str]] = Memo(lambda seconds: format_duration(max(UNLIMITED, int(seconds))))
_memory: Final[Memo[float, str]] = Memo(lambda mib: format_memory(round(mib)))
_hours: Final[Memo[float, str]] = Memo(format_hours)
# One of these can be ten thousand names long.
_names: Final[Memo[str, list[str]]] = Memo(_names_of, kept=2_000)
_words: Final[Memo[str, list[str]]] = Memo(_words_of)
_day: Final[Memo[int, str]] = Memo(lambda day: format_instant(day * 86400)[:11])
_clock: Final[Memo[int, str]] = Memo(lambda second: format_instant(second)[11:], kept=86_400)


def instants(values: Sequence[int | None]) -> list[str | None]:
    """RFC 3339, whole seconds, UTC."""
    day, clock = _day.__getitem__, _clock.__getitem__
    return [None if at is None else day(at // 86400) + clock(at % 86400) for at in values]


def _objects(values: Sequence[Any]) -> list[str | None]:
    return [None if value is None else msgspec.json.encode(value).decode() for value in values]


def _booleans(values: Sequence[bool | None]) -> list[str | None]:
    return [None if value is None else ("true" if value else "false") for value in values]


def _same(values: Sequence[Any]) -> Sequence[Any]:
    return values


_SHOWN: Final[dict[Kind, Callable[[Sequence[Any]], Sequence[Any]]]] = {
    Kind.TEXT: _same,
    Kind.INTEGER: _same,
    Kind.NUMBER: _same,
    Kind.BOOLEAN: _booleans,
    Kind.INSTANT: instants,
    Kind.DURATION: _duration.each,
    Kind.MEMORY: _memory.each,
    Kind.HOURS: _hours.each,
    Kind.HOSTLIST: _same,
    Kind.WORDS: _same,
    Kind.OBJECT: _objects,
}

#: Kinds whose values somebody outside has written.
FREE: Final = frozenset({Kind.TEXT, Kind.HOSTLIST, Kind.WORDS, Kind.OBJECT})


def shown(kind: Kind, values: Sequence[Any]) -> Sequence[Any]:
    """Text for each value, ``None`` where there is none; numbers stay numbers, free text is not cleaned."""
    return _SHOWN[kind](values)


_LISTED: Final[dict[Kind, Callable[[Sequence[Any]], Sequence[Any]]]] = {
    **_SHOWN,
    Kind.BOOLEAN: _same,
    Kind.HOSTLIST: _names.each,
    Kind.WORDS: _words.each,
    Kind.OBJECT: _same,
}


def listed(kind: Kind, values: Sequence[Any]) -> Sequence[Any]:
    """As `shown`, for formats that have lists, objects and truth values."""
    return _LISTED[kind](values)


#: Control characters but tab and line ends, and halves of surrogate pairs: a terminal could obey them, XML
#: cannot hold them, UTF-8 neither.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """The text with a replacement character for each control character."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def cleaned(values: Sequence[Any]) -> Sequence[Any]:
    """`clean` of each; as a rule there is nothing to do, which is found out for all of them at once."""
    if is_plain(values):
        return values
    return [None if value is None else clean(value) for value in values]


def is_plain(values: Sequence[Any]) -> bool:
    """Whether every text can be printed as it is."""
    # Without a loop of our own: a column has thousands of texts, and few different ones.
    return "".join(filter(None, set(values))).isprintable()


def encodable(values: Sequence[Any]) -> Sequence[Any]:
    """The values with what UTF-8 cannot say replaced."""
    if is_plain(values):
        return values
    return [None if one is None else _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", one) for one in values]
