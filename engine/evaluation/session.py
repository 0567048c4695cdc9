"""One loan under decision: what each decision comes to, and why."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from engine.evaluation.alike import Alike, Before, Recollection
from engine.evaluation.compiler import Blocked, Clash, Leaf
from engine.evaluation.compiling import Compiled, Rules
from engine.evaluation.diagram import LEAF
from engine.evaluation.explain import (
    asking,
    facts_that_mattered,
    in_formulas,
    overridden,
)
from engine.evaluation.outcomes import (
    Found,
    Kind,
    Outcome,
    formulas_at,
    outcome_of,
    used_decisions,
    winners,
)
from engine.evaluation.reach import Walk
from engine.evaluation.record import Answer, Possibility, Status
from engine.model import Decision, Formula, Value
from engine.trees import names_in

_STATUS: Mapping[str, Status] = {"value": "decided", "open": "open", "conflict": "conflict"}

MANY = 12
"""Of so many rules that may decide, it is worked out with which outcome each can go together."""


@dataclass(slots=True)
class Session:
    """One loan under decision: the walk over the diagrams and what it has found so far."""

    compiled: Compiled
    facts: Mapping[str, Value]
    until: float = math.inf
    alike: Alike | None = None
    """What is known of loans that came before, where it is of use."""
    walk: Walk = field(init=False)
    found: dict[str, Found] = field(init=False, default_factory=dict)
    single: dict[str, Outcome] = field(init=False, default_factory=dict)
    """The outcomes of the decisions that have but one."""
    _recollection: Recollection | None = field(init=False, default=None)
    _before: dict[str, Before] = field(init=False, default_factory=dict)
    """What loans that came before have come to, where this one comes to the same."""
    _leaves_of: dict[int, set[Leaf]] = field(init=False, default_factory=dict)
    _rules: dict[str, Rules] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.walk = Walk(self.compiled, self.facts, self.until)
        if self.alike is not None:
            self._recollection = Recollection(self.alike, self.walk)

    def recall(self) -> None:
        """Find at once what loans that came before tell of all decisions."""
        if self._recollection is not None:
            for name, before, found, single in self._recollection.recall():
                self._before[name] = before
                self.found[name] = found
                self.single[name] = single

    def remember(self, answers: Mapping[str, Answer]) -> None:
        """Keep what this loan has come to for those after it, once its answers have their reasons
        and it is known how sure they are."""
        if self._recollection is not None:
            self._recollection.remember(answers)

    def find(self, decision: Decision) -> Found:
        """All outcomes of a decision; those it requires must have been found before."""
        name = decision.name
        found = self.found.get(name)
        if found is not None:
            return found
        before = None if self._recollection is None else self._recollection.of(decision)
        if before is not None:
            found = before.found
        if found is None:
            found = outcomes_of(self.walk, decision, self.single)
        self.found[name] = found
        single = found.single
        if single is not None:
            self.single[name] = single
        if before is not None and before.kind == (single and single.kind):
            self._before[name] = before
        return found

    def answer(self, name: str, reasons: bool = True) -> Answer:
        """The decision's answer, with its reasons or without."""
        if (before := self._before.get(name)) is not None:
            return self._again(before.answer, name, reasons)
        decision = self.compiled.rulebase.decisions[name]
        found = self.found[name]
        outcome = found.single
        leaves = {leaf: None for group in found.leaves.values() for leaf in group}
        status: Status = "undetermined"
        if outcome is not None:
            status = _STATUS.get(outcome.kind, "undetermined")
        deciding, passed = self._deciding(decision, leaves)
        rules = self.compiled.rulebase.rules
        open_ = status == "undetermined"
        certain = [n for n in deciding if n in self.rules(decision).certain]
        answer = Answer(
            decision=decision,
            status=status,
            value=outcome.value if outcome is not None else None,
            possible=tuple(
                Possibility(each, tuple(rules[n] for n in self._deciding(decision, group)[0]))
                for each, group in (found.leaves.items() if open_ else ())
            ),
            ask=asking(self.walk, decision, found) if open_ and reasons else (),
            rules=tuple(rules[n] for n in deciding),
            certain=tuple(rules[n] for n in certain),
            overridden=overridden(self.walk, decision, deciding, passed) if reasons else (),
            facts_used=(
                facts_that_mattered(self.walk, decision, found, certain) if reasons else {}
            ),
            requires=decision.requires,
            confidence="high" if reasons else None,  # most are: ``Sureness`` lowers the others
        )
        if reasons and self._recollection is not None:
            self._find_out(self._recollection, decision, answer)
        return answer

    def _find_out(self, recollection: Recollection, decision: Decision, answer: Answer) -> None:
        """See what of an answer holds for other loans, and for which."""
        found, rules = self.found[decision.name], self.rules(decision)
        kind = None if found.single is None else found.single.kind
        end = self.walk.settle(self.compiled.roots[decision.name])
        if kind is not None and self._is_leaf(end) and not rules.possible:
            leaf = cast(Leaf, self.compiled.forest.values[end])
            formulas = formulas_at(self.compiled, decision, leaf)
            fixed = not any(True for formula in formulas for _ in names_in(formula))
            if fixed or self._is_settled(decision, leaf, kind):
                before = Before(kind, found if fixed else None, rules, answer)
                recollection.find_out(decision, before, settled=True)
                return
        if not self.walk.numbers.exhausted:
            before = Before(kind, found, rules, answer)
            recollection.find_out(decision, before, settled=False)

    def _is_settled(self, decision: Decision, leaf: Leaf, kind: Kind) -> bool:
        """Whether, of an outcome that is reckoned, the classes of the facts alone settle which
        rules decide, and why."""
        if decision.policy.kind in ("min", "max") and len(self.rules(decision).certain) > 1:
            return False  # amounts that vie with one another tell which rules decide
        if kind != "formula":
            return kind == "value"
        used = in_formulas(self.walk, decision, [leaf])[1]
        return all(self._is_leaf(self.walk.settle(self.compiled.roots[name])) for name in used)

    def _is_leaf(self, node: int) -> bool:
        return self.compiled.forest.level[node] == LEAF

    def _again(self, before: Answer, name: str, reasons: bool) -> Answer:
        """The answer of a loan that came before, as it is for this one."""
        facts, single = self.facts, self.single.get(name)
        value = None if single is None else single.value
        possible = before.possible
        if single is not None and single.kind == "formula":
            possible = (Possibility(single, possible[0].rules),)
        if not reasons:
            return replace(
                before,
                value=value,
                possible=possible,
                ask=(),
                overridden=(),
                facts_used={},
                confidence=None,
            )
        same = value == before.value and possible is before.possible
        if same and before.facts_used.items() <= facts.items():
            return before
        used = {fact: facts[fact] for fact in before.facts_used}
        return replace(before, value=value, possible=possible, facts_used=used)

    def rules(self, decision: Decision) -> Rules:
        """The rules that decide for certain, and those that may, before the hit policy."""
        if (before := self._before.get(decision.name)) is not None:
            return before.rules
        if decision.name not in self._rules:
            self._rules[decision.name] = rules_at(self.walk, decision)
        return self._rules[decision.name]

    def deciding(self, decision: Decision, leaves: Collection[Leaf]) -> list[int]:
        """The rules that decide where the decision comes to one of some leaves."""
        return self._deciding(decision, leaves)[0]

    def _deciding(
        self, decision: Decision, leaves: Collection[Leaf]
    ) -> tuple[list[int], list[int]]:
        """The rules that decide where the decision comes to one of some leaves, and those that the
        hit policy passes over there."""
        then = self._conclusions(decision)
        concluding = set[int]().union(*(self._concluded(then, leaf) for leaf in leaves))
        rules = self.rules(decision)
        certain, possible = rules.certain, rules.possible
        deciding = [n for n in certain if then[n] in concluding]
        passed = [n for n in certain if then[n] not in concluding]
        if len(leaves) == 1 and decision.policy.kind in ("min", "max") and not possible:
            outcome = self.single.get(decision.name)
            used = used_decisions(self.compiled, decision, frozenset(deciding))
            if outcome is not None and outcome.kind == "value" and used <= self.single.keys():
                deciding, lost = winners(
                    self.compiled, decision, deciding, outcome, self.facts, self.single
                )
                passed += lost
        alike = Counter(then[n] for n in (*certain, *possible))
        for n in possible:
            if then[n] in concluding and (
                alike[then[n]] == 1  # nothing else concludes this
                or len(possible) > MANY
                or self._together(n, decision, leaves)
            ):
                deciding.append(n)
        return deciding, passed if decision.policy.kind in ("priority", "min", "max") else []

    def _together(self, number: int, decision: Decision, leaves: Collection[Leaf]) -> bool:
        """Whether a rule decides in some completion that leads to one of the leaves."""
        compiled, then = self.compiled, self._conclusions(decision)
        decides = compiled.decides[compiled.rulebase.rules[number].id]
        found = self.found.get(decision.name)
        every = [leaf for group in found.leaves.values() for leaf in group] if found else []
        if (
            every
            and decision.policy.kind != "priority"  # wherever it decides, the leaf says so
            and not any(isinstance(leaf, Blocked) for leaf in every)
            and all(
                leaf in leaves or then[number] not in self._concluded(then, leaf) for leaf in every
            )
        ):
            return self.walk.can_be(decides)
        if number not in self._leaves_of:
            forest = compiled.forest
            self._leaves_of[number] = {
                cast(Leaf, forest.values[leaf])
                for holds, leaf in self.walk.reach([decides, compiled.roots[decision.name]])
                if holds == forest.true
            }
        return not self._leaves_of[number].isdisjoint(leaves)

    @staticmethod
    def _concluded(then: Mapping[int, int], leaf: Leaf) -> set[int]:
        """The conclusions that meet at a leaf; none where it is blocked."""
        if isinstance(leaf, Blocked):
            return set()
        return {then[n] for n in (leaf.rules if isinstance(leaf, Clash) else leaf)}

    def _conclusions(self, decision: Decision) -> Mapping[int, int]:
        """For each rule of a decision the first that concludes the same."""
        found = self.compiled.kept.conclusions.get(decision.name)
        if found is None:
            first: dict[Formula, int] = {}
            rules = self.compiled.rulebase.rules
            numbers = self.compiled.compiler.rules_of[decision.name]
            found = {n: first.setdefault(rules[n].then, n) for n in numbers}
            self.compiled.kept.conclusions[decision.name] = found
        return found


