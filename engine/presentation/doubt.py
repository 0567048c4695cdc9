"""What an answer rests on, where that is not the law itself or not sure."""

from __future__ import annotations

from collections.abc import Iterator

from engine.evaluation.record import Answer, Record
from engine.presentation.layout import listed, spoken

SECONDARY = frozenset({"secondary", "article"})
"""The kinds of authority that tell of the law and are not law."""


def is_secondary(answer: Answer) -> bool:
    """Whether a decided answer rests on a secondary source: where each deciding rule gives it
    alone, if all of them do; where they make it together, if one does."""
    found = [rule.authority.kind in SECONDARY for rule in answer.rules]
    return bool(found) and (any(found) if answer.made_together else all(found))


def doubts(record: Record) -> Iterator[str]:
    """Sentences that say which decided answers rest on secondary sources or are of low
    confidence."""
    decided = [a for a in record.answers.values() if a.value is not None]
    by_rules = [a for a in decided if a.rules]
    secondary = [a for a in by_rules if is_secondary(a)]
    low = [a for a in decided if a.confidence == "low"]
    if secondary:
        what = "All of this" if len(secondary) == len(by_rules) > 1 else _names(secondary)
        verb = "rests" if what == "All of this" or len(secondary) == 1 else "rest"
        yield f"{what} {verb} on a secondary source, not on the law itself."
    if low:
        own = [a for a in low if _is_low_itself(a)]
        rest = [a for a in low if not _is_low_itself(a)]
        verb = "is" if len(own or rest) == 1 else "are"
        what = f"{_names(own or rest)} {verb} of low confidence"
        if own and rest:
            what += f", and so is what rests on {'it' if len(own) == 1 else 'them'}"
            what += f" ({', '.join(spoken(a.decision.name).lower() for a in rest)})"
        yield f"{what}: look it up before you rely on it."


def _is_low_itself(answer: Answer) -> bool:
    """Whether a rule of low confidence decides it, whatever else it rests on."""
    return any(rule.authority.confidence == "low" for rule in answer.rules)


def _names(answers: list[Answer]) -> str:
    words = listed((spoken(answer.decision.name).lower() for answer in answers), "and")
    return words[:1].upper() + words[1:]
