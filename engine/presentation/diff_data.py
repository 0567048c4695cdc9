"""What a change of the rules does, as JSON: the form of ``schema/diff.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.analysis.definitions import DefinitionChange
from engine.analysis.diff import AcceptanceChange, ChangedRegion, Difference, OutcomeChange
from engine.analysis.tally import Standing, Tally
from engine.evaluation.outcomes import Outcome
from engine.model import Decision, Rulebase, Value
from engine.presentation.regions import region_data, region_words
from engine.presentation.words import formula_words
from engine.values import to_json

FORM = 1
"""The version of this form."""

Data = dict[str, Any]


def as_json(difference: Difference, tally: Tally | None = None) -> str:
    """The difference as indented JSON, its keys in a fixed order."""
    return json.dumps(as_data(difference, tally), indent=2, ensure_ascii=False)


def as_data(difference: Difference, tally: Tally | None = None) -> Data:
    """The difference as plain data; shares are exact fractions as text with a decimal beside."""
    data: Data = {
        "diff": FORM,
        "base": _pack(difference.base),
        "head": _pack(difference.head),
        "decides_alike": difference.decides_alike,
        "outcomes": [_outcome_change(difference, change) for change in difference.outcomes],
        "acceptance": [_acceptance(difference, change) for change in difference.acceptance],
        "definitions": [_definition(change) for change in difference.definitions],
    }
    if tally is not None:
        data["loans"] = _tally(difference.head, tally)
    return data


def _pack(rulebase: Rulebase) -> Data:
    return {"name": rulebase.name, "version": rulebase.version, "digest": rulebase.digest}


def _outcome_change(difference: Difference, change: OutcomeChange) -> Data:
    decision = difference.head.decisions[change.decision]
    return {
        "decision": change.decision,
        "old": _outcome(decision, change.old),
        "new": _outcome(decision, change.new),
        "share": float(change.share),
        "complete": change.complete,
        "regions": [_region(difference, region, decision) for region in change.regions],
    }


def _outcome(decision: Decision, outcome: Outcome) -> Data:
    if outcome.formula is not None:
        return {"formula": formula_words(outcome.formula)}
    if outcome.value is not None:
        return {"value": to_json(outcome.value, decision.type)}
    return {"status": outcome.kind}


def _region(difference: Difference, region: ChangedRegion, decision: Decision | None) -> Data:
    data: Data = {
        "words": region_words(difference.joint, region.cube),
        "tests": region_data(difference.joint, region.cube),
        "share": float(region.share),
    }
    if decision is not None:
        data["rules_before"] = list(region.rules_before)
        data["rules_after"] = list(region.rules_after)
    if region.loan is None:
        return {**data, "loan": None}
    base = _facts(difference.base, region.loan.base)
    head = _facts(difference.head, region.loan.head)
    data["loan"] = {"base": base, "head": head}
    if decision is not None:
        for key, value in (("before", region.value_before), ("after", region.value_after)):
            data["loan"][key] = None if value is None else to_json(value, decision.type)
    return data


def _facts(rulebase: Rulebase, loan: Mapping[str, Value]) -> Data:
    return {name: to_json(value, rulebase.facts[name].type) for name, value in loan.items()}


def _acceptance(difference: Difference, change: AcceptanceChange) -> Data:
    return {
        "kind": change.kind,
        "constraint": change.constraint,
        "because": change.because,
        "share": float(change.share),
        "complete": change.complete,
        "regions": [_region(difference, region, None) for region in change.regions],
    }


def _definition(change: DefinitionChange) -> Data:
    data: Data = {"what": change.what, "how": change.how, "name": change.name}
    if change.old_name:
        data["old_name"] = change.old_name
    data["fields"] = [field.name for field in change.fields]
    data["place"] = {"file": change.where.file, "line": change.where.line}
    return data


def _tally(rulebase: Rulebase, tally: Tally) -> Data:
    moves = []
    for (name, old, new), move in tally.moves.items():
        row: Data = {
            "decision": name or None,
            "old": _standing(rulebase, name, old),
            "new": _standing(rulebase, name, new),
            "loans": move.loans,
            "first": move.first,
            "change": _money(move.change),
        }
        if tally.money_fact:
            row["money"] = _money(move.money)
        moves.append(row)
    data: Data = {"decided": tally.loans, "moved": tally.moved, "set_aside": tally.aside}
    if tally.money_fact:
        data |= {"money_fact": tally.money_fact, "money": _money(tally.money)}
    return {**data, "moves": moves}


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _standing(rulebase: Rulebase, name: str, standing: Standing) -> Data:
    data: Data = {"status": standing.status}
    if standing.value is not None:
        data["value"] = to_json(standing.value, rulebase.decisions[name].type)
    return data
