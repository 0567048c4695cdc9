"""Problems as SARIF 2.1.0, the static analysis format that code hosts read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from engine.problems import Problem

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def as_sarif(problems: Iterable[Problem], version: str, meanings: Mapping[str, str]) -> str:
    """One SARIF run with a result for each problem, ordered by place. ``version`` is the engine's;
    ``meanings`` says what a code means, for those that have more to say than their message."""
    ordered = sorted(problems, key=lambda problem: problem.sort_key)
    codes = sorted({problem.code for problem in ordered})
    run = {
        "tool": {
            "driver": {
                "name": "recourse",
                "semanticVersion": version,
                "rules": [_rule(code, meanings) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, codes.index(problem.code)) for problem in ordered],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False)


def _rule(code: str, meanings: Mapping[str, str]) -> dict[str, object]:
    rule: dict[str, object] = {"id": code}
    if code in meanings:
        rule["fullDescription"] = {"text": meanings[code]}
    return rule


def _result(problem: Problem, index: int) -> dict[str, object]:
    text = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
    where = problem.where
    location: dict[str, object] = {"artifactLocation": {"uri": where.file.replace("\\", "/")}}
    if where.line:
        region: dict[str, object] = {"startLine": where.line}
        if where.column:
            region["startColumn"] = where.column
        if problem.line_text:
            region["snippet"] = {"text": problem.line_text}
        location["region"] = region
    return {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": problem.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
    }
