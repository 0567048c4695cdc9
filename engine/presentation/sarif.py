"""Problems as SARIF 2.1.0, the static analysis format that code hosts read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from urllib.parse import quote

from engine.analysis.findings import KINDS
from engine.problems import Place, Problem

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_MEANINGS = {kind.code: f"{kind.meaning} {kind.mend}" for kind in KINDS.values()} | {
    "failing-case": "The rules don't decide a loan as its case expects. Mend the rule or the case.",
    "surviving-mutant": "A rule can be changed so that it means something else, and no case fails. "
    "Write a case that tells the two apart.",
    "undecided-rule": "In no case does this rule decide. Write one.",
    "untried-test": "No case hangs on this test alone. Write one.",
    "unreached-region": "These rules together give an outcome, and no case has it. Write one.",
    "outcome-change": "The change of the rules gives some loans another outcome.",
    "accepted-loans": "The change of the rules refuses loans that were accepted, or takes others.",
}


def as_sarif(
    problems: Iterable[Problem],
    version: str,
    related: Mapping[Problem, Sequence[Place]] | None = None,
) -> str:
    """One SARIF run with a result for each problem, ordered by place. ``version`` is the engine's;
    ``related`` names further places of a problem."""
    ordered = sorted(problems, key=lambda problem: problem.sort_key)
    codes = sorted({problem.code for problem in ordered})
    run = {
        "tool": {
            "driver": {
                "name": "recourse",
                "semanticVersion": version,
                "rules": [_rule(code) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(problem, codes.index(problem.code), (related or {}).get(problem, ()))
            for problem in ordered
        ],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, object]:
    rule: dict[str, object] = {"id": code}
    if code in _MEANINGS:
        rule["fullDescription"] = {"text": _MEANINGS[code]}
    return rule


def _result(problem: Problem, index: int, related: Sequence[Place]) -> dict[str, object]:
    text = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
    result: dict[str, object] = {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": problem.severity,
        "message": {"text": text},
        "locations": [_location(problem.where, problem.line_text)],
    }
    if related:
        result["relatedLocations"] = [_location(place) for place in related]
    return result


def _location(where: Place, line_text: str = "") -> dict[str, object]:
    location: dict[str, object] = {"artifactLocation": {"uri": _uri(where.file)}}
    if where.line:
        region: dict[str, object] = {"startLine": where.line}
        if where.column:
            region["startColumn"] = where.column
        if line_text:
            region["snippet"] = {"text": line_text}
        location["region"] = region
    return {"physicalLocation": location}


def _uri(file: str) -> str:
    path = PurePath(file)
    if path.is_absolute():
        return path.as_uri()
    return quote(path.as_posix(), errors="replace")
