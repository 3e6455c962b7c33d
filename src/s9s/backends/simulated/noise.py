"""Numbers that look random and are the same whenever they are asked for: no state, no order."""

from __future__ import annotations

_MASK = (1 << 64) - 1


def noise(*keys: int) -> float:
    """A number in [0, 1) that depends on the keys alone (splitmix64 over them)."""
    mixed = 0x9E3779B97F4A7C15
    for key in keys:
        mixed = (mixed ^ (key & _MASK)) * 0xBF58476D1CE4E5B9 & _MASK
        mixed ^= mixed >> 27
        mixed = mixed * 0x94D049BB133111EB & _MASK
        mixed ^= mixed >> 31
    return mixed / (_MASK + 1)
