"""Deciding one loan: both evaluators, one answer, with its reasons."""

from __future__ import annotations

import gc
import math
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import cast

from engine.evaluation.compiling import Blocked, Clash, Compiled, Leaf, compile_rulebase, grown
from engine.evaluation.diagram import LEAF
from engine.evaluation.explain import asking, facts_that_mattered, open_part, overridden
from engine.evaluation.facts import Locate, constraints_by_fact, presume, read_facts
from engine.evaluation.outcomes import (
    Found,
    Outcome,
    formulas_at,
    outcome_of,
    used_decisions,
    winners,
)
from engine.evaluation.quick import quick_decision
from engine.evaluation.reach import Walk
from engine.evaluation.record import Answer, Possibility, Record, Status
from engine.evaluation.rete import Rete, Verdict
from engine.evaluation.saved import Store, as_text, from_text
from engine.evaluation.slices import place_of, places, within
from engine.model import Decision, Formula, Rulebase, Value
from engine.problems import NOWHERE, InputError, Problem, likely
from engine.trees import names_in

_STATUS: Mapping[str, Status] = {"value": "decided", "open": "open", "conflict": "conflict"}


MANY = 12
"""Of so many rules that may decide, it is worked out with which outcome each can go together."""


class Disagreement(AssertionError):
    """The two evaluators differ: a fault of the engine, never an answer. Its text is a report that
    says all that is needed to reproduce it."""


