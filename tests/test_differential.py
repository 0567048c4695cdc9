"""The differential test in miniature; the long one is `python -m tests.differential`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine import Decider, Disagreement
from engine.model import Rulebase
from tests import differential
from tests.differential import Tally, Task


def summed(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.add(tally)
    return total


def dies_at_two(numbers: Iterable[int]) -> Iterator[Tally]:
    for number in numbers:
        if number == 2:
            os._exit(9)
        yield Tally(Counter({"fact sets": 1}))


def test_a_process_that_dies_is_a_failure_and_the_rest_is_done() -> None:
    total = summed(differential.run_all([Task(dies_at_two, range(5))], jobs=1))
    assert total.counts == {"fact sets": 4, "CRASH": 1}
    assert "--seed 2" in total.failures[0] and "exit code 9" in total.failures[0]


def test_random_packs_give_no_difference() -> None:
    tally = summed(differential.run_random(range(1, 16)))
    assert tally.failures == []
    assert tally.counts["fact sets"] == 15 * differential.SETS_OF_A_PACK
    assert tally.counts["enumerated"] > 10


def test_the_primer_gives_no_difference() -> None:
    folder = str(differential.ROOT / "rules" / "primer")
    tally = summed(differential.run_named(folder, range(60)))
    assert tally.failures == []
    assert tally.counts["incomplete"] == 20


def test_a_wrong_answer_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong:
        """Both evaluators agree, on rules that have lost their exceptions."""

        def __init__(self, rules: Rulebase) -> None:
            self.rulebase = rules
            changed = tuple(replace(rule, exception_to=()) for rule in rules.rules)
            self.decide = Decider(replace(rules, rules=changed)).decide

    monkeypatch.setattr(differential, "Decider", Wrong)
    tally = summed(differential.run_random(range(1, 12)))
    assert tally.counts["WRONG"] > 10
    assert tally.counts["DISAGREEMENT"] == 0


def test_a_disagreement_is_counted_with_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    class Torn(Decider):
        def decide(self, *args: Any, **options: Any) -> Any:
            raise Disagreement("they differ")

    monkeypatch.setattr(differential, "Decider", Torn)
    tally = summed(differential.run_random([7]))
    assert tally.counts["DISAGREEMENT"] == differential.SETS_OF_A_PACK
    assert "--pack random --seed 7" in tally.failures[0]
