"""The names that conditions and formulas may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.model import Decision, Fact

RESERVED = frozenset({"all", "any", "not", "by", "min", "max"})
"""Words of the language, which no fact, term or decision may take as its name."""

UNCLEAR = "unclear"
"""The type of a name whose own definition is at fault."""


@dataclass(frozen=True)
class Names:
    """What a condition may speak of. ``terms`` are names alone: their conditions may come later.

    ``unclear`` are names whose own definition is at fault, which is reported there: of what uses
    them nothing is said, so that one fault is one problem.
    """

    facts: Mapping[str, Fact]
    terms: frozenset[str]
    decisions: Mapping[str, Decision]
    unclear: frozenset[str] = frozenset()

    @cached_property
    def types(self) -> dict[str, str]:
        """The type of every fact and decision, for formulas and bounds."""
        kinds: dict[str, str] = {name: d.type for name, d in self.decisions.items()}
        kinds |= {name: fact.type for name, fact in self.facts.items()}
        return kinds | dict.fromkeys(self.unclear, UNCLEAR)

    def everything(self) -> list[str]:
        """All facts, terms and decisions."""
        return [*self.facts, *sorted(self.terms), *self.decisions, *sorted(self.unclear)]

    def of_type(self, kind: str) -> list[str]:
        """The facts and decisions of a type."""
        return [name for name, found in self.types.items() if found == kind]
