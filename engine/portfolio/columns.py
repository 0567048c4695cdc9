"""The facts of many loans as columns of whole numbers.

A fact's number is the position of an enum's value, 0 or 1 for a boolean, and for an ordered type
what ``engine.evaluation.variables`` encodes: cents, millionths, the day's ordinal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from engine.evaluation.variables import FactVariable, decode, encode
from engine.model import ORDERED, Fact, Value
from engine.portfolio.arrays import Booleans, Codes, Integers, Lookup, taken, whole

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
        return self.spread(self.entries)

    def spread(self, of_entries: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What holds of each entry, for each row (or one for all)."""
        return of_entries if self.indices is None else taken(of_entries, self.indices)

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
        return self.spread(entries)

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


def classes(column: Column, fact: Fact, variable: FactVariable) -> Lookup:
    """The class of each row's value; one more than the last where it is not known."""
    entries = column.entries
    missing = None if column.complete else entries == MISSING
    if variable.groups:
        order = (False, True) if fact.type == "boolean" else fact.values
        table = np.array([variable.class_of[value] for value in order], dtype=np.int32)
        if missing is not None:
            table = np.append(table, np.int32(variable.size))
            entries = np.where(missing, len(order), entries)
        found = Lookup(entries.astype(np.int32), table)
    else:
        codes = _between(variable.cuts, entries)
        found = Lookup(codes if missing is None else np.where(missing, variable.size, codes))
    return found if column.indices is None else Lookup(column.indices, found.each())


@dataclass(frozen=True, slots=True)
class _Stretches:
    """A table over the numbers from ``low`` to ``high``, in stretches of ``1 << bits`` of them that
    hold few cuts each: how many cuts lie before a stretch, and where those in it are, counted from
    ``low`` (beyond the last number where a stretch has no more)."""

    low: int
    high: int
    kind: type[np.signedinteger[Any]]
    bits: int
    before: Codes
    edges: tuple[Codes, ...]


@lru_cache(maxsize=4096)
def _stretches(cuts: tuple[int, ...]) -> _Stretches | None:
    """The table for some cuts; None where too many of them lie in one stretch. Two may well: they
    are the two sides of one bound."""
    if not cuts:
        return None
    low, high = cuts[0] - 1, cuts[-1]
    bits = max(0, ((high - low) // STRETCHES).bit_length())
    narrow = high - low < np.iinfo(np.int32).max
    kind: type[np.signedinteger[Any]] = np.int32 if narrow else np.int64
    away = np.array(cuts, dtype=np.int64) - low
    stretches = np.arange(((high - low) >> bits) + 1)
    before = np.searchsorted(away >> bits, stretches, side="left" if bits else "right")
    held = np.bincount(away >> bits, minlength=len(stretches))
    most = int(held.max()) if bits else 0
    edges: list[Codes] = []
    for number in range(most):
        edge: Codes = np.full(len(stretches), high - low + 1, dtype=kind)
        here = np.flatnonzero(held > number)
        edge[here] = away[before[here] + number]
        edges.append(edge)
    if most > 2:
        return None
    return _Stretches(low, high, kind, bits, before.astype(np.int32), tuple(edges))


def _between(cuts: tuple[int, ...], numbers: Integers) -> Codes:
    """How many cuts each number has reached: by a table where there is one, in a fraction of the
    time of a search."""
    table = _stretches(cuts) if len(numbers) > STRETCHES else None
    if table is None:
        return np.searchsorted(np.array(cuts, dtype=np.int64), numbers, side="right").astype(
            np.int32
        )
    away = np.clip(numbers, table.low, table.high)
    away = np.subtract(away, table.low, out=away).astype(table.kind, copy=False)
    at = away >> table.bits if table.bits else away
    found: Codes = taken(table.before, at)
    for edge in table.edges:
        found = found + (away >= taken(edge, at))
    return found


def replaced(column: Column, where: Booleans, number: int, rows: int) -> Column:
    """The column with one number in some of its rows."""
    if where.all():
        return Column(np.array([number], dtype=np.int64))
    return Column(np.where(whole(where, rows), number, whole(column.each(), rows)))
