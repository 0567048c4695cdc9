"""Outcomes as chips: a word, a mark and a tone, so that no colour stands alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.analysis.matrix import Cell
from engine.model import Constant, Decision, Formula, Rulebase, Value
from engine.presentation.overview import cell_words
from engine.presentation.record import possibilities
from engine.presentation.words import outcome_text
from engine.reading.overviews import Overview

_SCALE = "\u25cb\u25d4\u25d1\u25d5\u25cf"
"""The marks along a scale: a circle that fills."""
_APART = "\u25c7\u25a1\u25b3"
"""The marks of what lies on no scale."""
PLAIN, NOTHING, WORDS = "plain", "nothing", "words"
"""The tones of what has no colour, of no value at all, and of what is no chip but words."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One outcome. ``tone`` names a colour of the style sheet; ``label`` says it at length."""

    words: str
    tone: str = PLAIN
    mark: str = ""
    label: str = ""


Palette = Mapping[tuple[str, Value], tuple[str, str]]
"""The tone and the mark of each value, by decision, that some map colours."""


def palette(overviews: Iterable[Overview]) -> Palette:
    """The colours of the values that the maps of some overviews show."""
    found: dict[tuple[str, Value], tuple[str, str]] = {}
    for overview in overviews:
        if overview.map is None:
            continue
        decision, scale = overview.map.decision, overview.map.scale
        values: tuple[Value, ...] = tuple(decision.values) or (False, True)
        for step, value in enumerate(scale):
            place = round(step * (len(_SCALE) - 1) / max(len(scale) - 1, 1))
            found[decision.name, value] = (f"scale{place}", _SCALE[place])
        for step, value in enumerate(v for v in values if v not in scale):
            place = min(step, len(_APART) - 1)
            found[decision.name, value] = (f"apart{place}", _APART[place])
    return found


def value_chip(decision: Decision, value: Value, colours: Palette) -> Chip:
    """The chip of a value of a decision."""
    words = {True: "yes", False: "no"}.get(value) if isinstance(value, bool) else None
    if words is None:
        words = outcome_text(decision, Constant(value)).replace("_", " ")
    tone, mark = colours.get((decision.name, value), (PLAIN, ""))
    label = decision.values.get(value, "") if isinstance(value, str) else ""
    return Chip(words, tone, mark, label)


def outcome_chips(decision: Decision, then: Formula, colours: Palette) -> list[Chip]:
    """The chips of what a rule gives; none for a formula."""
    if not isinstance(then, Constant):
        return []
    if isinstance(then.value, frozenset):
        chosen = [value for value in decision.values if value in then.value]
        return [value_chip(decision, value, colours) for value in chosen]
    return [value_chip(decision, then.value, colours)]


def cell_chips(cell: Cell, rulebase: Rulebase, colours: Palette) -> list[Chip]:
    """The chips of a cell: one for each outcome that is possible."""
    answer, decision = cell.answer, cell.column.decision
    if answer is None or answer.status == "open":
        return [Chip("no rule" if answer else "no such loan", NOTHING, "\u2013")]
    if decision.type not in ("enum", "boolean") or answer.status == "conflict":
        return [Chip(cell_words(cell, rulebase).rstrip("*"), WORDS)]
    if answer.value is not None:
        return [value_chip(decision, answer.value, colours)]
    return [
        Chip("no rule", NOTHING, "\u2013")
        if each.outcome.value is None
        else value_chip(decision, each.outcome.value, colours)
        for each in possibilities(answer)
    ]
