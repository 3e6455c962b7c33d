"""Amounts of memory: Slurm's notation to MiB and back. All units are powers of 1024, as in Slurm."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from typing import Final

_ALLOWED: Final = "an amount of memory like 512M, 64G, 128GB, 1T, or a number of MiB"
_AMOUNT: Final = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?(?:([KMGTP])(?:I?B)?)?", re.ASCII | re.IGNORECASE)
_MIB: Final = {"K": Decimal(2) ** -10} | {unit: Decimal(1024**power) for power, unit in enumerate("MGTP")}

#: The most that Slurm's 63 bits of MiB hold.
_MOST: Final = 2**63 - 1


def parse_memory(text: str) -> int:
    """MiB from ``128GB``, ``64G``, ``512MiB`` or ``4096`` (MiB); what is not whole MiB is rounded up.

    Slurm rounds up in the same way (``1K`` is 1 MiB), and prints fractions such as ``62.50G``.

    Raises:
        ValueError: for anything else.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(_ALLOWED)
    number, unit = match.groups()
    mib = int((Decimal(number) * _MIB[(unit or "M").upper()]).to_integral_value(ROUND_CEILING))
    if mib > _MOST:
        raise ValueError(_ALLOWED)
    return mib


def format_memory(mib: int) -> str:
    """Whole GB where it is that, else MB: ``128GB`` for 131072, ``1500MB``."""
    return f"{mib // 1024}GB" if mib % 1024 == 0 else f"{mib}MB"
