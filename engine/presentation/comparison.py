"""One loan under two packs: the page, the data, and the one line that a decision page shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.evaluation.comparison import Agreement, Comparison, Pair
from engine.evaluation.record import Answer, Record
from engine.presentation.layout import (
    PLAIN,
    Style,
    columns,
    ends,
    listed,
    printable,
    spoken,
    wrapped,
)
from engine.presentation.record import NOTICE, as_data, pack_data, why_no_rule
from engine.presentation.text import answer_words, authority_words
from engine.presentation.words import setting
from engine.values import to_json

Data = dict[str, Any]

FORM = 1
"""The version of this form."""
_HEADINGS: Mapping[Agreement, str] = {
    "different": "They differ",
    "unclear": "They may differ: it hangs on facts that are missing",
    "same": "They agree",
    "silent": "Only one of them answers, or neither",
}


def popular_line(comparison: Comparison) -> str:
    """In one sentence where the popular view differs from the law, of the first decision that
    does; empty where it doesn't."""
    rulebase = comparison.law.rulebase
    names = [*(n for n in rulebase.main if n in comparison.different), *comparison.different]
    if not names:
        return ""
    answer = comparison.different[names[0]].view
    words = answer_words(answer).rstrip(".")
    because = next(iter(reasons(comparison.view, answer)), "")
    what = spoken(names[0]).lower()
    return f"The popular view differs. Of {what} it says: \u201c{words}.\u201d {because}".rstrip()


def reasons(record: Record, answer: Answer) -> list[str]:
    """Why an answer is what it is: the reasons of its rules, or why no rule tells."""
    because = why_no_rule(record, answer)
    return [because] if because else [rule.because for rule in answer.rules]


# ---- the page ---------------------------------------------------------------------------------


def page(comparison: Comparison, name: str, style: Style = PLAIN) -> str:
    """The page of one loan, 80 columns wide: what differs first, with the reasons of both."""
    packs = " and ".join(
        f"{book.name} {book.version} ({book.digest[:8]})"
        for book in (comparison.view.rulebase, comparison.law.rulebase)
    )
    sections = [[style.quiet(line) for line in ends(printable(name), packs).splitlines()]]
    for kind, heading in _HEADINGS.items():
        pairs = {n: p for n, p in comparison.pairs.items() if p.agreement == kind}
        if pairs:
            lines = (
                _in_full(comparison, pairs, style)
                if kind in ("different", "unclear")
                else _short(comparison, pairs)
            )
            sections.append([style.heading(heading), *lines])
    if not comparison.pairs:
        sections.append(["These packs have no decision in common."])
    sections += [list(_facts(comparison, style)), [style.quiet(NOTICE)]]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _width(comparison: Comparison) -> int:
    return max(len(comparison.view.rulebase.name), len(comparison.law.rulebase.name)) + 3


def _in_full(comparison: Comparison, pairs: Mapping[str, Pair], style: Style) -> Iterator[str]:
    for number, (name, pair) in enumerate(pairs.items()):
        if number:
            yield ""
        yield from map(style.heading, ends(f"  {pair.law.decision.label}", name).splitlines())
        for record, answer in ((comparison.view, pair.view), (comparison.law, pair.law)):
            rows = [(record.rulebase.name, answer_words(answer))]
            rows += [("", text) for text in reasons(record, answer)]
            yield from columns(rows, 4, _width(comparison))
            for rule in answer.rules:
                rows = [("", f"[{rule.id}] {authority_words(rule.authority)}")]
                if rule.authority.note and rule.authority.confidence != "high":
                    rows.append(("", f"but: {rule.authority.note}"))
                yield from map(style.quiet, columns(rows, 4, _width(comparison)))


def _short(comparison: Comparison, pairs: Mapping[str, Pair]) -> Iterator[str]:
    width = max(map(len, pairs)) + 3
    for name, pair in pairs.items():
        words = dict.fromkeys([answer_words(pair.law)])
        if pair.agreement == "silent":
            books = (comparison.view.rulebase.name, comparison.law.rulebase.name)
            answers = zip(books, (pair.view, pair.law), strict=True)
            words = dict.fromkeys(f"{book}: {answer_words(answer)}" for book, answer in answers)
        yield from columns([(spoken(name), "; ".join(words))], 2, width)


def _facts(comparison: Comparison, style: Style) -> Iterator[str]:
    """What one of the packs was not told, and what it was told by the other."""
    view, law = comparison.view.rulebase, comparison.law.rulebase
    notes = [
        f"{book.name} was asked without {listed(names, 'and')}, which it does not know."
        for book, names in (
            (view, comparison.unknown_to_view),
            (law, comparison.unknown_to_law),
        )
        if names
    ]
    if comparison.lent:
        taken = [setting(law.facts[name], value) for name, value in comparison.lent.items()]
        notes.append(f"{view.name} was told what {law.name} presumes: {', '.join(taken)}.")
    if notes:
        yield style.heading("The facts")
        for note in notes:
            yield from wrapped(note, 2)


# ---- the data ---------------------------------------------------------------------------------


def data(comparison: Comparison, engine: str, name: str = "") -> Data:
    """The comparison as plain data: both packs' answers, each as the decision record has it."""
    view, law = comparison.view, comparison.law
    first, second = as_data(view, engine)["decisions"], as_data(law, engine)["decisions"]
    found: Data = {"comparison": FORM, "engine": engine}
    if name:
        found["loan"] = name
    found["view"] = {
        "pack": pack_data(view.rulebase),
        "left_out": list(comparison.unknown_to_view),
        "taken_over": {
            name: to_json(value, view.rulebase.facts[name].type)
            for name, value in comparison.lent.items()
        },
    }
    found["law"] = {"pack": pack_data(law.rulebase), "left_out": list(comparison.unknown_to_law)}
    found["decisions"] = {
        name: {"agreement": pair.agreement, "view": first[name], "law": second[name]}
        for name, pair in comparison.pairs.items()
    }
    found["notice"] = NOTICE
    return found