def rules_at(walk: Walk, decision: Decision) -> Rules:
    """The rules of a decision that decide for certain, and those that may, before the hit policy;
    constraints and comparisons of unknown facts are left aside."""
    compiled = walk.compiled
    rulebase, forest = compiled.rulebase, compiled.forest
    live = compiled.kept.live.get(decision.name)
    if live is None:
        own = compiled.compiler.rules_of[decision.name]
        pairs = ((n, compiled.decides[rulebase.rules[n].id]) for n in own)
        live = [(n, region) for n, region in pairs if region != forest.false]
        compiled.kept.live[decision.name] = live
    certain, possible = walk.descent.parted(live)
    if possible:
        return _rules(compiled, certain, possible)
    same = (decision.name, *certain)
    if same not in compiled.kept.rules:
        compiled.kept.rules[same] = _rules(compiled, certain, possible)
    return compiled.kept.rules[same]


def _rules(compiled: Compiled, certain: list[int], possible: list[int]) -> Rules:
    rules = compiled.rulebase.rules
    sure = frozenset(rules[n].id for n in certain)
    return Rules(certain, possible, sure, sure.union(rules[n].id for n in possible))


def outcomes_of(walk: Walk, decision: Decision, single: Mapping[str, Outcome]) -> Found:
    """Every outcome that a decision has over the completions of the walk's facts; ``single`` holds
    the outcomes of those it requires that have but one."""
    compiled = walk.compiled
    values = compiled.forest.values
    root = compiled.roots[decision.name]
    joint = _to_join(compiled, decision, walk, single)
    if not joint and compiled.forest.level[node := walk.settle(root)] == LEAF:
        leaf = cast(Leaf, values[node])
        return Found({outcome_of(compiled, decision, leaf, walk.facts, single): (leaf,)})
    roots = [root, *(compiled.roots[name] for name in joint)]
    outcomes: dict[Outcome, dict[Leaf, None]] = {}
    for leaves in walk.reach(roots):
        others = dict(single)
        together = [cast(Leaf, values[leaf]) for leaf in leaves]
        for name, leaf in zip(joint, together[1:], strict=True):
            other = compiled.rulebase.decisions[name]
            others[name] = outcome_of(compiled, other, leaf, walk.facts, others)
        outcome = outcome_of(compiled, decision, together[0], walk.facts, others)
        outcomes.setdefault(outcome, {})[together[0]] = None
    return Found({outcome: tuple(leaves) for outcome, leaves in outcomes.items()})


def _to_join(
    compiled: Compiled, decision: Decision, walk: Walk, single: Mapping[str, Outcome]
) -> list[str]:
    """The decisions whose outcome varies and enters this one's amount, in requirement order."""
    if all(name in single for name in decision.requires):
        return []
    decisions = compiled.rulebase.decisions
    needed: set[str] = set()
    waiting = [decision]
    while waiting:
        user = waiting.pop()
        for node in walk.open_part(compiled.roots[user.name]).leaves:
            leaf = cast(Leaf, compiled.forest.values[node])
            for name in used_decisions(compiled, user, leaf):
                if name not in single and name not in needed:
                    needed.add(name)
                    waiting.append(decisions[name])
    return [name for name in decisions if name in needed]
