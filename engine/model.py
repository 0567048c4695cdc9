"""The rule language as data: what a rule file means once it has been read.

Everything here is frozen and holds resolved names only: a ``Rulebase`` that exists has passed
every check of :mod:`engine.reading`, so evaluators need not ask again.

Values are plain Python: ``str`` for an enum value, ``bool``, ``int``, ``Decimal`` for decimals and
for money in US dollars, ``datetime.date``, and ``frozenset[str]`` for a set.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from engine.problems import NOWHERE, Place

LANGUAGE = 1
"""The version of the rule language that this engine reads (``language:`` in ``pack.yaml``)."""

FactType = Literal["enum", "boolean", "integer", "decimal", "money", "date"]
ParameterType = Literal["integer", "decimal", "money"]
DecisionType = Literal["enum", "boolean", "integer", "decimal", "money", "date", "set"]
Value = str | bool | int | Decimal | datetime.date | frozenset[str]
Bound = Literal["less_than", "at_most", "more_than", "at_least"]
"""How a value compares with a bound. For dates the language writes ``before``, ``on_or_before``,
``after`` and ``on_or_after``; they are the same four comparisons."""

NUMERIC: frozenset[str] = frozenset({"integer", "decimal", "money"})
ORDERED: frozenset[str] = NUMERIC | {"date"}


# ---- conditions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OneOf:
    """``name`` (a fact or a decision) has one of ``values``; of a set decision: holds one of them.

    With ``negated`` it has a value, and that value is none of them. A decision that has no value
    (it is open) meets neither.
    """

    name: str
    values: tuple[Value, ...]
    negated: bool = False
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """``name`` stands in the relation ``bound`` to a literal ``limit`` or to another fact's or
    decision's value (``limit_name``); exactly one of the two is set."""

    name: str
    bound: Bound
    limit: Value | None = None
    limit_name: str | None = None
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class TermHolds:
    """The named term's condition holds."""

    term: str
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; with no part it always holds."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; with no part it never holds."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


Condition = OneOf | Compare | TermHolds | All | AnyOf | Not
ALWAYS = All()


# ---- values and formulas ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal number of a formula, or a literal outcome."""

    value: Value


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of a fact or of another decision."""

    name: str


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``left op right``."""

    op: Literal["+", "-", "*", "/"]
    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Extreme:
    """The least or the greatest of some amounts (or, between the engine's own steps, of dates)."""

    which: Literal["min", "max"]
    parts: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """A date moved by a period; ``count`` is negative for ``minus``. A month added to 31 January
    ends on the last day of February."""

    base: Formula
    count: int
    unit: Literal["days", "weeks", "months", "years"]


@dataclass(frozen=True, slots=True)
class Rounded:
    """An amount rounded half up to what ``type`` holds: money to the cent, an integer to a whole
    number, a decimal to six places. Never written in a rule: it stands where one decision's amount
    enters another."""

    part: Formula
    type: DecisionType


Formula = Constant | Ref | Arithmetic | Extreme | Shift | Rounded


# ---- the vocabulary ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that can be known of a loan. ``values`` maps an enum's values to their labels."""

    name: str
    type: FactType
    label: str
    question: str
    values: Mapping[str, str] = field(default_factory=dict)
    at_least: Value | None = None
    at_most: Value | None = None
    group: str = ""
    description: str = ""
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Term:
    """A condition with a name, used like a boolean fact."""

    name: str
    label: str
    when: Condition
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Constraint:
    """A condition that every real loan meets."""

    name: str
    because: str
    when: Condition
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Presumption:
    """What the law presumes of a fact that is not given, where ``when`` certainly holds."""

    fact: str
    value: Value
    because: str
    when: Condition = ALWAYS
    place: Place = field(default=NOWHERE, compare=False)


# ---- decisions and rules ----------------------------------------------------------------------

PolicyKind = Literal["unique", "priority", "collect", "min", "max", "sum"]


