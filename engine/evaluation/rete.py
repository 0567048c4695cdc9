"""The second evaluator: the rules on a Rete network.

It shares no code with the decision diagram beyond :mod:`engine.model`. Each rule is compiled to two
networks, one that tells when it certainly applies and one that tells when it may apply; exceptions
and hit policies are then worked out on the rules that matched. For complete facts that is exact;
for incomplete facts it is an outer bound of what can be.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from engine.evaluation.rete_amounts import Known, Status, outcome
from engine.evaluation.rete_conditions import Translator
from engine.evaluation.rete_network import Network
from engine.model import All, Constant, Decision, OneOf, Rule, Rulebase, Value


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the network says of one decision; rules are given by their ids."""

    certain: frozenset[str]
    """Rules that certainly decide: after exceptions, before the hit policy."""
    possible: frozenset[str]
    """Rules that may decide."""
    applies: frozenset[str]
    """Rules that certainly apply."""
    may_apply: frozenset[str]
    """Rules that may apply."""
    status: Status
    value: Value | None
    """Set when ``status`` is ``decided``."""


_NONE: frozenset[str] = frozenset()
_CONFLICT = Verdict(_NONE, _NONE, _NONE, _NONE, "conflict", None)


class Rete:
    """The rules of a pack as networks, each built when it is first needed. Safe for threads."""

    def __init__(self, rulebase: Rulebase) -> None:
        self._rulebase = rulebase
        self._lock = threading.Lock()
        self._translator = Translator(rulebase)
        self._rules = {rule.id: rule for rule in rulebase.rules}
        self._overriders: dict[str, list[str]] = {}
        for rule in rulebase.rules:
            for name in rule.exception_to:
                self._overriders.setdefault(name, []).append(rule.id)
        self._levels = list(self._in_levels())
        self._unruled: dict[str, Verdict] = {}
        """What no rule comes to, by decision, where that depends on nothing."""

    def decide(
        self, facts: Mapping[str, Value], only: Collection[str] | None = None
    ) -> dict[str, Verdict]:
        """The verdict on each decision, in requirement order.

        ``facts`` are typed and valid values (money in dollars to the cent); one that is missing is
        unknown. ``only`` names the decisions wanted; those they require are decided as well.
        """
        wanted = set(self._rulebase.decisions if only is None else self._needed(only))
        run = _Run(dict(facts), self._translator)
        with self._lock:
            for level in self._levels:
                decisions = [one for one in level.decisions if one.name in wanted]
                if decisions:
                    self._work(level, decisions, run)
        return {name: run.verdicts[name] for name in self._rulebase.decisions if name in wanted}

    def _work(self, level: _Level, decisions: Sequence[Decision], run: _Run) -> None:
        jurisdiction = run.values.get(self._rulebase.jurisdiction_fact)
        names = {decision.name for decision in decisions}
        applies: dict[str, set[str]] = {name: set() for name in names}
        may_apply: dict[str, set[str]] = {name: set() for name in names}
        for place, group in level.groups.items():
            if names.isdisjoint(group.decides):
                continue
            if place is None or place == jurisdiction:
                certain, possible = group.matching(run)
            elif jurisdiction is None:
                certain, possible = set(), group.possibly_matching(run)
            else:
                continue
            for found, into in ((certain, applies), (possible, may_apply)):
                for rule in found:
                    decided = self._rules[rule].decides
                    if decided in into:
                        into[decided].add(rule)
        for decision in decisions:
            name = decision.name
            run.note(decision, self._verdict(decision, applies[name], may_apply[name], run))

    def _verdict(
        self, decision: Decision, applies: set[str], may_apply: set[str], run: _Run
    ) -> Verdict:
        if any(run.verdicts[name].status == "conflict" for name in decision.requires):
            return _CONFLICT
        if not may_apply and run.may_conflict.isdisjoint(decision.requires):
            if decision.name not in self._unruled:
                status, value = outcome(decision, (), (), run.known)
                none = Verdict(_NONE, _NONE, _NONE, _NONE, status, value)
                if not isinstance(decision.otherwise, Constant | None):
                    return none
                self._unruled[decision.name] = none
            return self._unruled[decision.name]
        overriders = self._overriders
        certain = {r for r in applies if may_apply.isdisjoint(overriders.get(r, ()))}
        possible = {r for r in may_apply if applies.isdisjoint(overriders.get(r, ()))}
        rules = [self._rules[name] for name in possible]
        status, value = outcome(decision, certain, rules, run.known)
        if not run.may_conflict.isdisjoint(decision.requires):
            status, value = "unknown", None
        return Verdict(
            frozenset(certain),
            frozenset(possible),
            frozenset(applies),
            frozenset(may_apply),
            status,
            value,
        )

    def _needed(self, only: Collection[str]) -> set[str]:
        needed: set[str] = set()
        waiting = list(only)
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting.extend(self._rulebase.decisions[name].requires)
        return needed

    def _in_levels(self) -> Iterator[_Level]:
        """Decisions by how deep their requirements go: those of one level share their messages."""
        depth: dict[str, int] = {}
        levels: dict[int, list[Decision]] = {}
        for decision in self._rulebase.decisions.values():
            depth[decision.name] = 1 + max((depth[name] for name in decision.requires), default=0)
            levels.setdefault(depth[decision.name], []).append(decision)
        rules: dict[int, dict[Value | None, list[Rule]]] = {number: {} for number in levels}
        for rule in self._rulebase.rules:
            place = _jurisdiction_of(rule, self._rulebase.jurisdiction_fact)
            rules[depth[rule.decides]].setdefault(place, []).append(rule)
        for number, decisions in sorted(levels.items()):
            groups = {p: _Group(some, self._translator) for p, some in rules[number].items()}
            yield _Level(tuple(decisions), groups)


