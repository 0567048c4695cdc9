"""From the columns of a tape to the facts of a pack: by their own names, or as a mapping says."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.model import Rulebase
from engine.portfolio.arrays import Booleans, Codes
from engine.portfolio.columns import Column, number_of
from engine.portfolio.encoding import Coded, Memory, Problems, encode_all
from engine.portfolio.mapping import Source, TapeMapping, parse_day
from engine.portfolio.tapes import TapeBatch
from engine.problems import InputError, Place, Problem, likely, listing
from engine.values import describe

NEAR = 0.85
"""A column is taken for a misspelt fact where it is as near as this to its name (1 is the same)."""


@dataclass(slots=True)
class Intake:
    """How the columns of a tape become facts. ``reads`` are the columns that are needed, ``facts``
    those facts that the tape can state. ``unmapped`` counts the codes that the mapping does not
    know: the fact is unknown there."""

    rulebase: Rulebase
    mapping: TapeMapping | None
    reads: tuple[str, ...]
    facts: tuple[str, ...]
    aside: tuple[str, ...]
    """Columns that are not used."""
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    _read: Memory = field(default_factory=dict, repr=False)

    def facts_of(self, batch: TapeBatch) -> tuple[dict[str, Column], Problems]:
        """The facts of a batch in columns, and the problems of each row that has any."""
        if self.mapping is None:
            given = {name: batch.columns[name] for name in self.facts if name in batch.columns}
            return encode_all(self.rulebase, given, self._read, text=batch.text)
        texts = _Texts(batch)
        columns: dict[str, pa.Array | Coded] = {}
        for name in self.facts:
            if name in self.mapping.facts:
                columns[name] = self._mapped(self.mapping.facts[name], texts)
        found, faults = encode_all(self.rulebase, columns, self._read, text=True)
        for name, value in self.mapping.always.items():
            number = number_of(self.rulebase.facts[name], value)
            found[name] = Column(np.array([number], dtype=np.int64))
        for only in self.mapping.only:
            for row, text in texts.others(only.column, only.values):
                found_text = describe(text or "nothing")
                message = f"{only.because} (`{only.column}` is {found_text})"
                faults[row] = (Problem("no-loan", message),)  # whatever else is wrong with it
        return found, faults

    def _mapped(self, sources: Sequence[Source], texts: _Texts) -> pa.Array | Coded:
        if len(sources) == 1 and sources[0].codes is None and not sources[0].where:
            plain = sources[0]
            if not plain.dates and not plain.missing:
                return texts.column(plain.column)
        values: list[object] = []
        indices = np.full(texts.rows, -1, dtype=np.intp)
        for source in sources:
            entries, codes = texts.coded(source.column)
            counts = np.bincount(codes + 1, minlength=len(entries) + 1)[1:]
            said = [
                self._said(source, text, int(n)) for text, n in zip(entries, counts, strict=True)
            ]
            table = np.array([*(-1 if v is None else i for i, v in enumerate(said)), -1])
            own = np.where(table[codes] < 0, -1, table[codes] + len(values))
            for column, allowed in (source.where or {}).items():
                own = np.where(texts.among(column, allowed), own, -1)
            indices = np.where(indices < 0, own, indices)
            values += said
        return Coded(tuple(values), indices)

    def _said(self, source: Source, text: str, rows: int) -> object:
        """What a text of a column says, or None."""
        if text in source.missing or not text:
            return None
        if source.codes is not None:
            if text not in source.codes and rows and not source.quiet:
                self.unmapped[source.column, text] += rows
            return source.codes.get(text)
        if source.dates:
            return parse_day(text, source.dates) or text  # which is refused with its reason
        return text


class _Texts:
    """The columns of a batch as texts, each distinct one once."""

    def __init__(self, batch: TapeBatch) -> None:
        self._batch = batch
        self.rows = batch.rows
        self._coded: dict[str, tuple[list[str], Codes]] = {}

    def column(self, name: str) -> pa.Array | Coded:
        """A column as the tape holds it."""
        return self._batch.columns[name]

    def coded(self, name: str) -> tuple[list[str], Codes]:
        """The distinct texts of a column, and the one of each row (-1 for none)."""
        if name not in self._coded:
            self._coded[name] = _coded(self._batch.columns[name])
        return self._coded[name]

    def among(self, name: str, allowed: Collection[str]) -> Booleans:
        """Where a column has one of some texts."""
        entries, codes = self.coded(name)
        table = np.array([*(text in allowed for text in entries), False])
        found: Booleans = table[codes]
        return found

    def others(self, name: str, allowed: Collection[str]) -> list[tuple[int, str]]:
        """The rows in which a column has none of some texts, with what it has."""
        entries, codes = self.coded(name)
        rows = np.flatnonzero(~self.among(name, allowed)).tolist()
        return [(row, entries[codes[row]] if codes[row] >= 0 else "") for row in rows]


def _coded(column: pa.Array | Coded) -> tuple[list[str], Codes]:
    if isinstance(column, Coded):
        return [str(value) for value in column.entries], column.indices
    if pa.types.is_null(column.type):
        return [], np.full(len(column), -1, dtype=np.intp)
    coded = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    entries = [
        each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each)
        for each in coded.dictionary.to_pylist()
    ]
    indices = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    return [text.strip() for text in entries], indices.astype(np.intp, copy=False)


def prepare(
    rulebase: Rulebase,
    columns: Sequence[str],
    mapping: TapeMapping | None,
    keep: Collection[str],
    tape: str,
    *,
    loose: bool = False,
) -> Intake:
    """How the named columns of a tape become facts. With ``loose`` a row may have further columns.

    Raises ``InputError`` where no column is of use, where one seems to be misspelt, where one to be
    kept is not there, and where the mapping reads one that is not there.
    """
    where = Place(tape)
    problems = [
        Problem("unknown-column", f"the tape has no column `{n}`", where, likely(n, columns))
        for n in keep
        if n not in columns
    ]
    if mapping is not None:
        missing = [name for name in mapping.columns if name not in columns]
        usable = _usable(mapping, missing)
        if any(only.column in missing for only in mapping.only) or not usable:
            hint = f"the tape's columns: {listing(columns)}"
            message = f"this is no tape for `{mapping.title}`: it lacks {listing(missing)}"
            problems.append(Problem("wrong-mapping", message, where, hint))
        if problems:
            raise InputError(problems)
        reads = [name for name in mapping.columns if name in columns]
        facts = [name for name in rulebase.facts if name in usable or name in mapping.always]
        return Intake(rulebase, _without(mapping, missing), tuple(reads), tuple(facts), ())
    facts = [name for name in rulebase.facts if loose or name in columns]
    aside = [name for name in columns if name not in rulebase.facts and name not in keep]
    for name in aside:
        others = [fact for fact in rulebase.facts if fact not in columns]
        if near := difflib.get_close_matches(name, others, n=1, cutoff=NEAR):
            message = f"no fact is called `{name}`"
            problems.append(Problem("unknown-fact", message, where, likely(name, near)))
    if not facts:
        hint = "name the columns as `recourse facts` lists them, or give a mapping (--map)"
        problems.append(Problem("no-facts", "no column of this tape is a fact", where, hint))
    if problems:
        raise InputError(problems)
    return Intake(rulebase, None, tuple(facts), tuple(facts), tuple(aside))


def _usable(mapping: TapeMapping, missing: Collection[str]) -> dict[str, tuple[Source, ...]]:
    found = {
        name: tuple(s for s in sources if not any(c in missing for c in s.columns))
        for name, sources in mapping.facts.items()
    }
    return {name: sources for name, sources in found.items() if sources}


def _without(mapping: TapeMapping, missing: Collection[str]) -> TapeMapping:
    return TapeMapping(
        mapping.title, mapping.layouts, _usable(mapping, missing), mapping.always, mapping.only
    )
