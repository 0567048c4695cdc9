"""Arrow columns to numbers: each distinct value is read once, by the same reader as a fact file's.

What is plain (whole numbers, decimals, days, and texts that look like them) is read in columns;
everything else goes value by value through ``engine.values.read_fact``, which also words the
problems.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.evaluation.variables import SCALE, domain
from engine.model import ORDERED, Fact, Rulebase
from engine.portfolio.arrays import Booleans, Codes, Integers
from engine.portfolio.columns import MISSING, UNKNOWN, Column, number_of
from engine.problems import Problem
from engine.reading.source import hidden_character
from engine.values import PLACES, ValueFault, read_fact

Problems = dict[int, tuple[Problem, ...]]
"""What is wrong with some rows."""

UNREAD = MISSING + 1
"""While a column is being read: the number of a value that has not been read yet."""
_FEW = 256
"""So many distinct values are read one by one; more of them in columns, where they are plain."""
_EPOCH = 719_163
"""The ordinal of 1 January 1970."""
_EXACT = 10**15
"""Below this a double has one shortest decimal form of so many digits."""
_IN_A_WORD = 18
"""Decimals of so many digits fit in 64 bits."""


@dataclass(frozen=True, slots=True)
class Faulty:
    """Rows in which a fact has a value that can't be read, and why."""

    rows: Codes
    problem: Problem


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of plain Python values, each distinct one once; -1 is no value."""

    entries: tuple[object, ...]
    indices: Codes

    @staticmethod
    def of(values: Iterable[object]) -> Coded:
        """The column of some values; None is no value."""
        codes: dict[object, int] = {}
        entries: list[object] = []
        indices = []
        for value in values:
            if value is None:
                indices.append(-1)
                continue
            key = value if type(value) is str else (type(value), repr(value))
            code = codes.get(key)
            if code is None:
                code = codes[key] = len(entries)
                entries.append(value)
            indices.append(code)
        return Coded(tuple(entries), np.array(indices, dtype=np.intp))

    def slice(self, start: int) -> Coded:
        """The column without its first rows."""
        return Coded(self.entries, self.indices[start:])

    def as_texts(self) -> pa.Array:
        """The values as texts."""
        texts = pa.array([str(value) for value in self.entries], pa.string())
        indices = pa.array(np.where(self.indices < 0, 0, self.indices), mask=self.indices < 0)
        return pa.DictionaryArray.from_arrays(indices, texts)


Memory = dict[str, tuple[pa.Array, Integers, dict[int, Problem]]]
"""For each fact the distinct values that were read last, their numbers and their problems."""


def encode(
    fact: Fact, values: pa.Array | Coded, memory: Memory, *, text: bool = False
) -> tuple[Column, list[Faulty]]:
    """A fact's column from what a tape holds. Null is unknown; with ``text`` (the cells of a CSV
    file) so is an empty cell, and true and false are written in any case."""
    if isinstance(values, Coded):
        numbers, problems = _one_by_one(
            fact, values.entries, np.full(len(values.entries), UNREAD, dtype=np.int64), text
        )
        indices = np.where(values.indices < 0, len(numbers), values.indices).astype(np.int32)
        holes = bool((values.indices < 0).any())
        return _column(numbers, indices, problems, holes=holes)
    if pa.types.is_null(values.type):
        return UNKNOWN, []
    direct = _plain(fact, values)
    if direct is not None and not direct.unread:
        return Column(direct.numbers, None, not values.null_count), []
    coded = values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    entries, rows = coded.dictionary, coded.indices.cast(pa.int32())
    numbers, problems = _remembered(fact, entries, text, memory)
    indices = _filled(rows, len(entries)).to_numpy(zero_copy_only=False)
    return _column(numbers, indices, problems, holes=rows.null_count > 0)


def _remembered(
    fact: Fact, entries: pa.Array, text: bool, memory: Memory
) -> tuple[Integers, dict[int, Problem]]:
    """What distinct values are. The batches of a file often have the same dictionary."""
    last = memory.get(fact.name)
    if last is None or not last[0].equals(entries):
        last = memory[fact.name] = (entries, *_entries(fact, entries, text))
    return last[1:]


def _column(
    numbers: Integers, indices: Codes, problems: Mapping[int, Problem], *, holes: bool
) -> tuple[Column, list[Faulty]]:
    """The column of some distinct numbers (with ``holes`` the one after the last stands for none),
    and the rows in which there is a problem."""
    faulty = []
    if problems:
        wrong = np.zeros(len(numbers) + 1, dtype=bool)
        wrong[list(problems)] = True
        rows = np.flatnonzero(wrong[indices])
        order = np.argsort(indices[rows], kind="stable")
        entries, starts = np.unique(indices[rows][order], return_index=True)
        for entry, own in zip(entries.tolist(), np.split(order, starts[1:]), strict=True):
            faulty.append(Faulty(rows[own], problems[entry]))
    if holes:
        numbers = np.append(numbers, MISSING)
    return Column(numbers, indices), faulty


def encode_all(
    rulebase: Rulebase,
    columns: Mapping[str, pa.Array | Coded],
    memory: Memory,
    *,
    text: bool = False,
) -> tuple[dict[str, Column], Problems]:
    """The columns of a batch by fact, and the problems of each row that has any. ``memory`` is kept
    from batch to batch of one tape."""
    found: dict[str, Column] = {}
    faults: Problems = {}
    for name, values in columns.items():
        found[name], faulty = encode(rulebase.facts[name], values, memory, text=text)
        for each in faulty:
            for row in each.rows.tolist():
                faults[row] = (*faults.get(row, ()), each.problem)
    return found, faults


# ---- distinct values --------------------------------------------------------------------------


def _entries(fact: Fact, entries: pa.Array, text: bool) -> tuple[Integers, dict[int, Problem]]:
    """The numbers of distinct values, and the problems of those that can't be read."""
    numbers = np.full(len(entries), UNREAD, dtype=np.int64)
    if len(entries) > _FEW and fact.type in ORDERED:
        plain = _texts(fact, entries) or _plain(fact, entries)
        numbers = numbers if plain is None else plain.numbers
    left = np.flatnonzero(numbers == UNREAD)
    values = dict(zip(left.tolist(), entries.take(pa.array(left)).to_pylist(), strict=True))
    return _one_by_one(fact, values, numbers, text)


