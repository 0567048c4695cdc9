"""The arrays that a tape is made of, and how rows are told apart by several of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]
"""Whole numbers, one a row; a column of length 1 holds for every row. Where 64 bits do not suffice
the elements are Python's own integers."""
Booleans = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.signedinteger[Any]]
"""Numbers that index tables: the classes of a variable, the nodes of a diagram, rows."""

_MOST = 1 << 62
_SHORT = 1 << 10
"""Of fewer rows NumPy's own way is the quicker."""
_DENSE = 1 << 22
"""Keys below this are told apart by a table with a place for each: quicker than sorting."""


def keep_memory() -> None:
    """Let what one batch has freed serve the next. By itself the C library gives a large piece back
    to the system at once and gets another page by page, which takes as long as the work; when it
    has freed one as large as this (in no page of which anything was written), it keeps them."""
    np.empty(31 << 20, dtype=np.uint8)


def whole(column: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    """A column with an element for each row."""
    return column if len(column) == rows else np.broadcast_to(column, (rows,))


def taken(table: npt.NDArray[Any], at: Codes) -> npt.NDArray[Any]:
    """``table[at]``, which must not be written to. Nothing checks that ``at`` is within the table;
    that and the narrow index make it several times as quick as NumPy's own."""
    if len(at) < _SHORT:
        return table[at]
    if table.dtype == bool:
        return taken(table.view(np.uint8), at).view(bool)
    found: npt.NDArray[Any] = pc.take(_arrow(table), _arrow(at), boundscheck=False).to_numpy()
    return found


def _arrow(numbers: npt.NDArray[Any]) -> pa.Array:
    kind = pa.from_numpy_dtype(numbers.dtype)
    buffer = pa.py_buffer(np.ascontiguousarray(numbers))
    return pa.Array.from_buffers(kind, len(numbers), [None, buffer])


@dataclass(slots=True)
class Lookup:
    """A column of few distinct elements: a row has ``table[at]``, or without a table the code
    ``at`` itself. ``at`` is never negative. Not every element of the table need be there."""

    at: Codes
    table: npt.NDArray[Any] | None = None
    _counts: Integers | None = field(default=None, repr=False)

    def each(self) -> npt.NDArray[Any]:
        """The elements, one a row, which must not be written to."""
        return self.at if self.table is None else taken(self.table, self.at)

    def of(self, rows: Codes) -> npt.NDArray[Any]:
        """The elements of some rows."""
        return self.at[rows] if self.table is None else self.table[self.at[rows]]

    def through(self, table: npt.NDArray[Any]) -> Lookup:
        """What each element, a code, stands for in another table."""
        return Lookup(self.at, table if self.table is None else table[self.table])

    def renamed(self, table: npt.NDArray[Any]) -> Lookup:
        """The column with other elements in the table's places."""
        return Lookup(self.at, table, self._counts)

    @property
    def elements(self) -> npt.NDArray[Any]:
        """The table; without one, the codes that there are."""
        return np.arange(len(self.counts)) if self.table is None else self.table

    @property
    def counts(self) -> Integers:
        """How many rows have each element of the table (of no table, each code)."""
        if self._counts is None:
            least = 0 if self.table is None else len(self.table)
            self._counts = np.bincount(self.at, minlength=least)
        return self._counts

    def first_rows(self) -> Codes:
        """The first row that has each element of the table; of one that no row has it means
        nothing."""
        found = np.zeros(len(self.counts), dtype=np.intp)
        found[self.at[::-1]] = np.arange(len(self.at) - 1, -1, -1)
        return found


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
