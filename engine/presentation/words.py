"""Rules in plain words: values by their labels, conditions as readable lines, formulas tidied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from engine.memory import Memory
from engine.model import (
    All,
    AnyOf,
    Arithmetic,
    Bound,
    Compare,
    Condition,
    Constant,
    Decision,
    Effective,
    Extreme,
    Fact,
    Formula,
    Not,
    OneOf,
    Rounded,
    Rule,
    Rulebase,
    Shift,
    TermHolds,
    Value,
)
from engine.presentation.layout import listed
from engine.trees import formula_text
from engine.values import show

_NUMBER_BOUND: dict[Bound, str] = {
    "less_than": "less than",
    "at_most": "at most",
    "more_than": "more than",
    "at_least": "at least",
}
_DATE_BOUND: dict[Bound, str] = {
    "less_than": "before",
    "at_most": "on or before",
    "more_than": "after",
    "at_least": "on or after",
}

# ---- values -----------------------------------------------------------------------------------


def value_words(thing: Fact | Decision, value: Value) -> str:
    """A value as its label says it; yes and no for a boolean, money with separators."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, frozenset):
        members = [thing.values[key] or key for key in thing.values if key in value]
        return ", ".join(members) or "nothing"
    if isinstance(value, str):
        return thing.values.get(value) or value
    return show(value, thing.type)


def setting(thing: Fact | Decision, value: Value) -> str:
    """A fact or decision with its value, in the language's own words.

    >>> setting(Fact("price", "money", "Price", "What price?"), Decimal(1500))
    'price = $1,500.00'
    """
    return f"{thing.name} = {show(value, thing.type)}"


def outcome_text(decision: Decision, then: Formula) -> str:
    """What a rule gives, in the language's own words."""
    return show(then.value, decision.type) if isinstance(then, Constant) else formula_words(then)


def thing_called(rulebase: Rulebase, name: str) -> Fact | Decision:
    """The fact or the decision of that name."""
    return rulebase.facts[name] if name in rulebase.facts else rulebase.decisions[name]


# ---- conditions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clause:
    """One line of a condition. ``words`` say what ``lead`` names: the fact, term or decision that
    is ``about``, all three empty for a line that only holds others together. ``parts`` stand
    beneath it."""

    words: str
    lead: str = ""
    about: str = ""
    parts: tuple[Clause, ...] = ()

    @property
    def text(self) -> str:
        """The line as it reads."""
        return f"{self.lead} {self.words}" if self.lead else self.words


def rule_clauses(rule: Rule, rulebase: Rulebase) -> tuple[Clause, ...]:
    """A rule's condition line by line, without its dates in force (``force_words`` gives those)."""
    effective = rule.effective
    if effective is None or not isinstance(rule.when, All):
        return clauses(rule.when, rulebase)
    dates = (
        Compare(effective.measured_by, "at_least", limit=effective.start),
        Compare(effective.measured_by, "at_most", limit=effective.end),
    )
    return clauses(All(tuple(p for p in rule.when.parts if p not in dates)), rulebase)


def clauses(condition: Condition, rulebase: Rulebase) -> tuple[Clause, ...]:
    """A condition line by line. Every line of one list holds, unless the one above says
    otherwise."""
    if condition == All():
        return (Clause("always"),)
    parts = condition.parts if isinstance(condition, All) else (condition,)
    return tuple(_clause(part, rulebase) for part in parts)


def rule_words(rule: Rule, rulebase: Rulebase) -> list[str]:
    """A rule's condition as bullets, without its dates in force."""
    return _bullets(rule_clauses(rule, rulebase))


def force_words(effective: Effective, rulebase: Rulebase) -> str:
    """The days on which a provision is in force, and what measures them."""
    days = [
        f"{word} {day}"
        for word, day in (("from", effective.start), ("to", effective.end))
        if day is not None
    ]
    return f"{' '.join(days)}, by {thing_called(rulebase, effective.measured_by).label}"


def condition_words(condition: Condition, rulebase: Rulebase) -> list[str]:
    """A condition as bullets, nested ones two columns further in."""
    return _bullets(clauses(condition, rulebase))


def _bullets(lines: Iterable[Clause], indent: str = "") -> list[str]:
    return [
        bullet
        for line in lines
        for bullet in (f"{indent}- {line.text}", *_bullets(line.parts, f"{indent}  "))
    ]


