"""The proofs of a pack, jurisdiction by jurisdiction, in this process or in several.

What rules of no jurisdiction decide by themselves is proved once, for all loans. For the rest the
loans of one jurisdiction after the other are looked at, among the rules that can apply there: that
is little each time, and every loan lies in one of them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from engine.analysis.decision_faults import conflicts, has_hole, ungiven
from engine.analysis.effects import Effects
from engine.analysis.rule_faults import Check, checks_of
from engine.evaluation.compiling import Compiled
from engine.evaluation.decide import Decider
from engine.evaluation.slices import parts, places
from engine.model import ALWAYS, Condition, Decision, Rulebase

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Proved:
    """What is left to tell of a pack once its loans were looked at.

    ``rules``: for each rule the checks, by their number among its own, that no loan has cleared.
    ``ungiven``: decisions with the values that no loan was given. ``conflicts``: pairs of rules, by
    their ids, and ``holes``: decisions, that some loan was found for.
    """

    rules: Mapping[str, Sequence[int]]
    ungiven: frozenset[tuple[str, str]]
    conflicts: frozenset[tuple[str, str]]
    holes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some loans, and the decisions that are looked at among them."""

    place: str
    there: Condition
    decisions: tuple[Decision, ...]


def prove(
    decider: Decider,
    progress: Progress = lambda step: None,
    chosen: Collection[int] | None = None,
) -> Proved:
    """Look at all loans, or at those of some parts, by their number."""
    book = decider.rulebase
    checks = {rule.id: list(checks_of(rule, book)) for rule in book.rules}
    left = {name: list(range(len(own))) for name, own in checks.items()}
    without = {(d.name, value) for d in book.decisions.values() for value in d.values}
    clashing: set[tuple[str, str]] = set()
    holes: set[str] = set()
    for number, part in enumerate(_parts(book)):
        if chosen is not None and number not in chosen:
            continue
        progress(part.place or "what holds everywhere")
        compiled = _compiled(decider, part)
        for decision in part.decisions:
            effects = Effects(compiled, decision)
            clashing.update(conflicts(effects))
            if has_hole(effects):
                holes.add(decision.name)
            values = [value for name, value in without if name == decision.name]
            without -= {(decision.name, value) for value in values}
            without |= {(decision.name, value) for value in ungiven(effects, values)}
            _clear(effects, part.place, checks, left)
        compiled.forest.forget()
    return Proved(left, frozenset(without), frozenset(clashing), frozenset(holes))


def proving(rulebase: Rulebase, pool: Executor, jobs: int) -> Callable[[Progress], Proved]:
    """The proofs of a pack under way in other processes; what is returned waits for the outcome."""
    count = len(list(_parts(rulebase)))
    running = [pool.submit(_proved, rulebase, range(count)[n::jobs]) for n in range(jobs)]

    def outcome(progress: Progress) -> Proved:
        progress("the rules")
        found = [future.result() for future in running]
        rules = {
            name: sorted(set(left).intersection(*(each.rules[name] for each in found)))
            for name, left in found[0].rules.items()
        }
        return Proved(
            rules,
            frozenset.intersection(*(each.ungiven for each in found)),
            frozenset().union(*(each.conflicts for each in found)),
            frozenset().union(*(each.holes for each in found)),
        )

    return outcome


def _proved(rulebase: Rulebase, chosen: Collection[int]) -> Proved:
    gc.disable()  # diagrams hold no circles, and all of them are needed to the end
    return prove(Decider(rulebase), chosen=chosen)


def _parts(book: Rulebase) -> Iterator[_Part]:
    local: set[str] = {rule.decides for rule in book.rules if rule.jurisdiction}
    for decision in book.decisions.values():  # in requirement order
        if not local.isdisjoint(decision.requires):
            local.add(decision.name)
    decisions = book.decisions.values()
    yield _Part("", ALWAYS, tuple(d for d in decisions if d.name not in local))
    if places(book):
        for place, there in parts(book):
            yield _Part(place, there, tuple(d for d in decisions if d.name in local))


def _compiled(decider: Decider, part: _Part) -> Compiled:
    """The law of some loans, which counts for them alone."""
    fact = decider.rulebase.jurisdiction_fact
    wanted = decider.needed(decision.name for decision in part.decisions)
    if not part.place:
        return decider.compiled_for({}, wanted)
    compiled = decider.compiled_for({fact: part.place}, wanted)
    if fact not in compiled.level_of:
        return compiled  # no rule there asks for it
    here = compiled.compiler.condition(part.there)
    return replace(compiled, constraints=(*compiled.constraints, here))


def _clear(
    effects: Effects,
    place: str,
    checks: Mapping[str, Sequence[Check]],
    left: dict[str, list[int]],
) -> None:
    """Strike out the checks that the loans of a place clear."""
    for number in effects.numbers:
        rule = effects.rule(number)
        if rule.jurisdiction in ("", place):
            own = checks[rule.id]
            left[rule.id] = [n for n in left[rule.id] if own[n].fault(effects, number)]