def _jurisdiction_of(rule: Rule, fact: str) -> Value | None:
    """The one jurisdiction outside which a rule can't apply, if it has one."""
    waiting = [rule.when]
    while waiting:
        part = waiting.pop()
        if isinstance(part, All):
            waiting.extend(part.parts)
        elif isinstance(part, OneOf) and part == OneOf(fact, part.values[:1]):
            return part.values[0]
    return None


@dataclass(slots=True)
class _Run:
    """One loan under decision: what is known so far, and how the networks are told."""

    values: dict[str, Value]
    translator: Translator
    open: set[str] = field(default_factory=set)
    may_conflict: set[str] = field(default_factory=set)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    @property
    def known(self) -> Known:
        return Known(self.values, self.open)

    def note(self, decision: Decision, verdict: Verdict) -> None:
        """Make a verdict known to later decisions."""
        self.verdicts[decision.name] = verdict
        if verdict.status == "decided" and verdict.value is not None:
            self.values[decision.name] = verdict.value
        elif verdict.status == "open":
            self.open.add(decision.name)
        elif verdict.status == "unknown" and (
            (decision.policy.kind == "unique" and len(verdict.possible) > 1)
            or not self.may_conflict.isdisjoint(decision.requires)
        ):
            self.may_conflict.add(decision.name)

    def tell(self, names: frozenset[str]) -> Mapping[str, str]:
        """The properties by which a network learns what is known of these names, and others."""
        for name in names - self.told:
            if name in self.values:
                self.translator.tell(name, self.values[name], self.properties)
            elif name in self.open:
                self.translator.tell_open(name, self.properties)
            else:
                self.translator.tell_unknown(name, self.properties)
        self.told |= names
        return self.properties


@dataclass(frozen=True, slots=True)
class _Level:
    decisions: tuple[Decision, ...]
    groups: Mapping[Value | None, _Group]
    """By jurisdiction; under None the rules of no one jurisdiction."""


class _Group:
    """The rules of one level for one jurisdiction, or for all."""

    def __init__(self, rules: Sequence[Rule], translator: Translator) -> None:
        self._rules = rules
        self._translator = translator
        self.decides = frozenset(rule.decides for rule in rules)

    @cached_property
    def names(self) -> frozenset[str]:
        """The facts and decisions that the rules test."""
        return frozenset(n for rule in self._rules for n in self._translator.names(rule.when))

    @cached_property
    def certain(self) -> Network:
        """Tells the rules that certainly apply."""
        return Network([(rule.id, self._translator.certain(rule.when)) for rule in self._rules])

    @cached_property
    def possible(self) -> Network:
        """Tells the rules that may apply."""
        return Network([(rule.id, self._translator.possible(rule.when)) for rule in self._rules])

    def matching(self, run: _Run) -> tuple[set[str], set[str]]:
        """The ids of the rules that certainly apply, and of those that may."""
        names = self.names
        properties = run.tell(names)
        if all(name in run.values or name in run.open for name in names):
            certain = self.certain.matching(properties)
            return certain, certain
        possible = self.possible.matching(properties)
        return (self.certain.matching(properties) if possible else set()), possible

    def possibly_matching(self, run: _Run) -> set[str]:
        """The ids of the rules that may apply, where none certainly does."""
        return self.possible.matching(run.tell(self.names))
