"""From conditions and rules to diagrams.

A decision's leaves say what the rules that decide there come to, as sets of rule numbers: of rules
with the same conclusion one stands for all, and under ``priority`` the strongest for the others, so
that a diagram is no larger than its outcomes need. Which rules decide is told by a diagram for each
rule. A leaf is ``Blocked`` where a decision that the decision requires contradicts itself.

A test on another decision is replaced by the region where that decision's diagram makes it true, so
every diagram speaks of facts alone and answers for incomplete facts are exact.
"""

from __future__ import annotations

from collections.abc import (
    Callable,
    Collection,
    Hashable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from typing import cast

from engine.evaluation.diagram import Forest
from engine.evaluation.formulas import combined, literal_outcome, settled, substitute
from engine.evaluation.sections import WHOLE, Section, joined
from engine.evaluation.space import SIGNS, Space
from engine.model import (
    ORDERED,
    All,
    AnyOf,
    Compare,
    Condition,
    Constant,
    Decision,
    Formula,
    Not,
    OneOf,
    Ref,
    Rulebase,
    TermHolds,
    Value,
)
from engine.trees import names_in


@dataclass(frozen=True, slots=True)
class Blocked:
    """A leaf where the decision has no answer, because one that it requires is in conflict."""

    by: str


@dataclass(frozen=True, slots=True)
class Clash:
    """A leaf where rules that should agree come to different amounts or days."""

    rules: frozenset[int]


Leaf = frozenset[int] | Blocked | Clash


class Sections:
    """The diagrams of a rulebase: each section's, built by itself and then put together."""

    def __init__(
        self,
        space: Space,
        rulebase: Rulebase,
        every: Sequence[Section],
        constraints: Sequence[int],
    ) -> None:
        self._forest = space.forest
        self._rulebase = rulebase
        self._level = space.level_of.get(rulebase.section_fact, 0)
        self.every = every
        self.parts = [Compiler(space, rulebase, each, constraints) for each in every]
        self.rules_of = self.parts[0].rules_of
        self.roots: dict[str, int] = {}
        self.applies: dict[str, int] = {}
        self.decides: dict[str, int] = {}

    def build(self, decision: Decision) -> None:
        """Build a decision's diagram; those it requires must have been built before."""
        for part in self.parts:
            part.roots[decision.name] = part.decision(decision)
        self.join(decision)

    def join(self, decision: Decision) -> None:
        """Put the sections' diagrams of a decision together."""
        self.roots[decision.name] = self._joined([p.roots[decision.name] for p in self.parts])
        rules = [self._rulebase.rules[n].id for n in self.rules_of[decision.name]]
        self.applies |= {id_: self._joined([p.applies[id_] for p in self.parts]) for id_ in rules}
        self.decides |= {id_: self._joined([p.decides[id_] for p in self.parts]) for id_ in rules}

    def take_over(self, other: Sections, decisions: Collection[str]) -> None:
        """Take the diagrams of some decisions, and those of all rules, from another rulebase's in
        the same space with the same sections."""
        for part, theirs in zip(self.parts, other.parts, strict=True):
            part.roots |= {name: theirs.roots[name] for name in decisions}
            part.applies |= theirs.applies
            part.decides |= theirs.decides
        self.roots |= {name: other.roots[name] for name in decisions}
        self.applies |= other.applies
        self.decides |= other.decides

    def condition(self, condition: Condition) -> int:
        """Where a condition holds."""
        return self._joined([part.condition(condition) for part in self.parts])

    def amount_of(self, name: str) -> int:
        """A diagram whose leaves are the formulas over facts that a name stands for; None where a
        decision is open."""
        return self._joined([part.amount_of(name) for part in self.parts])

    def _joined(self, parts: Sequence[int]) -> int:
        return joined(self._forest, self._level, self.every, parts)


class Compiler:
    """From the conditions and rules of one rulebase to diagrams in a space, for one section."""

    def __init__(
        self,
        space: Space,
        rulebase: Rulebase,
        section: Section = WHOLE,
        constraints: Sequence[int] = (),
    ) -> None:
        self._constraints = constraints
        self._space = space
        self._forest = space.forest
        self._rulebase = rulebase
        self._left = section.left
        self._key = space.new_key()
        self._terms: dict[str, int] = {}
        self._tests: dict[OneOf | Compare, int] = {}
        self._amounts: dict[str, int] = {}
        self.roots: dict[str, int] = {}
        self.applies: dict[str, int] = {}
        self.decides: dict[str, int] = {}
        self.rules_of: dict[str, list[int]] = {name: [] for name in rulebase.decisions}
        for number, rule in enumerate(rulebase.rules):
            self.rules_of[rule.decides].append(number)

    # ---- decisions ----------------------------------------------------------------------------

    def decision(self, decision: Decision) -> int:
        """The diagram of a decision; those it requires must have been built before."""
        forest, rules = self._forest, self._rulebase.rules
        numbers = self.rules_of[decision.name]
        applies = {rules[n].id: self.condition(rules[n].when) for n in numbers}
        self.applies.update(applies)
        overriders: dict[str, list[int]] = {}
        for n in numbers:
            for target in rules[n].exception_to:
                overriders.setdefault(target, []).append(applies[rules[n].id])
        for n in numbers:
            decides = applies[rules[n].id]
            if over := overriders.get(rules[n].id):
                decides = forest.less(decides, forest.any_of(over))
            self.decides[rules[n].id] = decides
        regions = {n: self.decides[rules[n].id] for n in numbers}
        root = self._clashing(decision, self.together(decision, regions))
        for required in decision.requires:
            root = self._block(root, required)
        return root

    def together(
        self,
        decision: Decision,
        regions: Mapping[int, int],
        then: Mapping[int, Formula] | None = None,
    ) -> int:
        """The diagram whose leaves say what rules come to that decide in some regions. ``then``
        gives rules another conclusion than their own."""
        forest = self._forest
        changed = then or {}
        conclusions = {n: changed.get(n, self._rulebase.rules[n].then) for n in regions}
        first: dict[Formula, int] = {}
        for n in self.rules_of[decision.name]:
            if n not in changed:
                first.setdefault(self._rulebase.rules[n].then, n)
        every = decision.policy.kind == "sum"
        alike: dict[int, list[int]] = {}
        for n, region in regions.items():
            number = n if every else first.setdefault(conclusions[n], n)
            alike.setdefault(number, []).append(region)
        where = {n: forest.any_of(same) for n, same in alike.items()}
        if decision.policy.kind != "priority":
            return forest.sets(where)

        def rank(number: int) -> int:
            conclusion = conclusions.get(number, self._then(number))
            return decision.policy.order.index(cast(Constant, conclusion).value)

        return forest.sets({n: where[n] for n in sorted(where, key=rank)}, first=True)

    def _then(self, number: int) -> Formula:
        return self._rulebase.rules[number].then

    def _clashing(self, decision: Decision, root: int) -> int:
        """Under ``unique``, amounts or days that differ are a conflict where they differ."""
        forest = self._forest
        if decision.policy.kind != "unique" or decision.type not in ORDERED:
            return root
        for node in forest.leaves(root):
            leaf = cast(frozenset[int], forest.values[node])
            formulas = list(dict.fromkeys(self._rulebase.rules[n].then for n in sorted(leaf)))
            if len(formulas) < 2:
                continue
            here = forest.map(f"here {node}", lambda value, own=leaf: value == own, root)  # type: ignore[misc]
            if (here := forest.narrowed(here, self._constraints)) == forest.false:
                continue
            amounts = [
                self._settled(decision, self._where(here, combined(decision, [formula])))
                for formula in formulas
            ]
            unlike = [self._compared(amounts[0], other, (0, 2)) for other in amounts[1:]]
            valued = [self._compared(amounts[0], other, (0, 1, 2)) for other in amounts[1:]]
            clash = forest.all_of([here, forest.any_of(unlike), *valued])
            root = forest.apply(
                f"clash {node}",
                lambda value, clashes, own=leaf: Clash(own) if clashes else value,  # type: ignore[misc]
                root,
                clash,
            )
        return root

    def _block(self, root: int, required: str) -> int:
        """Where ``required`` contradicts itself, what needs it has no answer."""
        decision = self._rulebase.decisions[required]
        clash = self._forest.map(
            f"{self._key} conflict {required}",
            lambda leaf: self._contradicts(decision, cast(Leaf, leaf)),
            self.roots[required],
        )
        if clash == self._forest.false:
            return root
        blocked = Blocked(required)
        return self._forest.apply(
            f"{self._key} block {required}",
            lambda leaf, conflict: blocked if conflict else leaf,
            root,
            clash,
        )

    def _where(self, region: int, formula: Formula) -> int:
        """A formula in a region, and nothing elsewhere."""
        name = f"{self._space.new_key()} formula"
        return self._forest.map(name, lambda holds: formula if holds else None, region)

    def _contradicts(self, decision: Decision, leaf: Leaf) -> bool:
        if isinstance(leaf, Blocked | Clash):
            return True
        if decision.policy.kind != "unique" or decision.type in ORDERED or not leaf:
            return False  # amounts and days that differ have leaves of their own
        then = [self._rulebase.rules[n].then for n in leaf]
        return literal_outcome(decision, [cast(Constant, f).value for f in then]) is None

    # ---- conditions ---------------------------------------------------------------------------

    def condition(self, condition: Condition) -> int:
        """Where a condition holds."""
        match condition:
            case OneOf(name) if name in self._space.level_of:
                return self._fact_test(condition)
            case OneOf():
                return self._decision_is(condition)
            case All(parts):
                found = []
                for part in parts:
                    found.append(self.condition(part))
                    if found[-1] == self._forest.false:  # whatever the others are
                        return found[-1]
                return self._forest.all_of(found)
            case AnyOf(parts):
                return self._forest.any_of(self.condition(part) for part in parts)
            case Not(part):
                return self._forest.negate(self.condition(part))
            case TermHolds(name):
                if name not in self._terms:
                    self._terms[name] = self.condition(self._rulebase.terms[name].when)
                return self._terms[name]
            case Compare(name, bound, limit, limit_name):
                if limit_name is None and name in self._space.level_of:
                    return self._fact_test(condition)
                left = self.amount_of(name)
                right = (
                    self._forest.leaf(Constant(cast(Value, limit)))
                    if limit_name is None
                    else self.amount_of(limit_name)
                )
                return self._compared(left, right, SIGNS[bound])

    def _fact_test(self, test: OneOf | Compare) -> int:
        found = self._tests.get(test)
        if found is None:
            found = self._tests[test] = self._space.fact_test(test, self._left)
        return found

    def _decision_is(self, test: OneOf) -> int:
        decision = self._rulebase.decisions[test.name]
        if decision.type in ORDERED:
            amount = self.amount_of(test.name)
            wanted = (0, 2) if test.negated else (1,)
            options = [
                self._compared(amount, self._forest.leaf(Constant(value)), wanted)
                for value in test.values
            ]
            join = self._forest.all_of if test.negated else self._forest.any_of
            return join(options)

        def meets(leaf: Hashable) -> bool:
            value = self._literal_value(decision, cast(Leaf, leaf))
            if value is None:
                return False
            if isinstance(value, frozenset):
                found = any(member in value for member in test.values)
            else:
                found = value in test.values
            return found != test.negated

        key = f"{self._key} {test.name} is {test.negated} {test.values!r}"
        return self._forest.map(key, meets, self.roots[test.name])

    def _literal_value(self, decision: Decision, leaf: Leaf) -> Value | None:
        if isinstance(leaf, Blocked | Clash):
            return None
        rules = self._rulebase.rules
        then = [rules[n].then for n in sorted(leaf)]
        if not then:
            if decision.otherwise is None:
                return None
            then = [decision.otherwise]
        return literal_outcome(decision, [cast(Constant, formula).value for formula in then])

    # ---- amounts ------------------------------------------------------------------------------

    def amount_of(self, name: str) -> int:
        """A diagram whose leaves are the formulas over facts that a name stands for; None where a
        decision is open."""
        if name in self._rulebase.facts:
            return self._forest.leaf(Ref(name))
        if name not in self._amounts:
            self._amounts[name] = self._decision_amount(self._rulebase.decisions[name])
        return self._amounts[name]

    def _decision_amount(self, decision: Decision) -> int:
        forest, rules = self._forest, self._rulebase.rules

        def own(leaf: Hashable) -> Hashable:
            if isinstance(leaf, Blocked | Clash):
                return None
            formulas = [rules[n].then for n in sorted(cast(frozenset[int], leaf))]
            if not formulas and decision.otherwise is not None:
                formulas = [decision.otherwise]
            return combined(decision, formulas) if formulas else None

        return self._settled(
            decision,
            forest.map(f"{self._key} amount {decision.name}", own, self.roots[decision.name]),
        )

    def _settled(self, decision: Decision, amount: int) -> int:
        """A diagram of formulas with the decisions in them replaced, and rounded."""
        forest, name = self._forest, decision.name
        for needed in self._in_formulas(decision):
            if not any(needed in names_in(f) for f in _formulas(forest, amount)):
                continue
            amount = forest.apply(
                f"{self._key} with {needed} in {name}",
                _inline(needed),
                amount,
                self.amount_of(needed),
                keeps=lambda formula, name=needed: formula is None or name not in names_in(formula),  # type: ignore[misc]
            )
        kind = decision.type
        return forest.map(
            f"{self._key} settled {name}",
            lambda formula: None if formula is None else settled(cast(Formula, formula), kind),
            amount,
        )

    def _in_formulas(self, decision: Decision) -> list[str]:
        """The decisions that the formulas of a decision use."""
        formulas = [self._rulebase.rules[n].then for n in self.rules_of[decision.name]]
        formulas += [] if decision.otherwise is None else [decision.otherwise]
        used = {name for formula in formulas for name in names_in(formula)}
        return [name for name in self._rulebase.decisions if name in used]

    def _compared(self, left: int, right: int, wanted: tuple[int, ...]) -> int:
        """Where the amount ``left`` stands to ``right`` in one of the ``wanted`` ways."""
        forest = self._forest
        pairs = forest.apply("pair", lambda a, b: (a, b), left, right)
        parts = []
        for leaf in forest.leaves(pairs):
            a, b = cast(tuple[Formula | None, Formula | None], forest.values[leaf])
            if a is None or b is None:
                continue
            here = forest.map(f"pair {leaf}", lambda pair, own=(a, b): pair == own, pairs)  # type: ignore[misc]
            parts.append(forest.both(here, self._space.comparison(a, b, wanted)))
        return forest.any_of(parts)


def _formulas(forest: Forest, amount: int) -> Iterator[Formula]:
    """The formulas at the leaves of a diagram."""
    for leaf in forest.leaves(amount):
        if (formula := cast(Formula | None, forest.values[leaf])) is not None:
            yield formula


def _inline(name: str) -> Callable[[Hashable, Hashable], Hashable]:
    def inline(formula: Hashable, value: Hashable) -> Hashable:
        if formula is None or name not in names_in(cast(Formula, formula)):
            return formula
        if value is None:
            return None  # the decision is open, so the formula has no value
        return substitute(cast(Formula, formula), {name: cast(Formula, value)})

    return inline
