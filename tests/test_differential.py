"""The differential test in miniature; the long one is `python -m tests.differential`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine import Decider, Disagreement
from engine.model import Rulebase
from tests import differential


def test_random_packs_give_no_difference() -> None:
    tally = differential.run_random(range(1, 16))
    assert tally.failures == []
    assert tally.counts["fact sets"] == 15 * differential.SETS_OF_A_PACK
    assert tally.counts["enumerated"] > 10


def test_the_primer_gives_no_difference() -> None:
    folder = str(differential.ROOT / "rules" / "primer")
    tally = differential.run_named((folder, range(60)))
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
    tally = differential.run_random(range(1, 12))
    assert tally.counts["WRONG"] > 10
    assert tally.counts["DISAGREEMENT"] == 0


def test_a_disagreement_is_counted_with_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    class Torn(Decider):
        def decide(self, *args: Any, **options: Any) -> Any:
            raise Disagreement("they differ")

    monkeypatch.setattr(differential, "Decider", Torn)
    tally = differential.run_random([7])
    assert tally.counts["DISAGREEMENT"] == differential.SETS_OF_A_PACK
    assert "--pack random --seed 7" in tally.failures[0]
