"""What a pack knows: its facts, its rules, and one rule in plain words. As pages and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.model import Constant, Decision, Fact, Rule, Rulebase, Term, Value
from engine.presentation.layout import PLAIN, Style, columns, count, ends, printable, wrapped
from engine.presentation.record import authority_data
from engine.presentation.words import force_words, outcome_text, rule_words, value_words
from engine.problems import InputError, Place, Problem, likely
from engine.values import show, to_json

_COLUMN = 12
Data = dict[str, Any]


def find_rule(rulebase: Rulebase, rule_id: str) -> Rule:
    """The rule of that id. Raises ``InputError``, with the likely id, where there is none."""
    for rule in rulebase.rules:
        if rule.id == rule_id:
            return rule
    hint = likely(rule_id, (rule.id for rule in rulebase.rules)) or "`recourse rules` lists them"
    raise InputError(
        [Problem("unknown-rule", f"no rule is called `{rule_id}`", Place(rulebase.name), hint)]
    )


def matching_rules(rulebase: Rulebase, text: str = "") -> list[Rule]:
    """The rules in whose id, title, decision, jurisdiction, reason or citation a text stands,
    whatever its case."""
    wanted = text.casefold()
    return [rule for rule in rulebase.rules if wanted in _searched(rule).casefold()]


def _searched(rule: Rule) -> str:
    parts = (rule.id, rule.title, rule.decides, rule.jurisdiction, rule.because)
    return "\n".join((*parts, rule.authority.cite))


# ---- facts ------------------------------------------------------------------------------------


def facts_page(rulebase: Rulebase, style: Style = PLAIN) -> str:
    """Every fact of a pack by its group: what it is called, what it means, what it may be."""
    groups: dict[str, list[Fact]] = {}
    for fact in rulebase.facts.values():
        groups.setdefault(fact.group, []).append(fact)
    sections = [_title(rulebase, count(len(rulebase.facts), "fact"), style)]
    for group, facts in groups.items():
        blocks = ["\n".join(_fact(rulebase, fact, style)) for fact in facts]
        sections.append("\n\n".join([style.heading(group), *blocks] if group else blocks))
    if rulebase.terms:
        rows = [line for term in rulebase.terms.values() for line in _term(term, style)]
        about = wrapped("Conditions with a name; rules use them, and they follow from the facts.")
        sections.append("\n".join([style.heading("Terms"), *about, "", *rows]))
    return "\n\n".join(sections)


def _fact(rulebase: Rulebase, fact: Fact, style: Style) -> Iterator[str]:
    yield style.name(fact.name)
    yield from wrapped(fact.question or fact.label, 4)
    yield from map(style.quiet, columns([(_kind(fact.type), _allowed(fact))], 4, _COLUMN))
    for presumption in rulebase.presumptions:
        if presumption.fact == fact.name:
            text = f"{show(presumption.value, fact.type)}. {presumption.because}"
            yield from map(style.quiet, columns([("presumed", text)], 4, _COLUMN))


def _kind(kind: str) -> str:
    return {"enum": "one of", "boolean": "true/false"}.get(kind, kind)


def _allowed(fact: Fact) -> str:
    if fact.type == "enum":
        return ", ".join(fact.values)
    limits = [
        f"{word} {show(limit, fact.type)}"
        for word, limit in (("at least", fact.at_least), ("at most", fact.at_most))
        if limit is not None
    ]
    return ", ".join(limits)


def _term(term: Term, style: Style) -> Iterator[str]:
    yield style.name(term.name)
    yield from wrapped(term.label, 4)


def facts_data(rulebase: Rulebase) -> list[Data]:
    """Every fact as plain data, in the order of the pack."""
    return [_fact_data(rulebase, fact) for fact in rulebase.facts.values()]


def _fact_data(rulebase: Rulebase, fact: Fact) -> Data:
    def plain(value: Value | None) -> Any:
        return None if value is None else to_json(value, fact.type)

    return {
        "name": fact.name,
        "type": fact.type,
        "label": fact.label,
        "question": fact.question,
        "group": fact.group,
        "description": fact.description,
        "values": dict(fact.values),
        "at_least": plain(fact.at_least),
        "at_most": plain(fact.at_most),
        "presumed": [
            {"value": plain(p.value), "because": p.because}
            for p in rulebase.presumptions
            if p.fact == fact.name
        ],
    }


# ---- rules ------------------------------------------------------------------------------------


def rules_page(rulebase: Rulebase, rules: Sequence[Rule], style: Style = PLAIN) -> str:
    """Rules by the decision they decide, one a line: what they give, and how they are called."""
    sections = [_title(rulebase, count(len(rules), "rule"), style)]
    for decision in rulebase.decisions.values():
        own = [rule for rule in rules if rule.decides == decision.name]
        if own:
            head = ends(decision.label or decision.name, decision.name)
            lines = [style.heading(line) for line in head.splitlines()]
            for rule in own:
                lines += _entry(decision, rule, style)
            sections.append("\n".join(lines))
    return "\n\n".join(sections)


def _entry(decision: Decision, rule: Rule, style: Style) -> Iterator[str]:
    doubt = "" if rule.authority.confidence == "high" else f" ({rule.authority.confidence})"
    yield from map(style.name, ends(f"  {rule.id}", outcome_text(decision, rule.then)).splitlines())
    yield from wrapped(f"{rule.title}{doubt}", 6)


def rules_data(rulebase: Rulebase, rules: Sequence[Rule]) -> list[Data]:
    """Rules as plain data."""
    return [rule_data(rulebase, rule) for rule in rules]


# ---- one rule ---------------------------------------------------------------------------------


def rule_page(rulebase: Rulebase, rule: Rule, style: Style = PLAIN) -> str:
    """One rule in plain words: when it applies, what it gives, why, and on what authority."""
    sections = [
        [style.heading(line) for line in ends(rule.title or rule.id, rule.id).splitlines()],
        wrapped(rule.because),
        columns([("when", "")], 0, _COLUMN) + _condition(rulebase, rule),
        columns(_consequence(rulebase, rule), 0, _COLUMN),
        [*_exceptions(rulebase, rule)],
        [*_authority(rule, style)],
        columns([("note", rule.note)], 0, _COLUMN) if rule.note else [],
        [style.quiet(printable(str(rule.place)))],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _condition(rulebase: Rulebase, rule: Rule) -> list[str]:
    lines = []
    for line in rule_words(rule, rulebase):
        depth = len(line) - len(line.lstrip())
        lines += wrapped(line.lstrip()[2:], 4 + depth, " " * (2 + depth) + "- ")
    return lines


def _consequence(rulebase: Rulebase, rule: Rule) -> list[tuple[str, str]]:
    decision, effective = rulebase.decisions[rule.decides], rule.effective
    rows = [("then", f"{decision.name} = {outcome_text(decision, rule.then)}")]
    if decision.label:
        words = value_words(decision, rule.then.value) if isinstance(rule.then, Constant) else ""
        rows.append(("", f"{decision.label} {words}".rstrip()))
    if effective is not None:
        rows.append(("in force", force_words(effective, rulebase)))
    return rows


def _exceptions(rulebase: Rulebase, rule: Rule) -> Iterator[str]:
    titles = {other.id: other.title for other in rulebase.rules}
    over = [(other, titles[other]) for other in rule.exception_to]
    under = [(other.id, other.title) for other in exceptions_of(rulebase, rule)]
    for lead, found in (("overrides", over), ("gives way", under)):
        for other, title in found:
            word = f"to {other}" if lead == "gives way" else other
            yield from columns([(lead, f"{word} ({title})" if title else word)], 0, _COLUMN)


def exceptions_of(rulebase: Rulebase, rule: Rule) -> list[Rule]:
    """The rules that override this one wherever both apply."""
    return [other for other in rulebase.rules if rule.id in other.exception_to]


def _authority(rule: Rule, style: Style) -> Iterator[str]:
    authority = rule.authority
    about = [authority.kind.replace("_", " "), f"{authority.confidence} confidence"]
    if authority.checked is not None:
        about.append(f"checked {authority.checked}")
    rows = [("authority", authority.cite), ("", " · ".join(about))]
    rows += [("", text) for text in (authority.url, authority.note) if text]
    paint = style.warning if authority.confidence == "low" else str
    yield from map(paint, columns(rows, 0, _COLUMN))


def rule_data(rulebase: Rulebase, rule: Rule) -> Data:
    """One rule as plain data, its condition in words."""
    decision, effective = rulebase.decisions[rule.decides], rule.effective
    data: Data = {
        "id": rule.id,
        "title": rule.title,
        "decides": rule.decides,
        "question": decision.label,
        "when": rule_words(rule, rulebase),
        "then": outcome_text(decision, rule.then),
        "in_force": None,
        "because": rule.because,
        "exception_to": list(rule.exception_to),
        "exceptions": [other.id for other in exceptions_of(rulebase, rule)],
        "jurisdiction": rule.jurisdiction,
        "authority": authority_data(rule.authority),
        "note": rule.note,
        "file": rule.place.file,
        "line": rule.place.line,
    }
    if effective is not None:
        data["in_force"] = {
            "measured_by": effective.measured_by,
            "from": None if effective.start is None else effective.start.isoformat(),
            "to": None if effective.end is None else effective.end.isoformat(),
            "words": force_words(effective, rulebase),
        }
    return data


def _title(rulebase: Rulebase, what: str, style: Style) -> str:
    return style.quiet(ends(rulebase.title, f"{rulebase.name} {rulebase.version}, {what}"))
