"""What a change of the rules does, for a terminal: outcomes first, then loans, then the text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from engine.analysis.definitions import DefinitionChange
from engine.analysis.diff import (
    AcceptanceChange,
    ChangedRegion,
    Difference,
    OutcomeChange,
)
from engine.analysis.regions import Cube
from engine.analysis.tally import Move, Standing, Tally
from engine.evaluation.outcomes import Outcome
from engine.evaluation.variables import FactVariable
from engine.model import Decision, Rulebase, Value
from engine.presentation.layout import PLAIN, Style, count, listed, printable, spoken, wrapped
from engine.presentation.regions import region_words, steps_but
from engine.presentation.words import formula_words, setting
from engine.trees import names_in
from engine.values import show

MAX_SHOWN = 4
"""So many changes of a decision, and regions of a change, are shown; the rest is counted."""
ARROW = "->"
NOTHING_CHANGES = "No decision changes: proven for every loan, not sampled."


def as_text(difference: Difference, tally: Tally | None = None, style: Style = PLAIN) -> str:
    """The page of a difference, 80 columns wide; with ``tally`` what it does to some loans."""
    sections = [
        [style.heading(heading(difference))],
        list(_outcomes(difference, style)),
        list(_acceptance(difference, style)),
        [] if tally is None else list(_tally(difference.head, tally, style)),
        list(_definitions(difference.definitions, style)),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


# ---- words that every form uses ---------------------------------------------------------------


def heading(difference: Difference) -> str:
    """Both packs with their versions and digests."""
    return f"{_pack(difference.base)} {ARROW} {_pack(difference.head)}"


def _pack(rulebase: Rulebase) -> str:
    return f"{rulebase.name} {rulebase.version} ({rulebase.digest[:8]})"


def percent(part: Fraction) -> str:
    """A share as a person says it.

    >>> percent(Fraction(1, 8)), percent(Fraction(1, 3000)), percent(Fraction(1))
    ('12 %', 'under 0.1 %', '100 %')
    """
    number = part * 100
    if number == 0 or number >= 10:
        return f"{int(number)} %"
    return "under 0.1 %" if number < Fraction(1, 10) else f"{float(number):.1f} %"


def outcome_words(decision: Decision, outcome: Outcome) -> str:
    """An outcome in the rule language's own words: a value, a formula, open, in conflict."""
    if outcome.formula is not None:
        return formula_words(outcome.formula)
    if outcome.value is not None:
        return show(outcome.value, decision.type)
    return "in conflict" if outcome.kind == "conflict" else "open"


def rules_words(rules: Sequence[str], outcome: Outcome) -> str:
    """The rules that give an outcome, or what does where no rule does."""
    if rules:
        return ", ".join(rules)
    return {"open": "no rule", "conflict": "what it rests on"}.get(outcome.kind, "otherwise")


def place_words(difference: Difference, cube: Cube, change: OutcomeChange | None) -> str:
    """A region in words. That the two amounts of a change differ there goes without saying."""
    if change is not None and change.old.formula and change.new.formula:
        shorter = steps_but(difference.joint, cube, change.old.formula, change.new.formula)
        words = region_words(difference.joint, shorter)
        return f"{words}, where the amounts differ" if shorter != cube else words
    return region_words(difference.joint, cube)


def example(
    difference: Difference, region: ChangedRegion, change: OutcomeChange | None
) -> dict[str, Value]:
    """The facts of a region's loan that it is about, by the names of the side that has them."""
    if region.loan is None:
        return {}
    names: dict[str, None] = {}
    for level, _ in region.cube:
        variable = difference.joint.variables[level]
        own = (variable.name,) if isinstance(variable, FactVariable) else sorted(variable.facts)
        names.update(dict.fromkeys(own))
    for outcome in () if change is None else (change.old, change.new):
        if outcome.formula is not None:
            names.update(dict.fromkeys(names_in(outcome.formula)))
    loan = {**region.loan.base, **region.loan.head}
    plain = dict.fromkeys(name.partition(":")[2] or name for name in names)
    return {name: loan[name] for name in plain if name in loan}


def settings_words(difference: Difference, facts: Mapping[str, Value]) -> str:
    """Facts with their values, as they are set on a command line."""
    known = {**difference.base.facts, **difference.head.facts}
    return ", ".join(setting(known[name], value) for name, value in facts.items())


def standing_words(rulebase: Rulebase, decision: str, standing: Standing) -> str:
    """How a decision stands, in a word or two."""
    if standing.status != "decided":
        return standing.status
    kind = rulebase.decisions[decision].type
    if standing.value is not None:
        return show(standing.value, kind)
    return "a day" if kind == "date" else "an amount"


def values_words(difference: Difference, region: ChangedRegion, change: OutcomeChange) -> str:
    """The two amounts or days for a region's loan."""
    kind = difference.head.decisions[change.decision].type
    words = [
        "no value" if value is None else show(value, kind)
        for value in (region.value_before, region.value_after)
    ]
    return f" {ARROW} ".join(words)


def definition_words(change: DefinitionChange) -> str:
    """One changed definition: its name, and what of it differs.

    >>> from engine.problems import NOWHERE
    >>> definition_words(DefinitionChange("rule", "renamed", "wa.new", NOWHERE, "wa.old"))
    'wa.old -> wa.new'
    """
    name = f"{change.old_name} {ARROW} {change.name}" if change.old_name else change.name
    fields = ", ".join(field.name for field in change.fields)
    return f"{name} ({fields})" if fields else name


# ---- the page ---------------------------------------------------------------------------------


