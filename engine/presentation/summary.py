"""Many loans, one line each: as many decisions as fit, and what is left out."""

from __future__ import annotations

import textwrap
from collections.abc import Collection

from engine.evaluation.record import Answer, Record
from engine.model import NUMERIC, Decision, Rulebase
from engine.presentation.layout import (
    PLAIN,
    WIDTH,
    Style,
    count,
    listed,
    printable,
    spoken,
    wrapped,
)
from engine.values import show

_NAME = 22
_MARKS = {"undetermined": "?", "open": "-", "conflict": "!"}
_MEANINGS = {"?": "undetermined", "-": "not in play", "!": "in conflict"}
_NAMED = 4
"""So many decisions that don't fit are named."""


class Summary:
    """The table of many loans. Lines come one by one, so that a long run shows what it has."""

    def __init__(
        self, rulebase: Rulebase, only: Collection[str] | None = None, style: Style = PLAIN
    ) -> None:
        wanted = [d for d in rulebase.decisions.values() if only is None or d.name in only]
        self._rulebase = rulebase
        self._style = style
        self._shown = _fitting(wanted)
        self._left_out = [d.name for d in wanted if d.name not in self._shown]
        self._marks: set[str] = set()

    def header(self) -> str:
        """The names of the columns, on as many lines as the longest needs."""
        cells = [["Loan".ljust(_NAME)]]
        cells += [[self._aligned(name, word) for word in _heading(name)] for name in self._shown]
        height = max(map(len, cells))
        raised = [[" " * len(words[0])] * (height - len(words)) + words for words in cells]
        lines = ["  ".join(words).rstrip() for words in zip(*raised, strict=True)]
        return "\n".join(map(self._style.heading, lines))

    def row(self, name: str, record: Record) -> str:
        """One loan."""
        short = printable(name)
        if len(short) > _NAME:
            short = "…" + short[1 - _NAME :]
        cells = [self._cell(record.answers[decision]) for decision in self._shown]
        return "  ".join([short.ljust(_NAME), *cells]).rstrip()

    def _cell(self, answer: Answer) -> str:
        name = answer.decision.name
        if answer.value is not None:
            return self._aligned(name, _short(answer))
        mark = _MARKS[answer.status]
        self._marks.add(mark)
        return self._aligned(name, mark).replace(mark, self._style.warning(mark))

    def _aligned(self, decision: str, text: str) -> str:
        width = self._shown[decision]
        if len(text) > width:
            text = text[: width - 1] + "…"
        right = self._rulebase.decisions[decision].type in NUMERIC
        return text.rjust(width) if right else text.ljust(width)

    def footer(self) -> str:
        """What the marks mean and which decisions are not shown: lines, or nothing at all."""
        lines = []
        if self._marks:
            meanings = [f"{mark} {_MEANINGS[mark]}" for mark in sorted(self._marks)]
            lines.append(self._style.quiet("   ".join(meanings)))
        if self._left_out:
            text = f"Not shown: {_some(self._left_out)}. Choose with --only; --full shows all."
            lines += map(self._style.quiet, wrapped(text))
        return "".join(f"{line}\n" for line in lines)


def _some(names: list[str]) -> str:
    if len(names) <= _NAMED + 1:
        return listed(names, "and")
    return f"{', '.join(names[:_NAMED])} and {count(len(names) - _NAMED, 'other')}"


def settled(record: Record) -> bool:
    """No decision of the record is undetermined or in conflict."""
    return all(a.status in ("decided", "open") for a in record.answers.values())


def _fitting(decisions: Collection[Decision]) -> dict[str, int]:
    """The decisions that fit on a line, with the widths of their columns: what tells most (values
    and amounts) before yes and no and before sets, each in the order of the pack."""
    rank = {"boolean": 1, "set": 2}
    room = WIDTH - _NAME
    widths: dict[str, int] = {}
    for decision in sorted(decisions, key=lambda d: rank.get(d.type, 0)):
        width = max(_width(decision), *map(len, _heading(decision.name)))
        if width + 2 <= room:
            room -= width + 2
            widths[decision.name] = width
    return {d.name: widths[d.name] for d in decisions if d.name in widths}


def _heading(name: str) -> list[str]:
    return textwrap.wrap(spoken(name), 12, break_long_words=False)


def _width(decision: Decision) -> int:
    if decision.type == "enum":
        return min(16, max(map(len, decision.values)))
    return {"boolean": 3, "date": 10, "money": 13, "set": 16}.get(decision.type, 9)


def _short(answer: Answer) -> str:
    value = answer.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    assert value is not None
    return show(value, answer.decision.type)
