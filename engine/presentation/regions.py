"""Pieces of the space of loans, in words and as data: what their loans have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.analysis.regions import Cube
from engine.evaluation.compiling import Compiled
from engine.evaluation.formulas import substitute
from engine.evaluation.variables import FactVariable, SignVariable, decode, domain
from engine.model import Constant, Fact, Formula, Ref, Rulebase, Value
from engine.presentation.layout import listed
from engine.presentation.words import formula_words
from engine.trees import names_in
from engine.values import show, to_json

EVERY_LOAN = "every loan"

_SIGNS = {
    (0,): ("below", "before"),
    (1,): ("equal to", "the same day as"),
    (2,): ("above", "after"),
    (0, 1): ("at most", "on or before"),
    (1, 2): ("at least", "on or after"),
    (0, 2): ("different from", "another day than"),
}
_RELATIONS = ("less", "equal", "more", "no_value")
_VAGUE = frozenset(
    {"yes", "no", "none", "other", "nothing", "unknown", "first", "second", "neither", "any", "it"}
)
"""A label that begins with such a word says nothing without the label of its fact."""
_SHORT = 1
"""A boolean's label of so many words at most reads well after "no"."""


def region_words(compiled: Compiled, cube: Cube) -> str:
    """What the loans of a piece have in common, on one line: enums and booleans by their labels,
    amounts and days as ranges, comparisons as such. ``compiled`` holds the cube's variables."""
    words = [text for level, codes in cube if (text := _step_words(compiled, level, codes))]
    return ("; " if any("," in text for text in words) else ", ").join(words) or EVERY_LOAN


def region_data(compiled: Compiled, cube: Cube) -> list[dict[str, Any]]:
    """A piece as plain data: a list of tests which its loans all meet. An enum or boolean is
    ``any_of`` some values, an amount or day within one of the ``ranges`` (both ends included, null
    where there is no end), a comparison one of ``less``, ``equal``, ``more``, ``no_value``."""
    return [_step_data(compiled, level, codes) for level, codes in cube]


def question_words(compiled: Compiled, level: int) -> str:
    """What a node of a diagram asks."""
    variable = compiled.variables[level]
    if isinstance(variable, SignVariable):
        left, right, _ = _sides(variable, frozenset())
        named = _named(compiled.rulebase, left)
        return f"{named[:1].upper()}{named[1:]}, beside {_named(compiled.rulebase, right)}"
    fact = compiled.rulebase.facts[variable.name]
    return fact.label or fact.name


def branch_words(compiled: Compiled, level: int, codes: frozenset[int]) -> str:
    """The answers to what a node of a diagram asks that lead one way."""
    variable = compiled.variables[level]
    if isinstance(variable, SignVariable):
        _, _, signs = _sides(variable, codes)
        sides = [_SIGNS[signs][_of_days(compiled.rulebase, variable)]] if signs in _SIGNS else []
        return listed([*sides, *(["without a value"] if 3 in codes else [])], "or") or "any"
    fact = compiled.rulebase.facts[variable.name]
    if not variable.groups:
        return listed([_range(fact, low, high) for low, high in joined(variable, codes)], "or")
    values = _values(fact, variable, codes)
    if fact.type == "boolean":
        return listed(["yes" if value else "no" for value in values], "or")
    return listed([fact.values[str(value)] or str(value) for value in values], "or")


def _step_words(compiled: Compiled, level: int, codes: frozenset[int]) -> str:
    variable = compiled.variables[level]
    if isinstance(variable, SignVariable):
        return _comparison(compiled.rulebase, variable, codes)
    fact = compiled.rulebase.facts[variable.name]
    if len(codes) == variable.size:
        return ""
    if fact.type == "boolean":
        return _boolean(fact, variable.groups[min(codes)][0] is True)
    if fact.type == "enum":
        return _enum(compiled.rulebase, fact, _values(fact, variable, codes))
    ranges = [_range(fact, low, high) for low, high in joined(variable, codes)]
    return f"{label_of(fact)} {listed(ranges, 'or')}"


def _step_data(compiled: Compiled, level: int, codes: frozenset[int]) -> dict[str, Any]:
    variable = compiled.variables[level]
    if isinstance(variable, SignVariable):
        return {
            "left": formula_words(variable.left),
            "is": [_RELATIONS[code] for code in sorted(codes)],
            "right": formula_words(variable.right),
        }
    fact = compiled.rulebase.facts[variable.name]
    if variable.groups:
        values = _values(fact, variable, codes)
        return {"fact": fact.name, "any_of": [to_json(value, fact.type) for value in values]}
    least, most = domain(fact)
    ranges = [
        {
            "from": None if low == least else to_json(decode(low, fact.type), fact.type),
            "to": None if high == most else to_json(decode(high, fact.type), fact.type),
        }
        for low, high in joined(variable, codes)
    ]
    return {"fact": fact.name, "ranges": ranges}


# ---- enums and booleans -----------------------------------------------------------------------


def label_of(fact: Fact) -> str:
    """A fact's label as it stands within a sentence.

    >>> label_of(Fact("price", "money", "Price of the sale", "?"))
    'price of the sale'
    """
    label = fact.label or fact.name
    rest = label[1:2]
    return label if rest.isupper() or not rest.strip() else label[0].lower() + label[1:]


