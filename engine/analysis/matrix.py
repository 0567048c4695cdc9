"""An overview filled in: what the rules decide in each of its cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.evaluation.decide import Decider
from engine.evaluation.record import SURENESS, Answer
from engine.model import Confidence, Rule, Value
from engine.problems import InputError
from engine.reading.overviews import Column, Overview, Way


@dataclass(frozen=True, slots=True)
class Cell:
    """What one column says of a row in one way. ``answer`` is None where no such loan exists."""

    column: Column
    way: Way | None
    answer: Answer | None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that decide, or that may."""
        return () if self.answer is None else self.answer.rules

    @property
    def confidence(self) -> Confidence:
        """How sure it is; what no rule decides lowers nothing."""
        return (self.answer and self.answer.confidence) or "high"


@dataclass(frozen=True, slots=True)
class Row:
    """All cells of one value of the fact that the rows stand for: column by column, and within a
    column way by way."""

    value: Value
    label: str
    cells: tuple[Cell, ...]

    @property
    def confidence(self) -> Confidence:
        """The confidence of the least sure cell."""
        return min((cell.confidence for cell in self.cells), key=SURENESS.index, default="high")

    def cells_of(self, column: Column) -> tuple[Cell, ...]:
        """The cells of one column, way by way."""
        return tuple(cell for cell in self.cells if cell.column == column)


@dataclass(frozen=True, slots=True)
class Matrix:
    """An overview with its rows."""

    overview: Overview
    rows: tuple[Row, ...]


def fill(
    decider: Decider,
    overview: Overview,
    progress: Callable[[str], None] = lambda row: None,
    *,
    verify: bool = True,
) -> Matrix:
    """Decide every cell of an overview. ``progress`` is told each row as it begins; ``verify`` runs
    the second evaluator as well.

    Raises ``Disagreement`` where the evaluators differ.
    """
    fact = overview.rows
    labels: dict[Value, str] = {False: "no", True: "yes"}
    if fact.type == "enum":
        labels = {value: label or value for value, label in fact.values.items()}
    rows = []
    for value, label in labels.items():
        progress(label)
        rows.append(Row(value, label, _cells(decider, overview, value, verify)))
    return Matrix(overview, tuple(rows))


def _cells(decider: Decider, overview: Overview, value: Value, verify: bool) -> tuple[Cell, ...]:
    return tuple(
        Cell(column, way, _answer(decider, overview, column, way, value, verify))
        for column in overview.columns
        for way in overview.ways or (None,)
    )


def _answer(
    decider: Decider,
    overview: Overview,
    column: Column,
    way: Way | None,
    value: Value,
    verify: bool,
) -> Answer | None:
    given = {**overview.given, **(way.given if way else {}), **column.given}
    name = column.decision.name
    try:
        facts = {**given, overview.rows.name: value}
        return decider.decide(facts, only=[name], verify=verify).answers[name]
    except InputError:  # every fact is known and fits: together they break a constraint
        return None
