"""Amounts and days from leaves, a column at a time: ``engine.evaluation.outcomes`` for many rows
whose facts are missing alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import cast

import numpy as np

from engine.evaluation.compiler import Blocked, Clash, Leaf
from engine.evaluation.compiling import Compiled
from engine.evaluation.formulas import combined, folded, settled, substitute
from engine.evaluation.outcomes import formulas_at
from engine.evaluation.variables import divides
from engine.model import Arithmetic, Constant, Decision, Extreme, Formula, Ref, Rounded, Shift
from engine.portfolio.amounts import Amounts, compared, evaluate, finished, of_numbers
from engine.portfolio.arrays import Booleans, Codes, Integers, grouped
from engine.portfolio.batch import Batch
from engine.portfolio.columns import Column
from engine.trees import names_in

VALUE, OPEN, CONFLICT, FORMULA = range(4)


class NotInColumns(Exception):
    """Whether a formula has a value depends on the rows in a way that only one row at a time can
    tell: it divides, and facts of it are missing."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcome of one decision in some rows. ``numbers`` count where ``kinds`` is ``VALUE``;
    ``formula`` speaks of facts some of which are missing, where it is ``FORMULA``."""

    kinds: Codes
    numbers: Integers
    formula: Formula | None = None


_NOTHING = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a batch, and what has been found of the decisions that others use."""

    rows: Codes
    found: Mapping[str, Outcomes]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Reckons amounts and days of some rows of a batch in which the ``missing`` facts are missing
    and all others that formulas use are known."""

    compiled: Compiled
    batch: Batch
    missing: frozenset[str]

    def outcomes(
        self,
        names: Sequence[str],
        leaves: Sequence[Leaf],
        rows: Codes,
        known: dict[tuple[Leaf, ...], list[Piece]],
    ) -> list[Piece]:
        """The outcomes of some decisions, in requirement order, each at its leaf. The rows come in
        pieces, since a value may let a missing fact cancel out in some rows alone. ``known`` keeps
        what the first leaves have come to, which other combinations may share."""
        pieces = [Piece(rows, {})]
        for count, (name, leaf) in enumerate(zip(names, leaves, strict=True), 1):
            first = tuple(leaves[:count])
            if first not in known:
                decision = self.compiled.rulebase.decisions[name]
                known[first] = [
                    Piece(part, {**_of_rows(piece, part), name: outcome})
                    for piece in pieces
                    for part, outcome in self.outcome(decision, leaf, piece)
                ]
            pieces = known[first]
        return pieces

    def outcome(
        self, decision: Decision, leaf: Leaf, piece: Piece
    ) -> Iterator[tuple[Codes, Outcomes]]:
        """The outcome of a decision at a leaf, by rows that are alike."""
        rows = piece.rows
        if isinstance(leaf, Blocked | Clash):
            yield rows, _alike(CONFLICT)
            return
        formulas = formulas_at(self.compiled, decision, leaf)
        if not formulas:
            yield rows, _alike(OPEN)
            return
        used = {n: piece.found[n] for f in formulas for n in names_in(f) if n in piece.found}
        kinds = _joined_kinds([outcome.kinds for outcome in used.values()])
        replaced = {
            name: settled(outcome.formula, self.compiled.rulebase.decisions[name].type)
            for name, outcome in used.items()
            if outcome.formula is not None
        }
        formula = folded(combined(decision, [substitute(f, replaced) for f in formulas]))
        if not self._needs(formula):
            yield rows, self._valued(decision, formula, kinds, piece)
            return
        if divides(formula):
            raise NotInColumns
        for part, own in self._cancelled(formula, piece):
            some = Piece(rows[part], _of_rows(piece, rows[part]))
            of_part = kinds if len(kinds) == 1 else kinds[part]
            if self._needs(own):
                symbolic = np.where(of_part == VALUE, FORMULA, of_part)
                yield some.rows, Outcomes(symbolic, _NOTHING, own)
            else:
                yield some.rows, self._valued(decision, own, of_part, some)

    def _needs(self, formula: Formula) -> bool:
        return any(name in self.missing for name in names_in(formula))

    def _valued(self, decision: Decision, formula: Formula, kinds: Codes, piece: Piece) -> Outcomes:
        amounts = evaluate(formula, lambda name: self._amounts(name, piece), {})
        numbers = finished(amounts, decision.type)
        if amounts.none is not None:
            kinds = np.where((kinds == VALUE) & amounts.none, OPEN, kinds)
        return Outcomes(kinds, numbers)

    def _amounts(self, name: str, piece: Piece) -> Amounts:
        outcome = piece.found.get(name)
        if outcome is not None:
            return of_numbers(outcome.numbers, self.compiled.rulebase.decisions[name].type)
        fact = self.compiled.rulebase.facts[name]
        return of_numbers(rows_of(self.batch.column(name), piece.rows), fact.type)

    # ---- what cancels out ---------------------------------------------------------------------

    def _cancelled(self, formula: Formula, piece: Piece) -> Iterator[tuple[Codes, Formula]]:
        """The formula, folded, by rows (their positions in the piece). Folding looks at a value
        only to compare it with zero, a literal or another value: rows in which these comparisons
        come out alike go together."""
        names = [n for n in dict.fromkeys(names_in(formula)) if n in piece.found]
        everyone = np.arange(len(piece.rows))
        if not names or not self._may_cancel(formula):
            yield everyone, formula
            return
        literals = sorted({Fraction(0), *_literals(formula)})
        amounts = [self._amounts(name, piece) for name in names]
        equal = [_equals(own, literal) for own in amounts for literal in literals]
        equal += [compared(a, b) == 1 for i, a in enumerate(amounts) for b in amounts[:i]]
        first, group = grouped(equal, len(piece.rows))
        for number, row in enumerate(first.tolist()):
            folding = formula
            seen: dict[Fraction, Formula] = {value: _literal(value) for value in literals}
            for name, own in zip(names, amounts, strict=True):
                exact = Fraction(int(own.top[0 if len(own.top) == 1 else row]), own.bottom)  # type: ignore[arg-type]
                folding = substitute(folding, {name: seen.setdefault(exact, Ref(name))})
            yield everyone[group == number], folded(folding)

    def _may_cancel(self, formula: Formula) -> bool:
        """Whether a missing fact stands on both sides of a minus."""
        match formula:
            case Arithmetic(op, left, right):
                both = op == "-" and self._needs(left) and self._needs(right)
                return both or self._may_cancel(left) or self._may_cancel(right)
            case Extreme(_, parts):
                return any(map(self._may_cancel, parts))
            case Shift(part, _, _) | Rounded(part, _):
                return self._may_cancel(part)
            case Constant() | Ref():
                return False


def rows_of(column: Column, rows: Codes) -> Integers:
    """A column's numbers in some rows (or one for all)."""
    if column.constant:
        return column.entries
    return column.entries[rows if column.indices is None else column.indices[rows]]


