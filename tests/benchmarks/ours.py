"""The one place where the benchmarks meet this engine's own interface."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import engine
from engine import Decider, Record
from engine.model import Rulebase, Value

Decide = Callable[[Mapping[str, Value]], Value | None]


def load(folder: Path) -> Decider:
    """The pack in ``folder``, ready to decide."""
    return engine.load(folder)


def one_value(folder: Path, decision: str = "recourse") -> Decide:
    """One decision compiled: typed facts to its outcome, ``None`` where no rule decides."""
    return load(folder).compile(decision)


def verified(folder: Path) -> Callable[[Mapping[str, Value]], Record]:
    """All decisions of the pack by both evaluators, with reasons."""
    return load(folder).decide


def model(pack: Decider) -> Rulebase:
    """The rules of a loaded pack."""
    return pack.rulebase


def node_counts(pack: Decider) -> dict[str, int]:
    """The nodes of each decision's diagram; decisions share nodes. Builds the diagrams."""
    compiled = pack.compiled
    return {
        name: len(compiled.forest.reachable(compiled.roots[name]))
        for name in pack.rulebase.decisions
    }
