"""The decision page: one loan's answers for people. The answers first, then why, then what is
missing and what was presumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from engine.evaluation.changes import Change
from engine.evaluation.outcomes import Outcome
from engine.evaluation.record import Answer, Possibility, Record
from engine.model import Authority, Fact, Rule
from engine.presentation.doubt import doubts
from engine.presentation.layout import (
    PLAIN,
    Style,
    columns,
    ends,
    listed,
    printable,
    spoken,
    together,
    wrapped,
)
from engine.presentation.record import NOTICE, Changes, possibilities, why_no_rule
from engine.presentation.words import formula_words, outcome_text, setting, value_words
from engine.trees import spoken_of
from engine.values import show

MAX_ASKED = 5
"""So many questions are shown in full; the facts of the others are named."""
MAX_CHANGES = 2
_WIDEST = 28
_REASON = 11


def page(
    record: Record,
    name: str,
    style: Style = PLAIN,
    changes: Changes | None = None,
    remark: str = "",
) -> str:
    """The page of one loan, 80 columns wide; ``changes`` are the nearest changes by decision,
    ``remark`` is a sentence that stands below the answers."""
    rulebase = record.rulebase
    pack = f"{rulebase.name} {rulebase.version} ({rulebase.digest[:8]})"
    if record.strict:
        pack += ", nothing presumed"
    sections = [
        [style.quiet(line) for line in ends(printable(name), pack).splitlines()],
        list(_answers(record, style)),
        wrapped(remark) if remark else [],
        [style.warning(line) for text in doubts(record) for line in wrapped(text)],
        list(_why(record, style, changes or {})),
        list(_missing(record, style)),
        list(_presumed(record, style)),
        [style.quiet(NOTICE)],
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


# ---- the answers ------------------------------------------------------------------------------


def _answers(record: Record, style: Style) -> Iterator[str]:
    idle = _idle(record)
    shown = [answer for name, answer in record.answers.items() if name not in idle]
    width = min(_WIDEST, max((len(a.decision.name) for a in shown), default=0)) + 3
    main = [answer for answer in shown if answer.decision.name in record.rulebase.main]
    groups: dict[str, list[Answer]] = {"": main} if main else {}
    for answer in shown:
        if answer not in main:
            groups.setdefault(answer.decision.group, []).append(answer)
    for number, (group, answers) in enumerate(groups.items()):
        indent = 2 if group else 0
        if number:
            yield ""
        if group:
            yield style.heading(group)
        for answer in answers:
            paint = _paint(answer, style)
            row = (spoken(answer.decision.name), answer_words(answer))
            yield from map(paint, columns([row], indent, width))
    if idle:
        if shown:
            yield ""
        lead = "Not in play: "
        names = ", ".join(spoken(name).lower() for name in idle)
        yield from map(style.quiet, wrapped(f"{names}.", len(lead), lead))


def _idle(record: Record) -> list[str]:
    """The decisions to which no rule speaks: those without an answer, and all of a group where
    there are no more than answers for want of a rule."""
    by_group: dict[str, list[Answer]] = {}
    for answer in record.answers.values():
        by_group.setdefault(answer.decision.group, []).append(answer)
    silent = {
        group
        for group, answers in by_group.items()
        if group and all(a.by_default or _without_rule(a) for a in answers)
    }
    return [
        name
        for name, answer in record.answers.items()
        if _without_rule(answer) or (answer.by_default and answer.decision.group in silent)
    ]


def _without_rule(answer: Answer) -> bool:
    return answer.status == "open" and not answer.rules


def _paint(answer: Answer, style: Style) -> Callable[[str], str]:
    if answer.status == "conflict":
        return style.bad
    if answer.status == "undetermined":
        return style.warning
    return style.quiet if answer.by_default else str


def answer_words(answer: Answer) -> str:
    """An answer in a few words."""
    if answer.status == "conflict":
        return "in conflict: rules disagree" if answer.rules else "in conflict, by what it rests on"
    if answer.status == "open":
        return "no value"
    if answer.value is not None:
        doubt = " (low confidence)" if answer.confidence == "low" else ""
        return value_words(answer.decision, answer.value) + doubt
    return f"undetermined{_still_possible(answer)}"


def _still_possible(answer: Answer) -> str:
    found = possibilities(answer)
    values = [p.outcome.value for p in found if p.outcome.value is not None]
    words = [value_words(answer.decision, v) if v in (True, False) else show(v) for v in values]
    if answer.decision.type == "set":
        words = [f"one of {len(values)} answers"] if len(values) > 1 else []
    elif answer.decision.type == "money":
        words = [show(value, "money") for value in values]
    words += [
        {"open": "none", "conflict": "a conflict"}[p.outcome.kind]
        for p in found
        if p.outcome.kind in ("open", "conflict")
    ]
    lacking = dict.fromkeys(name for p in found for name in p.outcome.missing)
    if lacking and not words:
        return f" until {listed(lacking, 'and')} {'are' if len(lacking) > 1 else 'is'} known"
    if lacking:
        words.append(f"an amount that needs {listed(lacking, 'and')}")
    return f": {listed(words, 'or')}"


# ---- why --------------------------------------------------------------------------------------


def _why(record: Record, style: Style, changes: Changes) -> Iterator[str]:
    idle = _idle(record)
    spoken_to = {name: a for name, a in record.answers.items() if name not in idle}
    first = [name for name in record.rulebase.main if name in spoken_to]
    blocks = [
        list(_reasons(record, spoken_to[name], style, changes.get(name, ())))
        for name in dict.fromkeys((*first, *spoken_to))
        if not spoken_to[name].by_default
    ]
    default = [answer for answer in spoken_to.values() if answer.by_default]
    if default:
        blocks.append(list(_defaults(default, style)))
    if blocks:
        yield style.heading("Why")
        yield "\n\n".join("\n".join(lines) for lines in blocks)


def _defaults(answers: Sequence[Answer], style: Style) -> Iterator[str]:
    yield "  No rule applies, and so"
    width = min(_WIDEST, max(len(answer.decision.name) for answer in answers)) + 3
    for answer in answers:
        assert answer.value is not None
        words = value_words(answer.decision, answer.value).rstrip(".")
        text = f"{words}. {answer.decision.otherwise_because}"
        yield from columns([(spoken(answer.decision.name), text)], 4, width)


def _reasons(
    record: Record, answer: Answer, style: Style, changes: Sequence[Change]
) -> Iterator[str]:
    decision = answer.decision
    status = answer.status.replace("open", "without value")
    state = f"{decision.name}: {status}"
    if answer.value is not None:
        short = show(answer.value, decision.type)
        state = setting(decision, answer.value) if len(short) <= 30 else decision.name
    label = decision.label or spoken(decision.name)
    yield from map(style.heading, ends(f"  {label}", state).splitlines())
    if because := why_no_rule(record, answer):
        yield from wrapped(because, 4)
    if answer.status == "undetermined":
        yield from _alternatives(answer)
    else:
        for rule in answer.rules:
            then = f"{outcome_text(decision, rule.then)}: " if answer.status == "conflict" else ""
            yield from wrapped(then + rule.because, 4)
            yield from _authority(rule, style)
    grounds = [together(ground) for ground in _grounds(record, answer)]
    rows = [("because", ", ".join(grounds))] if grounds else []
    presumed = [name for name in answer.facts_used if name in record.presumed]
    rows += [("presumed", ", ".join(presumed))] if presumed else []
    rows += [("overrides", f"{o.rule.id} ({o.rule.title})") for o in answer.overridden]
    rows += [("would be", words) for words in change_words(record, answer, changes)]
    for row in rows:
        yield from columns([row], 4, _REASON)


def _grounds(record: Record, answer: Answer) -> Iterator[str]:
    """The decisions that the deciding rules speak of, and the given facts that settle the answer.
    (Those that are presumed are told once, after all answers.)"""
    rulebase = record.rulebase
    rules = answer.rules if answer.value is not None else ()
    told = {name for rule in rules for name in spoken_of(rule, rulebase)}
    for name in answer.requires:
        other = record.answer(name)
        if name in told and other is not None and other.value is not None:
            since = "".join(f" (since {r.effective.start}, {r.authority.cite})" for r in other.rules
                            if other.decision.parameter and r.effective)  # fmt: skip
            yield setting(other.decision, other.value) + since
    for name, value in answer.facts_used.items():
        if name not in record.presumed:
            yield setting(rulebase.facts[name], value)


def _alternatives(answer: Answer) -> Iterator[str]:
    for number, possibility in enumerate(possibilities(answer)):
        rules = listed((rule.id for rule in possibility.rules), "and")
        by = f"by {rules}" if rules else "where no rule applies"
        text = f"{_alternative(answer, possibility)} ({by})"
        lead = "or" if number else ("either" if len(answer.possible) > 1 else "it is")
        yield from columns([(lead, text)], 4, _REASON)


def _alternative(answer: Answer, possibility: Possibility) -> str:
    outcome = possibility.outcome
    if outcome.value is not None:
        return value_words(answer.decision, outcome.value)
    if outcome.formula is not None:
        return formula_words(outcome.formula)
    return {"open": "no answer", "conflict": "a conflict of rules"}[outcome.kind]


def _authority(rule: Rule, style: Style) -> Iterator[str]:
    authority = rule.authority
    paint = style.quiet if authority.confidence == "high" else style.warning
    yield from map(paint, wrapped(f"[{rule.id}] {authority_words(authority)}", 4))
    if authority.note and authority.confidence != "high":
        yield from map(paint, columns([("but", authority.note)], 4, _REASON))


def authority_words(authority: Authority) -> str:
    """An authority in a row: citation, kind, confidence, the day it was checked."""
    parts = [authority.cite, authority.kind.replace("_", " ")]
    parts.append(f"{authority.confidence} confidence")
    if authority.checked is not None:
        parts.append(f"checked {authority.checked}")
    return " · ".join(parts)


def changeable(answer: Answer) -> bool:
    """Whether the page tells what would change the answer: one of a few words, given by rules."""
    decided = answer.status == "decided" and bool(answer.rules)
    return decided and answer.decision.type in ("enum", "boolean")


def change_words(record: Record, answer: Answer, changes: Sequence[Change]) -> Iterator[str]:
    """The nearest changes of an answer in words, one for each other outcome; none for an answer
    that the page tells nothing of."""
    if not changeable(answer):
        return
    seen: list[Outcome] = []
    for change in changes:
        if change.outcome in seen or len(seen) == MAX_CHANGES:
            continue
        seen.append(change.outcome)
        value = change.outcome.value
        facts = record.rulebase.facts
        instead = [
            together(f"{name} were {show(changed, facts[name].type)}")
            for name, changed in change.facts.items()
        ]
        words = "open" if value is None else show(value, answer.decision.type)
        yield f"{words}, if {listed(instead, 'and')}"


# ---- what is missing, what was presumed -------------------------------------------------------


def _missing(record: Record, style: Style) -> Iterator[str]:
    waiting = [answer for answer in record.answers.values() if answer.status == "undetermined"]
    facts = questions(record)
    if not facts:
        return
    yield style.heading("Missing, the most useful answer first")
    for fact in facts[:MAX_ASKED]:
        lines = wrapped(fact.question, 2)
        lines[-1:] = ends(lines[-1], fact.name).splitlines()
        yield from lines
        settles = [spoken(a.decision.name).lower() for a in waiting if fact.name in a.ask]
        yield from map(style.quiet, wrapped(f"for {', '.join(settles)}", 4))
    if rest := [fact.name for fact in facts[MAX_ASKED:]]:
        yield from wrapped(f"then {listed(rest, 'and')}", 2)


def questions(record: Record) -> list[Fact]:
    """The facts that can still change an undetermined answer, the most useful first: those that
    stand early in the lists of many answers."""
    weight: dict[str, float] = {}
    for answer in record.answers.values():
        for rank, name in enumerate(answer.ask, 1):
            weight[name] = weight.get(name, 0.0) + 1 / rank
    order = list(record.rulebase.facts)
    names = sorted(weight, key=lambda name: (-weight[name], order.index(name)))
    return [record.rulebase.facts[name] for name in names]


def _presumed(record: Record, style: Style) -> Iterator[str]:
    used = record.presumed_used
    if not used:
        return
    rows = [(setting(record.rulebase.facts[n], p.value), p.because) for n, p in used.items()]
    yield style.heading("Presumed, and it mattered")
    width = min(36, max(len(name) for name, _ in rows) + 3)
    yield from columns(rows, 2, width)
    contrary = "To state the contrary, give the fact in the file or with --set fact=value."
    yield from map(style.quiet, wrapped(contrary, 2))
