"""What an editor shows of a name, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from engine.editing.names import Mention
from engine.model import Decision, Fact, Rule, Rulebase, Term
from engine.presentation.words import value_words

MAX_VALUES = 12
"""So many values of a fact or decision are listed."""


def hover_text(rulebase: Rulebase, mention: Mention) -> str:
    """What there is to say of the fact, term, decision or rule that a name means; empty where it
    means none. Needs no conditions and outcomes of the rulebase."""
    if mention.kind == "rule":
        rule = next((rule for rule in rulebase.rules if rule.id == mention.name), None)
        return "" if rule is None else "\n\n".join(_rule(rulebase, rule))
    if mention.name in rulebase.facts:
        return "\n\n".join(_fact(rulebase, rulebase.facts[mention.name]))
    if mention.name in rulebase.decisions:
        return "\n\n".join(_decision(rulebase.decisions[mention.name]))
    if mention.name in rulebase.terms:
        return "\n\n".join(_term(rulebase.terms[mention.name]))
    return ""


def _fact(rulebase: Rulebase, fact: Fact) -> Iterator[str]:
    yield f"**{_plain(fact.label)}** · fact `{fact.name}`, {fact.type}"
    yield from filter(None, (_plain(fact.question), _plain(fact.description)))
    yield from _values(fact)
    for presumed in rulebase.presumptions:
        if presumed.fact == fact.name:
            words = value_words(fact, presumed.value)
            yield f"*Presumed: {_plain(words)}.* {_plain(presumed.because)}"


def _decision(decision: Decision) -> Iterator[str]:
    policy = decision.policy.kind
    yield f"**{_plain(decision.label)}** · decision `{decision.name}`, {decision.type}, {policy}"
    yield from filter(None, (_plain(decision.description),))
    yield from _values(decision)


def _term(term: Term) -> Iterator[str]:
    yield f"**{_plain(term.label or term.name)}** · term `{term.name}`"


def _values(thing: Fact | Decision) -> Iterator[str]:
    rows = [f"- `{value}` {_plain(label)}" for value, label in thing.values.items()]
    more = len(rows) - MAX_VALUES
    if rows:
        yield "\n".join([*rows[:MAX_VALUES], *([f"- and {more} more"] if more > 0 else [])])


def _rule(rulebase: Rulebase, rule: Rule) -> Iterator[str]:
    yield f"**{_plain(rule.title or rule.id)}** · rule `{rule.id}`, decides `{rule.decides}`"
    yield from filter(None, (_plain(rule.because),))
    authority = rule.authority
    if authority.cite:
        cite = _plain(authority.cite)
        linked = f"[{cite}]({authority.url})" if authority.url else cite
        kind = authority.kind.replace("_", " ")
        yield f"{linked} ({kind}, {authority.confidence} confidence)"
    yield from filter(None, (_plain(authority.note),))
    below = [f"`{other.id}`" for other in rulebase.rules if rule.id in other.exception_to]
    if rule.exception_to:
        yield f"Overrides {', '.join(f'`{name}`' for name in rule.exception_to)}"
    if below:
        yield f"Gives way to {', '.join(below)}"


def _plain(text: str) -> str:
    """A text whose characters Markdown leaves alone."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in text)
