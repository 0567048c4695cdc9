"""The synthetic pack: 408 rules, 8 for each of 50 states and DC, each of five conditions.

The state is one of a rule's five conditions, four more are drawn from nine other facts. One
decision, ``recourse``, of three values; under the hit policy ``priority: [none, capped, full]``
the first of them that any rule gives is the outcome, and none at all leaves the decision open. A
state's rules are written in that same order, so "the first rule that applies" is the same outcome:
what engines that know only the order of rules can express as well. No conflict can arise.

Everything is drawn from a fixed seed: the same rules and loans on every machine.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from engine.model import Value

SEED = 408
STATES = tuple(
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO "  # noqa: SIM905
    "MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY".split()
)
OUTCOMES = ("none", "none", "none", "capped", "capped", "capped", "full", "full")
OPEN = "open"

ENUMS: dict[str, tuple[str, ...]] = {
    "property_state": STATES,
    "loan_purpose": ("purchase", "refinance", "cash_out", "home_equity", "business"),
    "program": ("conventional", "fha", "va", "usda", "private"),
    "lien_position": ("first", "second", "third"),
    "occupancy": ("primary", "second_home", "investment"),
    "disposition": (
        "short_sale",
        "deed_in_lieu",
        "nonjudicial_foreclosure",
        "judicial_foreclosure",
        "charge_off",
    ),
    "property_type": ("single_family", "condominium", "manufactured", "multifamily", "land"),
}
UNITS = range(1, 9)
FIRST_DAY, LAST_DAY = datetime.date(1990, 1, 1), datetime.date(2026, 12, 31)
MOST_DEBT = 1_500_000
FACTS: dict[str, str] = {
    **dict.fromkeys(ENUMS, "enum"),
    "dwelling_units": "integer",
    "origination_date": "date",
    "outstanding_debt": "money",
}
"""The ten facts and their types."""

Operator = Literal["in", "at_least", "at_most"]


@dataclass(frozen=True, slots=True)
class Test:
    """``fact`` is one of ``values``, or stands at or beyond the one value."""

    fact: str
    operator: Operator
    values: tuple[str | int | Decimal | datetime.date, ...]


@dataclass(frozen=True, slots=True)
class SyntheticRule:
    """One rule as neutral data. ``tests`` begin with the state; there are five."""

    id: str
    state: str
    tests: tuple[Test, ...]
    outcome: str


@cache
def rules() -> tuple[SyntheticRule, ...]:
    """The 408 rules, each state's in the order of their outcomes' priority."""
    rng = random.Random(SEED)
    others = [name for name in FACTS if name != "property_state"]
    return tuple(
        SyntheticRule(
            id=f"{state.lower()}.rule-{number}",
            state=state,
            tests=(
                Test("property_state", "in", (state,)),
                *(_test(rng, fact) for fact in rng.sample(others, 4)),
            ),
            outcome=outcome,
        )
        for state in STATES
        for number, outcome in enumerate(OUTCOMES, 1)
    )


def by_state() -> dict[str, list[SyntheticRule]]:
    """Each state's eight rules."""
    return {state: [rule for rule in rules() if rule.state == state] for state in STATES}


def _test(rng: random.Random, fact: str) -> Test:
    if fact in ENUMS:
        values = ENUMS[fact]
        count = rng.randint(1, len(values) - 1) if rng.random() < 0.5 else len(values) - 1
        chosen = set(rng.sample(values, count))
        return Test(fact, "in", tuple(value for value in values if value in chosen))
    operator: Operator = rng.choice(("at_least", "at_most"))
    middle: int | Decimal | datetime.date
    if fact == "dwelling_units":
        middle = rng.choice(UNITS[2:-2])
    elif fact == "origination_date":
        middle = datetime.date(rng.randint(1998, 2018), 1, 1)
    else:
        middle = Decimal(rng.randint(10, 60) * 20_000)
    return Test(fact, operator, (middle,))


