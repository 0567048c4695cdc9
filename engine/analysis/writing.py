"""Tests, loans and cases as an analyst writes them: in the YAML of the rule language."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from engine.analysis.replacing import Test
from engine.model import Bound, Compare, OneOf, Rulebase, Value

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_NO_TEXT = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_DATES: Mapping[Bound, str] = {
    "less_than": "before",
    "at_most": "on_or_before",
    "more_than": "after",
    "at_least": "on_or_after",
}


def scalar(value: Value) -> str:
    """A value in YAML; a set as a list.

    >>> scalar(Decimal("150000.00")), scalar("WA"), scalar("NO"), scalar(True)
    ('150000', 'WA', '"NO"', 'true')
    """
    if isinstance(value, frozenset):
        return f"[{', '.join(map(scalar, sorted(value)))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        plain = _WORD.fullmatch(value) and value.lower() not in _NO_TEXT
        return value if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, Decimal):
        return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def written(test: Test, rulebase: Rulebase) -> str:
    """A test as it is written, on one line."""
    if isinstance(test, OneOf):
        values = [scalar(value) for value in test.values]
        text = values[0] if len(values) == 1 else f"[{', '.join(values)}]"
        return f"{test.name}: {{not: {text}}}" if test.negated else f"{test.name}: {text}"
    if isinstance(test, Compare):
        thing = rulebase.facts.get(test.name) or rulebase.decisions[test.name]
        bound = _DATES[test.bound] if thing.type == "date" else test.bound
        limit = test.limit_name if test.limit is None else scalar(test.limit)
        return f"{test.name}: {{{bound}: {limit}}}"
    return f"{test.term}: true"


def case_text(
    name: str, given: Mapping[str, Value], remarks: Iterable[str], decisions: Iterable[str]
) -> str:
    """A case whose outcomes are left for a person to write: ``expect`` holds the names of the
    decisions as comments alone, so that the file is refused until they are filled in."""
    lines = [f"- case: {_title(name)}", "  given:" if given else "  given: {}"]
    lines += [f"    {fact}: {scalar(value)}" for fact, value in given.items()]
    lines += [f"  # {remark}" for remark in remarks]
    lines += ["  expect:", *(f"    # {decision}:" for decision in decisions)]
    return "\n".join(lines) + "\n"


def _title(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
