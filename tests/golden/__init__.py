"""Decision pages as they should be, one file for each example.

``python -m tests.golden`` writes what the engine says now. Then read the difference (``git diff
tests/golden``) as the borrower who gets these pages.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

from engine import Decider, Record, load
from engine.evaluation.changes import nearest_changes
from engine.presentation.text import page
from engine.reading.loans import Loan, read_loans

FOLDER = Path(__file__).parent
EXAMPLES = FOLDER.parent.parent / "examples"
PAGES = (
    "priya",
    "car-loan",
    "repossessed-car",
    "short-sale",
    "incomplete",
)


@cache
def primer() -> Decider:
    return load("primer")


def loans(example: str) -> list[Loan]:
    """The loans of a file of ``examples/``."""
    found = [loan for loan in read_loans(str(EXAMPLES / example)) if isinstance(loan, Loan)]
    assert found
    return found


def decided(loan: Loan, decider: Decider | None = None) -> Record:
    """A loan's record, under a digest that stays when the rules change."""
    record = (decider or primer()).decide(loan.data, locate=loan.locate)
    rulebase = dataclasses.replace(record.rulebase, digest="0" * 64)
    return dataclasses.replace(record, rulebase=rulebase)


def page_of(example: str) -> str:
    """The page of ``examples/<example>.yaml``."""
    (loan,) = loans(f"{example}.yaml")
    record = decided(loan)
    changes = {name: nearest_changes(primer(), record, name) for name in record.answers}
    return page(record, f"examples/{example}.yaml", changes=changes) + "\n"
