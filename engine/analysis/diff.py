"""What a change of the rules does: every loan whose outcome differs, exactly.

Both rulebases are compiled in one space, so that a decision that is the same function of the facts
is the same diagram. Where diagrams differ, the loans between them are found by walking them;
nothing is sampled, and no difference is a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal, cast

from engine.analysis.alignment import Aligned, LoanPair, align, concerned, find_renames
from engine.analysis.definitions import DefinitionChange, definition_changes
from engine.analysis.regions import Cube, as_part
from engine.analysis.renaming import rename
from engine.analysis.view import View
from engine.evaluation.amounts import NoValue, evaluate, finish, known_only
from engine.evaluation.compiler import Blocked, Clash, Leaf
from engine.evaluation.compiling import Compiled, compile_in
from engine.evaluation.outcomes import CONFLICT, OPEN, Outcome, outcome_of
from engine.evaluation.reach import Walk
from engine.evaluation.space import Space
from engine.evaluation.variables import divides
from engine.model import ORDERED, Constant, Decision, Formula, Rounded, Rulebase, Value
from engine.trees import names_in

MAX_REGIONS = 25
"""A change that falls into more pieces than this is cut short; it then says so."""
MAX_DETAILED = 12
"""So many changes of a decision, the largest, are told in all their pieces; of others one is."""

LESS, EQUAL, MORE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class ChangedRegion:
    """A piece of the space of loans that a change touches.

    ``rules_before`` and ``rules_after`` decide there (none: ``otherwise`` does, or nothing).
    ``loan`` is one of its loans, with the values of the decision for it; None where amounts are
    compared so that no loan was found and none can be ruled out.
    """

    cube: Cube
    share: Fraction
    rules_before: tuple[str, ...] = ()
    rules_after: tuple[str, ...] = ()
    loan: LoanPair | None = None
    value_before: Value | None = None
    value_after: Value | None = None


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """The loans for which a decision had one outcome and has another.

    Of an amount or a day an outcome is a formula over facts, and only the loans are meant for which
    the two formulas differ. ``share`` is the part of all loans that both sides accept. The regions
    are disjoint and, if ``complete``, all there are; the largest come first.
    """

    decision: str
    old: Outcome
    new: Outcome
    share: Fraction
    regions: tuple[ChangedRegion, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class AcceptanceChange:
    """Loans that one side refuses, because of a constraint of its own or since it does not know
    one of their values, and the other side takes. ``share`` is the part of those it took."""

    kind: Literal["no longer accepted", "now accepted"]
    constraint: str
    because: str
    share: Fraction
    regions: tuple[ChangedRegion, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two rulebases. ``joint`` holds the variables that the regions speak
    of; ``renames`` gives the new names of the base's facts, terms and decisions."""

    base: Rulebase
    head: Rulebase
    joint: Compiled
    renames: Mapping[str, str]
    definitions: tuple[DefinitionChange, ...]
    outcomes: tuple[OutcomeChange, ...]
    acceptance: tuple[AcceptanceChange, ...]

    @property
    def decides_alike(self) -> bool:
        """Proven: both accept the same loans, and no decision that both have differs on any."""
        return not self.outcomes and not self.acceptance

    @property
    def decisions(self) -> dict[str, list[OutcomeChange]]:
        """The outcome changes of each decision that changes, in requirement order."""
        found: dict[str, list[OutcomeChange]] = {}
        for change in self.outcomes:
            found.setdefault(change.decision, []).append(change)
        return found


def compare(base: Rulebase, head: Rulebase) -> Difference:
    """Everything that differs between two rulebases, over all loans."""
    renames = find_renames(base, head)
    both = _Both(align(base, head, renames))
    changes = [
        change
        for decision in both.after.rulebase.decisions.values()
        if decision.name in both.compared
        and _same_type(decision, both.before.rulebase.decisions.get(decision.name))
        for change in both.changes(decision)
    ]  # all comparisons are in the space before the first walk
    joint = both.view(both.before.constraints + both.after.constraints)
    return Difference(
        base,
        head,
        joint.compiled,
        renames,
        tuple(definition_changes(rename(base, renames), head, renames)),
        tuple(both.outcome_changes(joint, changes)),
        tuple(both.acceptance()),
    )


def _same_type(decision: Decision, other: Decision | None) -> bool:
    return other is not None and other.type == decision.type


@dataclass(frozen=True, slots=True)
class _Part:
    """Where a decision's outcome goes from one to another. ``inside`` is an outer bound of it in
    which amounts are not rounded, so that more can be proven of it."""

    decision: Decision
    old: Outcome
    new: Outcome
    part: int
    inside: int


