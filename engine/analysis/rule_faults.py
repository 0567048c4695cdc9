"""Proofs about single rules: that they apply, decide and are needed, and that each of their tests
matters to some loan."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

from engine.analysis.effects import Effects
from engine.analysis.findings import Finding, located
from engine.analysis.regions import is_empty
from engine.evaluation.compiling import Compiled
from engine.evaluation.decide import Decider
from engine.evaluation.slices import parts
from engine.model import Compare, Condition, OneOf, Rule, Rulebase, TermHolds
from engine.problems import Place
from engine.trees import weakened

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that may be wrong with a rule. ``fault`` tells whether it is wrong among some of
    the loans; it is wrong where it is so among all."""

    code: str
    message: str
    place: Place
    about: tuple[str, ...]
    fault: Callable[[Effects, int], bool]


Left = Mapping[str, Sequence[int]]
"""For each rule the checks, by their number among its own, that no loan has cleared so far."""


def rule_faults(decider: Decider, left: Left) -> Iterator[Finding]:
    """What is wrong with single rules: ``left`` is what ``uncleared`` found over all loans."""
    for rule in decider.rulebase.rules:
        checks = list(_checks(rule, decider.rulebase))
        yield from _told(decider.compiled, rule, [checks[n] for n in left[rule.id]])


def uncleared(
    decider: Decider,
    chosen: Collection[str] | None = None,
    progress: Progress = lambda step: None,
) -> Left:
    """What the loans of some jurisdictions (of all, unless they are ``chosen``) leave of the checks
    of rules. The loans of one jurisdiction after the other are looked at, among the rules that can
    apply there, until a rule is cleared."""
    book = decider.rulebase
    checks = {rule.id: list(_checks(rule, book)) for rule in book.rules}
    left = {name: list(range(len(own))) for name, own in checks.items()}
    for place, there in parts(book):
        if chosen is not None and place not in chosen:
            continue
        progress(place or "all rules")
        part = _part(decider, place, there)
        for decision in part.rulebase.decisions.values():
            effects = Effects(part, decision)
            for number in effects.numbers:
                rule = effects.rule(number)
                if rule.jurisdiction in ("", place) or not place:
                    own = checks[rule.id]
                    left[rule.id] = [n for n in left[rule.id] if own[n].fault(effects, number)]
        part.forest.forget()
    return left


def proving(rulebase: Rulebase, pool: Executor, jobs: int) -> Callable[[Progress], Left]:
    """The checks of a pack's rules under way in other processes; what is returned waits for the
    outcome."""
    names = [place for place, _ in parts(rulebase)]
    running = [pool.submit(_uncleared, rulebase, names[n::jobs]) for n in range(jobs)]

    def outcome(progress: Progress) -> Left:
        progress("single rules")
        found = [future.result() for future in running]
        return {
            rule.id: sorted(set(found[0][rule.id]).intersection(*(f[rule.id] for f in found)))
            for rule in rulebase.rules
        }

    return outcome


def _uncleared(rulebase: Rulebase, chosen: Collection[str]) -> Left:
    gc.disable()  # diagrams hold no circles, and all of them are needed to the end
    return uncleared(Decider(rulebase), chosen)


def _part(decider: Decider, place: str, there: Condition) -> Compiled:
    """The law of some loans, which counts for them alone."""
    fact = decider.rulebase.jurisdiction_fact
    compiled = decider.compiled_for({fact: place})
    if fact not in compiled.level_of:
        return compiled  # no rule there asks for it
    here = compiled.compiler.condition(there)
    return replace(compiled, constraints=(*compiled.constraints, here))


def _checks(rule: Rule, rulebase: Rulebase) -> Iterator[Check]:
    yield Check(
        "never-applies",
        f"no loan meets the condition of `{rule.id}`",
        rule.place,
        (rule.id,),
        lambda effects, number: is_empty(effects.compiled, effects.applies(number)),
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
        if test.place.line == 0 or _of_jurisdiction(test, rulebase):
            continue  # what the file says of all its rules, and effective dates, are not its tests
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
    return is_empty(effects.compiled, together)


def _never_decides(effects: Effects, number: int) -> bool:
    """Whether a rule never decides, or under ``priority`` its value is never the outcome."""
    decides = effects.decides(number)
    if effects.decision.policy.kind == "priority":
        own = effects.meaning(frozenset({number}))
        decides = effects.compiled.forest.both(decides, effects.means(own))
    return is_empty(effects.compiled, decides)


def _never_missed(effects: Effects, number: int) -> bool:
    compiled, nowhere = effects.compiled, effects.compiled.forest.false
    return is_empty(compiled, effects.surely_missed(number)) and is_empty(
        compiled, effects.changed(number, region=nowhere)
    )


def _never_matters(without: Condition, effects: Effects, number: int) -> bool:
    """Whether a rule whose condition is weakened so leaves every outcome as it is."""
    compiled = effects.compiled
    region = compiled.compiler.condition(without)
    return is_empty(compiled, effects.surely_changed(number, region)) and is_empty(
        compiled, effects.changed(number, region=region)
    )


def _told(compiled: Compiled, rule: Rule, faults: Sequence[Check]) -> Iterator[Finding]:
    """The findings that are worth telling: of a rule that never applies, decides or matters, not
    its tests as well."""
    codes = {check.code for check in faults}
    for check in faults:
        if check.code == "never-decides" and "never-applies" not in codes:
            effects = Effects(compiled, compiled.rulebase.decisions[rule.decides])
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


def _of_jurisdiction(test: OneOf | Compare | TermHolds, rulebase: Rulebase) -> bool:
    return isinstance(test, OneOf) and test.name == rulebase.jurisdiction_fact
