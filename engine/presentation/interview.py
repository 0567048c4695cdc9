"""The words of an interview: a question, what a reply means, why the question matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.analysis.interview import Question
from engine.analysis.writing import scalar
from engine.evaluation.record import Record
from engine.model import Fact, Rule, Rulebase, Value
from engine.presentation.layout import PLAIN, Style, columns, ends, listed, spoken, wrapped
from engine.presentation.text import answer_words
from engine.presentation.words import value_words
from engine.problems import likely
from engine.trees import spoken_of
from engine.values import ValueFault

LISTED = 12
"""An enum with more values than this is asked for without a list of them."""
MAX_RULES = 4
"""So many rules that look at a fact are named."""
HELP = "? why it matters   < back   Enter if you don't know   q that's all"
_DONT_KNOW = frozenset({"", "-", "don't know", "dont know", "unknown", "dk"})
_YES, _NO = frozenset({"y", "yes", "true", "1"}), frozenset({"n", "no", "false", "2"})
_FORMS = {
    "money": "an amount in dollars, such as 150,000",
    "date": "a day, such as 2026-03-31",
    "integer": "a whole number",
    "decimal": "a number, such as 0.25",
}


# ---- a question -------------------------------------------------------------------------------


def question_lines(question: Question, number: int, style: Style = PLAIN) -> list[str]:
    """A question as it is asked: with its number, its values where they are few, or else the form
    of an answer."""
    fact = question.fact
    lead = f"{number}. "
    lines = wrapped(fact.question, len(lead), lead)
    lines[-1:] = ends(lines[-1], fact.name).splitlines()
    lines = [style.heading(line) for line in lines]
    for place, label in enumerate(_choices(question), 1):
        lines += columns([(f"{place:>2}", label)], len(lead), 4)
    if form := _form(fact, question.values):
        lines.append(style.quiet(" " * len(lead) + form))
    return lines


def _choices(question: Question) -> list[str]:
    fact, values = question.fact, question.values
    if fact.type == "boolean":
        return ["yes", "no"]
    return [fact.values[value] or value for value in values] if len(values) <= LISTED else []


def _form(fact: Fact, values: Sequence[str]) -> str:
    if len(values) > LISTED:
        return f"by name or in short, such as {fact.values[values[0]]} or {values[0]}"
    return _FORMS.get(fact.type, "")


# ---- a reply ----------------------------------------------------------------------------------


def is_unknown(reply: str) -> bool:
    """Whether a reply says that the person does not know."""
    return reply.strip().lower() in _DONT_KNOW


def read_reply(question: Question, reply: str) -> object:
    """A reply as plain data for the question's fact: a choice by its number, its name or the
    beginning of either name or label, yes or no, else the text itself. (Any value of the fact can
    be named; those that can't go together with what is known have no number.)

    Raises ``ValueFault`` where a choice is not clear.
    """
    fact, text = question.fact, reply.strip()
    word = text.lower()
    if fact.type == "boolean":
        if word in _YES | _NO:
            return word in _YES
        raise ValueFault("wrong-type", f"`{text}` is neither yes nor no", "write y or n")
    return _choice(fact, question.values, word, text) if fact.type == "enum" else text


def _choice(fact: Fact, values: Sequence[str], word: str, text: str) -> str:
    for value, label in fact.values.items():
        if word in (value.lower(), label.lower()):
            return value
    if word.isdecimal() and len(values) <= LISTED and 0 < int(word) <= len(values):
        return values[int(word) - 1]
    named = [
        value
        for value, label in fact.values.items()
        if any(name.lower().startswith(word) for name in (value, label))
    ]
    meant = [value for value in named if value in values] or named
    if len(meant) == 1:
        return meant[0]
    if meant:
        choices = listed((fact.values[value] or value for value in meant[:4]), "or")
        raise ValueFault("unclear", f"`{text}` may mean {choices}", "write a little more")
    hint = likely(text, [*values, *filter(None, fact.values.values())])
    few = len(values) <= LISTED
    form = f"write a number from 1 to {len(values)}" if few else _form(fact, values)
    raise ValueFault("unknown-value", f"`{text}` is none of the choices", hint or form)


# ---- why it matters ---------------------------------------------------------------------------


def why_lines(
    question: Question, hangs: Sequence[tuple[Value, Record]], style: Style = PLAIN
) -> list[str]:
    """What there is to say about the fact, and what hangs on it: the outcomes that each answer
    would leave, where there are few answers, or else the rules that look at it."""
    about = question.fact.description
    lines = [*(wrapped(about, 3) if about else ()), *_hanging(question, hangs)]
    return list(map(style.quiet, lines))


def _hanging(question: Question, hangs: Sequence[tuple[Value, Record]]) -> list[str]:
    lines: list[str] = []
    for name in question.settles:
        outcomes: dict[str, list[str]] = {}
        for value, each in hangs:
            words = answer_words(each.answers[name])
            outcomes.setdefault(words, []).append(value_words(question.fact, value))
        if len(outcomes) > 1:
            lines.append(f"   {spoken(name)}")
            for words, values in outcomes.items():
                lines += wrapped(f"{words}, if it is: {'; '.join(values)}", 7, "     -")
    if not lines:
        names = listed((spoken(name).lower() for name in question.settles), "and")
        lines += wrapped(f"It can still change {names}.", 3)
        now = question.record.answers if question.record is not None else {}
        for name in question.settles if now else ():
            lines += wrapped(f"{spoken(name)} is {answer_words(now[name])}", 7, "     -")
        for rule in _looking(question)[:MAX_RULES]:
            lines += wrapped(f"{rule.title} [{rule.id}]", 7, "     -")
    return lines


def _looking(question: Question) -> list[Rule]:
    """The rules that may decide and look at the fact, or reckon with it."""
    record = question.record
    if record is None:
        return []
    possible = {
        rule.id: rule
        for name in question.settles
        for possibility in record.answers[name].possible
        for rule in possibility.rules
    }
    name = question.fact.name
    return [rule for rule in possible.values() if name in spoken_of(rule, record.rulebase)]


# ---- on the way, and at the end ---------------------------------------------------------------


def settled_lines(before: Record | None, now: Record, style: Style = PLAIN) -> list[str]:
    """The wanted decisions that the last answer settled."""
    lines: list[str] = []
    for name, answer in now.answers.items():
        was = before is not None and before.answers[name].status != "undetermined"
        if answer.status != "undetermined" and not was:
            lines += wrapped(f"{spoken(name)}: {answer_words(answer)}", 3)
    return list(map(style.good, lines))


def facts_text(rulebase: Rulebase, facts: Mapping[str, Value]) -> str:
    """A fact file: the facts in the order of the vocabulary."""
    lines = [f"# What is known of a loan, in the words of {rulebase.name} {rulebase.version}."]
    lines += [f"{name}: {scalar(facts[name])}" for name in rulebase.facts if name in facts]
    return "\n".join(lines) + "\n"
