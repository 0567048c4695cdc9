"""What a pack's cases cover: rules that decide, regions that are reached, tests tried both ways.

A test of a rule is tried (modified condition/decision coverage, with masking) where it decides
alone whether the rule's condition holds: one case in which the condition holds and would not if the
test came out otherwise, and one in which it doesn't hold and would. Both are regions of the space
of loans; a case tries the test when its known facts certainly lie in the region. A case counts for
the decisions that it expects and for those that they require.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from engine.analysis.cases import Case, CaseResult
from engine.analysis.effects import Effects
from engine.analysis.regions import is_empty
from engine.analysis.replacing import NEVER, Test, replaced
from engine.evaluation.compiler import Blocked, Clash, Leaf
from engine.evaluation.compiling import Compiled
from engine.evaluation.decide import Decider
from engine.evaluation.reach import Walk
from engine.evaluation.record import Record
from engine.model import ALWAYS, Compare, OneOf, Rule
from engine.problems import Place

Kind = Literal["test", "effective", "jurisdiction"]


@dataclass(frozen=True, slots=True)
class Target:
    """The loans in which one test of a rule decides alone whether the rule's condition holds, and
    it does (``holds``) or doesn't."""

    rule: Rule
    test: Test
    kind: Kind
    holds: bool
    region: int

    @property
    def place(self) -> Place:
        """Where the test is written; the rule's own place for its effective dates."""
        return self.rule.place if self.kind == "effective" else self.test.place

    @property
    def key(self) -> tuple[object, ...]:
        """What is equal for targets of which one is enough: the jurisdiction of a file is one test,
        however many rules the file has."""
        if self.kind == "jurisdiction":
            return self.kind, self.place, self.test, self.holds
        return (self.region, self.rule.id, self.place, self.test, self.holds)


@dataclass(frozen=True, slots=True)
class Tried:
    """How many cases try a test one way, and whether any loan could."""

    cases: int
    possible: bool = True

    @property
    def done(self) -> bool:
        """Some case tries it, or none ever can."""
        return self.cases > 0 or not self.possible


@dataclass(frozen=True, slots=True)
class TestCoverage:
    """One test: the rules it stands in (several for a file's jurisdiction), and how often it
    decides alone that the condition holds (``true``) or doesn't (``false``)."""

    __test__ = False  # it is no test of pytest's

    test: Test
    kind: Kind
    rules: tuple[str, ...]
    place: Place
    true: Tried
    false: Tried

    @property
    def both(self) -> bool:
        """It is tried both ways, as far as loans exist that could."""
        return self.true.done and self.false.done


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """One rule: in how many cases it decides, and its tests without the file's jurisdiction."""

    rule: Rule
    decided: int
    tests: tuple[TestCoverage, ...]


