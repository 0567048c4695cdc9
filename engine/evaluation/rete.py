"""The second evaluator: the rules on a Rete network.

It shares no code with the decision diagram beyond :mod:`engine.model`, :mod:`engine.trees` and
:mod:`engine.memory`. The network tells which rules certainly apply and which may apply; exceptions
and hit policies are then worked out on those. For complete facts that is exact; for incomplete
facts it is an outer bound of what can be.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter

from engine.evaluation.rete_amounts import Gap, Known, Status, outcome
from engine.evaluation.rete_conditions import Translator
from engine.evaluation.rete_network import Network
from engine.memory import Memory
from engine.model import Constant, Decision, Rule, Rulebase, Value

MANY_ORDERS = 128
MANY_PLANS = 1_000
MANY_MATCHES = 60_000
"""Of so many loans, each for one decision, it is remembered at least which rules matched: 0.5 KB
each."""

_numbers = itertools.count()


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
        self._decisions = rulebase.decisions
        self._unknown = dict.fromkeys(rulebase.facts, Gap.UNKNOWN)
        self._translator = Translator(rulebase)
        self._rules: dict[str, list[Rule]] = {name: [] for name in rulebase.decisions}
        for rule in rulebase.rules:
            self._rules[rule.decides].append(rule)
        self._rulings: dict[str, _Rulings] = {}
        self._orders = Memory[list[Decision]](MANY_ORDERS)
        self._parting = Memory[Callable[[Known], object]](MANY_ORDERS)
        """By the decisions named: what picks the facts that part rules on them."""
        self._plans = Memory[list[tuple[Decision, _Ruling | None]]](MANY_PLANS)
        self._matches = Memory[_Match](MANY_MATCHES)
        self._lock = threading.Lock()

    def decide(
        self, facts: Mapping[str, Value], only: Collection[str] | None = None
    ) -> dict[str, Verdict]:
        """The verdict on each decision, in requirement order.

        ``facts`` are typed and valid values (money in dollars to the cent); one that is missing is
        unknown. ``only`` names the decisions wanted; those they require are decided as well.
        """
        run = _Run(self._translator, {**self._unknown, **facts})
        known, verdicts = run.known, run.verdicts
        with self._lock:
            for decision, ruling in self._plan(None if only is None else frozenset(only), known):
                verdict = (ruling or self._ruling(decision, known)).verdict(run)
                if verdict.value is None:
                    run.note(decision, verdict)
                else:
                    verdicts[decision.name], known[decision.name] = verdict, verdict.value
        return verdicts

    def _plan(
        self, only: frozenset[str] | None, known: Known
    ) -> list[tuple[Decision, _Ruling | None]]:
        """The decisions named and all that they require, in requirement order, each with what rules
        on it; None where that depends on another decision."""
        decisions = self._needed(only)
        parting = self._parting.find(only)
        if parting is None:
            by = dict.fromkeys(self._of(decision).by for decision in decisions)
            facts = [name for name in by if name and name not in self._decisions]
            parting = self._parting.keep(only, itemgetter(*facts) if facts else len)
        same = only, parting(known)
        plan = self._plans.find(same)
        if plan is None:
            free = [(d, self._of(d).by in self._decisions) for d in decisions]
            plan = [(d, None if later else self._ruling(d, known)) for d, later in free]
            self._plans.keep(same, plan)
        return plan

    def _needed(self, only: frozenset[str] | None) -> list[Decision]:
        """The decisions named and all that they require, in requirement order."""
        order = self._orders.find(only)
        if order is not None:
            return order
        needed: set[str] = set()
        waiting = list(self._decisions if only is None else only)
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting.extend(self._decisions[name].requires)
        order = [decision for name, decision in self._decisions.items() if name in needed]
        return self._orders.keep(only, order)

    def _ruling(self, decision: Decision, known: Known) -> _Ruling:
        rulings = self._of(decision)
        return rulings.where.get(known.get(rulings.by), rulings.elsewhere)

    def _of(self, decision: Decision) -> _Rulings:
        name = decision.name
        if name not in self._rulings:
            self._rulings[name] = _parted(
                decision, self._rules[name], self._translator, self._matches
            )
        return self._rulings[name]


# ---- one loan ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Run:
    """One loan under decision: what is known so far, and how the networks are told."""

    translator: Translator
    known: dict[str, Value | Gap]
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    conflict: set[str] = field(default_factory=set)
    may_conflict: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    certain: dict[str, str] = field(default_factory=dict)
    """The properties that tell what is known."""
    possible: dict[str, str] = field(default_factory=dict)
    """Those, and the properties that tell what is unknown."""

    def note(self, decision: Decision, verdict: Verdict) -> None:
        """Make it known to later decisions that this one has no value."""
        name, status = decision.name, verdict.status
        self.verdicts[name] = verdict
        self.known[name] = Gap.OPEN if status == "open" else Gap.UNKNOWN
        if status == "conflict":
            self.conflict.add(name)
        elif status == "unknown" and (
            (decision.policy.kind == "unique" and len(verdict.possible) > 1)
            or not self.may_conflict.isdisjoint(decision.requires)
        ):
            self.may_conflict.add(name)

    def tell(self, names: frozenset[str]) -> None:
        """Put what is known of these names into the properties."""
        for name in names - self.told:
            value = self.known[name]
            told = self.translator.tell(name, value)
            self.possible.update(told)
            if value is not Gap.UNKNOWN:
                self.certain.update(told)
        self.told |= names


# ---- the rules on one decision ----------------------------------------------------------------


class _Group:
    """Rules on one decision that are always asked together."""

    def __init__(self, rules: Sequence[Rule], translator: Translator) -> None:
        self.rules = rules
        self._translator = translator

    @cached_property
    def names(self) -> frozenset[str]:
        """The facts and decisions that the rules test."""
        return frozenset(n for rule in self.rules for n in self._translator.names(rule.when))

    @cached_property
    def _network(self) -> Network:
        return Network([(rule.id, self._translator.node(rule.when)) for rule in self.rules])

    def matching(self, run: _Run) -> tuple[set[str], set[str]]:
        """The ids of the rules that certainly apply, and of those that may."""
        run.tell(self.names)
        possible = self._network.matching(run.possible)
        if not possible or all(run.known[name] is not Gap.UNKNOWN for name in self.names):
            return possible, possible
        return self._network.matching(run.certain), possible


@dataclass(frozen=True, slots=True)
class _Rulings:
    """What rules on one decision: one thing in the loans in which ``by`` has a value that some of
    the rules require, or in which it is unknown; another in all other loans."""

    by: str
    where: Mapping[Value | Gap | None, _Ruling]
    elsewhere: _Ruling


def _parted(
    decision: Decision, rules: Sequence[Rule], translator: Translator, matches: Memory[_Match]
) -> _Rulings:
    """The rules on a decision, parted by the name of which most of them require one value (the
    state, the loan program): a loan with another value need not ask them."""
    required = [translator.required(rule.when) for rule in rules]
    counts = Counter(name for values in required for name in values)
    by = max(counts, key=counts.__getitem__, default="")
    parts: dict[Value | None, list[Rule]] = {}
    for rule, values in zip(rules, required, strict=True):
        parts.setdefault(values.get(by), []).append(rule)
    general = _Group(parts.pop(None, []), translator)
    groups = {value: _Group(part, translator) for value, part in parts.items()}
    where: dict[Value | Gap | None, _Ruling] = {
        value: _Ruling(decision, (general, group), matches) for value, group in groups.items()
    }
    where[Gap.UNKNOWN] = _Ruling(decision, (general, *groups.values()), matches)
    return _Rulings(by, where, _Ruling(decision, (general,), matches))


@dataclass(frozen=True, slots=True)
class _Match:
    """Which rules matched."""

    undecided: Verdict
    """The verdict before a value is worked out."""
    rules: tuple[Rule, ...]
    """Those that may decide."""
    verdict: Verdict | None
    """The verdict, if it depends on nothing else."""


class _Ruling:
    """What rules on one decision in some of the loans. It remembers, of loans that are alike in all
    that its rules test, which rules matched, and of those what they come to."""

    def __init__(
        self, decision: Decision, groups: Sequence[_Group], matches: Memory[_Match]
    ) -> None:
        self._decision = decision
        self._groups = groups
        self._matches = matches
        self._number = next(_numbers)
        """Tells it from all others."""

    @cached_property
    def _pick(self) -> Callable[[Known], object]:
        """What picks what is known of all that the rules test."""
        names = frozenset[str]().union(*(group.names for group in self._groups))
        return itemgetter(*names) if names else len

    @cached_property
    def _rules(self) -> Mapping[str, Rule]:
        return {rule.id: rule for group in self._groups for rule in group.rules}

    @cached_property
    def _overriders(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for rule in self._rules.values():
            for name in rule.exception_to:
                found.setdefault(name, []).append(rule.id)
        return found

    def verdict(self, run: _Run) -> Verdict:
        """What the rules come to for a loan."""
        requires = self._decision.requires
        if run.conflict and not run.conflict.isdisjoint(requires):
            return _CONFLICT
        alike = self._number, self._pick(run.known)
        match = self._matches.find(alike)
        if match is None:
            match = self._matches.keep(alike, self._match(run))
        if run.may_conflict and not run.may_conflict.isdisjoint(requires):
            return match.undecided
        return match.verdict or self._decided(match.undecided, match.rules, run.known)

    def _match(self, run: _Run) -> _Match:
        found = [group.matching(run) for group in self._groups]
        applies = frozenset[str]().union(*(certain for certain, _ in found))
        may_apply = frozenset[str]().union(*(possible for _, possible in found))
        same = self._number, applies, may_apply
        match = self._matches.find(same)
        if match is None:
            match = self._matches.keep(same, self._after_exceptions(applies, may_apply))
        return match

    def _after_exceptions(self, applies: frozenset[str], may_apply: frozenset[str]) -> _Match:
        over = self._overriders
        certain = frozenset(r for r in applies if may_apply.isdisjoint(over.get(r, ())))
        possible = frozenset(r for r in may_apply if applies.isdisjoint(over.get(r, ())))
        undecided = Verdict(certain, possible, applies, may_apply, "unknown", None)
        rules = tuple(self._rules[name] for name in possible)
        formulas = [rule.then for rule in rules]
        if not certain and self._decision.otherwise is not None:
            formulas.append(self._decision.otherwise)
        fixed = all(isinstance(formula, Constant) for formula in formulas)
        return _Match(undecided, rules, self._decided(undecided, rules, {}) if fixed else None)

    def _decided(self, undecided: Verdict, rules: Sequence[Rule], known: Known) -> Verdict:
        status, value = outcome(self._decision, undecided.certain, rules, known)
        of = undecided
        return Verdict(of.certain, of.possible, of.applies, of.may_apply, status, value)
