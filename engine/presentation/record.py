"""The decision record as JSON: the form that ``schema/record.schema.json`` describes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.evaluation.changes import Change
from engine.evaluation.comparison import Comparison
from engine.evaluation.outcomes import Outcome
from engine.evaluation.record import Answer, Possibility, Record
from engine.model import Authority, Decision, Rule, Rulebase, Value
from engine.presentation.words import formula_words
from engine.values import in_order, to_json

FORM = 1
"""The version of this form."""
NOTICE = "Information about rules and what they lead to; not legal advice."

Changes = Mapping[str, Sequence[Change]]
Data = dict[str, Any]


def as_data(
    record: Record,
    engine: str,
    changes: Changes | None = None,
    loan: str = "",
    popular: Comparison | None = None,
    *,
    decided_at: str = "",
) -> Data:
    """The record as plain data, its keys in a fixed order.

    ``engine`` is the engine's version, ``changes`` the nearest changes by decision, ``loan`` how
    the user calls the loan (left out where it is empty), ``popular`` the comparison with the
    popular view (left out where they don't differ), ``decided_at`` the time in ISO form (left out
    where it is empty). Money is a string with two decimals, a date a string in ISO form, a set a
    sorted list.
    """
    rulebase = record.rulebase
    data: Data = {"record": FORM, "engine": engine}
    if decided_at:
        data["decided_at"] = decided_at
    if loan:
        data["loan"] = loan
    data["pack"] = pack_data(rulebase)
    data["strict"] = record.strict
    data["facts"] = _facts(rulebase, record.facts)
    data["presumed"] = {
        name: {"value": to_json(p.value, rulebase.facts[name].type), "because": p.because}
        for name, p in record.presumed_used.items()
    }
    data["decisions"] = {
        name: _answer(record, answer, (changes or {}).get(name, ()))
        for name, answer in record.answers.items()
    }
    if popular is not None and popular.different:
        view = popular.view
        data["popular_view"] = {
            "pack": pack_data(view.rulebase),
            "differs": {n: _answer(view, pair.view, ()) for n, pair in popular.different.items()},
        }
    data["notice"] = NOTICE
    return data


def pack_data(rulebase: Rulebase) -> Data:
    """Which pack it is, and which state of it."""
    return {"name": rulebase.name, "version": rulebase.version, "digest": rulebase.digest}


def as_json(
    record: Record,
    engine: str,
    changes: Changes | None = None,
    loan: str = "",
    popular: Comparison | None = None,
    *,
    one_line: bool = False,
    decided_at: str = "",
) -> str:
    """The record as JSON: indented, or on one line for JSON Lines."""
    data = as_data(record, engine, changes, loan, popular, decided_at=decided_at)
    return json.dumps(data, indent=None if one_line else 2, ensure_ascii=False)


def why_no_rule(record: Record, answer: Answer) -> str:
    """Why, where no rule tells: the reason of an ``otherwise``, or what stands in the way of an
    answer. Empty where rules decide or the answer is undetermined."""
    if answer.by_default:
        return answer.decision.otherwise_because
    if answer.status == "open":
        return "What decides it has no value here." if answer.rules else "No rule applies."
    if answer.status == "conflict":
        if answer.rules:
            return "Rules that decide it disagree, and none is an exception to the other."
        blocking = [
            name
            for name in answer.requires
            if name in record.answers and record.answers[name].status == "conflict"
        ]
        on = ", ".join(f"`{name}`" for name in blocking) or "a decision it requires"
        return f"It rests on {on}, where rules disagree."
    return ""


def possibilities(answer: Answer) -> list[Possibility]:
    """The outcomes still possible: values in their own order, then formulas, then none at all."""
    by_value = {p.outcome.value: p for p in answer.possible if p.outcome.value is not None}
    values = [by_value[value] for value in _ordered(answer.decision, by_value)]
    rest = [p for p in answer.possible if p.outcome.value is None]
    kinds = ("formula", "open", "conflict")
    rest.sort(key=lambda p: (kinds.index(p.outcome.kind), p.outcome.missing, _formula(p.outcome)))
    return values + rest


def _ordered(decision: Decision, values: Iterable[Value]) -> list[Value]:
    if decision.type != "enum":
        return in_order(values)
    order = list(decision.values)
    return sorted(values, key=lambda value: order.index(str(value)))


# ---- the parts --------------------------------------------------------------------------------


def _facts(rulebase: Rulebase, facts: Mapping[str, Value]) -> Data:
    return {name: to_json(value, rulebase.facts[name].type) for name, value in facts.items()}


def _answer(record: Record, answer: Answer, changes: Sequence[Change]) -> Data:
    rulebase, decision = record.rulebase, answer.decision
    data: Data = {"status": answer.status, "value": _value(answer)}
    if because := why_no_rule(record, answer):
        data["because"] = because
    if answer.status == "undetermined":
        data["possible"] = [
            {**_outcome(p.outcome, decision), "rules": [rule.id for rule in p.rules]}
            for p in possibilities(answer)
        ]
        data["ask"] = [
            {"fact": name, "question": rulebase.facts[name].question} for name in answer.ask
        ]
    data["rules"] = [_rule(rule) for rule in answer.rules]
    data["overridden"] = [
        {"id": o.rule.id, "title": o.rule.title, "by": [rule.id for rule in o.by]}
        for o in answer.overridden
    ]
    data["facts_used"] = _facts(rulebase, answer.facts_used)
    data["presumed_used"] = [name for name in answer.facts_used if name in record.presumed]
    data["requires"] = {
        name: _value(other) for name in answer.requires if (other := record.answer(name))
    }
    if changes:
        data["change"] = [
            {"facts": _facts(rulebase, change.facts), **_outcome(change.outcome, decision)}
            for change in changes
        ]
    return data


def _value(answer: Answer) -> Any:
    return None if answer.value is None else to_json(answer.value, answer.decision.type)


def _outcome(outcome: Outcome, decision: Decision) -> Data:
    if outcome.value is not None:
        return {"value": to_json(outcome.value, decision.type)}
    if outcome.kind == "formula":
        return {"formula": _formula(outcome), "missing": list(outcome.missing)}
    return {"status": outcome.kind}


def _formula(outcome: Outcome) -> str:
    return "" if outcome.formula is None else formula_words(outcome.formula)


def _rule(rule: Rule) -> Data:
    data: Data = {"id": rule.id, "title": rule.title, "because": rule.because}
    data["authority"] = authority_data(rule.authority)
    if rule.note:
        data["note"] = rule.note
    return data


def authority_data(authority: Authority) -> Data:
    """An authority as plain data."""
    checked = authority.checked
    return {
        "kind": authority.kind,
        "cite": authority.cite,
        "url": authority.url,
        "confidence": authority.confidence,
        "checked": None if checked is None else checked.isoformat(),
        "note": authority.note,
    }
