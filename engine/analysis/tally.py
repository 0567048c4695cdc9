"""What a change of the rules does to the loans of a tape: how many move, and how much money."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from engine.analysis.alignment import find_renames
from engine.evaluation.decide import Decider
from engine.evaluation.record import Answer, Record
from engine.model import ORDERED, Rulebase, Value
from engine.problems import InputError, Place, Problem, likely, listing
from engine.reading.loans import Loan

MAX_ASIDE = 100
"""So many loans that were set aside are told with their problems."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a decision stands for a loan. Amounts and days are not told apart here: ``value`` is
    None for them, as it is where the decision is not decided."""

    status: str
    value: Value | None = None


REFUSED = Standing("refused")
"""The loan breaks a constraint, or a value of it is not known."""


@dataclass(slots=True)
class Move:
    """Loans whose standing in a decision goes the same way. ``change`` is the sum by which the
    amounts decided rise (money decisions decided on both sides alone), ``money`` the sum of the
    chosen fact over these loans, ``first`` the name of the first of them."""

    first: str
    loans: int = 0
    change: Decimal = Decimal(0)
    money: Decimal = Decimal(0)


@dataclass(slots=True)
class Tally:
    """What was counted: ``loans`` were decided by both sides, or refused by one alone; ``moved`` of
    them change in some decision. ``moves`` holds them by decision, old and new standing; a loan
    that one side refuses is counted under the decision named by an empty text."""

    money_fact: str = ""
    loans: int = 0
    moved: int = 0
    money: Decimal = Decimal(0)
    moves: dict[tuple[str, Standing, Standing], Move] = field(default_factory=dict)
    aside: int = 0
    problems: list[Problem] = field(default_factory=list)
    """Of the loans set aside, the problems of the first."""


def count_loans(
    base: Decider,
    head: Decider,
    loans: Iterable[Loan | InputError],
    *,
    strict: bool = False,
    money_fact: str = "",
    only: Collection[str] | None = None,
) -> Tally:
    """Decide every loan by both sides and count what changes.

    A fact that one side alone knows is told to that side; by its old name it is told to both where
    it was renamed. ``strict`` applies no presumptions. ``money_fact`` names a money fact to sum.
    ``only`` names the decisions wanted (as the head calls them), all that both have if absent.
    Raises ``InputError`` where ``money_fact`` is no money fact.
    """
    _check_money(head.rulebase, money_fact)
    counting = _Counting(base, head, Tally(money_fact), strict, only)
    for loan in loans:
        counting.add(loan)
    return counting.tally


def _check_money(rulebase: Rulebase, name: str) -> None:
    known = [fact.name for fact in rulebase.facts.values() if fact.type == "money"]
    if name and name not in known:
        raise InputError(
            [
                Problem(
                    "unknown-fact",
                    f"no money fact is called `{name}`",
                    Place("--money"),
                    likely(name, known) or f"money facts: {listing(known)}",
                )
            ]
        )


@dataclass(slots=True)
class _Counting:
    base: Decider
    head: Decider
    tally: Tally
    strict: bool
    only: Collection[str] | None
    renames: Mapping[str, str] = field(init=False)
    old_names: Mapping[str, str] = field(init=False)
    """The decisions that are compared: the head's name with the base's."""

    def __post_init__(self) -> None:
        self.renames = find_renames(self.base.rulebase, self.head.rulebase)
        back = {new: old for old, new in self.renames.items()}
        both = {name: back.get(name, name) for name in self.head.rulebase.decisions}
        self.old_names = {
            new: old
            for new, old in both.items()
            if old in self.base.rulebase.decisions and (self.only is None or new in self.only)
        }

    def add(self, loan: Loan | InputError) -> None:
        tally = self.tally
        if isinstance(loan, InputError):
            self._aside(loan)
            return
        before = self._decided(self.base, self._told(loan, self.base, self.renames, True))
        after = self._decided(self.head, self._told(loan, self.head, self.renames, False))
        if isinstance(before, InputError) and isinstance(after, InputError):
            self._aside(after)
            return
        tally.loans += 1
        money = self._money(before if isinstance(after, InputError) else after)
        tally.money += money
        moved = False
        if isinstance(before, InputError) or isinstance(after, InputError):
            taken = Standing("accepted")
            old, new = (REFUSED, taken) if isinstance(before, InputError) else (taken, REFUSED)
            self._note(loan, ("", old, new), money, Decimal(0))
            moved = True
        else:
            for name, old_name in self.old_names.items():
                one, other = before.answers[old_name], after.answers[name]
                if _outcome(one) != _outcome(other):
                    key = (name, _standing(one), _standing(other))
                    self._note(loan, key, money, _rise(one, other))
                    moved = True
        tally.moved += moved

    def _told(
        self, loan: Loan, side: Decider, renames: Mapping[str, str], old: bool
    ) -> dict[str, object]:
        """The loan's facts as one side calls them. What neither side knows is left in, so that it
        is a problem; what the other side alone knows is left out."""
        names = {new: was for was, new in renames.items()} if old else dict(renames)
        other = self.head if old else self.base
        told: dict[str, object] = {}
        for name, value in loan.data.items():
            own = name if name in side.rulebase.facts else names.get(name, name)
            if own in side.rulebase.facts or name not in other.rulebase.facts:
                told[own] = value
        return told

    def _decided(self, side: Decider, facts: Mapping[str, object]) -> Record | InputError:
        wanted = self.old_names.values() if side is self.base else self.old_names
        try:
            return side.decide(facts, strict=self.strict, only=list(wanted), verify=False)
        except InputError as error:
            return error

    def _aside(self, error: InputError) -> None:
        self.tally.aside += 1
        if self.tally.aside <= MAX_ASIDE:
            self.tally.problems.extend(error.problems)

    def _money(self, record: Record | InputError) -> Decimal:
        value = None if isinstance(record, InputError) else record.facts.get(self.tally.money_fact)
        return value if isinstance(value, Decimal) else Decimal(0)

    def _note(
        self, loan: Loan, key: tuple[str, Standing, Standing], money: Decimal, rise: Decimal
    ) -> None:
        move = self.tally.moves.setdefault(key, Move(loan.name))
        move.loans += 1
        move.money += money
        move.change += rise


def _outcome(answer: Answer) -> tuple[str, Value | None, frozenset[object]]:
    return answer.status, answer.value, frozenset(p.outcome for p in answer.possible)


def _standing(answer: Answer) -> Standing:
    value = None if answer.decision.type in ORDERED else answer.value
    return Standing(answer.status, value)


def _rise(old: Answer, new: Answer) -> Decimal:
    if old.value is None or new.value is None or new.decision.type != "money":
        return Decimal(0)
    return cast(Decimal, new.value) - cast(Decimal, old.value)
