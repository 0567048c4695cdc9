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
    decided = [a for a in record.answers.values() if a.value is not None and a.rules]
    secondary = [a for a in decided if is_secondary(a)]
    low = [a for a in decided if a.confidence == "low"]
    if secondary:
        what = "All of this" if len(secondary) == len(decided) > 1 else _names(secondary)
        verb = "rests" if what == "All of this" or len(secondary) == 1 else "rest"
        yield f"{what} {verb} on a secondary source, not on the law itself."
    if low:
        verb = "is" if len(low) == 1 else "are"
        yield f"{_names(low)} {verb} of low confidence: look it up before you rely on it."


def _names(answers: list[Answer]) -> str:
    words = listed((spoken(answer.decision.name).lower() for answer in answers), "and")
    return words[:1].upper() + words[1:]