class Decider:
    """A pack, ready to decide. Safe to use from several threads at once.

    A loan whose jurisdiction is known is decided on diagrams of that jurisdiction alone, which are
    small and soon built.
    """

    def __init__(
        self, rulebase: Rulebase, compiled: Compiled | None = None, store: Store | None = None
    ) -> None:
        """``compiled`` are the rulebase's diagrams, where another process has built them;
        ``store`` keeps those that are built here for other processes."""
        self.rulebase = rulebase
        self._store = store
        self._lock = threading.Lock()
        self._rete: Rete | None = None
        self._here = frozenset(places(rulebase))
        self._parts: dict[tuple[str, bool, Value | None], Compiled] = {}
        """By jurisdiction (or for all), and by kind of loan."""
        if compiled is not None:
            self._parts["", True, None] = compiled
        self._constraints = constraints_by_fact(rulebase)

    @property
    def compiled(self) -> Compiled:
        """The diagrams of all decisions for all loans, built at their first use."""
        return self._built(("", True, None), self.rulebase.decisions)

    def compiled_for(
        self, facts: Mapping[str, Value], decisions: Iterable[str] | None = None
    ) -> Compiled:
        """The diagrams of the rules that can apply to a loan: those of its jurisdiction and those
        of none, for loans of its kind; all where the one or the other is not known. They are those
        of all decisions, or of some with all that they require (``needed``) and perhaps others.
        Built at their first use."""
        place, kind = place_of(self.rulebase, facts), facts.get(self.rulebase.section_fact)
        own = place if place in self._here else ""
        every = not place or not self._here
        wanted = self.rulebase.decisions if decisions is None else decisions
        return self._built((own, every, kind), wanted)

    def _built(self, key: tuple[str, bool, Value | None], decisions: Iterable[str]) -> Compiled:
        own, every, kind = key
        found = self._parts.get(key)
        if found is not None and found.built.issuperset(decisions):
            return found  # without a wait for others that are being built
        with self._lock:
            before = self._parts.get(key)
            with _no_search_for_garbage():
                law = self.rulebase if every else within(self.rulebase, own)
                if before is None:
                    before = self._saved(law, key)
                if before is None:
                    found = compile_rulebase(law, kind, decisions)
                else:
                    found = grown(before, decisions)
                if found is not before:
                    found = self._save(law, key, found)
            for each in found.kinds or (kind,):
                self._parts[own, every, each] = found
            return found

    def _saved(self, law: Rulebase, key: tuple[str, bool, Value | None]) -> Compiled | None:
        """The diagrams that another process has built, if there are any."""
        text = None if self._store is None else self._store.load(str(key))
        if text is None:
            return None
        try:
            return from_text(law, key[2], text)
        except (LookupError, TypeError, ValueError):
            return None  # a damaged file: they are built again

    def _save(
        self, law: Rulebase, key: tuple[str, bool, Value | None], built: Compiled
    ) -> Compiled:
        """Keep diagrams for other processes. Those that are complete come back without the nodes
        that only their building needed."""
        complete = len(built.built) == len(law.decisions)
        if self._store is None and not complete:
            return built
        text = as_text(built)
        if self._store is not None:
            self._store.keep(str(key), text)
        return replace(from_text(law, key[2], text), seconds=built.seconds) if complete else built

    @property
    def rete(self) -> Rete:
        """The Rete network, built at its first use."""
        if self._rete is None:
            self._rete = Rete(self.rulebase)  # made twice by two threads, one of them is kept
        return self._rete

    def decide(
        self,
        facts: Mapping[str, object],
        *,
        strict: bool = False,
        only: Collection[str] | None = None,
        verify: bool = True,
        reasons: bool = True,
        locate: Locate | None = None,
        until: float = math.inf,
    ) -> Record:
        """Decide one loan.

        ``facts`` maps fact names to plain values (strings, numbers, booleans, dates; money in
        dollars); a fact that is absent or None is unknown. ``strict`` applies no presumption.
        ``only`` names the decisions wanted. ``verify`` runs the second evaluator as well; without
        it one evaluator decides alone. Without ``reasons`` the answers lack the facts that
        mattered, the rules that were overridden and what to ask. ``locate`` gives facts their
        places for messages.

        With few facts it may take seconds to find all that is possible; ``until`` is when to give
        up, in seconds of ``time.monotonic``.

        Raises ``InputError`` for facts that can't be used, ``Disagreement`` where the evaluators
        differ, ``TooSlow``.
        """
        given = read_facts(self.rulebase, facts, *(() if locate is None else (locate,)))
        presumed = {} if strict else presume(self.rulebase, given, self._constraints)
        known = {**given, **{name: p.value for name, p in presumed.items()}}
        values = {name: known[name] for name in self.rulebase.facts if name in known}
        wanted = self.wanted(only)
        needed = self.needed(wanted)
        session = Session(self.compiled_for(values, needed), values, until)
        if not session.walk.possible():
            raise InputError([no_completion(given)])
        for name in needed:
            session.find(self.rulebase.decisions[name])
        if verify:
            verdicts = self.rete.decide(values, only=wanted)
            for name in session.found:
                if problem := difference(session, name, verdicts[name]):
                    raise Disagreement(_report(self.rulebase, values, name, problem))
        answers = {
            name: session.answer(name, reasons)
            for name in self.rulebase.decisions
            if name in wanted
        }
        parameters = {
            name: session.answer(name, reasons)
            for name in session.found
            if name not in answers and self.rulebase.decisions[name].parameter
        }
        return Record(self.rulebase, strict, given, presumed, answers, parameters)

    def compile(self, decision: str) -> Callable[[Mapping[str, Value]], Value | None]:
        """A function from typed facts to the value of one decision, for the last bit of speed: no
        presumption, no checks, one evaluator; None where the value is not decided."""
        if decision not in self.rulebase.decisions:
            raise KeyError(decision)

        def slow(facts: Mapping[str, Value]) -> Value | None:
            session = Session(self.compiled, facts)
            for name in self.needed([decision]):
                session.find(self.rulebase.decisions[name])
            outcome = session.found[decision].single
            return outcome.value if outcome is not None and outcome.kind == "value" else None

        return quick_decision(self.compiled, decision, slow)

    def wanted(self, only: Collection[str] | None) -> list[str]:
        """The decisions that ``only`` names, or all. Raises ``InputError`` for an unknown one."""
        if only is None:
            return [name for name, each in self.rulebase.decisions.items() if not each.parameter]
        problems = [
            Problem(
                "unknown-decision",
                f"no decision is called `{name}`",
                NOWHERE,
                likely(name, self.rulebase.decisions) or "`recourse rules` lists them",
            )
            for name in only
            if name not in self.rulebase.decisions
        ]
        if problems:
            raise InputError(problems)
        return list(only)

    def needed(self, wanted: Iterable[str]) -> list[str]:
        """The wanted decisions and all that they require, in requirement order."""
        needed: set[str] = set()
        waiting = list(wanted)
        while waiting:
            name = waiting.pop()
            if name not in needed:
                needed.add(name)
                waiting.extend(self.rulebase.decisions[name].requires)
        return [name for name in self.rulebase.decisions if name in needed]


