"""TRES and GRES: Slurm's lists of countable resources to amounts."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from s9s.domain.memory import parse_memory

_UNSET: Final = frozenset({"", "(null)", "N/A", "n/a", "None", "Unknown"})
_PARENTHESES: Final = re.compile(r"\([^()]*\)")
_COUNT: Final = re.compile(r"(\d{1,15})([KMGTPkmgtp]?)", re.ASCII)
_COUNT_UNITS: Final[dict[str, int]] = {"": 1} | {unit: 1024**power for power, unit in enumerate("KMGTP", 1)}


class Tres(Struct, frozen=True, kw_only=True):
    """Amounts of one allocation or request; ``None`` is what the text does not mention."""

    cpus: int | None = None
    memory_mib: int | None = None
    nodes: int | None = None
    gpus: int = 0
    """Of all types. Slurm lists ``gres/gpu=4`` and ``gres/gpu:a100=4`` side by side; they count once."""
    other: dict[str, str] = {}
    """Everything else, verbatim: ``billing``, typed GPUs, licenses."""


def parse_tres(text: str) -> Tres:
    """Amounts from ``cpu=4,mem=8G,node=2,billing=4,gres/gpu=2,gres/gpu:a100=2``.

    Raises:
        ValueError: when it is no such list.
    """
    if text in _UNSET:
        return Tres()
    cpus = memory_mib = nodes = gpus = None
    typed_gpus = 0
    other: dict[str, str] = {}
    for item in text.split(","):
        name, equals, amount = item.partition("=")
        if not equals or not name:
            raise ValueError("a list like cpu=4,mem=8G,node=1,gres/gpu=2")
        if name == "cpu":
            cpus = _count(amount)
        elif name == "mem":
            memory_mib = parse_memory(amount)
        elif name == "node":
            nodes = _count(amount)
        elif name == "gres/gpu":
            gpus = _count(amount)
        else:
            other[name] = amount
            if name.startswith("gres/gpu:"):
                typed_gpus += _count(amount)
    return Tres(
        cpus=cpus,
        memory_mib=memory_mib,
        nodes=nodes,
        gpus=typed_gpus if gpus is None else gpus,
        other=other,
    )


def gres_gpus(text: str) -> int:
    """GPUs in a GRES list: ``gpu:a100:4(S:0-1)``, ``gpu:a100:2(IDX:0-1)``, ``gres:gpu:2``, ``gpu`` (one).

    Other GRES (``shard``, ``mps``) count nothing, and neither does Slurm's ``(null)``.

    Raises:
        ValueError: when a count is absurd.
    """
    total = 0
    # Index lists have commas of their own: gpu:a100:3(IDX:0-1,3).
    for item in _PARENTHESES.sub("", text).split(","):
        parts = re.split("[:=]", item.strip().removeprefix("gres:").removeprefix("gres/"))
        if parts[0] == "gpu":
            has_count = len(parts) > 1 and parts[-1][:1].isdecimal()
            total += _count(parts[-1]) if has_count else 1
    return total


def gpu_types_of(text: str) -> frozenset[str]:
    """The types of the GPUs in a GRES list: ``a100`` of ``gpu:a100:4(S:0-1)``; ``gpu`` where it has none."""
    types = set()
    for item in _PARENTHESES.sub("", text).split(","):
        parts = re.split("[:=]", item.strip().removeprefix("gres:").removeprefix("gres/"))
        if parts[0] == "gpu":
            types.add(parts[1] if len(parts) > 1 and not parts[1][:1].isdecimal() else "gpu")
    return frozenset(types)


def _count(text: str) -> int:
    match = _COUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"a count, not {text[:40]!r}")
    return int(match[1]) * _COUNT_UNITS[match[2].upper()]
