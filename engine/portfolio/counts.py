"""What a run has decided: counted batch by batch, with nothing lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.model import ORDERED, Decision
from engine.portfolio.answers import Answers
from engine.portfolio.arrays import Booleans, Integers
from engine.portfolio.kernel import Decided
from engine.portfolio.output import value_text
from engine.problems import InputError


class Lost(AssertionError):
    """Rows went in that did not come out: a fault of the engine."""


@dataclass(slots=True)
class Outcome:
    """Rows with the same outcome. ``dollars`` are cents: of a money decision what was decided, else
    the sum of the chosen fact over the rows in which it is known."""

    rows: int = 0
    dollars: int = 0


@dataclass(slots=True)
class Count:
    """One decision: the rows of each status and value (empty for amounts and days, and where it is
    not decided), and for each fact in how many undetermined rows its absence leaves it so."""

    decision: Decision
    outcomes: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    missing: Counter[str] = field(default_factory=Counter)

    def add(self, answers: Answers, money: Integers | None) -> None:
        """Count some rows. ``money`` is in cents, zero where it is not known."""
        if self.decision.type == "money":
            money = answers.numbers
        elif self.decision.type in ORDERED:
            money = None
        for code, rows in answers.counts().items():
            answer = answers.shared[code]
            key = (answer.status, "" if answer.value is None else value_text(answer.value))
            outcome = self.outcomes.setdefault(key, Outcome())
            outcome.rows += rows
            if money is not None and (answer.status == "decided" or money is not answers.numbers):
                outcome.dollars += _total(money, answers.codes == code)
            for fact in answer.missing:
                self.missing[fact] += rows


def _total(money: Integers, where: Booleans) -> int:
    if len(money) == 1:
        return int(money[0]) * int(where.sum())
    return int(money[where].sum())


@dataclass(slots=True)
class Counts:
    """A whole run. Every row is decided, undetermined (some wanted decision is) or rejected."""

    decisions: Mapping[str, Count]
    money_fact: str = ""
    rows: int = 0
    decided: int = 0
    undetermined: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """By reason."""
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Codes of a column that the mapping does not know, with the rows that have them."""

    def add(self, decided: Decided, money: Integers | None) -> None:
        """Count a batch. Raises ``Lost`` where the rows do not add up."""
        unsettled = np.zeros(decided.rows, dtype=bool)
        for name, answers in decided.answers.items():
            self.decisions[name].add(answers, money)
            table = np.array([*(a.status == "undetermined" for a in answers.shared), False])
            if table.any():
                unsettled |= answers.spread(table)
        undetermined = int(unsettled.sum())
        self.rows += decided.rows
        self.undetermined += undetermined
        self.decided += decided.rows - len(decided.rejected) - undetermined
        for problems in decided.rejected.values():
            self.rejected["; ".join(p.message for p in InputError(problems).problems)] += 1
        self.check()

    def lose(self, reasons: Mapping[int, str]) -> None:
        """Count rows that could not be read at all."""
        self.rows += len(reasons)
        self.rejected.update(reasons.values())
        self.check()

    def check(self) -> None:
        """Every row is accounted for. Raises ``Lost``."""
        out = self.decided + self.undetermined + self.rejected.total()
        if out != self.rows:
            raise Lost(f"{self.rows:,} rows went in and {out:,} came out")
        for count in self.decisions.values():
            answered = sum(outcome.rows for outcome in count.outcomes.values())
            if answered != self.decided + self.undetermined:
                raise Lost(
                    f"`{count.decision.name}` has {answered:,} answers of {self.rows:,} rows"
                )