@dataclass(slots=True)
class Session:
    """One loan under decision: the walk over the diagrams and what it has found so far."""

    compiled: Compiled
    facts: Mapping[str, Value]
    until: float = math.inf
    walk: Walk = field(init=False)
    found: dict[str, Found] = field(init=False, default_factory=dict)
    single: dict[str, Outcome] = field(init=False, default_factory=dict)
    """The outcomes of the decisions that have but one."""
    _leaves_of: dict[int, set[Leaf]] = field(init=False, default_factory=dict)
    _deciding_rules: dict[str, tuple[list[int], list[int]]] = field(
        init=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        self.walk = Walk(self.compiled, self.facts, self.until)

    def find(self, decision: Decision) -> Found:
        """All outcomes of a decision; those it requires must have been found before."""
        name = decision.name
        if name not in self.found:
            found = self.found[name] = self._outcomes(decision)
            if found.single is not None:
                self.single[name] = found.single
        return self.found[name]

    def _outcomes(self, decision: Decision) -> Found:
        compiled = self.compiled
        leaf = self.walk.settle(compiled.roots[decision.name])
        if compiled.forest.level[leaf] != LEAF:
            return outcomes_of(self.walk, decision, self.single)
        key = (decision.name, leaf)
        found = compiled.kept.found.get(key)
        if found is None:
            found = outcomes_of(self.walk, decision, self.single)
            value = cast(Leaf, compiled.forest.values[leaf])
            formulas = formulas_at(compiled, decision, value)
            if not any(True for formula in formulas for _ in names_in(formula)):
                compiled.kept.found[key] = found
        return cast(Found, found)

    def answer(self, name: str, reasons: bool = True) -> Answer:
        """The decision's answer, with its reasons or without."""
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
        certain = [n for n in deciding if n in self.rules(decision)[0]]
        return Answer(
            decision=decision,
            status=status,
            value=outcome.value if outcome is not None else None,
            possible=tuple(
                Possibility(each, tuple(rules[n] for n in self._deciding(decision, group)[0]))
                for each, group in (found.leaves.items() if open_ else ())
            ),
            ask=asking(self.walk, decision, found) if open_ and reasons else (),
            rules=tuple(rules[n] for n in deciding),
            overridden=overridden(self.walk, decision, deciding, passed) if reasons else (),
            facts_used=(
                facts_that_mattered(self.walk, decision, found, certain) if reasons else {}
            ),
            requires=decision.requires,
        )

    def rules(self, decision: Decision) -> tuple[list[int], list[int]]:
        """The rules that decide for certain, and those that may, before the hit policy."""
        if decision.name not in self._deciding_rules:
            self._deciding_rules[decision.name] = rules_at(self.walk, decision)
        return self._deciding_rules[decision.name]

    def deciding(self, decision: Decision, leaves: Collection[Leaf]) -> list[int]:
        """The rules that decide where the decision comes to one of some leaves."""
        return self._deciding(decision, leaves)[0]

    def _deciding(
        self, decision: Decision, leaves: Collection[Leaf]
    ) -> tuple[list[int], list[int]]:
        """The rules that decide where the decision comes to one of some leaves, and those that the
        hit policy passes over there."""
        concluding = set[Formula]().union(*map(self._concluded, leaves))
        rules = self.compiled.rulebase.rules
        certain, possible = self.rules(decision)
        deciding = [n for n in certain if rules[n].then in concluding]
        passed = [n for n in certain if rules[n].then not in concluding]
        if len(leaves) == 1 and decision.policy.kind in ("min", "max") and not possible:
            outcome = self.single.get(decision.name)
            used = used_decisions(self.compiled, decision, frozenset(deciding))
            if outcome is not None and outcome.kind == "value" and used <= self.single.keys():
                deciding, lost = winners(
                    self.compiled, decision, deciding, outcome, self.facts, self.single
                )
                passed += lost
        alike = Counter(rules[n].then for n in (*certain, *possible))
        for n in possible:
            if rules[n].then in concluding and (
                alike[rules[n].then] == 1  # nothing else concludes this
                or len(possible) > MANY
                or self._together(n, decision, leaves)
            ):
                deciding.append(n)
        return deciding, passed if decision.policy.kind in ("priority", "min", "max") else []

    def _together(self, number: int, decision: Decision, leaves: Collection[Leaf]) -> bool:
        """Whether a rule decides in some completion that leads to one of the leaves."""
        compiled, rule = self.compiled, self.compiled.rulebase.rules[number]
        decides = compiled.decides[rule.id]
        every = [leaf for group in self.found[decision.name].leaves.values() for leaf in group]
        if (
            decision.policy.kind != "priority"  # wherever it decides, the leaf has its conclusion
            and not any(isinstance(leaf, Blocked) for leaf in every)
            and all(leaf in leaves or rule.then not in self._concluded(leaf) for leaf in every)
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

    def _concluded(self, leaf: Leaf) -> set[Formula]:
        """The conclusions that meet at a leaf; none where it is blocked."""
        if isinstance(leaf, Blocked):
            return set()
        rules = self.compiled.rulebase.rules
        return {rules[n].then for n in (leaf.rules if isinstance(leaf, Clash) else leaf)}


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Diagrams are millions of small objects that stay: looking through them again and again while
    they come to be takes longer than to build them."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


def rules_at(walk: Walk, decision: Decision) -> tuple[list[int], list[int]]:
    """The rules of a decision that decide for certain, and those that may, before the hit policy;
    constraints and comparisons of unknown facts are left aside."""
    compiled = walk.compiled
    rulebase, forest = compiled.rulebase, compiled.forest
    here = walk.facts.get(rulebase.jurisdiction_fact)
    certain: list[int] = []
    possible: list[int] = []
    live = compiled.kept.live.get(decision.name)
    if live is None:
        own = compiled.compiler.rules_of[decision.name]
        pairs = ((n, compiled.decides[rulebase.rules[n].id]) for n in own)
        live = [
            (n, region, forest.level[region], forest.children[region])
            for n, region in pairs
            if region != forest.false
        ]
        compiled.kept.live[decision.name] = live
    codes = walk.codes
    for n, region, level, below in live:
        if level != LEAF and (code := codes[level]) >= 0 and below[code] == forest.false:
            continue
        jurisdiction = rulebase.rules[n].jurisdiction
        if here is not None and jurisdiction and jurisdiction != here:
            continue
        node = walk.settle(region)
        if node == forest.true:
            certain.append(n)
        elif node != forest.false:
            possible.append(n)
    return certain, possible


def outcomes_of(walk: Walk, decision: Decision, single: Mapping[str, Outcome]) -> Found:
    """Every outcome that a decision has over the completions of the walk's facts; ``single`` holds
    the outcomes of those it requires that have but one."""
    compiled = walk.compiled
    values = compiled.forest.values
    root = compiled.roots[decision.name]
    joint = _to_join(compiled, decision, walk, single)
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
        for node in open_part(walk, compiled.roots[user.name])[2]:
            leaf = cast(Leaf, compiled.forest.values[node])
            for name in used_decisions(compiled, user, leaf):
                if name not in single and name not in needed:
                    needed.add(name)
                    waiting.append(decisions[name])
    return [name for name in decisions if name in needed]


# ---- the two evaluators -----------------------------------------------------------------------


def difference(session: Session, name: str, verdict: Verdict) -> str:
    """How the diagram's outcomes and the Rete's verdict differ, in words; empty where they agree.

    For incomplete facts the verdict is an outer bound: what certainly decides there must decide in
    every outcome here, and what decides in some outcome here must be possible there.
    """
    rules = session.compiled.rulebase.rules
    found = session.found[name]
    single = found.single
    if verdict.status == "conflict":
        return "" if single is not None and single.kind == "conflict" else "only one is in conflict"
    if verdict.status == "open" and (single is None or single.kind != "open"):
        return "only the network leaves it open"
    if verdict.status == "decided":
        if single is None or single.kind != "value":
            return f"only the network decides it, as {verdict.value!r}"
        if single.value != verdict.value:
            return f"the diagram says {single.value!r}, the network {verdict.value!r}"
    certain, possible = session.rules(session.compiled.rulebase.decisions[name])
    if not (certain or possible or verdict.certain):
        return ""
    sure = {rules[n].id for n in certain}
    if missing := verdict.certain - sure - {rules[n].id for n in possible}:
        return f"the network alone lets {sorted(missing)} decide for certain"
    if extra := sure - verdict.possible:
        return f"the diagram alone lets {sorted(extra)} decide"
    return ""


def _report(rulebase: Rulebase, facts: Mapping[str, Value], decision: str, problem: str) -> str:
    lines = [
        "The two evaluators disagree. No answer is given; this is a fault of the engine.",
        f"pack: {rulebase.name} {rulebase.version} {rulebase.digest}",
        f"decision: {decision}",
        f"difference: {problem}",
        "facts:",
        *(f"  {name}: {value}" for name, value in facts.items()),
    ]
    return "\n".join(lines)


def no_completion(given: Iterable[str]) -> Problem:
    """The problem of facts that no real loan has together; ``given`` are their names."""
    names = ", ".join(f"`{name}`" for name in given) or "the facts"
    return Problem(
        "contradictory-facts",
        "no real loan has these facts: together they break the pack's constraints",
        NOWHERE,
        f"look at {names}",
    )
