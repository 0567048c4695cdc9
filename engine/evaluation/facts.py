"""From plain data to the facts of one loan: typed, free of contradiction, with presumptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.evaluation.conditions import holds
from engine.model import Constraint, Presumption, Rulebase, Value
from engine.problems import NOWHERE, InputError, Place, Problem, likely
from engine.trees import names_of
from engine.values import ValueFault, read_fact

Locate = Callable[[str, bool], tuple[Place, str]]
"""The place of a fact's value (or, with True, of its name) and the text of that line."""


def _nowhere(name: str, key: bool) -> tuple[Place, str]:
    return NOWHERE, ""


def read_facts(
    rulebase: Rulebase, data: Mapping[str, object], locate: Locate = _nowhere
) -> dict[str, Value]:
    """Typed facts from plain data; a null value is a fact that is not given.

    Raises ``InputError`` with every problem: unknown facts, values that don't fit, and facts that
    contradict one another (the constraint is named).
    """
    problems: list[Problem] = []
    facts: dict[str, Value] = {}
    for name, value in data.items():
        fact = rulebase.facts.get(name)
        if fact is None:
            where, line = locate(name, True)
            problems.append(_unknown(rulebase, str(name), where, line))
        elif value is not None:
            try:
                facts[name] = read_fact(fact, value)
            except ValueFault as fault:
                where, line = locate(name, False)
                problems.append(
                    Problem(fault.code, fault.message, where, fault.hint, line_text=line)
                )
    problems.extend(contradictions(rulebase, facts, locate))
    if problems:
        raise InputError(problems)
    return facts


def _unknown(rulebase: Rulebase, name: str, where: Place, line: str) -> Problem:
    if name in rulebase.decisions:
        return Problem(
            "unknown-fact",
            f"`{name}` is a decision: the engine answers it",
            where,
            "leave it out of the facts",
            line_text=line,
        )
    if name in rulebase.terms:
        return Problem(
            "unknown-fact",
            f"`{name}` is a term: it follows from other facts",
            where,
            "leave it out of the facts",
            line_text=line,
        )
    hint = likely(name, rulebase.facts) or "`recourse facts` lists them"
    if name.isdigit():  # a comma in `{price: 150,000}` has made a name of it
        hint = "write 150,000 as 150000 or 150_000, or in quotes"
    return Problem("unknown-fact", f"no fact is called `{name}`", where, hint, line_text=line)


def contradictions(
    rulebase: Rulebase, facts: Mapping[str, Value], locate: Locate = _nowhere
) -> list[Problem]:
    """A problem for each constraint that these facts certainly break."""
    found = []
    for constraint in rulebase.constraints:
        if holds(constraint.when, facts, rulebase) is False:
            names = names_of(constraint.when, lambda term: rulebase.terms[term].when)
            involved = [name for name in dict.fromkeys(names) if name in facts]
            where, line = locate(involved[-1], False) if involved else (NOWHERE, "")
            found.append(
                Problem(
                    "contradictory-facts",
                    f"{_together(involved)} can't go together: {constraint.because}",
                    where,
                    f"constraint `{constraint.name}`",
                    line_text=line,
                )
            )
    return found


def _together(names: list[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def constraints_by_fact(rulebase: Rulebase) -> dict[str, tuple[Constraint, ...]]:
    """For each fact the constraints that speak of it."""
    found: dict[str, tuple[Constraint, ...]] = {}
    for constraint in rulebase.constraints:
        names = names_of(constraint.when, lambda term: rulebase.terms[term].when)
        for name in dict.fromkeys(names):
            found[name] = (*found.get(name, ()), constraint)
    return found


def presume(
    rulebase: Rulebase,
    given: Mapping[str, Value],
    constraints: Mapping[str, tuple[Constraint, ...]] | None = None,
) -> dict[str, Presumption]:
    """What the law presumes beside the given facts: in the order of the pack, each presumption
    whose fact is not known yet and whose condition certainly holds; none that would break a
    constraint. ``constraints`` are those of each fact, where they are at hand."""
    by_fact = constraints_by_fact(rulebase) if constraints is None else constraints
    known = dict(given)
    presumed: dict[str, Presumption] = {}
    for presumption in rulebase.presumptions:
        name = presumption.fact
        if name in known or holds(presumption.when, known, rulebase) is not True:
            continue
        known[name] = presumption.value
        if any(holds(c.when, known, rulebase) is False for c in by_fact.get(name, ())):
            del known[name]
        else:
            presumed[name] = presumption
    return presumed