@dataclass(slots=True)
class _Both:
    """The two sides in one space."""

    aligned: Aligned
    compared: frozenset[str] = field(init=False)
    """The decisions that may differ."""
    closely: frozenset[str] = field(init=False)
    """Those of them that are told in all their pieces: of what only follows from these, and is no
    main decision, one piece of each change is."""
    space: Space = field(init=False)
    before: Compiled = field(init=False)
    after: Compiled = field(init=False)

    def __post_init__(self) -> None:
        about = concerned(self.aligned.base, self.aligned.head)
        self.compared, self.closely = about.decisions, about.direct | {*about.head.main}
        self.space = Space([about.base, about.head])
        self.before, self.after = (
            compile_in(self.space, side, decisions=side.needed(self.compared))
            for side in (about.base, about.head)
        )

    def view(self, constraints: tuple[int, ...]) -> View:
        """The loans under some constraints, with the comparisons made so far."""
        return View(
            replace(
                self.after,
                constraints=constraints,
                levels_on=dict.fromkeys(self.aligned.head.facts, ()) | self.space.levels_on(),
                compared=self.space.compared(),
            )
        )

    # ---- outcomes -----------------------------------------------------------------------------

    def changes(self, decision: Decision) -> Iterator[_Part]:
        """Where the outcomes of a decision differ, by old and new outcome."""
        forest, key = self.space.forest, self.space.new_key()
        sides = [self._outcomes(side, decision.name) for side in (self.before, self.after)]
        if sides[0] == sides[1]:
            return
        changed = forest.apply(
            f"{key} changed", lambda a, b: None if a == b else (key, a, b), *sides
        )
        for leaf in forest.leaves(changed):
            if forest.values[leaf] is None:
                continue
            _, old, new = cast(tuple[str, Outcome, Outcome], forest.values[leaf])
            wanted = forest.values[leaf]
            here = forest.map(f"{key} here {leaf}", _is(wanted), changed)
            differ, inside = self._differ(old, new)
            yield _Part(decision, old, new, forest.both(here, differ), forest.both(here, inside))

    def _outcomes(self, side: Compiled, name: str) -> int:
        """A decision's diagram with outcomes at its leaves."""
        forest, decision = self.space.forest, side.rulebase.decisions[name]
        root, key = side.roots[name], f"outcomes {name} {self.space.new_key()}"
        if decision.type not in ORDERED:
            return forest.map(
                key, lambda leaf: outcome_of(side, decision, cast(Leaf, leaf), {}, {}), root
            )
        return forest.apply(key, _amount_outcome, root, side.compiler.amount_of(name))

    def _differ(self, old: Outcome, new: Outcome) -> tuple[int, int]:
        """Where two outcomes really differ, and the same with amounts not rounded."""
        forest = self.space.forest
        a, b = old.formula, new.formula
        if (a is None and b is None) or CONFLICT in (old, new):
            return forest.true, forest.true
        if a is None or b is None:  # no value against an amount
            valued = self._valued(cast(Formula, a or b))
            return valued, valued
        one_sided = forest.apply("one sided", lambda x, y: x != y, self._valued(a), self._valued(b))
        unlike = self.space.comparison(a, b, (LESS, MORE))
        whole = unlike
        if isinstance(a, Rounded) and isinstance(b, Rounded) and a.type == b.type:
            whole = forest.both(unlike, self.space.comparison(a.part, b.part, (LESS, MORE)))
        return forest.either(unlike, one_sided), forest.either(whole, one_sided)

    def _valued(self, formula: Formula) -> int:
        """Where a formula has a value: nothing is divided by zero."""
        if not divides(formula):
            return self.space.forest.true
        return self.space.comparison(formula, Constant(Decimal(0)), (LESS, EQUAL, MORE))

    def outcome_changes(self, joint: View, changes: list[_Part]) -> Iterator[OutcomeChange]:
        """The changes that touch loans, with their regions; of each decision the largest first."""
        by_decision: dict[str, list[tuple[Fraction, _Part]]] = {}
        for change in changes:
            shares = by_decision.setdefault(change.decision.name, [])
            shares.append((joint.share(change.part), change))
        for name, shares in by_decision.items():
            shares.sort(key=lambda pair: -pair[0])
            for rank, (size, change) in enumerate(shares):
                whole = rank < MAX_DETAILED and name in self.closely
                limit = MAX_REGIONS if whole else 1
                regions, complete = self._regions(joint, change.part, change, limit)
                if regions:
                    yield OutcomeChange(name, change.old, change.new, size, regions, complete)

    # ---- acceptance ---------------------------------------------------------------------------

    def acceptance(self) -> Iterator[AcceptanceChange]:
        """The loans that only one side accepts, by the constraint of the other that refuses."""
        yield from self._accepted("no longer accepted", self.before, self.after)
        yield from self._accepted("now accepted", self.after, self.before)

    def _accepted(
        self,
        kind: Literal["no longer accepted", "now accepted"],
        taking: Compiled,
        refusing: Compiled,
    ) -> Iterator[AcceptanceChange]:
        forest = self.space.forest
        taken = self.view(taking.constraints)
        left = forest.true
        for constraint, holds in zip(
            refusing.rulebase.constraints, refusing.constraints, strict=True
        ):
            refused = forest.less(left, holds)
            left = forest.both(left, holds)
            if holds in taking.constraints:
                continue
            regions, whole = self._regions(taken, refused)
            if regions:
                size = taken.share(refused)
                name, because = constraint.name, constraint.because
                yield AcceptanceChange(kind, name, because, size, regions, whole)

    # ---- regions ------------------------------------------------------------------------------

    def _regions(
        self, view: View, part: int, change: _Part | None = None, limit: int = MAX_REGIONS
    ) -> tuple[tuple[ChangedRegion, ...], bool]:
        """The pieces of a part that hold loans, and whether they are all of it."""
        pieces, whole = view.pieces(part, 20 * limit)
        walk = view.walk()
        found: list[ChangedRegion] = []
        for cube in pieces:
            if len(found) == limit:
                whole = False
                break
            found.extend(self._region(view, walk, cube, change))
        return tuple(sorted(found, key=lambda region: -region.share)), whole

    def _region(
        self, view: View, walk: Walk, cube: Cube, change: _Part | None
    ) -> Iterator[ChangedRegion]:
        forest, piece = self.space.forest, as_part(view.compiled, cube)
        loans = view.loans(piece)
        loan = view.loan(walk, loans)
        if loan is None:
            bound = loans if change is None else forest.both(loans, change.inside)
            if view.is_empty(walk, bound):
                return
        region = ChangedRegion(cube, view.share(piece))
        if loan is not None:
            region = replace(region, loan=self.aligned.pair(loan))
        if change is not None:
            name, kind = change.decision.name, change.decision.type
            region = replace(
                region,
                rules_before=self._deciding(self.before, name, loans, piece, change.old),
                rules_after=self._deciding(self.after, name, loans, piece, change.new),
                value_before=value_at(change.old, kind, loan),
                value_after=value_at(change.new, kind, loan),
            )
        yield region

    def _deciding(
        self, side: Compiled, name: str, loans: int, piece: int, outcome: Outcome
    ) -> tuple[str, ...]:
        """The rules that give a decision its outcome for some of the loans of a piece."""
        forest = self.space.forest
        if outcome == CONFLICT:  # where a required decision is, no rule of its own decides
            key = f"free {id(side)} {name}"
            free = forest.map(key, lambda leaf: not isinstance(leaf, Blocked), side.roots[name])
            piece = forest.both(piece, free)
        strongest = None
        if side.rulebase.decisions[name].policy.kind == "priority":
            strongest = Constant(cast(Value, outcome.value))
        found = []
        for rule in side.rulebase.rules_of(name):
            here = forest.both(side.decides[rule.id], piece)
            if strongest in (None, rule.then) and forest.both(here, loans) != forest.false:
                found.append(rule.id)
        return tuple(found)


def _is(wanted: Hashable) -> Callable[[Hashable], bool]:
    return lambda leaf: leaf == wanted


def _amount_outcome(leaf: Hashable, formula: Hashable) -> Outcome:
    if isinstance(leaf, Blocked | Clash):
        return CONFLICT
    if formula is None:
        return OPEN
    amount = cast(Formula, formula)
    return Outcome("formula", formula=amount, missing=tuple(dict.fromkeys(names_in(amount))))


def value_at(outcome: Outcome, kind: str, loan: Mapping[str, Value] | None) -> Value | None:
    """What an outcome comes to for a loan; None where it has no value there, or no loan is."""
    if outcome.formula is None or loan is None or not loan.keys() >= set(outcome.missing):
        return outcome.value
    try:
        return finish(evaluate(outcome.formula, known_only(loan)), kind)
    except NoValue:
        return None


__all__ = [
    "AcceptanceChange",
    "ChangedRegion",
    "Difference",
    "OutcomeChange",
    "compare",
    "value_at",
]
