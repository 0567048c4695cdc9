"""What a change of the rules does, for a reviewer: Markdown for a pull request, and annotations
on the changed lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from engine.analysis.diff import AcceptanceChange, Difference, OutcomeChange
from engine.analysis.tally import Tally
from engine.model import Decision, Rulebase
from engine.presentation.diff import (
    MAX_SHOWN,
    NOTHING_CHANGES,
    acceptance_words,
    accepted_lines,
    changed_lines,
    definition_words,
    example,
    heading,
    outcome_words,
    percent,
    place_words,
    rules_words,
    settings_words,
    tally_rows,
    tally_summary,
)
from engine.presentation.junit import Item
from engine.presentation.layout import printable
from engine.problems import Place, Problem
from engine.values import show

_ARROW = "→"
_SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\|*_<>[]#`"})


def as_markdown(difference: Difference, tally: Tally | None = None) -> str:
    """The difference as GitHub's Markdown: a table of the outcomes that change, loans in detail
    folded away."""
    sections = [
        [f"### {_safe(heading(difference))}"],
        list(_outcomes(difference)),
        list(_acceptance(difference)),
        [] if tally is None else list(_tally(difference.head, tally)),
        list(_definitions(difference)),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _safe(text: str) -> str:
    return printable(text).translate(_SPECIAL)


def _code(text: str) -> str:
    return f"`{printable(text).replace('`', '')}`".replace("|", "\\|")


def _outcomes(difference: Difference) -> Iterator[str]:
    if not difference.outcomes:
        yield f"**{NOTHING_CHANGES}**"
        return
    yield "| decision | before | after | share | where |"
    yield "| --- | --- | --- | --- | --- |"
    for change in difference.outcomes:
        decision = difference.head.decisions[change.decision]
        shown = change.regions[:MAX_SHOWN]
        where = "<br>".join(_safe(place_words(difference, r.cube, change)) for r in shown)
        rest = len(change.regions) - len(shown)
        if rest or not change.complete:
            where += f"<br>and {rest} more" if change.complete else "<br>and more"
        cells = (
            _code(change.decision),
            _code(outcome_words(decision, change.old)),
            _code(outcome_words(decision, change.new)),
            percent(change.share),
            where,
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "<details><summary>Deciding rules, and a loan for each change</summary>"
    yield ""
    for change in difference.outcomes:
        yield from _detail(difference, change)
    yield ""
    yield "</details>"


def _detail(difference: Difference, change: OutcomeChange) -> Iterator[str]:
    for region in change.regions[:MAX_SHOWN]:
        before = rules_words(region.rules_before, change.old)
        after = rules_words(region.rules_after, change.new)
        loan = settings_words(difference, example(difference, region, change)) or "any loan"
        if region.loan is None:
            loan = "none found, none ruled out"
        yield f"- {_code(change.decision)}: {_code(before)} {_ARROW} {_code(after)}; {_code(loan)}"


def _acceptance(difference: Difference) -> Iterator[str]:
    for change in difference.acceptance:
        words = f"{acceptance_words(change)} ({percent(change.share)})"
        yield f"- **{_safe(words)}**: {_safe(change.because)}"
        for region in change.regions[:MAX_SHOWN]:
            yield f"  - {_safe(place_words(difference, region.cube, None))}"


def _tally(rulebase: Rulebase, tally: Tally) -> Iterator[str]:
    yield f"**{_safe(tally_summary(tally))}.**"
    if not tally.moves:
        return
    money = f" {_safe(tally.money_fact)} |" if tally.money_fact else ""
    yield ""
    yield f"| decision | before | after | loans | change |{money}"
    yield f"| --- | --- | --- | ---: | ---: |{' ---: |' if money else ''}"
    for name, old, new, move in tally_rows(rulebase, tally):
        sums = f" {show(move.money, 'money')} |" if money else ""
        change = show(move.change, "money") if move.change else ""
        yield f"| {_code(name)} | {_code(old)} | {_code(new)} | {move.loans:,} | {change} |{sums}"


def _definitions(difference: Difference) -> Iterator[str]:
    for change in difference.definitions:
        yield f"- {change.what} {change.how}: {_safe(definition_words(change))}"


# ---- annotations ------------------------------------------------------------------------------


def as_problems(difference: Difference) -> dict[Problem, tuple[Place, ...]]:
    """A problem for each decision that changes, on the line of a changed rule that may be why,
    with the places of the other rules that may; for loans refused or taken, on the constraint's
    line. Empty where every loan is decided alike."""
    return dict(_problems(difference))


def as_annotations(found: Mapping[Problem, Iterable[Place]]) -> list[Problem]:
    """The problems again at each further place, so that every changed line shows them."""
    return [
        replace(problem, where=place)
        for problem, others in found.items()
        for place in (problem.where, *others)
    ]


def _problems(difference: Difference) -> Iterator[tuple[Problem, tuple[Place, ...]]]:
    for name, changes in difference.decisions.items():
        decision = difference.head.decisions[name]
        words = "; ".join(
            f"{outcome_words(decision, change.old)} {_ARROW} "
            f"{outcome_words(decision, change.new)} ({percent(change.share)})"
            for change in changes[:MAX_SHOWN]
        )
        more = f"; and {len(changes) - MAX_SHOWN} more" if len(changes) > MAX_SHOWN else ""
        where = place_words(difference, changes[0].regions[0].cube, changes[0])
        message = f"`{name}` changes: {words}{more}. For example: {where}"
        first, *others = _blamed(difference, name)
        yield Problem("outcome-change", message, first, severity="warning"), tuple(others)
    for change in difference.acceptance:
        message = f"{change.kind} ({percent(change.share)}): {change.because}"
        place = _refusing(difference, change)
        yield Problem("accepted-loans", message, place, severity="warning"), ()


def as_items(difference: Difference) -> list[Item]:
    """An item for each decision, which passes where it is proven that no loan's outcome changes,
    and one for each constraint that refuses or takes other loans than before."""
    suite = difference.head.name
    items = []
    for name, decision in difference.head.decisions.items():
        changes = difference.decisions.get(name, [])
        if changes:
            first, *_ = _blamed(difference, name)
            message, details = f"{name} changes", changed_lines(difference, name, changes)
            items.append(_failure(suite, f"{name} stays", first, message, details))
        elif _compared(difference, decision):
            items.append(Item(suite, f"{name} stays", decision.place))
    for change in difference.acceptance:
        message, details = acceptance_words(change), accepted_lines(difference, change)
        items.append(_failure(suite, message, _refusing(difference, change), message, details))
    return items


def _compared(difference: Difference, decision: Decision) -> bool:
    """Whether a decision of the head is one of the base too, of the same type."""
    older = (
        before
        for name, before in difference.base.decisions.items()
        if difference.renames.get(name, name) == decision.name
    )
    return any(before.type == decision.type for before in older)


def _failure(suite: str, name: str, place: Place, message: str, details: Iterable[str]) -> Item:
    return Item(suite, name, place, "failure", message, "\n".join(details))


def _refusing(difference: Difference, change: AcceptanceChange) -> Place:
    """The constraint that refuses or takes loans; the start of the vocabulary where it is gone."""
    for constraint in difference.head.constraints:
        if constraint.name == change.constraint:
            return constraint.place
    return Place(next(iter(difference.head.facts.values())).place.file)


def _blamed(difference: Difference, decision: str) -> list[Place]:
    """The changed rules of a decision and of those it rests on; the decision's own line where the
    change is not in a rule that is there."""
    head = difference.head
    concerned, waiting = set[str](), [decision]
    while waiting:
        name = waiting.pop()
        if name not in concerned:
            concerned.add(name)
            waiting.extend(head.decisions[name].requires)
    decides = {rule.id: rule.decides for rule in head.rules}
    places = [
        change.where
        for change in difference.definitions
        if change.what == "rule"
        and change.how in ("added", "changed")
        and decides[change.name] in concerned
    ]
    return places or [head.decisions[decision].place]
