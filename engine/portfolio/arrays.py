"""The arrays that a tape is made of, and how rows are told apart by several of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
"""Whole numbers, one a row; a column of length 1 holds for every row. Where 64 bits do not suffice
the elements are Python's own integers."""
Booleans = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.intp]
"""Small numbers that index tables: the classes of a variable, the nodes of a diagram."""

_MOST = 1 << 62
_DENSE = 1 << 22
"""Keys below this are told apart by a table with a place for each: quicker than sorting."""


def whole(column: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    """A column with an element for each row."""
    return column if len(column) == rows else np.broadcast_to(column, (rows,))


def grouped(columns: Iterable[npt.NDArray[Any]], rows: int) -> tuple[Codes, Codes]:
    """Rows that agree in every column are a group: the first row of each group, and the group of
    each row. A column of length 1 tells no rows apart."""
    key: Integers = np.zeros(rows, dtype=np.int64)
    size = 1
    for column in columns:
        if len(column) != rows:
            continue
        codes, span = _dense(column)
        if size * span >= _MOST:
            key, size = _dense(key)
        key = key * span + codes
        size *= span
    if size <= _DENSE:
        present = np.zeros(size, dtype=bool)
        present[key] = True
        number = np.cumsum(present) - 1
        group = number[key]
        count = int(number[-1]) + 1 if size else 0
    else:
        numbers, group = np.unique(key, return_inverse=True)
        count = len(numbers)
    first: Codes = np.empty(count, dtype=np.intp)
    first[group[::-1]] = np.arange(rows - 1, -1, -1)
    return first, group


def _dense(column: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], int]:
    """The column as whole numbers from 0, and their bound."""
    if column.dtype == bool:
        return column, 2
    low, high = (int(column.min()), int(column.max())) if len(column) else (0, 0)
    if low >= 0 and high < _DENSE:
        return column, high + 1
    numbers, codes = np.unique(column, return_inverse=True)
    return codes, len(numbers)
