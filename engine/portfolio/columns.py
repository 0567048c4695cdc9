"""The facts of many loans as columns of whole numbers.

A fact's number is the position of an enum's value, 0 or 1 for a boolean, and for an ordered type
what ``engine.evaluation.variables`` encodes: cents, millionths, the day's ordinal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from engine.evaluation.variables import FactVariable, decode, encode
from engine.model import ORDERED, Fact, Value
from engine.portfolio.arrays import Booleans, Codes, Integers, whole

STRETCHES = 1 << 13
"""The size of the table that cuts up an ordered fact."""

_NONE = np.array([False])
MISSING = int(np.iinfo(np.int64).min)
"""The number of a fact that is not known."""


@dataclass(slots=True)
class Column:
    """One fact of some rows. ``entries`` are its numbers, one a row; with ``indices`` they are the
    distinct ones, and each row has an index. One number without indices holds for every row."""

    entries: Integers
    indices: Codes | None = None
    _complete: bool | None = None

    def each(self) -> Integers:
        """The numbers, one a row (or one for all)."""
        return self.entries if self.indices is None else self.entries[self.indices]

    def spread(self, of_entries: np.ndarray) -> np.ndarray:
        """What holds of each entry, for each row (or one for all)."""
        return of_entries if self.indices is None else of_entries[self.indices]

    def known(self) -> Booleans:
        """Where the fact is known (one for each row, or one for all)."""
        if self.complete:
            return ~_NONE
        return self.spread(self.entries != MISSING)

    @property
    def constant(self) -> bool:
        """One number holds for every row."""
        return self.indices is None and len(self.entries) == 1

    @property
    def complete(self) -> bool:
        """It is known in every row (of a column with indices: no entry is missing)."""
        if self._complete is None:
            self._complete = not bool((self.entries == MISSING).any())
        return self._complete

    @property
    def unknown(self) -> bool:
        """It is known of no row."""
        return self.constant and int(self.entries[0]) == MISSING

    def known_or_zero(self) -> Integers:
        """The numbers, one a row (or one for all); zero where the fact is not known."""
        entries = self.entries
        if not self.complete:
            entries = np.where(entries == MISSING, 0, entries)
        return entries if self.indices is None else entries[self.indices]

    def rows(self, part: Codes | slice) -> Column:
        """The column of some rows."""
        if self.constant:
            return self
        if self.indices is None:
            return Column(self.entries[part])
        return Column(self.entries, self.indices[part], self._complete)

    def number(self, row: int) -> int:
        """The number of one row."""
        if self.indices is not None:
            return int(self.entries[self.indices[row]])
        return int(self.entries[0 if len(self.entries) == 1 else row])


UNKNOWN = Column(np.array([MISSING], dtype=np.int64))
"""A fact that is known of no row."""

Columns = Mapping[str, Column]
"""The facts by name; one that is absent is known of no row."""


def number_of(fact: Fact, value: Value) -> int:
    """The number of a fact's typed value."""
    if fact.type in ORDERED:
        return encode(value, fact.type)
    if fact.type == "boolean":
        return int(cast(bool, value))
    return list(fact.values).index(cast(str, value))


def value_of(fact: Fact, number: int) -> Value:
    """The typed value that a number stands for."""
    if fact.type in ORDERED:
        return decode(number, fact.type)
    return bool(number) if fact.type == "boolean" else list(fact.values)[number]


def facts_at(columns: Columns, facts: Mapping[str, Fact], row: int) -> dict[str, Value]:
    """The known facts of one row, typed, in the order of the vocabulary."""
    found = {}
    for name, fact in facts.items():
        if name in columns and (number := columns[name].number(row)) != MISSING:
            found[name] = value_of(fact, number)
    return found


def classes(column: Column, fact: Fact, variable: FactVariable) -> Codes:
    """The class of each row's value; one more than the last where it is not known."""
    entries = column.entries
    missing = entries == MISSING if not column.complete else _NONE
    if variable.groups:
        order = [
            value_of(fact, n) for n in range(2 if fact.type == "boolean" else len(fact.values))
        ]
        table = np.array([variable.class_of[v] for v in order] + [variable.size], dtype=np.intp)
        codes = table[np.where(missing, len(order), entries)]
    else:
        codes = _between(np.array(variable.cuts, dtype=np.int64), entries)
        if missing.any():
            codes[missing] = variable.size
    return cast(Codes, column.spread(codes))


def _between(cuts: Integers, numbers: Integers) -> Codes:
    """How many cuts each number has reached. Where the cuts are far enough apart, a table says it
    for each stretch that holds no more than two of them (the two sides of one bound), in a fraction
    of the time of a search."""
    if len(cuts) and len(numbers) > STRETCHES:
        low, span = int(cuts[0]) - 1, int(cuts[-1]) - int(cuts[0]) + 2
        bits = max(0, (span // STRETCHES).bit_length())
        stretch = (cuts - low) >> bits
        stretches = np.arange((span >> bits) + 1)
        reached = np.searchsorted(stretch, stretches, side="left")
        most = int(np.bincount(stretch).max())
        if not bits:
            reached = np.searchsorted(stretch, stretches, side="right")
        if not bits or most <= 2:
            within = np.clip(numbers, low, low + span) - low
            at = within >> bits if bits else within
            found: Codes = reached[at]
            for number in range(most if bits else 0):
                edge = np.full(len(stretches), span + 1, dtype=np.int64)
                here = np.flatnonzero(np.bincount(stretch, minlength=len(stretches)) > number)
                edge[here] = cuts[reached[here] + number] - low
                found += within >= edge[at]
            return found
    return np.searchsorted(cuts, numbers, side="right").astype(np.intp, copy=False)


def replaced(column: Column, where: Booleans, number: int, rows: int) -> Column:
    """The column with one number in some of its rows."""
    if where.all():
        return Column(np.array([number], dtype=np.int64))
    return Column(np.where(whole(where, rows), number, whole(column.each(), rows)))
