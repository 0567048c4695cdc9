"""The Rete evaluator at random, against trying every completion."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping

from engine.evaluation.rete import Rete
from engine.model import (
    Rulebase,
    Value,
)
from tests import oracle
from tests.completions import domains
from tests.random_packs import Sampler, rulebase


def deciding(
    rules: Rulebase, facts: Mapping[str, Value], outcomes: Mapping[str, oracle.Outcome]
) -> Iterator[tuple[str, frozenset[str]]]:
    """For complete facts, the rules of each decision that decide, before the hit policy."""
    known = {**facts, **{n: v for n, (_, v, _) in outcomes.items() if v is not None}}
    for name, one in rules.decisions.items():
        if any(outcomes[other][0] == "conflict" for other in one.requires):
            yield name, frozenset()
            continue
        applying = [r for r in rules.rules_of(name) if oracle.holds(r.when, known, rules)]
        overridden = {other for r in applying for other in r.exception_to}
        yield name, frozenset(r.id for r in applying if r.id not in overridden)


def test_complete_facts_at_random() -> None:
    for seed in range(200):
        rules = rulebase(seed)
        rete, sampler = Rete(rules), Sampler(rules)
        rng = random.Random(seed)
        for _ in range(6):
            facts = sampler.draw(rng, 0)
            found = rete.decide(facts)
            outcomes = oracle.outcome(rules, facts)
            sets = dict(deciding(rules, facts, outcomes))
            for name, (status, value, _) in outcomes.items():
                one = found[name]
                where = (seed, name, facts)
                assert (one.status, one.value, one.certain) == (status, value, sets[name]), where
                assert one.certain == one.possible and one.applies == one.may_apply, where


def test_incomplete_facts_at_random() -> None:
    tried = decided = 0
    for seed in range(1_000, 1_150):
        rules = rulebase(seed)
        rete, sampler = Rete(rules), Sampler(rules)
        rng = random.Random(seed)
        for _ in range(3):
            complete = sampler.draw(rng, 0)
            missing = rng.choice((0.2, 0.5))
            facts = {name: value for name, value in complete.items() if rng.random() > missing}
            found = rete.decide(facts)
            for more in _completions(domains(rules, facts), rng):
                whole = {**complete, **facts, **more}
                outcomes = oracle.outcome(rules, whole)
                sets = dict(deciding(rules, whole, outcomes))
                for name, (status, value, _) in outcomes.items():
                    one, where = found[name], (seed, name, facts, more)
                    tried += 1
                    if one.status != "unknown":
                        assert (one.status, one.value) == (status, value), where
                        decided += 1
                    requires = rules.decisions[name].requires
                    if all(outcomes[other][0] != "conflict" for other in requires):
                        assert one.certain <= sets[name] <= one.possible, where
    assert decided > tried // 10


def _completions(
    missing: Mapping[str, list[Value]], rng: random.Random
) -> Iterator[dict[str, Value]]:
    """Every completion, or a few of them where there are many."""
    if math.prod(map(len, missing.values())) <= 30:
        for values in itertools.product(*missing.values()):
            yield dict(zip(missing, values, strict=True))
    else:
        for _ in range(30):
            yield {name: rng.choice(values) for name, values in missing.items()}
