"""One loan under two packs, a view and the law: where their answers differ.

Packs have vocabularies and values of their own. Decisions of one name and type are compared; two
values are the same when they are called the same, so that a value which the other pack does not
have is never the same as any of its values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from engine.evaluation.decide import Decider
from engine.evaluation.facts import Locate, contradictions, presume, read_facts
from engine.evaluation.outcomes import Outcome
from engine.evaluation.record import Answer, Record
from engine.model import Rulebase, Value
from engine.problems import InputError
from engine.values import ValueFault, read_fact

Agreement = Literal["same", "different", "unclear", "silent"]
"""``unclear`` where facts are missing, so that the two may come to the same or not; ``silent``
where one of the packs, or both, has no answer."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What the view and the law answer to one question."""

    view: Answer
    law: Answer
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Comparison:
    """One loan under two packs. ``pairs`` holds the decisions that both have, in the law's order.

    ``unknown_to_view`` and ``unknown_to_law`` are given facts that one of them does not know, or
    not with that value, and which were left out for it. ``lent`` are facts that the view took over
    from what the law presumes.
    """

    view: Record
    law: Record
    pairs: Mapping[str, Pair]
    unknown_to_view: tuple[str, ...]
    unknown_to_law: tuple[str, ...]
    lent: Mapping[str, Value]

    @property
    def different(self) -> dict[str, Pair]:
        """The decisions that certainly differ."""
        return {n: pair for n, pair in self.pairs.items() if pair.agreement == "different"}


def shared_decisions(view: Rulebase, law: Rulebase) -> list[str]:
    """The decisions that both packs have, by name and type, in the law's order."""
    return [
        name
        for name, decision in law.decisions.items()
        if name in view.decisions and view.decisions[name].type == decision.type
    ]


def compare(
    view: Decider,
    law: Decider,
    facts: Mapping[str, object],
    *,
    only: Collection[str] | None = None,
    strict: bool = False,
    locate: Locate | None = None,
) -> Comparison:
    """Decide a loan under two packs. ``facts`` are plain data, ``only`` names the decisions to
    compare.

    Raises ``InputError`` for facts that can't be used: those that neither pack knows, or that one
    of them refuses.
    """
    shared = shared_decisions(view.rulebase, law.rulebase)
    wanted = shared if only is None else [name for name in shared if name in only]
    known = _known(law.rulebase, facts)
    nobody_knows = {
        name: value
        for name, value in facts.items()
        if name not in known and name not in _known(view.rulebase, facts)
    }
    if nobody_knows:
        knowing = law if nobody_knows.keys() & law.rulebase.facts.keys() else view
        read_facts(knowing.rulebase, nobody_knows, *(() if locate is None else (locate,)))
    record = law.decide(known, strict=strict, only=wanted, locate=locate)
    return beside(view, record, facts, locate)


def beside(
    view: Decider,
    record: Record,
    facts: Mapping[str, object] | None = None,
    locate: Locate | None = None,
) -> Comparison:
    """What a view says of a loan that the law has decided, decision by decision.

    What the law presumes is taken over by the view where it knows the fact, was not told it and
    presumes nothing itself: both speak of one loan. ``facts`` are the loan's facts where there are
    others than the law knows. Raises ``InputError`` where the view refuses the facts.
    """
    given: Mapping[str, object] = record.facts if facts is None else facts
    own = _known(view.rulebase, given)
    wanted = [n for n in shared_decisions(view.rulebase, record.rulebase) if n in record.answers]
    try:
        lent = _lent(view.rulebase, own, record)
        other = view.decide({**own, **lent}, strict=record.strict, only=wanted, locate=locate)
    except InputError as error:
        pack = view.rulebase.name
        raise InputError(
            replace(problem, message=f"{problem.message} (says the pack `{pack}`)")
            for problem in error.problems
        ) from None
    pairs = {}
    for name in wanted:
        first, second = other.answers[name], record.answers[name]
        pairs[name] = Pair(first, second, agreement(first, second))
    return Comparison(
        other,
        record,
        pairs,
        tuple(name for name, value in given.items() if value is not None and name not in own),
        tuple(n for n, value in given.items() if value is not None and n not in record.facts),
        lent,
    )


def agreement(first: Answer, second: Answer) -> Agreement:
    """Whether two answers to one question are the same, whatever the missing facts are."""
    if "open" in (first.status, second.status):
        return "silent"
    ours, theirs = _outcomes(first), _outcomes(second)
    if any(outcome.kind == "formula" for outcome in (*ours, *theirs)):
        return "unclear"
    if ours.isdisjoint(theirs):
        return "different"
    return "same" if len(ours) == len(theirs) == 1 else "unclear"


def _outcomes(answer: Answer) -> set[Outcome]:
    if answer.status == "undetermined":
        return {possibility.outcome for possibility in answer.possible}
    return {Outcome("value", answer.value) if answer.value is not None else Outcome("conflict")}


def _known(rulebase: Rulebase, facts: Mapping[str, object]) -> dict[str, object]:
    """The facts that a pack knows, with a value that it knows."""
    return {
        name: value
        for name, value in facts.items()
        if value is not None and name in rulebase.facts and _fits(rulebase, name, value)
    }


def _fits(rulebase: Rulebase, name: str, value: object) -> bool:
    try:
        read_fact(rulebase.facts[name], value)
    except ValueFault:
        return False
    return True


def _lent(rulebase: Rulebase, own: Mapping[str, object], record: Record) -> dict[str, Value]:
    """What the law presumes of facts of which the view would know nothing."""
    if record.strict:
        return {}
    typed = read_facts(rulebase, own)
    supplied = presume(rulebase, typed)
    lent: dict[str, Value] = {}
    for name, presumption in record.presumed.items():
        if name in typed or name in supplied or name not in rulebase.facts:
            continue
        if not _fits(rulebase, name, presumption.value):
            continue
        if not contradictions(rulebase, {**typed, **lent, name: presumption.value}):
            lent[name] = presumption.value
    return lent