@dataclass(frozen=True, slots=True)
class HitPolicy:
    """How several deciding rules make one outcome (DMN's hit policies). ``order`` is set for
    ``priority`` alone: all values of the decision, the first being the strongest."""

    kind: PolicyKind = "unique"
    order: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A question that the rules answer. ``requires`` names the decisions that its rules, its
    formulas or its ``otherwise`` use, directly.

    A ``parameter`` is an amount or a rate that the law states anew from time to time: a date alone
    decides it, and people don't ask for it. ``checked`` is when its values were last looked up.
    """

    name: str
    type: DecisionType
    label: str
    values: Mapping[str, str] = field(default_factory=dict)
    policy: HitPolicy = HitPolicy()
    otherwise: Formula | None = None
    otherwise_because: str = ""
    at_least: Value | None = None
    requires: tuple[str, ...] = ()
    group: str = ""
    description: str = ""
    parameter: bool = False
    checked: datetime.date | None = None
    place: Place = field(default=NOWHERE, compare=False)


Confidence = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Authority:
    """Where a rule comes from, how sure that is, and when it was last checked."""

    kind: str
    cite: str
    url: str = ""
    confidence: Confidence = "high"
    checked: datetime.date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Effective:
    """The days on which a provision is in force, both included, measured by a date fact."""

    measured_by: str
    start: datetime.date | None = None
    end: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One provision. ``when`` is the whole condition: what the file says, its jurisdiction and its
    effective dates. ``then`` is a ``Constant`` for a literal outcome."""

    id: str
    title: str
    decides: str
    when: Condition
    then: Formula
    because: str
    authority: Authority
    exception_to: tuple[str, ...] = ()
    effective: Effective | None = None
    jurisdiction: str = ""
    note: str = ""
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file of rules as its author heads it. ``jurisdiction`` is empty where its rules name none;
    ``place`` is where the file begins."""

    title: str
    description: str = ""
    jurisdiction: str = ""
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A finding of ``recourse check`` that the pack lives with, and why. ``about`` names what the
    finding must be about: rule ids, a decision, a fact."""

    finding: str
    about: tuple[str, ...]
    because: str
    date: datetime.date | None = None
    place: Place = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Rulebase:
    """A pack that has been read and checked.

    ``decisions`` stand in requirement order: each after those it requires. ``digest`` is the
    SHA-256 of everything that can change a decision (rules, vocabulary, decisions; not the cases).
    ``main`` names the decisions that people ask for first; it is empty where the pack names none.
    ``section_fact`` is the fact by whose value the rules fall into sections that are built apart.
    """

    name: str
    version: str
    title: str
    digest: str
    root: str
    facts: Mapping[str, Fact]
    terms: Mapping[str, Term]
    constraints: tuple[Constraint, ...]
    presumptions: tuple[Presumption, ...]
    decisions: Mapping[str, Decision]
    rules: tuple[Rule, ...]
    jurisdiction_fact: str = ""
    section_fact: str = ""
    compare_with: str = ""
    main: tuple[str, ...] = ()
    description: str = ""
    accepted: tuple[Acceptance, ...] = ()
    files: tuple[RuleFile, ...] = ()

    def resting_on(self, names: Iterable[str]) -> set[str]:
        """Some decisions and all that require one of them, directly or through others."""
        found = set(names)
        for decision in self.decisions.values():  # in requirement order
            if not found.isdisjoint(decision.requires):
                found.add(decision.name)
        return found

    def needed(self, names: Iterable[str]) -> list[str]:
        """Some decisions and all that they require, in requirement order."""
        found = set(names)
        for name in reversed(list(self.decisions)):
            if name in found:
                found.update(self.decisions[name].requires)
        return [name for name in self.decisions if name in found]

    def rules_of(self, decision: str) -> tuple[Rule, ...]:
        """The rules that decide ``decision``, in the order of the files."""
        return tuple(rule for rule in self.rules if rule.decides == decision)