def _of_rows(piece: Piece, rows: Codes) -> dict[str, Outcomes]:
    """What a piece has found, for some of its rows."""
    if len(rows) == len(piece.rows):
        return dict(piece.found)
    where = np.searchsorted(piece.rows, rows)
    return {
        name: Outcomes(
            outcome.kinds if len(outcome.kinds) == 1 else outcome.kinds[where],
            outcome.numbers if len(outcome.numbers) == 1 else outcome.numbers[where],
            outcome.formula,
        )
        for name, outcome in piece.found.items()
    }


def _alike(kind: int) -> Outcomes:
    return Outcomes(np.array([kind], dtype=np.intp), _NOTHING)


def _joined_kinds(kinds: Sequence[Codes]) -> Codes:
    """What the decisions in a formula make of it: in conflict, open, or a value."""
    found = np.array([VALUE], dtype=np.intp)
    for own in kinds:
        worst = np.where((own == CONFLICT) | (found == CONFLICT), CONFLICT, found)
        found = np.where((own == OPEN) & (worst != CONFLICT), OPEN, worst)
    return found


def _literals(formula: Formula) -> Iterator[Fraction]:
    match formula:
        case Constant(value) if isinstance(value, int | Decimal):
            yield Fraction(value)
        case Arithmetic(_, left, right):
            yield from _literals(left)
            yield from _literals(right)
        case Extreme(_, parts):
            for part in parts:
                yield from _literals(part)
        case Shift(part, _, _) | Rounded(part, _):
            yield from _literals(part)


def _literal(value: Fraction) -> Constant:
    return Constant(Decimal(value.numerator) / Decimal(value.denominator))


def _equals(amounts: Amounts, value: Fraction) -> Booleans:
    """Where amounts, whose bottom is one number, are just ``value``."""
    number = value * cast(int, amounts.bottom)
    if number.denominator != 1:
        return np.zeros(len(amounts.top), dtype=bool)
    same: Booleans = amounts.top == number.numerator
    return same