def _boolean(fact: Fact, holds: bool) -> str:
    label = label_of(fact)
    if label.endswith("?") or len(label.split()) > _SHORT:
        lead = fact.label if label.endswith("?") else f"{fact.label}:"
        return f"{lead} {'yes' if holds else 'no'}"
    return label if holds else f"no {label}"


def _values(fact: Fact, variable: FactVariable, codes: frozenset[int]) -> list[Value]:
    """The values of some classes, in the vocabulary's order."""
    chosen = {value for code in codes for value in variable.groups[code]}
    order: Iterable[Value] = fact.values if fact.type == "enum" else (False, True)
    return [value for value in order if value in chosen]


def _enum(rulebase: Rulebase, fact: Fact, values: Sequence[Value]) -> str:
    others = [value for value in fact.values if value not in values]
    if len(others) < len(values):
        words = listed([fact.values[value] or value for value in others], "or")
        return f"any {label_of(fact)} but {words}"
    labels = [fact.values[str(value)] or str(value) for value in values]
    words = listed(labels, "or")
    if any(_needs_fact(rulebase, fact, label) for label in labels):
        return f"{label_of(fact)}: {words}"
    return words


def _needs_fact(rulebase: Rulebase, fact: Fact, label: str) -> bool:
    """Whether a value's label says too little on its own, or is that of another fact's value."""
    first = label.casefold().split()[0].rstrip(",.:;") if label.split() else ""
    if first in _VAGUE or first.isdigit():
        return True
    return any(
        label in other.values.values() for other in rulebase.facts.values() if other is not fact
    )


# ---- amounts and days -------------------------------------------------------------------------


def joined(variable: FactVariable, codes: frozenset[int]) -> list[tuple[int, int]]:
    """The spans of some classes, neighbours taken together."""
    found: list[tuple[int, int]] = []
    for low, high in (variable.spans[code] for code in sorted(codes)):
        if found and found[-1][1] + 1 == low:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found


def _range(fact: Fact, low: int, high: int) -> str:
    """A range of an amount or a day; of two ways to say a bound the rounder number."""
    least, most = domain(fact)
    if low == high:
        return ("on " if fact.type == "date" else "") + _shown(fact, low)
    if low > least and high < most:
        return f"from {_shown(fact, low)} to {_shown(fact, high)}"
    if fact.type == "date":
        if low > least:
            return f"from {_shown(fact, low)}"
        return f"before {_shown(fact, high + 1)}"
    if low > least:
        if _roundness(low - 1) > _roundness(low):
            return f"more than {_shown(fact, low - 1)}"
        return f"{_shown(fact, low)} or more"
    if _roundness(high + 1) > _roundness(high):
        return f"less than {_shown(fact, high + 1)}"
    return f"{_shown(fact, high)} or less"


def _shown(fact: Fact, number: int) -> str:
    return show(decode(number, fact.type), fact.type)


def _roundness(number: int) -> int:
    """How many noughts a number ends with; nought itself is the roundest."""
    text = str(number)
    return 99 if number == 0 else len(text) - len(text.rstrip("0"))


# ---- comparisons ------------------------------------------------------------------------------


def _comparison(rulebase: Rulebase, variable: SignVariable, codes: frozenset[int]) -> str:
    left, right, signs = _sides(variable, codes)
    if codes == {3}:
        return f"{_named(rulebase, left)} or {_named(rulebase, right)} without a value"
    if len(signs) == 3:
        if 3 in codes or variable.size == 3:
            return ""
        return f"{_named(rulebase, left)} has a value"
    sign = _SIGNS[signs][_of_days(rulebase, variable)]
    words = f"{_named(rulebase, left)} {sign} {_named(rulebase, right)}"
    return f"{words} or without a value" if 3 in codes else words


def _sides(
    variable: SignVariable, codes: frozenset[int]
) -> tuple[Formula, Formula, tuple[int, ...]]:
    """The two sides and how they may compare, a constant on the right."""
    signs = tuple(sorted(code for code in codes if code < 3))
    if isinstance(variable.left, Constant):
        return variable.right, variable.left, tuple(sorted(2 - code for code in signs))
    return variable.left, variable.right, signs


def _of_days(rulebase: Rulebase, variable: SignVariable) -> bool:
    facts = (rulebase.facts[name] for name in variable.facts if name in rulebase.facts)
    return any(fact.type == "date" for fact in facts)


def _named(rulebase: Rulebase, formula: Formula) -> str:
    """A formula with the labels of its facts."""
    if isinstance(formula, Constant):
        return show(formula.value, "money" if "." in str(formula.value) else None)
    labels: dict[str, Formula] = {
        name: Ref(label_of(rulebase.facts[name]))
        for name in names_in(formula)
        if name in rulebase.facts
    }
    return formula_words(substitute(formula, labels))


def steps_but(compiled: Compiled, cube: Cube, left: Formula, right: Formula) -> Cube:
    """A piece without the step that says how two formulas compare."""
    return tuple(step for step in cube if not _compares(compiled, step[0], left, right))


def _compares(compiled: Compiled, level: int, left: Formula, right: Formula) -> bool:
    variable = compiled.variables[level]
    return isinstance(variable, SignVariable) and {left, right} == {variable.left, variable.right}
