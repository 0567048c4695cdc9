"""Proofs about single rules: that they apply, decide and are needed, and that each of their tests
matters to some loan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from engine.analysis.effects import Effects
from engine.analysis.findings import Finding, located
from engine.evaluation.compiling import Compiled
from engine.model import Compare, Condition, OneOf, Rule, Rulebase, TermHolds
from engine.problems import Place
from engine.trees import names_of, weakened


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that may be wrong with a rule. ``fault`` tells whether it is wrong among some of
    the loans; it is wrong where it is so among all."""

    code: str
    message: str
    place: Place
    about: tuple[str, ...]
    fault: Callable[[Effects, int], bool]


def rule_findings(
    rulebase: Rulebase, left: Mapping[str, Sequence[int]], compiled: Callable[[str], Compiled]
) -> Iterator[Finding]:
    """What is wrong with single rules: ``left`` are the checks of each, by their number, that no
    loan has cleared. ``compiled`` gives the diagrams of a decision for all loans."""
    for rule in rulebase.rules:
        if faults := left[rule.id]:
            checks = list(checks_of(rule, rulebase))
            yield from _told(rulebase, rule, [checks[n] for n in faults], compiled)


def checks_of(rule: Rule, rulebase: Rulebase) -> Iterator[Check]:
    """Everything that may be wrong with a rule."""
    yield Check(
        "never-applies",
        f"no loan meets the condition of `{rule.id}`",
        rule.place,
        (rule.id,),
        lambda effects, number: effects.is_empty(effects.applies(number)),
    )
    for target in rule.exception_to:
        yield Check(
            "idle-exception",
            f"`{rule.id}` is an exception to `{target}`, but the two never apply together",
            rule.place,
            (rule.id, target),
            partial(_never_together, target),
        )
    yield Check("never-decides", "", rule.place, (rule.id,), _never_decides)
    yield Check(
        "redundant",
        f"without `{rule.id}` every loan has the same outcome",
        rule.place,
        (rule.id,),
        _never_missed,
    )
    for test, without in weakened(rule.when):
        if test.place.line == 0 or _of_whom(test, rulebase):
            continue  # effective dates are not its tests, nor what law it is of
        name = test.term if isinstance(test, TermHolds) else test.name
        yield Check(
            "idle-test",
            f"the test of `{name}` in `{rule.id}` never matters",
            test.place,
            (rule.id, name),
            partial(_never_matters, without),
        )


def _never_together(target: str, effects: Effects, number: int) -> bool:
    other = effects.number_of.get(target)
    if other is None:
        return True  # the other rule is another jurisdiction's
    together = effects.compiled.forest.both(effects.applies(number), effects.applies(other))
    return effects.is_empty(together)


def _never_decides(effects: Effects, number: int) -> bool:
    """Whether a rule never decides, or under ``priority`` its value is never the outcome."""
    decides = effects.decides(number)
    if effects.decision.policy.kind == "priority":
        own = effects.meaning(frozenset({number}))
        decides = effects.compiled.forest.both(decides, effects.means(own))
    return effects.is_empty(decides)


def _never_missed(effects: Effects, number: int) -> bool:
    nowhere = effects.compiled.forest.false
    return effects.is_empty(effects.surely_missed(number)) and effects.is_empty(
        effects.changed(number, region=nowhere)
    )


def _never_matters(without: Condition, effects: Effects, number: int) -> bool:
    """Whether a rule whose condition is weakened so leaves every outcome as it is, and would be
    the reason of none more."""
    region = effects.compiled.compiler.condition(without)
    return effects.is_empty(effects.newly_named(number, region)) and effects.is_empty(
        effects.changed(number, region=region)
    )


def _told(
    rulebase: Rulebase, rule: Rule, faults: Sequence[Check], compiled: Callable[[str], Compiled]
) -> Iterator[Finding]:
    """The findings that are worth telling: of a rule that never applies, decides or matters, not
    its tests as well."""
    codes = {check.code for check in faults}
    for check in faults:
        if check.code == "never-decides" and "never-applies" not in codes:
            effects = Effects(compiled(rule.decides), rulebase.decisions[rule.decides])
            yield _overridden(effects, effects.number_of[rule.id])
        elif codes.isdisjoint(_GRAVER[check.code]):
            yield Finding(check.code, check.message, check.place, check.about, rule.decides)


_GRAVER: Mapping[str, frozenset[str]] = {
    "never-applies": frozenset(),
    "idle-exception": frozenset({"never-applies"}),
    "never-decides": frozenset({"never-applies"}),
    "redundant": frozenset({"never-applies", "never-decides"}),
    "idle-test": frozenset({"never-applies", "never-decides", "redundant"}),
}
"""For each finding about a rule those beside which it is not told."""


def _overridden(effects: Effects, number: int) -> Finding:
    rule = effects.rule(number)
    blame = ", ".join(f"`{effects.rule(n).id}`" for n in effects.overriders.get(rule.id, ()))
    why = f"it is overridden by {blame}" if blame else "a stronger value prevails"
    return located(
        effects.compiled,
        "never-decides",
        f"`{rule.id}` never decides: wherever it applies {why}",
        rule.place,
        (rule.id,),
        rule.decides,
        effects.applies(number),
    )


def _of_whom(test: OneOf | Compare | TermHolds, rulebase: Rulebase) -> bool:
    """Whether a test says of which jurisdiction, or of which kind of loan, the rule speaks at all:
    that is worth saying where other law comes to the same."""
    if isinstance(test, TermHolds):
        asked = set(names_of(rulebase.terms[test.term].when, lambda t: rulebase.terms[t].when))
        return asked == {rulebase.section_fact}
    return test.name in (rulebase.jurisdiction_fact, rulebase.section_fact)
