"""What became of a pack's cases, and of its check: for people, as JSON, and for other formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.analysis.cases import CaseResult
from engine.analysis.checking import Checked
from engine.model import Rulebase
from engine.presentation.junit import Item
from engine.presentation.layout import PLAIN, Style, count, printable, wrapped
from engine.problems import Problem


def results_page(
    rulebase: Rulebase,
    results: Sequence[CaseResult],
    style: Style = PLAIN,
    unread: Sequence[Problem] = (),
) -> str:
    """The cases that failed, and how many there were; ``unread`` is what is wrong with others."""
    failed = [result for result in results if not result.passed]
    lines = []
    for result in failed:
        lines.append(f"{style.bad('FAILED')} {result.case.place}: {printable(result.case.name)}")
        for failure in result.failures:
            lines += wrapped(failure, 6, "    - ")
    tally = f"{rulebase.name} {rulebase.version}: {count(len(results), 'case')}"
    verdict = style.bad(f"{len(failed):,} failed") if failed else style.good("all passed")
    if unread:
        verdict += style.bad(f"; {count(len(unread), 'problem')} with others, which could not run")
    return "\n".join([*lines, f"{tally}, {verdict}"])


def results_data(
    rulebase: Rulebase, results: Sequence[CaseResult], unread: Sequence[Problem] = ()
) -> list[dict[str, Any]]:
    """Each case with its place and its failures, as plain data; and one without a name for each
    problem of those that could not be run."""
    found = [(each.case.name, each.case.place, list(each.failures)) for each in results]
    found += [("", problem.where, [problem.message]) for problem in unread]
    return [
        {
            "pack": rulebase.name,
            "case": name,
            "file": place.file,
            "line": place.line,
            "passed": not failures,
            "failures": failures,
        }
        for name, place, failures in found
    ]


def as_items(results: Iterable[CaseResult]) -> list[Item]:
    """An item for each case, in a suite for each case file."""
    return [_item(result) for result in results]


def _item(result: CaseResult) -> Item:
    case = result.case
    if result.passed:
        return Item(case.place.file, case.name, case.place)
    details = "\n".join([str(case.place), *result.failures])
    return Item(case.place.file, case.name, case.place, "failure", result.failures[0], details)


def checked_line(checked: Checked, style: Style = PLAIN) -> str:
    """What a pack holds and whether anything was found, in one line."""
    found = count(checked.count, "finding")
    verdict = style.bad(found) if checked.count else style.good("no findings")
    if checked.decider is None:
        return f"{printable(checked.pack)}: can't be read, {verdict}"
    rulebase = checked.decider.rulebase
    accepted = sum(bool(finding.accepted) for finding in checked.findings)
    verdict += f" ({accepted} accepted)" if accepted else ""
    parameters = sum(decision.parameter for decision in rulebase.decisions.values())
    held = [
        count(len(rulebase.decisions) - parameters, "decision"),
        *([count(parameters, "parameter")] if parameters else []),
        count(len(rulebase.rules), "rule"),
        count(len(rulebase.facts), "fact"),
        count(len(checked.results), "case"),
    ]
    return f"{rulebase.name} {rulebase.version}: {', '.join(held)}; {verdict}"
