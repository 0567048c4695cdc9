"""A rules-as-data decision engine.

>>> from engine import load
>>> record = load("primer").decide({"loan_kind": "personal_loan", "outstanding_debt": 5000})
"""

from __future__ import annotations

from pathlib import Path

from engine.evaluation.decide import Decider, Disagreement
from engine.evaluation.record import Answer, Record
from engine.problems import InputError, Problem
from engine.reading.pack import load_pack

__version__ = "0.1.0"


def load(pack: str | Path) -> Decider:
    """A pack, by the name of a shipped one or by its folder, ready to decide.

    Raises ``InputError`` with every problem of the pack.
    """
    return Decider(load_pack(pack))


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
