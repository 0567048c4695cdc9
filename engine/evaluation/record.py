"""The decision record: what was decided of one loan, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.evaluation.outcomes import Outcome
from engine.model import Confidence, Decision, Presumption, Rule, Rulebase, Value

Status = Literal["decided", "undetermined", "conflict", "open"]

SURENESS: tuple[Confidence, ...] = ("low", "medium", "high")
"""The levels of confidence, the least first."""


@dataclass(frozen=True, slots=True)
class Overridden:
    """A rule that applies but does not decide, and the rules that keep it from deciding: its
    exceptions, or under ``priority``, ``min`` and ``max`` those whose value prevails."""

    rule: Rule
    by: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Possibility:
    """One outcome that is still possible, and the rules that would decide it."""

    outcome: Outcome
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One decision of one loan. ``possible`` and ``ask`` are filled where it is undetermined;
    ``facts_used`` are facts that settle alone, whatever the others are, which rules decide;
    ``certain`` are those of the rules that decide whatever is not known."""

    decision: Decision
    status: Status
    value: Value | None
    possible: tuple[Possibility, ...]
    ask: tuple[str, ...]
    rules: tuple[Rule, ...]
    certain: tuple[Rule, ...]
    overridden: tuple[Overridden, ...]
    facts_used: Mapping[str, Value]
    requires: tuple[str, ...]
    confidence: Confidence | None = None
    """How sure it is, with what it rests on (see ``Sureness``); None where no reason was wanted."""

    @property
    def by_default(self) -> bool:
        """No rule decides it: the answer is the decision's ``otherwise``."""
        return self.status == "decided" and not self.rules

    @property
    def made_together(self) -> bool:
        """The deciding rules make the answer together, rather than each of them alone."""
        return self.decision.policy.kind in ("collect", "sum")


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that was decided of one loan, with the pack that decided it."""

    rulebase: Rulebase
    strict: bool
    facts: Mapping[str, Value]
    presumed: Mapping[str, Presumption]
    answers: Mapping[str, Answer]
    parameters: Mapping[str, Answer] = field(default_factory=dict)
    """The parameters that the answers may rest on."""

    @property
    def known(self) -> dict[str, Value]:
        """Every fact that was given or presumed."""
        return {**self.facts, **{name: p.value for name, p in self.presumed.items()}}

    @property
    def presumed_used(self) -> dict[str, Presumption]:
        """The presumptions that some answer rests on."""
        used = {name for answer in self.answers.values() for name in answer.facts_used}
        return {name: p for name, p in self.presumed.items() if name in used}

    def answer(self, name: str) -> Answer | None:
        """The answer to a decision, or to a parameter that one requires."""
        return self.answers.get(name) or self.parameters.get(name)

    def value(self, decision: str) -> Value | None:
        """The decided value of a decision, or None where it is not decided."""
        return self.answers[decision].value