def _one_by_one(
    fact: Fact, values: Mapping[int, object] | Sequence[object], numbers: Integers, text: bool
) -> tuple[Integers, dict[int, Problem]]:
    """The numbers with those filled in that are ``UNREAD`` yet, each read by itself."""
    problems: dict[int, Problem] = {}
    for i in np.flatnonzero(numbers == UNREAD).tolist():
        try:
            value = _cell(fact, values[i]) if text else values[i]
            numbers[i] = MISSING if value is None else number_of(fact, read_fact(fact, value))
        except ValueFault as fault:
            numbers[i] = MISSING
            problems[i] = Problem(fault.code, fault.message, hint=fault.hint)
    return numbers, problems


def _cell(fact: Fact, cell: object) -> object:
    """What a cell of a text file says."""
    if isinstance(cell, bytes):
        try:
            cell = cell.decode()
        except UnicodeDecodeError:
            raise ValueFault("not-utf8", f"`{fact.name}`: this value is not UTF-8") from None
    if not isinstance(cell, str):
        return cell
    if hidden := hidden_character(cell):
        raise ValueFault("not-text", f"`{fact.name}` holds {hidden}")
    cell = cell.strip()
    if fact.type == "boolean" and cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    return cell or None


def _texts(fact: Fact, entries: pa.Array) -> _Plain | None:
    """The numbers of texts that are written plainly; the others are left unread."""
    if pa.types.is_binary(entries.type):
        try:
            entries = entries.cast(pa.string())
        except pa.ArrowInvalid:
            return None
    if not (pa.types.is_string(entries.type) or pa.types.is_large_string(entries.type)):
        return None
    if fact.type == "date":
        plain = pc.match_substring_regex(entries, r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
        days = pc.strptime(
            pc.if_else(plain, entries, None), format="%Y-%m-%d", unit="s", error_is_null=True
        )
        # A day that is none, as 31 April, may be read as one of the next month.
        same = pc.equal(pc.strftime(days, format="%Y-%m-%d"), entries)
        return _plain(
            fact, pc.if_else(pc.fill_null(same, False), days.cast(pa.date32()), None), UNREAD
        )
    places = PLACES[fact.type]
    fraction = rf"(\.[0-9]{{1,{places}}})?" if places else ""
    plain = pc.match_substring_regex(entries, rf"^-?[0-9]{{1,12}}{fraction}$")
    exact = pc.if_else(plain, entries, None).cast(pa.decimal128(20, places))
    return _plain(fact, exact, UNREAD)


# ---- typed columns ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Plain:
    """Numbers, and whether some of them are ``UNREAD``."""

    numbers: Integers
    unread: bool


def _plain(fact: Fact, values: pa.Array, null: int = MISSING) -> _Plain | None:
    """The numbers of typed values, ``UNREAD`` where one is out of bounds or not exact; None where
    the type says nothing. Null becomes ``null``."""
    if fact.type not in ORDERED and fact.type != "boolean":
        return None
    kind = values.type
    valid = None if values.null_count == 0 else values.is_valid().to_numpy(zero_copy_only=False)
    numbers: Integers
    good: Booleans | None = None  # everywhere
    if fact.type == "boolean":
        if not pa.types.is_boolean(kind):
            return None
        numbers = _filled(values, False).to_numpy(zero_copy_only=False).astype(np.int64)
        return _Plain(numbers if valid is None else np.where(valid, numbers, null), False)
    if fact.type == "date":
        if not pa.types.is_date32(kind):
            return None
        days = _filled(values.cast(pa.int32()), 0).to_numpy(zero_copy_only=False)
        numbers = np.add(days, _EPOCH, dtype=np.int64)
    elif pa.types.is_integer(kind) and not pa.types.is_uint64(kind):
        whole = _filled(values, 0).to_numpy(zero_copy_only=False).astype(np.int64, copy=False)
        if fact.type == "integer":
            numbers = whole  # the bounds of the fact are narrower than 64 bits
        else:
            good = (whole > -(10**12)) & (whole < 10**12)
            numbers = np.where(good, whole, 0) * SCALE[fact.type]
    elif pa.types.is_floating(kind):
        numbers, good = _floats(fact, values)
    elif pa.types.is_decimal128(kind):
        numbers, good = _decimals(fact, values)
    else:
        return None
    low, high = domain(fact)
    if len(numbers) and (numbers.min() < low or numbers.max() > high):
        inside = (numbers >= low) & (numbers <= high)
        good = inside if good is None else good & inside
    if good is not None and valid is not None:
        good = good | ~valid
    unread = good is not None and not good.all()
    if unread:
        numbers = np.where(cast(Booleans, good), numbers, UNREAD)
    return _Plain(numbers if valid is None else np.where(valid, numbers, null), unread)


def _filled(values: pa.Array, null: object) -> pa.Array:
    return pc.fill_null(values, null) if values.null_count else values


def _floats(fact: Fact, values: pa.Array) -> tuple[Integers, Booleans]:
    """Doubles at their shortest decimal form, where that is exact."""
    scale = SCALE[fact.type]
    numbers = _filled(values.cast(pa.float64()), 0.0).to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore", over="ignore"):
        whole = np.rint(numbers * scale)
        good = (np.abs(whole) < _EXACT) & (whole / scale == numbers)
    if pa.types.is_float32(values.type) or pa.types.is_float16(values.type):
        good = good & (whole % scale == 0)  # its shortest form is not the double's
    return np.where(good, whole, 0).astype(np.int64), good


def _decimals(fact: Fact, values: pa.Array) -> tuple[Integers, Booleans | None]:
    """Decimals that fit in 64 bits and have no more digits than the fact's type, and where they do
    (None: everywhere)."""
    low, high = _words(values)
    good: Booleans | None = None
    if values.type.precision > _IN_A_WORD:
        good = high == low >> 63
    extra = PLACES[fact.type] - values.type.scale
    if extra < 0:
        unit = 10 ** min(-extra, 18)
        exact = low % unit == 0
        return low // unit, exact if good is None else good & exact
    if extra:
        limit = (1 << 62) // 10 ** min(extra, 18)
        small = (low > -limit) & (low < limit)
        good = small if good is None else good & small
        return np.where(good, low, 0) * 10 ** min(extra, 18), good
    return np.ascontiguousarray(low), good


def _words(values: pa.Array) -> tuple[Integers, Integers]:
    """The low and the high 64 bits of each decimal."""
    if values.null_count:
        values = pc.fill_null(values, pa.scalar(0, pa.decimal128(1)).cast(values.type))
    words = np.frombuffer(values.buffers()[1], dtype="<i8")
    words = words[2 * values.offset : 2 * (values.offset + len(values))]
    return words[::2], words[1::2]
