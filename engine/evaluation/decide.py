"""Deciding one loan: both evaluators, one answer, with its reasons."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import copy
from dataclasses import replace

from engine.evaluation.alike import Alike
from engine.evaluation.compiling import Compiled, compile_rulebase, grown
from engine.evaluation.facts import Locate, Presumptions, read_facts
from engine.evaluation.quick import quick_decision
from engine.evaluation.record import Record
from engine.evaluation.relevance import Relevance
from engine.evaluation.rete import Rete, Verdict
from engine.evaluation.saved import Store, as_bytes, from_bytes
from engine.evaluation.session import Session
from engine.evaluation.slices import place_of, places, within
from engine.evaluation.sureness import Sureness
from engine.garbage import unsearched
from engine.model import Rulebase, Value
from engine.problems import NOWHERE, InputError, Problem, likely


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
        self.presumptions = Presumptions(rulebase)
        self._sureness = Sureness(rulebase)
        self._relevance = Relevance(rulebase)
        self._alike = Alike()
        self._met: set[int] = set()
        """The diagrams that a loan was decided on."""
        self.remembers_first = False
        """Whether even the first loan on some diagrams is remembered. That takes longer than to
        decide it; where many loans are to come, as in a service, the next of its kind gains."""
        self._every = self.wanted(None), self.needed(self.wanted(None))
        """All decisions, and with them all that they require."""

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

    def on(self, place: str, compiled: Compiled) -> Decider:
        """The same for the loans of one jurisdiction, on diagrams that hold for these, of all
        kinds. Facts that mattered are not to be asked of it: it takes the jurisdiction as given."""
        other = copy(self)
        other._rete = self.rete
        fact = self.rulebase.facts.get(self.rulebase.section_fact)
        kinds: list[Value | None] = [None, *(fact.values if fact is not None else ())]
        other._parts = {(place, False, kind): compiled for kind in kinds}
        return other

    def _built(self, key: tuple[str, bool, Value | None], decisions: Iterable[str]) -> Compiled:
        own, every, kind = key
        found = self._parts.get(key)
        if found is not None and found.built.issuperset(decisions):
            return found  # without a wait for others that are being built
        with self._lock:
            before = self._parts.get(key)
            with unsearched():
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
        saved = None if self._store is None else self._store.load(str(key))
        if saved is None:
            return None
        try:
            return from_bytes(law, key[2], saved)
        except (LookupError, TypeError, ValueError):
            return None  # a damaged file: they are built again

    def _save(
        self, law: Rulebase, key: tuple[str, bool, Value | None], built: Compiled
    ) -> Compiled:
        """Keep diagrams for other processes; they come back without the nodes that only their
        building needed. (Where nothing is kept, they stay as they are.)"""
        if self._store is None:
            return built
        saved = as_bytes(built)
        self._store.keep(str(key), saved)
        return replace(from_bytes(law, key[2], saved), seconds=built.seconds)

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
        sparing: bool = False,
        locate: Locate | None = None,
        until: float = math.inf,
    ) -> Record:
        """Decide one loan.

        ``facts`` maps fact names to plain values (strings, numbers, booleans, dates; money in
        dollars); a fact that is absent or None is unknown. ``strict`` applies no presumption.
        ``only`` names the decisions wanted. ``verify`` runs the second evaluator as well; without
        it one evaluator decides alone. Without ``reasons`` the answers lack the facts that
        mattered, the rules that were overridden, what to ask and how sure they are. ``sparing``
        leaves out of what is presumed whatever can't matter to the decisions wanted.
        ``locate`` gives facts their places for messages.

        With few facts it may take seconds to find all that is possible; ``until`` is when to give
        up, in seconds of ``time.monotonic``.

        Raises ``InputError`` for facts that can't be used, ``Disagreement`` where the evaluators
        differ, ``TooSlow``.
        """
        given = read_facts(self.rulebase, facts, *(() if locate is None else (locate,)))
        wanted = self._every[0] if only is None else self.wanted(only)
        needed = self._every[1] if only is None else self.needed(wanted)
        place = place_of(self.rulebase, given)
        among = self._relevance.of(place, needed) if sparing else None
        presumed = {} if strict else self.presumptions.beside(given, among)
        values = {**given, **{name: p.value for name, p in presumed.items()}}
        compiled = self.compiled_for(values, needed)
        alike = self._memory(compiled) if reasons else None  # which holds answers with reasons
        session = Session(compiled, values, until, alike)
        if not session.walk.possible():
            raise InputError([no_completion(given)])
        if only is None:
            session.recall()
        for name in needed:
            session.find(self.rulebase.decisions[name])
        if verify:
            verdicts = self.rete.decide(values, only=wanted)
            for name in session.found:
                if problem := difference(session, name, verdicts[name]):
                    raise Disagreement(_report(self.rulebase, values, name, problem))
        asked = set(wanted)
        answers = {name: session.answer(name, reasons) for name in needed if name in asked}
        if not reasons:
            return Record(self.rulebase, strict, given, presumed, answers)
        parameters = {
            name: session.answer(name)
            for name in needed
            if name not in answers and self.rulebase.decisions[name].parameter
        }
        answers = self._sureness.of(
            answers, lambda name: parameters.get(name) or session.answer(name, False)
        )
        session.remember(answers)
        return Record(self.rulebase, strict, given, presumed, answers, parameters)

    def _memory(self, compiled: Compiled) -> Alike | None:
        """What is remembered of loans on some diagrams. The first one there does without: to tell
        what it has in common with others takes longer than to decide it."""
        if self.remembers_first or compiled.kept.number in self._met:
            return self._alike
        self._met.add(compiled.kept.number)
        return None

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
        return self.rulebase.needed(wanted)


# ---- the two evaluators -----------------------------------------------------------------------


def difference(session: Session, name: str, verdict: Verdict) -> str:
    """How the diagram's outcomes and the Rete's verdict differ, in words; empty where they agree.

    For incomplete facts the verdict is an outer bound: what certainly decides there must decide in
    every outcome here, and what decides in some outcome here must be possible there.
    """
    single = session.single.get(name)
    if verdict.status == "conflict":
        return "" if single is not None and single.kind == "conflict" else "only one is in conflict"
    if verdict.status == "open" and (single is None or single.kind != "open"):
        return "only the network leaves it open"
    if verdict.status == "decided":
        if single is None or single.kind != "value":
            return f"only the network decides it, as {verdict.value!r}"
        if single.value != verdict.value:
            return f"the diagram says {single.value!r}, the network {verdict.value!r}"
    rules = session.rules(session.compiled.rulebase.decisions[name])
    if not verdict.certain <= rules.every:
        missing = sorted(verdict.certain - rules.every)
        return f"the network alone lets {missing} decide for certain"
    if not rules.sure <= verdict.possible:
        return f"the diagram alone lets {sorted(rules.sure - verdict.possible)} decide"
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
