"""The decision record as JSON: the form that ``schema/record.schema.json`` describes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.evaluation.changes import Change
from engine.evaluation.comparison import Comparison
from engine.evaluation.outcomes import Outcome
from engine.evaluation.record import Answer, Overridden, Possibility, Record
from engine.memory import Made
from engine.model import Authority, Decision, Presumption, Rule, Rulebase, Value
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
    sorted list. Parts may be shared with other records: they are to be read, not changed.
    """
    rulebase = record.rulebase
    data: Data = {"record": FORM, "engine": engine}
    if decided_at:
        data["decided_at"] = decided_at
    if loan:
        data["loan"] = loan
    data["pack"] = pack_data(rulebase)
    data["strict"] = record.strict
    parts = _Parts(record)
    data["facts"] = parts.given
    data["presumed"] = parts.presumed
    data["decisions"] = {
        name: _answer(parts, answer, changes.get(name, ()) if changes else ())
        for name, answer in record.answers.items()
    }
    if popular is not None and popular.different:
        theirs = _Parts(popular.view)
        data["popular_view"] = {
            "pack": pack_data(popular.view.rulebase),
            "differs": {n: _answer(theirs, pair.view, ()) for n, pair in popular.different.items()},
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
    if answer.status == "decided":
        return "" if answer.rules else answer.decision.otherwise_because
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
    return [possibility for possibility, _ in _possible(answer)]


def _possible(answer: Answer) -> list[tuple[Possibility, Data]]:
    """The outcomes still possible in that order, each as plain data too."""
    decision = answer.decision
    by_value = {p.outcome.value: p for p in answer.possible if p.outcome.value is not None}
    values = [by_value[value] for value in _ordered(decision, by_value)]
    found = [(p, _outcome(p.outcome, decision)) for p in values]
    rest = [(p, _outcome(p.outcome, decision)) for p in answer.possible if p.outcome.value is None]
    rest.sort(
        key=lambda pair: (
            _KINDS.index(pair[0].outcome.kind),
            pair[0].outcome.missing,
            pair[1].get("formula", ""),
        )
    )
    return found + rest


_KINDS = ("formula", "open", "conflict")


def _ordered(decision: Decision, values: Iterable[Value]) -> list[Value]:
    if decision.type != "enum":
        return in_order(values)
    order = list(decision.values)
    return sorted(values, key=lambda value: order.index(str(value)))


# ---- the parts --------------------------------------------------------------------------------


def _facts(rulebase: Rulebase, facts: Mapping[str, Value]) -> Data:
    return {name: to_json(value, rulebase.facts[name].type) for name, value in facts.items()}


class _Parts:
    """What the answers of a record repeat, as plain data: the facts and the decided values."""

    __slots__ = ("facts", "given", "presumed", "record", "values")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.given = _facts(record.rulebase, record.facts)
        facts = record.rulebase.facts

        def data(presumption: Presumption) -> Data:
            value = to_json(presumption.value, facts[presumption.fact].type)
            return {"value": value, "because": presumption.because}

        self.presumed: Data = {
            name: _presumptions.of(each, data) for name, each in record.presumed_used.items()
        }
        self.facts = self.given | {name: each["value"] for name, each in self.presumed.items()}
        self.values = {name: _value(answer) for name, answer in record.parameters.items()}
        self.values |= {name: _value(answer) for name, answer in record.answers.items()}


MANY_PRESUMPTIONS = 2_000
"""Of so many presumptions it is remembered at least how they are written."""
_presumptions = Made[Presumption, Data](MANY_PRESUMPTIONS)


def _answer(parts: _Parts, answer: Answer, changes: Sequence[Change]) -> Data:
    record, decision, used = parts.record, answer.decision, answer.facts_used
    facts, presumed, values = parts.facts, parts.presumed, parts.values
    data: Data = {"status": answer.status, "value": values[decision.name]}
    if answer.confidence is not None:
        data["confidence"] = answer.confidence
    if because := why_no_rule(record, answer):
        data["because"] = because
    if answer.status == "undetermined":
        data["possible"] = [
            outcome | {"rules": [rule.id for rule in p.rules]} for p, outcome in _possible(answer)
        ]
        data["ask"] = [
            {"fact": name, "question": record.rulebase.facts[name].question} for name in answer.ask
        ]
    # What is empty in most answers is not even begun: a record has a hundred of them.
    data["rules"] = list(map(_rule, answer.rules)) if answer.rules else []
    data["overridden"] = list(map(_overridden, answer.overridden)) if answer.overridden else []
    data["facts_used"] = {name: facts[name] for name in used}
    data["presumed_used"] = list(filter(presumed.__contains__, used))
    required = answer.requires
    data["requires"] = {n: values[n] for n in required if n in values} if required else {}
    if changes:
        data["change"] = [
            {"facts": _facts(record.rulebase, change.facts), **_outcome(change.outcome, decision)}
            for change in changes
        ]
    return data


def _overridden(overridden: Overridden) -> Data:
    rule = overridden.rule
    return {"id": rule.id, "title": rule.title, "by": [each.id for each in overridden.by]}


def _value(answer: Answer) -> Any:
    return None if answer.value is None else to_json(answer.value, answer.decision.type)


def _outcome(outcome: Outcome, decision: Decision) -> Data:
    if outcome.value is not None:
        return {"value": to_json(outcome.value, decision.type)}
    if outcome.formula is not None:
        return {"formula": formula_words(outcome.formula), "missing": list(outcome.missing)}
    return {"status": outcome.kind}


MANY_RULES = 5_000
"""Of so many rules it is remembered at least how they are written."""
_rules = Made[Rule, Data](MANY_RULES)


def _rule(rule: Rule) -> Data:
    """A rule as plain data, which is made but once."""
    return _rules.of(rule, _rule_data)


def _rule_data(rule: Rule) -> Data:
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
