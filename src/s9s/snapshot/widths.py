"""Columns of whole numbers, as narrow as what stands in them allows."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.signedinteger[Any]]

_LIMITS: Final = {np.dtype(width): np.iinfo(width) for width in (np.int8, np.int16, np.int32, np.int64)}
_WIDEST: Final = np.dtype(np.int64)


def none_in(column: Numbers) -> int:
    """What stands for ``None`` in a column: the least number that there is room for."""
    return int(_LIMITS[column.dtype].min)


def with_room_for(column: Numbers, low: float, high: float) -> Numbers:
    """The column, or a wider one if numbers from `low` to `high` need it; ``nan`` where there are none."""
    width = next(
        (
            width
            for width, limits in _LIMITS.items()
            if width.itemsize >= column.itemsize and not (low <= limits.min or high > limits.max)
        ),
        _WIDEST,
    )
    if width == column.dtype:
        return column
    wider: Numbers = column.astype(width)
    wider[column == none_in(column)] = none_in(wider)
    return wider