@dataclass(frozen=True, slots=True)
class RegionCoverage:
    """The loans whose outcome rests on the same conclusions, and in how many cases. ``rules`` has
    one rule for each conclusion (none: ``otherwise`` or open); ``status`` is "conflict" where they
    contradict one another, or what they rest on does."""

    decision: str
    rules: tuple[str, ...]
    status: Literal["decided", "conflict"]
    cases: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the cases cover; ``missing`` are the targets that some loan could meet and no case
    does."""

    rules: tuple[RuleCoverage, ...]
    jurisdictions: tuple[TestCoverage, ...]
    regions: tuple[RegionCoverage, ...]
    missing: tuple[Target, ...]
    impossible: tuple[Target, ...]

    @property
    def tests(self) -> tuple[TestCoverage, ...]:
        """Every test, the jurisdictions first."""
        return (*self.jurisdictions, *(test for rule in self.rules for test in rule.tests))

    @property
    def rules_decided(self) -> tuple[int, int]:
        """How many rules decide in some case, of how many."""
        return sum(rule.decided > 0 for rule in self.rules), len(self.rules)

    @property
    def tests_both_ways(self) -> tuple[int, int]:
        """How many tests are tried both ways, of how many."""
        return sum(test.both for test in self.tests), len(self.tests)

    @property
    def regions_reached(self) -> tuple[int, int]:
        """How many regions some case lies in, of how many that hold loans."""
        return sum(region.cases > 0 for region in self.regions), len(self.regions)

    @property
    def complete(self) -> bool:
        """Every rule decides somewhere, and every test is tried both ways."""
        return not self.missing and all(rule.decided for rule in self.rules)


def measure(decider: Decider, cases: Sequence[Case], results: Sequence[CaseResult]) -> Coverage:
    """What ``cases`` cover, of which ``results`` tell how they went; a case whose facts can't be
    used covers nothing."""
    compiled = decider.compiled
    wanted = {case.name for case in cases}
    trials = [trial(decider, r) for r in results if r.record and r.case.name in wanted]
    every = list(targets(compiled))
    counts = {target.key: 0 for target in every}
    for one in trials:
        met = {t.key for t in every if t.rule.decides in one.record.answers and one.meets(t)}
        for key in met:
            counts[key] += 1
    untried = [target for target in every if not counts[target.key]]
    empty = {target.region for target in untried if is_empty(compiled, target.region)}
    possible = {target.key for target in untried if target.region not in empty}
    tests = list(_tests(every, counts, possible))
    decided = _decided(trials)
    return Coverage(
        tuple(
            RuleCoverage(
                rule,
                decided.get(rule.id, 0),
                tuple(t for t in tests if t.kind != "jurisdiction" and t.rules == (rule.id,)),
            )
            for rule in decider.rulebase.rules
        ),
        tuple(test for test in tests if test.kind == "jurisdiction"),
        tuple(_regions(compiled, trials)),
        _first_of_each([t for t in untried if t.region not in empty]),
        _first_of_each([t for t in untried if t.key not in possible]),
    )


# ---- what is to be tried ----------------------------------------------------------------------


def targets(compiled: Compiled) -> Iterator[Target]:
    """Two targets for each test of each rule, the one that holds first."""
    forest, region = compiled.forest, compiled.compiler.condition
    fact = compiled.rulebase.jurisdiction_fact
    for rule in compiled.rulebase.rules:
        whole = region(rule.when)
        ways = replaced(rule.when, lambda test: [(True, ALWAYS), (False, NEVER)])
        for number, ((test, _, if_true), (_, _, if_false)) in enumerate(
            zip(ways, ways, strict=True)
        ):
            kind = _kind(rule, test, number, fact)
            alone = forest.apply("unlike", lambda a, b: a != b, region(if_true), region(if_false))
            yield Target(rule, test, kind, True, forest.both(whole, alone))
            yield Target(rule, test, kind, False, forest.less(alone, whole))


def _kind(rule: Rule, test: Test, number: int, jurisdiction_fact: str) -> Kind:
    if number == 0 and rule.jurisdiction and isinstance(test, OneOf):
        if test == OneOf(jurisdiction_fact, (rule.jurisdiction,)):
            return "jurisdiction"
    elif rule.effective is not None and isinstance(test, Compare) and not test.place.line:
        return "effective"
    return "test"


def _first_of_each(found: Sequence[Target]) -> tuple[Target, ...]:
    return tuple({target.key: target for target in reversed(found)}.values())[::-1]


# ---- what was tried ---------------------------------------------------------------------------


@dataclass(slots=True)
class Trial:
    """A case as it was decided, with every decision that it rests on."""

    case: Case
    record: Record
    walk: Walk

    def meets(self, target: Target) -> bool:
        """The known facts certainly lie in the target."""
        return lies_in(self.walk, target.region)


def trial(decider: Decider, result: CaseResult) -> Trial:
    """A case that could be decided, with the decisions that it expects and those they require."""
    case, record = result.case, result.record
    assert record is not None
    tried = decider.needed(expected.decision.name for expected in case.expected)
    if not set(tried) <= record.answers.keys():
        record = decider.decide(case.given, strict=case.strict, only=tried, verify=False)
    return Trial(case, record, Walk(decider.compiled, record.known))


def lies_in(walk: Walk, region: int) -> bool:
    """Whether every completion of the walk's facts lies in a region."""
    return set(walk.reach([region])) == {(walk.compiled.forest.true,)}


def _tests(
    every: Sequence[Target],
    counts: dict[tuple[object, ...], int],
    possible: set[tuple[object, ...]],
) -> Iterator[TestCoverage]:
    shared: dict[tuple[object, ...], list[tuple[Target, Target]]] = {}
    for pair in zip(every[::2], every[1::2], strict=True):
        shared.setdefault((pair[0].key, pair[1].key), []).append(pair)
    for pairs in shared.values():
        first, second = pairs[0]
        true, false = (
            Tried(counts[t.key], bool(counts[t.key]) or t.key in possible) for t in (first, second)
        )
        rules = tuple(dict.fromkeys(target.rule.id for target, _ in pairs))
        yield TestCoverage(first.test, first.kind, rules, first.place, true, false)


def _decided(trials: Sequence[Trial]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in trials:
        answers = [a for a in one.record.answers.values() if a.status == "decided"]
        for rule in {rule.id for answer in answers for rule in answer.rules}:
            counts[rule] = counts.get(rule, 0) + 1
    return counts


def _regions(compiled: Compiled, trials: Sequence[Trial]) -> Iterator[RegionCoverage]:
    forest, rules = compiled.forest, compiled.rulebase.rules
    for name, root in compiled.roots.items():
        effects = Effects(compiled, compiled.rulebase.decisions[name])
        counts = dict.fromkeys(forest.leaves(root), 0)
        for one in trials:
            if name in one.record.answers:
                reached = one.walk.reach([root])
                if len(reached) == 1:
                    counts[next(iter(reached))[0]] += 1
        for node, number in counts.items():
            leaf = cast(Leaf, forest.values[node])
            if not number and is_empty(compiled, effects.where("region", [leaf])):
                continue
            numbers = leaf.rules if isinstance(leaf, Clash) else leaf
            ids = (
                () if isinstance(numbers, Blocked) else tuple(rules[n].id for n in sorted(numbers))
            )
            clash = isinstance(leaf, Blocked) or effects.contradicts(leaf)
            yield RegionCoverage(name, ids, "conflict" if clash else "decided", number)
