"""Small rulebases, built without YAML: three boolean facts, one decision, some rules."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from engine.evaluation.rete import Rete, Verdict
from engine.model import (
    ALWAYS,
    Authority,
    Condition,
    Constant,
    Decision,
    Fact,
    Formula,
    OneOf,
    Rule,
    Rulebase,
    Value,
)

DAY = datetime.date


def fact(name: str, kind: Any = "boolean", *values: str) -> Fact:
    return Fact(name, kind, name, f"{name}?", dict.fromkeys(values, ""))


def decision(name: str = "d", kind: Any = "boolean", **more: Any) -> Decision:
    if isinstance(more.get("values"), str):
        more["values"] = dict.fromkeys(more["values"].split(), "")
    return Decision(name, kind, name, **more)


def rule(
    name: str,
    when: Condition = ALWAYS,
    then: Formula | Value = True,
    decides: str = "d",
    overrides: tuple[str, ...] = (),
) -> Rule:
    value = then if isinstance(then, Formula) else Constant(then)
    return Rule(name, name, decides, when, value, "", Authority("statute", "§"), overrides)


def book(facts: list[Fact], decisions: list[Decision], rules: list[Rule], **more: Any) -> Rulebase:
    return Rulebase(
        name="test",
        version="1",
        title="",
        digest="",
        root="",
        facts={one.name: one for one in facts},
        terms={one.name: one for one in more.pop("terms", ())},
        constraints=(),
        presumptions=(),
        decisions={one.name: one for one in decisions},
        rules=tuple(rules),
        **more,
    )


A, B, C = (OneOf(name, (True,)) for name in "abc")
FACTS = [fact(name) for name in "abc"]


def verdict(rules: list[Rule], facts: Mapping[str, Value], **more: Any) -> Verdict:
    facts_of = more.pop("vocabulary", FACTS)
    return Rete(book(facts_of, [decision(**more)], rules)).decide(facts)["d"]


def three(condition: Condition, facts: list[Fact], given: Mapping[str, Value]) -> bool | None:
    """Whether the condition certainly holds, certainly does not, or neither."""
    found = verdict([rule("r", condition)], given, vocabulary=facts)
    assert found.applies <= found.may_apply
    return True if found.applies else None if found.may_apply else False