def _clause(condition: Condition, rulebase: Rulebase) -> Clause:
    match condition:
        case All(parts):
            return _joined("all of:", parts, rulebase)
        case AnyOf(parts):
            return _joined("any of:", parts, rulebase) if parts else Clause("never")
        case Not(TermHolds(name)):
            return _term("no", name, rulebase)
        case Not(All(parts)):
            return _joined("not all of:", parts, rulebase)
        case Not(AnyOf(parts)):
            return _joined("none of:", parts, rulebase)
        case Not(part):
            return _joined("not:", (part,), rulebase)
        case TermHolds(name):
            return _term("yes", name, rulebase)
        case OneOf() | Compare():
            return _test(condition, rulebase)


def _joined(head: str, parts: Iterable[Condition], rulebase: Rulebase) -> Clause:
    return Clause(head, parts=tuple(_clause(part, rulebase) for part in parts))


def _term(words: str, name: str, rulebase: Rulebase) -> Clause:
    return Clause(words, f"{rulebase.terms[name].label or name}:", name)


def _test(test: OneOf | Compare, rulebase: Rulebase) -> Clause:
    thing = thing_called(rulebase, test.name)
    label = thing.label or test.name
    lead = label if label.endswith("?") else f"{label}:"
    return Clause(_tested(test, thing, rulebase), lead, test.name)


def _tested(test: OneOf | Compare, thing: Fact | Decision, rulebase: Rulebase) -> str:
    if isinstance(test, Compare):
        bounds = _DATE_BOUND if thing.type == "date" else _NUMBER_BOUND
        return f"{bounds[test.bound]} {_limit(test, thing, rulebase)}"
    words = [value_words(thing, value) for value in test.values]
    if thing.type == "boolean" and test.negated:
        return listed(["no" if word == "yes" else "yes" for word in words], "or")
    if test.negated:
        quoted = [f"\u201c{word}\u201d" for word in words]
        return f"neither {listed(quoted, 'nor')}" if words[1:] else f"not {quoted[0]}"
    return listed(words, "or")


def _limit(test: Compare, thing: Fact | Decision, rulebase: Rulebase) -> str:
    if test.limit_name is not None:
        other = thing_called(rulebase, test.limit_name)
        return f"\u201c{other.label or other.name}\u201d"
    assert test.limit is not None
    return show(test.limit, thing.type)


# ---- formulas ---------------------------------------------------------------------------------


def formula_words(formula: Formula) -> str:
    """A formula as short as it can be said: no rounding steps, no least of a least,
    no nought added.

    >>> from engine.model import Ref
    >>> once = Extreme("max", (Ref("debt"), Constant(Decimal("0.00"))))
    >>> formula_words(Extreme("max", (once, Constant(Decimal("0.00")))))
    'max(debt, 0)'
    """
    text = formula_text(formula)
    words = _words.find(text)
    return _words.keep(text, formula_text(_tidy(formula))) if words is None else words


MANY_WORDS = 2_000
"""Of so many formulas it is remembered at least how they are said: the same come back in a loan's
answers, and when it is decided again."""
_words = Memory[str](MANY_WORDS)
"""By the whole text of a formula: equal ones may be written in two ways (0.5 and 0.50)."""


_NOTHING = Constant(Decimal(0))


def _tidy(formula: Formula) -> Formula:
    match formula:
        case Rounded(part, _):
            return _tidy(part)
        case Constant(Decimal() as number) if number == number.to_integral():
            return Constant(number.to_integral())
        case Arithmetic(op, left, right):
            first, second = _tidy(left), _tidy(right)
            if op == "-" and first == second:
                return _NOTHING
            return first if op in "+-" and second == _NOTHING else Arithmetic(op, first, second)
        case Shift(base, number_of, unit):
            return Shift(_tidy(base), number_of, unit)
        case Extreme(which, parts):
            flat: dict[Formula, None] = {}
            for part in map(_tidy, parts):
                inner = part.parts if isinstance(part, Extreme) and part.which == which else (part,)
                flat.update(dict.fromkeys(inner))
            return Extreme(which, tuple(flat)) if len(flat) > 1 else next(iter(flat))
        case _:
            return formula
