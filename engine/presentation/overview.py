"""An overview of the rules as a table: for a terminal, for a document, and as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from engine.analysis.matrix import Cell, Matrix, Row
from engine.evaluation.outcomes import Outcome
from engine.model import Constant, Decision, Extreme, Formula, Ref, Rulebase, Shift
from engine.presentation.layout import PLAIN, Style, listed, spoken, wrapped
from engine.presentation.record import NOTICE, authority_data, pack_data, possibilities
from engine.presentation.words import formula_words
from engine.reading.overviews import Column
from engine.values import show, to_json

Data = dict[str, Any]

FORM = 1
"""The version of this form."""
_NOTHING = "\N{EM DASH}"
_DOUBT = "*"
_SURENESS = "Confidence"
_SIDES = {"min": "earlier", "max": "later"}
_MAX_NAMED = 3


# ---- cells ------------------------------------------------------------------------------------


def cell_words(cell: Cell, rulebase: Rulebase) -> str:
    """A cell in the language's own words: its value, or what is possible; ``*`` marks what is of
    low confidence."""
    answer = cell.answer
    if answer is None or answer.status == "open":
        return _NOTHING
    if answer.status == "conflict":
        return "in conflict"
    decision = cell.column.decision
    outcomes = [p.outcome for p in possibilities(answer)]
    if answer.value is not None:
        outcomes = [Outcome("value", answer.value)]
    words = listed((_outcome(each, decision, rulebase) for each in outcomes), "or")
    return words + (_DOUBT if cell.confidence == "low" else "")


def _outcome(outcome: Outcome, decision: Decision, rulebase: Rulebase) -> str:
    if outcome.value is not None:
        return show(outcome.value, decision.type).replace("_", " ")
    if outcome.formula is not None:
        return _formula(outcome.formula, rulebase)
    return {"open": "none", "conflict": "in conflict"}[outcome.kind]


def _formula(formula: Formula, rulebase: Rulebase) -> str:
    """A formula; a day that hangs on another as people say it."""
    match formula:
        case Ref(name) if name in rulebase.facts:
            label = rulebase.facts[name].label
            return f"the {label[:1].lower()}{label[1:]}"
        case Shift(Ref() as base, count, unit):
            number = f"{abs(count)} {unit[:-1] if abs(count) == 1 else unit}"
            return f"{number} {'after' if count >= 0 else 'before'} {_formula(base, rulebase)}"
        case Extreme(which, parts) if all(
            isinstance(part, Ref | Shift | Constant) for part in parts
        ):
            words = listed((_formula(part, rulebase) for part in _soonest(which, parts)), "and")
            return words if " and " not in words else f"the {_SIDES[which]} of {words}"
    return formula_words(formula)


def _soonest(which: str, parts: Sequence[Formula]) -> list[Formula]:
    """The parts without those that another, counted from the same day, always comes before (of a
    ``max``: after)."""
    best: dict[object, Formula] = {}
    for part in parts:
        key = (part.base, part.unit) if isinstance(part, Shift) else part
        other = best.get(key)
        sooner = isinstance(part, Shift) and isinstance(other, Shift) and part.count < other.count
        if other is None or sooner == (which == "min"):
            best[key] = part
    return list(best.values())


def together(row: Row, column: Column, rulebase: Rulebase) -> str:
    """The cells of a column in one: way by way, or once where they are all the same."""
    words = [cell_words(cell, rulebase) for cell in row.cells_of(column)]
    return words[0] if len(set(words)) == 1 else " / ".join(words)


# ---- the table --------------------------------------------------------------------------------


def _lines(matrix: Matrix, rulebase: Rulebase) -> Iterator[list[str]]:
    """The heading and the rows, cell by cell."""
    overview = matrix.overview
    yield [overview.rows.label, *(column.label for column in overview.columns), _SURENESS]
    for row in matrix.rows:
        cells = [together(row, column, rulebase) for column in overview.columns]
        yield [row.label, *cells, row.confidence]


def _notes(matrix: Matrix, rulebase: Rulebase) -> Iterator[str]:
    """How to read the table: what the two sides of a stroke are, and what the values mean."""
    overview = matrix.overview
    if overview.ways:
        ways = " / ".join(way.label for way in overview.ways)
        yield f"Where a cell has a stroke: {ways}. Without one, it is the same for all of these."
    decisions = {column.decision.name: column.decision for column in overview.columns}
    for decision in decisions.values():
        found = _values_shown(matrix, decision)
        if meanings := [(v, label) for v, label in decision.values.items() if v in found]:
            question = decision.label or spoken(decision.name)
            yield (
                question
                + " "
                + " ".join(
                    f"{value.replace('_', ' ')}: {label.rstrip('.')}." for value, label in meanings
                )
            )
    if hanging := "; ".join(_hanging(matrix, rulebase)):
        yield f"Where a cell has several values, it hangs on more: {hanging}."
    shown = "\n".join(cell for line in _lines(matrix, rulebase) for cell in line)
    if _NOTHING in shown:
        yield f"{_NOTHING} : no rule speaks of it, or there is no such loan."
    if _DOUBT in shown:
        yield f"{_DOUBT} : of low confidence."
    yield f"{_SURENESS}: that of the least sure rule of the row."


def _hanging(matrix: Matrix, rulebase: Rulebase) -> Iterator[str]:
    """For each row with several values in a cell, the facts that would tell which."""
    for row in matrix.rows:
        asked: dict[str, None] = {}
        for cell in row.cells:
            possible = () if cell.answer is None else cell.answer.possible
            if all(each.outcome.formula is None for each in possible):
                asked.update(dict.fromkeys(cell.answer.ask if cell.answer else ()))
        labels = [f"\u201c{rulebase.facts[name].label}\u201d" for name in asked][:_MAX_NAMED]
        if labels:
            yield f"{row.label} {listed(labels, 'and')}"


def _values_shown(matrix: Matrix, decision: Decision) -> set[object]:
    """The values of a decision that some cell has or may have."""
    found: set[object] = set()
    for row in matrix.rows:
        for cell in row.cells:
            if cell.column.decision is decision and cell.answer is not None:
                found.add(cell.answer.value)
                found.update(each.outcome.value for each in cell.answer.possible)
    return found


def as_text(matrix: Matrix, rulebase: Rulebase, style: Style = PLAIN) -> str:
    """The table for a terminal, as wide as it has to be."""
    overview = matrix.overview
    head, *rows = _lines(matrix, rulebase)
    numbers = [str(number) for number in range(1, len(overview.columns) + 1)]
    short = [head[0], *numbers, _SURENESS]
    widths = [max(map(len, column)) for column in zip(short, *rows, strict=True)]
    lines = [style.heading(overview.title), *wrapped(overview.description), ""]
    lines += [f"  {n}  {column.label}" for n, column in zip(numbers, overview.columns, strict=True)]
    lines += ["", style.heading(_row(short, widths)), *(_row(row, widths) for row in rows), ""]
    lines += [line for note in _notes(matrix, rulebase) for line in wrapped(note)]
    return "\n".join([*lines, "", style.quiet(NOTICE)])


def _row(cells: Iterable[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


def as_markdown(matrix: Matrix, rulebase: Rulebase) -> str:
    """The table as a document of its own."""
    overview = matrix.overview
    head, *rows = _lines(matrix, rulebase)
    title = [f"# {overview.title}", overview.description]
    command = f"recourse overview {overview.name} --pack {rulebase.name} --format markdown"
    made = f"Made from the rules of {rulebase.name} {rulebase.version} by `{command}`. {NOTICE}"
    table = [_cells(head), _cells(["---"] * len(head)), *map(_cells, rows)]
    notes = [f"- {note}" for note in map(_plain, _notes(matrix, rulebase))]
    parts = [*filter(None, title), "\n".join(table), "\n".join(notes), made]
    return "\n\n".join(parts)


def _cells(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """A text that means nothing in Markdown."""
    return text.replace("*", r"\*").replace("|", r"\|").replace("_", r"\_")


# ---- the data ---------------------------------------------------------------------------------


def as_data(matrix: Matrix, rulebase: Rulebase) -> Data:
    """The matrix as plain data: for each row its cells, each with value, status, what is possible,
    confidence and the deciding rules."""
    overview = matrix.overview
    return {
        "overview": FORM,
        "name": overview.name,
        "title": overview.title,
        "description": overview.description,
        "pack": pack_data(rulebase),
        "row_fact": overview.rows.name,
        "columns": [
            {"label": column.label, "decision": column.decision.name} for column in overview.columns
        ],
        "ways": [way.label for way in overview.ways],
        "rows": [
            {
                "value": row.value,
                "label": row.label,
                "confidence": row.confidence,
                "cells": [
                    _cell(cell, overview.columns.index(cell.column), rulebase) for cell in row.cells
                ],
            }
            for row in matrix.rows
        ],
        "notice": NOTICE,
    }


def _cell(cell: Cell, column: int, rulebase: Rulebase) -> Data:
    answer, decision = cell.answer, cell.column.decision
    way = None if cell.way is None else cell.way.label
    data: Data = {"column": column, "way": way, "words": cell_words(cell, rulebase)}
    if answer is None:
        return data | {"status": "impossible"}
    data["status"] = answer.status
    data["value"] = None if answer.value is None else to_json(answer.value, decision.type)
    if answer.status == "undetermined":
        data["possible"] = [_outcome(p.outcome, decision, rulebase) for p in possibilities(answer)]
        data["ask"] = list(answer.ask)
    data["confidence"] = cell.confidence
    data["rules"] = [
        {"id": rule.id, "title": rule.title, "authority": authority_data(rule.authority)}
        for rule in cell.rules
    ]
    return data