def loans(n: int, seed: int, missing: float = 0.0) -> list[dict[str, Value]]:
    """``n`` random loans with typed facts; each fact is left out with the probability
    ``missing``."""
    rng = random.Random(seed)
    days = (LAST_DAY - FIRST_DAY).days
    result = []
    for _ in range(n):
        loan: dict[str, Value] = {name: rng.choice(values) for name, values in ENUMS.items()}
        loan["dwelling_units"] = rng.choice(UNITS)
        loan["origination_date"] = FIRST_DAY + datetime.timedelta(days=rng.randint(0, days))
        loan["outstanding_debt"] = Decimal(rng.randint(1_000_000, MOST_DEBT * 100)) / 100
        if missing:
            loan = {name: value for name, value in loan.items() if rng.random() >= missing}
        result.append(loan)
    return result


def meets(test: Test, loan: dict[str, Value]) -> bool:
    """Whether a loan that has the fact meets the test."""
    value = loan[test.fact]
    if test.operator == "in":
        return value in test.values
    bound = test.values[0]
    if test.operator == "at_least":
        return value >= bound  # type: ignore[operator]
    return value <= bound  # type: ignore[operator]


def expected(loan: dict[str, Value]) -> str:
    """The outcome of a complete loan by a plain loop over its state's rules."""
    for rule in rules():
        if rule.state == loan["property_state"] and all(meets(t, loan) for t in rule.tests):
            return rule.outcome
    return OPEN


# ---- as a pack --------------------------------------------------------------------------------


def write_pack(folder: Path) -> None:
    """Write the pack in the rule language: pack.yaml, vocabulary.yaml and states/XX.yaml."""
    (folder / "states").mkdir(parents=True, exist_ok=True)
    (folder / "pack.yaml").write_text(_pack(), encoding="utf-8")
    (folder / "vocabulary.yaml").write_text(_vocabulary(), encoding="utf-8")
    for state, its_rules in by_state().items():
        text = "\n".join([f"jurisdiction: {state}", f"title: State {state}", "rules:"])
        text += "".join(_rule(rule) for rule in its_rules)
        (folder / "states" / f"{state.lower()}.yaml").write_text(text + "\n", encoding="utf-8")


def _pack() -> str:
    return """\
language: 1
name: synthetic
version: 1.0.0
title: Synthetic rules for measuring
jurisdiction: property_state
decisions:
  recourse:
    type: enum
    label: Can the lender collect the shortfall?
    values: {none: Not at all, capped: Up to a cap, full: In full}
    hit_policy: {priority: [none, capped, full]}
"""


def _vocabulary() -> str:
    lines = ["facts:"]
    for name, kind in FACTS.items():
        words = name.replace("_", " ")
        lines += [
            f"  {name}:",
            f"    type: {kind}",
            f"    label: The {words}",
            f"    question: What is the {words}?",
        ]
        if name in ENUMS:
            values = ", ".join(f"{value}: {value}" for value in ENUMS[name])
            lines.append(f"    values: {{{values}}}")
        if name == "dwelling_units":
            lines.append("    at_least: 1")
    return "\n".join(lines) + "\n"


def _rule(rule: SyntheticRule) -> str:
    tests = "".join(f"\n      {test.fact}: {_test_text(test)}" for test in rule.tests[1:])
    return f"""
  - id: {rule.id}
    title: Synthetic rule {rule.id}
    decides: recourse
    when:{tests}
    then: {rule.outcome}
    authority: {{kind: secondary, cite: Synthetic, confidence: low}}
    because: It was drawn at random."""


def _test_text(test: Test) -> str:
    if test.operator == "in":
        return f"[{', '.join(map(str, test.values))}]" if len(test.values) > 1 else _only(test)
    word: str = test.operator
    if FACTS[test.fact] == "date":
        word = {"at_least": "on_or_after", "at_most": "on_or_before"}[word]
    return f"{{{word}: {_only(test)}}}"


def _only(test: Test) -> str:
    return str(test.values[0])