def _outcomes(difference: Difference, style: Style) -> Iterator[str]:
    if not difference.outcomes:
        yield style.good(NOTHING_CHANGES)
        return
    for number, (name, changes) in enumerate(difference.decisions.items()):
        if number:
            yield ""
        yield from changed_lines(difference, name, changes, style)


def changed_lines(
    difference: Difference, name: str, changes: Sequence[OutcomeChange], style: Style = PLAIN
) -> Iterator[str]:
    """What changes of one decision, for which loans, and by which rules."""
    total = sum((change.share for change in changes), Fraction(0))
    yield style.heading(f"{spoken(name)}: {percent(total)} of the loans the rules tell apart")
    for change in changes[:MAX_SHOWN]:
        yield from _change(difference, change, style)
    if (rest := len(changes) - MAX_SHOWN) > 0:
        yield f"  and {count(rest, 'smaller change')}"


def _change(difference: Difference, change: OutcomeChange, style: Style) -> Iterator[str]:
    decision = difference.head.decisions[change.decision]
    words = (
        f"{outcome_words(decision, change.old)} {ARROW} {outcome_words(decision, change.new)} "
        f"({percent(change.share)})"
    )
    yield from (style.warning(line) for line in wrapped(words, 2))
    for region in change.regions[:MAX_SHOWN]:
        yield from _region(difference, region, change, style)
    rest = len(change.regions) - MAX_SHOWN
    if rest > 0 or not change.complete:
        more = "and more" if not change.complete else f"and {rest} more"
        yield f"    {more}"


def _region(
    difference: Difference, region: ChangedRegion, change: OutcomeChange, style: Style
) -> Iterator[str]:
    yield from wrapped(printable(place_words(difference, region.cube, change)), 6, "    - ")
    before = rules_words(region.rules_before, change.old)
    rules = f"rules: {before} {ARROW} {rules_words(region.rules_after, change.new)}"
    yield from (style.quiet(line) for line in wrapped(rules, 8, "      "))
    yield from (style.quiet(line) for line in _loan(difference, region, change))


def _loan(difference: Difference, region: ChangedRegion, change: OutcomeChange | None) -> list[str]:
    if region.loan is None:
        return wrapped("no loan was found here, but none can be ruled out", 8, "      ")
    words = settings_words(difference, example(difference, region, change)) or "any loan"
    if change is not None and (change.old.formula or change.new.formula):
        words += f": {values_words(difference, region, change)}"
    return wrapped(f"loan: {printable(words)}", 8, "      ")


def _acceptance(difference: Difference, style: Style) -> Iterator[str]:
    for change in difference.acceptance:
        yield from accepted_lines(difference, change, style)


def accepted_lines(
    difference: Difference, change: AcceptanceChange, style: Style = PLAIN
) -> Iterator[str]:
    """Which loans a constraint refuses or takes now."""
    yield style.heading(f"{acceptance_words(change)} ({percent(change.share)})")
    yield from wrapped(change.because, 2)
    for region in change.regions[:MAX_SHOWN]:
        yield from wrapped(printable(place_words(difference, region.cube, None)), 6, "    - ")
        yield from (style.quiet(line) for line in _loan(difference, region, None))
    if (rest := len(change.regions) - MAX_SHOWN) > 0:
        yield f"    and {rest} more"


def acceptance_words(change: AcceptanceChange) -> str:
    """That loans are refused or taken now, and the constraint that says so."""
    return f"{change.kind.capitalize()}: {change.constraint}"


# ---- loans ------------------------------------------------------------------------------------


def tally_summary(tally: Tally) -> str:
    """How many loans of a tape change, in one sentence."""
    words = f"{tally.moved:,} of {count(tally.loans, 'loan')} change"
    if tally.money_fact:
        words += f" ({tally.money_fact} of all: {show(tally.money, 'money')})"
    return f"{words}; {tally.aside:,} set aside" if tally.aside else words


def tally_rows(rulebase: Rulebase, tally: Tally) -> Iterator[tuple[str, str, str, Move]]:
    """Decision, old and new standing, and the loans that move so; most loans first."""
    ordered = sorted(tally.moves.items(), key=lambda item: (item[0][0], -item[1].loans))
    for (name, old, new), move in ordered:
        before, after = (standing_words(rulebase, name, each) for each in (old, new))
        yield name or "loan", before, "another" if old == new else after, move


def _tally(rulebase: Rulebase, tally: Tally, style: Style) -> Iterator[str]:
    yield style.heading(f"{tally_summary(tally)}.")
    for name, old, new, move in tally_rows(rulebase, tally):
        words = f"{spoken(name)}: {old} {ARROW} {new}: {count(move.loans, 'loan')}"
        yield from wrapped(words + money_words(tally, move), 2)


def money_words(tally: Tally, move: Move) -> str:
    """The sums of a move, in words."""
    sums = []
    if move.change:
        sign = "+" if move.change > 0 else ""
        sums.append(f"{sign}{show(move.change, 'money')} in all")
    if tally.money_fact:
        sums.append(f"{tally.money_fact} {show(move.money, 'money')}")
    return f" ({', '.join(sums)})" if sums else ""


# ---- definitions ------------------------------------------------------------------------------

_HOWS = ("added", "removed", "changed", "renamed", "reworded")


def _definitions(changes: Sequence[DefinitionChange], style: Style) -> Iterator[str]:
    if not changes:
        return
    yield style.heading("What is written differently")
    for what in dict.fromkeys(change.what for change in changes):
        for how in _HOWS:
            names = [definition_words(c) for c in changes if (c.what, c.how) == (what, how)]
            if names:
                plural = what if len(names) == 1 else f"{what}s"
                yield from wrapped(f"{plural} {how}: {listed(names, 'and')}", 2)
