"""A rules-as-data decision engine.

>>> from engine import load
>>> record = load("primer").decide({"loan_kind": "personal_loan", "outstanding_debt": 5000})
"""

from __future__ import annotations

from pathlib import Path

from engine.evaluation.decide import Decider, Disagreement
from engine.evaluation.record import Answer, Record
from engine.model import Rulebase
from engine.problems import InputError, Problem
from engine.reading.cache import KeptDiagrams, load_cached

__version__ = "0.1.0"


def load(pack: str | Path) -> Decider:
    """A pack, by the name of a shipped one or by its folder, ready to decide.

    What was read is kept for the next process (see ``engine.reading.cache``), and so are the
    diagrams that are built. Raises ``InputError`` with every problem of the pack.
    """
    rulebase = load_cached(pack, _read)
    return Decider(rulebase, store=KeptDiagrams(rulebase))


def _read(root: Path) -> Rulebase:
    from engine.reading.pack import load_pack  # most processes find the pack in the cache

    return load_pack(root)


__all__ = [
    "Answer",
    "Decider",
    "Disagreement",
    "InputError",
    "Problem",
    "Record",
    "__version__",
    "load",
]
