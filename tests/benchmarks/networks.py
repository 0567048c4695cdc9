"""The 408 rules for the rule engines with a Rete network: CLIPS and durable-rules."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from engine.model import Value
from tests.benchmarks.plain import STATE, SYMBOL, Decide, plain, plain_values
from tests.benchmarks.synthetic import (
    FACTS,
    OPEN,
    OUTCOMES,
    STATES,
    SyntheticRule,
    Test,
    by_state,
    rules,
)

# ---- CLIPS ------------------------------------------------------------------------------------


def _clips_environment(some: list[SyntheticRule] | tuple[SyntheticRule, ...]) -> Any:
    environment = import_module("clips").Environment()
    slots = " ".join(f"(slot {name})" for name in FACTS)
    environment.build(f"(deftemplate loan {slots})")
    for rule in some:
        patterns = sorted(rule.tests, key=lambda test: test.operator != "in")
        tests = " ".join(
            f"({test.fact} {'|'.join(map(str, test.values))})"
            if test.operator == "in"
            else f"({test.fact} ?n{i}&:({SYMBOL[test.operator]} ?n{i} {plain_values(test)[0]}))"
            for i, test in enumerate(patterns)
        )
        salience = -OUTCOMES.index(rule.outcome)
        environment.build(f"(defrule {rule.id} (declare (salience {salience})) (loan {tests}) => )")
    return environment


def _clips_decide(environment: Any) -> Decide:
    assert_fact = environment.find_template("loan").assert_fact
    agenda = environment.activations
    outcomes = {rule.id: rule.outcome for rule in rules()}

    def decide(loan: Any) -> str:
        fact = assert_fact(**loan)
        first = next(agenda(), None)
        found = OPEN if first is None else outcomes[first.name]
        fact.retract()
        return found

    # The library forgets an environment that nobody holds.
    decide.environment = environment  # type: ignore[attr-defined]
    return decide


def clips_whole() -> Decide:
    return _clips_decide(_clips_environment(rules()))


def clips_by_state() -> Decide:
    deciders = {s: _clips_decide(_clips_environment(some)) for s, some in by_state().items()}
    return lambda loan: deciders[loan[STATE]](loan)


def clips_loan(loan: Mapping[str, Value]) -> Any:
    symbol = import_module("clips").Symbol
    return {n: symbol(v) if isinstance(v, str) else v for n, v in plain(loan).items()}


# ---- durable-rules ----------------------------------------------------------------------------


def durable_by_state() -> Decide:
    flags = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_LAZY)  # CPython 3.13 has dropped a symbol that it never calls
    try:
        lang: Any = import_module("durable.lang")
    finally:
        sys.setdlopenflags(flags)
    found: list[str] = []

    def noting(outcome: str) -> Callable[[Any], None]:
        def note(context: Any) -> None:
            found.append(outcome)

        return note

    for state, some in by_state().items():
        with lang.ruleset(f"benchmark_{state}"):
            for place, rule in enumerate(some):
                condition = None
                for test in rule.tests[1:]:
                    part = _durable_test(lang.m, test)
                    condition = part if condition is None else condition & part
                lang.when_all(lang.pri(place), condition)(noting(rule.outcome))
            lang.when_all(lang.pri(len(some)), +lang.m.loan_purpose)(noting(OPEN))
    post = lang.post
    names = {state: f"benchmark_{state}" for state in STATES}

    def decide(loan: Any) -> str:
        post(names[loan[STATE]], loan)
        return found.pop()

    return decide


def _durable_test(m: Any, test: Test) -> Any:
    fact = getattr(m, test.fact)
    if test.operator == "at_least":
        return fact >= plain_values(test)[0]
    if test.operator == "at_most":
        return fact <= plain_values(test)[0]
    either = None
    for value in plain_values(test):
        either = (fact == value) if either is None else either | (fact == value)
    return either
