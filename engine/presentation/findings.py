"""Findings of an analysis: for people, as JSON, and for other formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from engine.analysis.checking import Checked
from engine.analysis.findings import AGEING, KINDS, Finding
from engine.evaluation.compiling import Compiled
from engine.model import Rulebase, Value
from engine.presentation import cases
from engine.presentation.junit import Item, error_item
from engine.presentation.layout import PLAIN, Style, wrapped
from engine.presentation.regions import region_words
from engine.problems import Place, Problem
from engine.values import show, to_json

MANY = 40
"""Of a loan with more facts than this, only those are shown that the finding hangs on."""


def as_problems(compiled: Compiled, findings: Iterable[Finding]) -> list[Problem]:
    """The findings that the pack does not accept, each with the loans it is about as its hint."""
    return [
        Problem(
            finding.code,
            finding.message,
            finding.where,
            "; ".join(region_words(compiled, region.cube) for region in finding.regions),
            finding.severity,
        )
        for finding in findings
        if not finding.accepted
    ]


def as_items(checked: Checked) -> list[Item]:
    """An item for each case of a pack and for each kind of finding of which there is none; a
    failure for each finding, an error for each problem. What the pack accepts, and what comes with
    time alone, is skipped."""
    if checked.decider is None:
        return [error_item(checked.pack, problem) for problem in checked.problems]
    compiled = checked.decider.compiled_for({}, ())
    items = list(_proofs(compiled, checked.findings))
    unread = [problem for problem in checked.problems if problem.code != "failing-case"]
    errors = (error_item(compiled.rulebase.name, problem) for problem in unread)
    return [*items, *cases.as_items(checked.results), *errors]


def _proofs(compiled: Compiled, findings: Sequence[Finding]) -> Iterator[Item]:
    rulebase = compiled.rulebase
    whole = Place(next(iter(rulebase.decisions.values())).place.file)
    for code in KINDS:
        found = [finding for finding in findings if finding.code == code]
        if not found:
            yield Item(rulebase.name, f"{code}: none", whole)
        for finding in found:
            name = f"{code}: {', '.join(finding.about)}"
            if finding.accepted:
                words = f"accepted: {finding.accepted}"
                yield Item(rulebase.name, name, finding.where, "skipped", words)
            elif code in AGEING:
                yield Item(rulebase.name, name, finding.where, "skipped", finding.message)
            else:
                details = findings_text(compiled, [finding])
                message = finding.message
                yield Item(rulebase.name, name, finding.where, "failure", message, details)


def findings_text(compiled: Compiled, findings: Sequence[Finding], style: Style = PLAIN) -> str:
    """One block a finding: place, code and message, the loans it touches, one of them whole."""
    blocks = [_block(compiled, finding, style) for finding in findings if not finding.accepted]
    return "\n".join(blocks)


def _block(compiled: Compiled, finding: Finding, style: Style) -> str:
    paint = style.bad if finding.severity == "error" else style.warning
    lines = [f"{finding.where}: {paint(finding.code)}: {finding.message}"]
    for region in finding.regions:
        lines.extend(wrapped(region_words(compiled, region.cube), 12, "    for"))
    if finding.loan:
        short = finding.regions[0].witness if len(finding.loan) > MANY else finding.loan
        settings = ", ".join(loan_words(compiled.rulebase, short))
        lines.extend(wrapped(f"{{{settings}}}", 12, "    loan"))
    return "\n".join(lines)


def loan_words(rulebase: Rulebase, loan: Mapping[str, Value]) -> list[str]:
    """The facts of a loan as a fact file writes them."""
    return [f"{name}: {_written(rulebase, name, value)}" for name, value in loan.items()]


def _written(rulebase: Rulebase, name: str, value: Value) -> str:
    kind = rulebase.facts[name].type
    return f"{value:.2f}" if kind == "money" else show(value)


def findings_data(compiled: Compiled, findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Every finding as plain data, the accepted ones with the reason."""
    facts = compiled.rulebase.facts
    return [
        {
            "code": finding.code,
            "severity": finding.severity,
            "message": finding.message,
            "hint": "",
            "file": finding.where.file,
            "line": finding.where.line,
            "column": finding.where.column,
            "about": list(finding.about),
            "decision": finding.decision or None,
            "regions": [region_words(compiled, region.cube) for region in finding.regions],
            "loan": {name: to_json(value, facts[name].type) for name, value in
                     finding.loan.items()} or None,
            "accepted": finding.accepted or None,
        }
        for finding in findings
    ]  # fmt: skip


def explained(code: str) -> str:
    """What a kind of finding means, and how to mend it."""
    kind = KINDS[code]
    lines = [f"{kind.code} ({kind.severity})", ""]
    lines += wrapped(kind.meaning)
    lines += ["", *wrapped(f"To mend it: {kind.mend}")]
    if kind.severity == "error":
        return "\n".join(lines)
    lines += [
        "",
        *wrapped(
            "To live with it, accept it in pack.yaml, with a reason and the date: "
            f"accepted: [{{finding: {kind.code}, about: ..., because: ..., date: ...}}]"
        ),
    ]
    return "\n".join(lines)
