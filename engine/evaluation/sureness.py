"""How sure an answer is: as the rules that decide it, and as the decisions that those speak of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from engine.evaluation.record import SURENESS, Answer
from engine.model import Confidence, Decision, Rule, Rulebase
from engine.trees import names_in, spoken_of

_LEVEL: Mapping[Confidence, int] = {level: number for number, level in enumerate(SURENESS)}
_HIGH = len(SURENESS) - 1

_Ground = tuple[int, tuple[str, ...]]
"""How sure a rule is by itself, and the decisions that it speaks of."""


class Sureness:
    """Finds the confidence of a pack's answers. Safe to use from several threads.

    A rule is as sure as its authority and as the decided answers that its condition or its value
    speaks of. (That a part of the condition would hold without one of them is not looked into.)
    Where each deciding rule gives an answer alone, it is as sure as the surest of those that decide
    whatever is not known; where they make it together, or none does so, as the least sure.
    """

    def __init__(self, rulebase: Rulebase) -> None:
        self._rulebase = rulebase
        self._rules: dict[str, _Ground] = {}
        self._otherwise: dict[str, _Ground] = {}

    def of(
        self, answers: Mapping[str, Answer], answer_of: Callable[[str], Answer]
    ) -> dict[str, Answer]:
        """Some answers with their confidence; ``answer_of`` gives those that are not among them."""
        levels: dict[str, int] = {}
        found = {}
        for name, answer in answers.items():
            sure = SURENESS[self._level(answer, answers, answer_of, levels)]
            found[name] = answer if sure == answer.confidence else replace(answer, confidence=sure)
        return found

    def _level(
        self,
        answer: Answer,
        answers: Mapping[str, Answer],
        answer_of: Callable[[str], Answer],
        levels: dict[str, int],
    ) -> int:
        """``levels`` holds how sure decisions leave what speaks of them."""
        name, decided = answer.decision.name, answer.status == "decided"
        if decided and name in levels:
            return levels[name]
        if answer.rules:
            alone = decided and bool(answer.certain) and not answer.made_together
            rules = answer.certain if alone else answer.rules
            grounds = [self._rules.get(rule.id) or self._of_rule(rule) for rule in rules]
        else:
            alone = decided
            grounds = [self._of_otherwise(answer.decision)] if decided else []
        each = []
        for sure, spoken in grounds:
            for other in spoken:
                if other not in levels:
                    one = answers[other] if other in answers else answer_of(other)
                    self._level(one, answers, answer_of, levels)
                sure = min(sure, levels[other])
            each.append(sure)
        found = (max if alone else min)(each, default=_HIGH)
        levels[name] = found if decided else _HIGH  # what is open has no say where others are not
        return found

    def _of_rule(self, rule: Rule) -> _Ground:
        names = set(spoken_of(rule, self._rulebase)) & self._rulebase.decisions.keys()
        ground = self._rules[rule.id] = _LEVEL[rule.authority.confidence], tuple(names)
        return ground

    def _of_otherwise(self, decision: Decision) -> _Ground:
        ground = self._otherwise.get(decision.name)
        if ground is None:
            names = () if decision.otherwise is None else names_in(decision.otherwise)
            spoken = tuple(name for name in names if name in self._rulebase.decisions)
            ground = self._otherwise[decision.name] = _HIGH, spoken
        return ground
