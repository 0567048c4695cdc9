"""Cases: loans with the outcome that an analyst expects, beside the rules they try."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.analysis.remembered import Remembered
from engine.evaluation.decide import Decider
from engine.evaluation.record import Answer, Record
from engine.evaluation.slices import places, within
from engine.model import Decision, Rule, Rulebase, Value
from engine.problems import Place
from engine.trees import formula_text
from engine.values import describe, in_order, show


@dataclass(frozen=True, slots=True)
class Expected:
    """What a case expects of one decision: a value, that it is open or undetermined; for
    undetermined perhaps exactly which values are possible (None stands for open)."""

    decision: Decision
    status: str
    value: Value | None
    possible: frozenset[Value | None] | None


@dataclass(frozen=True, slots=True)
class Case:
    """One case. ``by`` names rules that must be among those that decide what is expected."""

    name: str
    given: Mapping[str, Value]
    strict: bool
    expected: tuple[Expected, ...]
    by: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case that was run, and in what it failed."""

    case: Case
    failures: tuple[str, ...]
    record: Record | None

    @property
    def passed(self) -> bool:
        return not self.failures


def run_cases(decider: Decider, cases: Sequence[Case]) -> list[CaseResult]:
    """Decide each case with both evaluators and compare. Raises ``Disagreement``."""
    return [run_case(decider, case) for case in cases]


def digests(decider: Decider, cases: Sequence[Case], memory: Remembered) -> list[str]:
    """For each case a digest of what it gives and expects, and of the rules that can matter."""
    book = decider.rulebase
    own = set(places(book))
    rules: dict[str, dict[str, str]] = {}
    laws: dict[tuple[str, ...], str] = {}
    found = []
    for case in cases:
        place = place_of_case(book, case)
        place = place if place in own else ""
        if place not in rules:
            rules[place] = _by_decision(within(book, place) if place else book, memory)
        key = (place, *(each.decision.name for each in case.expected))
        if key not in laws:
            law = " ".join(rules[place].get(name, "") for name in decider.needed(key[1:]))
            laws[key] = _hashed(law)
        expected = [
            (e.decision.name, e.status, _canonical(e.value), _canonical(e.possible))
            for e in case.expected
        ]
        given = sorted((name, _canonical(value)) for name, value in case.given.items())
        found.append(_hashed(repr((given, case.strict, expected, case.by, laws[key]))))
    return found


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _by_decision(law: Rulebase, memory: Remembered) -> dict[str, str]:
    """The digest of the rules of each decision."""
    found: dict[str, list[Rule]] = {}
    for rule in law.rules:
        found.setdefault(rule.decides, []).append(rule)
    return {name: memory.digest(rules) for name, rules in found.items()}


def _canonical(value: object) -> str:
    """A value in words that are the same in every process."""
    return str(sorted(map(_canonical, value))) if isinstance(value, frozenset) else repr(value)


def place_of_case(rulebase: Rulebase, case: Case) -> str:
    """The jurisdiction that a case names, if it does."""
    return str(case.given.get(rulebase.jurisdiction_fact, ""))


def run_case(decider: Decider, case: Case, *, sparing: bool = False) -> CaseResult:
    """Decide one case with both evaluators and compare. ``sparing``: see ``Decider.decide``. Raises
    ``Disagreement``."""
    only = [expected.decision.name for expected in case.expected]
    record = decider.decide(
        case.given, strict=case.strict, only=only, reasons=False, sparing=sparing
    )
    return CaseResult(case, failures(case, record.answers), record)


def failures(case: Case, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    """In what some answers differ from what a case expects, in words; ``answers`` holds the
    decisions that it names."""
    found = [
        failure
        for expected in case.expected
        if (failure := _failure(expected, answers[expected.decision.name]))
    ]
    deciding = {rule.id for answer in answers.values() for rule in answer.rules}
    return (*found, *(f"`{rule}` does not decide" for rule in case.by if rule not in deciding))


def _failure(expected: Expected, answer: Answer) -> str:
    name, kind = expected.decision.name, expected.decision.type
    if answer.status != expected.status:
        return f"{name}: expected {_wanted(expected)}, found {found_words(answer)}"
    if expected.status == "decided" and answer.value != expected.value:
        return f"{name}: expected {_wanted(expected)}, found {found_words(answer)}"
    if expected.possible is not None:
        possible = {p.outcome.value for p in answer.possible}
        if possible != expected.possible:
            wanted = ", ".join(
                "open" if value is None else show(value, kind)
                for value in sorted(expected.possible, key=describe)
            )
            return f"{name}: expected undetermined between {wanted}, found {found_words(answer)}"
    return ""


def _wanted(expected: Expected) -> str:
    if expected.value is None:
        return expected.status
    return show(expected.value, expected.decision.type)


def found_words(answer: Answer) -> str:
    """An answer in a few words, with the rules that decide it."""
    kind = answer.decision.type
    if answer.value is not None:
        by = ", ".join(rule.id for rule in answer.rules) or "otherwise"
        return f"{show(answer.value, kind)} (by {by})"
    if answer.status != "undetermined":
        by = ", ".join(rule.id for rule in answer.rules)
        return f"{answer.status}{f' (by {by})' if by else ''}"
    values = [p.outcome.value for p in answer.possible if p.outcome.value is not None]
    words = [show(value, kind) for value in in_order(values)]
    words += [formula_text(p.outcome.formula) for p in answer.possible if p.outcome.formula]
    words += [p.outcome.kind for p in answer.possible if p.outcome.kind in ("open", "conflict")]
    missing = [name for p in answer.possible for name in p.outcome.missing]
    return (
        f"undetermined between {', '.join(words)}"
        if len(words) > 1
        else f"undetermined: {words[0]}, of which {', '.join(missing)} is not known"
    )
