"""Slurm's hostlists: ``node[001-004,007],login1`` to names and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from typing import Final

#: No hostlist may stand for more names than this. (The largest clusters have about 10,000 nodes.)
MOST_NAMES: Final = 100_000

_ALLOWED: Final = f"a hostlist like node001, node[001-004,007] or a,b, at most {MOST_NAMES} names"
_LONGEST_TEXT: Final = 2_000_000
# A list item: text without brackets, or bracket groups, in any order.
_PIECE: Final = re.compile(r"[^\[\],\s]+|\[[0-9,-]*\]")
_RANGE: Final = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?", re.ASCII)
_LAST_NUMBER: Final = re.compile(r"(.*?)(\d{1,18})", re.ASCII | re.DOTALL)


def expand_hostlist(text: str) -> list[str]:
    """The names in the order that they are written; duplicates are kept, ``""`` is no name at all.

    Leading zeros of a range's beginning say how wide its numbers are. Several groups in one name
    (``rack[0-1]node[1-4]``) multiply, the last one running fastest.

    Raises:
        ValueError: for broken brackets or ranges, and for more than `MOST_NAMES` names.
    """
    if "[" not in text and "]" not in text and "," not in text:
        name = text.strip()
        if not name:
            return []
        if name.split(None, 1)[0] == name:
            return [name]
        raise ValueError(_ALLOWED)
    if len(text) > _LONGEST_TEXT:
        raise ValueError(_ALLOWED)
    names: list[str] = []
    for pieces in _items(text.strip()):
        groups = [_numbers(piece) if piece[0] == "[" else [piece] for piece in pieces]
        if len(names) + prod(map(len, groups)) > MOST_NAMES:
            raise ValueError(_ALLOWED)
        names.extend(map("".join, product(*groups)))
    return names


def _items(text: str) -> Iterator[list[str]]:
    """The pieces of each comma-separated item; commas inside brackets do not separate."""
    pieces: list[str] = []
    position = 0
    while position < len(text):
        if match := _PIECE.match(text, position):
            pieces.append(match[0])
            position = match.end()
        elif text[position] == "," and pieces:
            yield pieces
            pieces = []
            position += 1
        else:
            raise ValueError(_ALLOWED)
    if pieces:
        yield pieces
    elif text:
        raise ValueError(_ALLOWED)


def _numbers(group: str) -> list[str]:
    """The numbers of one bracket group, with their leading zeros."""
    numbers: list[str] = []
    for part in group[1:-1].split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise ValueError(_ALLOWED)
        low, high = match[1], match[2] or match[1]
        amount = int(high) - int(low) + 1
        if amount < 1 or len(numbers) + amount > MOST_NAMES:
            raise ValueError(_ALLOWED)
        width = len(low)
        numbers.extend(str(number).zfill(width) for number in range(int(low), int(high) + 1))
    return numbers


def fold_hostlist(names: Iterable[str]) -> str:
    """The shortest usual notation of a set of names: sorted, without duplicates, ``node[001-004],login1``.

    Names are folded over the number at their end, as `scontrol show hostlistsorted` does; a name that
    ends in anything else stands for itself. Names must not contain brackets or commas.
    """
    families: dict[str, set[str]] = {}
    for name in names:
        match = _LAST_NUMBER.fullmatch(name)
        prefix, number = (match[1], match[2]) if match else (name, "")
        families.setdefault(prefix, set()).add(number)
    folded: list[str] = []
    for prefix in sorted(families):
        numbers = families[prefix]
        if "" in numbers:
            folded.append(prefix)
            numbers.discard("")
        ranges = _ranges(numbers)
        if len(ranges) == 1 and "-" not in ranges[0]:
            folded.append(prefix + ranges[0])
        elif ranges:
            folded.append(f"{prefix}[{','.join(ranges)}]")
    return ",".join(folded)


def _ranges(numbers: set[str]) -> list[str]:
    """``["001-003", "007"]``; every number is used once, so 9 and 09 start ranges of their own."""
    ranges = []
    left = set(numbers)
    for low in sorted(numbers, key=lambda number: (int(number), len(number))):
        if low not in left:
            continue
        width, high, following = len(low), low, low
        while following in left:
            left.discard(following)
            high, following = following, str(int(following) + 1).zfill(width)
        ranges.append(low if high == low else f"{low}-{high}")
    return ranges
