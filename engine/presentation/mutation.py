"""How the cases stood up to mutants of the law: for people, as JSON, and for other formats."""

from __future__ import annotations

import json
from typing import Any

from engine.analysis.mutation import Mutation, Verdict
from engine.model import Rulebase
from engine.presentation.junit import Item
from engine.presentation.layout import PLAIN, Style, count
from engine.problems import Problem
from engine.values import to_json

FORM = 1
"""The version of the JSON form."""


def as_text(mutation: Mutation, style: Style = PLAIN) -> str:
    """The survivors, each with the case that would kill it, and the score."""
    lines = []
    for verdict in mutation.survivors:
        mutant = verdict.mutant
        lines.append(f"{style.heading(str(mutant.place))}: {style.name(mutant.about)}")
        lines.append(f"  no case notices: {mutant.what}")
        if verdict.loan is None:
            lines.append("  no loan was found that shows it, nor that there is none")
        else:
            lines.append("  a case that would:")
            lines += [f"    {line}".rstrip() for line in verdict.loan.text.splitlines()]
        lines.append("")
    killed, survived = mutation.count("killed"), mutation.count("survived")
    score = f"{_percent(mutation)} killed: {killed:,} of {count(killed + survived, 'mutant')}"
    lines.append(style.bad(score) if survived else style.good(score))
    if equivalent := mutation.count("equivalent"):
        lines.append(f"{equivalent:,} more change no loan's outcome and don't count")
    return "\n".join(lines) + "\n"


def _percent(mutation: Mutation) -> str:
    """The score, rounded down so that only a full score reads as 100 %."""
    tenths = int(mutation.score * 1000)
    return f"{tenths // 10}.{tenths % 10} %"


def as_problems(mutation: Mutation) -> list[Problem]:
    """A problem for each mutant that no case notices, with the answers that tell it apart."""
    return [
        Problem(
            "surviving-mutant",
            f"`{verdict.mutant.about}`: no case notices: {verdict.mutant.what}",
            verdict.mutant.place,
            _apart(verdict),
            "warning",
        )
        for verdict in mutation.survivors
    ]


def _apart(verdict: Verdict) -> str:
    loan = verdict.loan
    if loan is None:
        return "no loan was found that shows it, nor that there is none"
    return f"write a case in which `{loan.decision}` is {loan.now}, and would be {loan.then}"


def as_items(mutation: Mutation) -> list[Item]:
    """An item for each mutant, in a suite for each file of rules: passed where a case notices it,
    skipped where it changes no loan's outcome."""
    return [_item(verdict) for verdict in mutation.verdicts]


def _item(verdict: Verdict) -> Item:
    mutant = verdict.mutant
    suite, name = f"mutants of {mutant.place.file}", f"{mutant.about}: {mutant.what}"
    if verdict.fate == "killed":
        return Item(suite, name, mutant.place)
    if verdict.fate == "equivalent":
        return Item(suite, name, mutant.place, "skipped", "it changes no loan's outcome")
    details = _apart(verdict) if verdict.loan is None else verdict.loan.text
    return Item(suite, name, mutant.place, "failure", "no case notices it", details)


def as_data(mutation: Mutation, rulebase: Rulebase) -> dict[str, Any]:
    """All mutants as plain data; ``score`` is the exact fraction and ``percent`` a reading aid."""
    score = mutation.score
    return {
        "mutation": FORM,
        "pack": {"name": rulebase.name, "version": rulebase.version, "digest": rulebase.digest},
        "score": f"{score.numerator}/{score.denominator}",
        "percent": _percent(mutation).removesuffix(" %"),
        "killed": mutation.count("killed"),
        "survived": mutation.count("survived"),
        "equivalent": mutation.count("equivalent"),
        "mutants": [_mutant(verdict, rulebase) for verdict in mutation.verdicts],
    }


def as_json(mutation: Mutation, rulebase: Rulebase) -> str:
    """All mutants as a JSON object."""
    return json.dumps(as_data(mutation, rulebase), indent=2, ensure_ascii=False)


def _mutant(verdict: Verdict, rulebase: Rulebase) -> dict[str, Any]:
    mutant = verdict.mutant
    data: dict[str, Any] = {
        "about": mutant.about,
        "what": mutant.what,
        "file": mutant.place.file,
        "line": mutant.place.line,
        "column": mutant.place.column,
        "fate": verdict.fate,
    }
    if verdict.killed_by:
        data["killed_by"] = verdict.killed_by
    if verdict.loan is not None:
        loan = verdict.loan
        data["loan"] = {
            "facts": {n: to_json(v, rulebase.facts[n].type) for n, v in loan.given.items()},
            "decision": loan.decision,
            "now": loan.now,
            "mutant": loan.then,
            "yaml": loan.text,
        }
    return data
