"""Who waits for a decision may give up."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import Decider
from engine.analysis.interview import Interview, next_question
from engine.evaluation.changes import nearest_changes
from engine.evaluation.reach import TooSlow
from tests.small import pack

RECOURSE = "recourse: {type: enum, label: Recourse, values: {none: N, full: F}}"
RULES = "a | recourse | {state: CA, units: {at_most: 4}} | none\nb | recourse | {state: CA, units: {more_than: 4}} | full"
PAST = -1.0


@pytest.fixture
def decider(tmp_path: Path) -> Decider:
    return pack(tmp_path, RECOURSE, RULES)


def later() -> float:
    return time.monotonic() + 60


def test_a_decision_that_has_time_is_made(decider: Decider) -> None:
    record = decider.decide({"state": "CA"}, until=later())
    assert record.answers["recourse"].status == "undetermined"
    assert record.answers == decider.decide({"state": "CA"}).answers
    decided = decider.decide({"state": "CA", "units": 2}, until=later())
    assert nearest_changes(decider, decided, "recourse", later())


@pytest.mark.parametrize(
    "work",
    [
        lambda decider: decider.decide({"state": "CA"}, until=PAST),
        lambda decider: next_question(Interview(decider, ("recourse",), {}, until=PAST)),
        lambda decider: nearest_changes(
            decider, decider.decide({"state": "CA", "units": 2}), "recourse", PAST
        ),
    ],
)
def test_what_takes_too_long_ends(decider: Decider, work: Callable[[Decider], object]) -> None:
    with pytest.raises(TooSlow):
        work(decider)
    assert decider.decide({"state": "CA", "units": 2}).value("recourse") == "none"
