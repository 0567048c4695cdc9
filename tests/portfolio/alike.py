"""The kernel beside ``Decider.decide``: the same loans, and every difference in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.evaluation.decide import Decider
from engine.evaluation.variables import decode
from engine.model import ORDERED, Value
from engine.portfolio.answers import Answers
from engine.portfolio.columns import MISSING, Column, number_of
from engine.portfolio.kernel import Kernel
from engine.problems import InputError
from engine.values import show

Facts = Mapping[str, Value]


def columns_of(decider: Decider, loans: Sequence[Facts]) -> dict[str, Column]:
    """Typed facts as columns."""
    facts = decider.rulebase.facts
    return {
        name: Column(
            np.array(
                [number_of(fact, loan[name]) if name in loan else MISSING for loan in loans],
                dtype=np.int64,
            )
        )
        for name, fact in facts.items()
        if any(name in loan for loan in loans)
    }


def told(answers: Answers, row: int) -> tuple[object, ...]:
    """One row's answer: its status, its value, its rules, what is still possible."""
    shared = answers.shared[answers.codes[row]]
    value = shared.value
    kind = answers.decision.type
    if kind in ORDERED and shared.status == "decided":
        assert answers.numbers is not None
        value = decode(int(answers.numbers[row]), kind)
    return shared.status, value, sorted(shared.rules), shared.possible


def differences(
    decider: Decider, loans: Sequence[Facts], *, strict: bool = False, kernel: Kernel | None = None
) -> list[str]:
    """Where the kernel does not say of these loans what ``decide`` says of each."""
    kernel = kernel or Kernel(decider, strict=strict)
    decided = kernel.decide(columns_of(decider, loans), len(loans))
    found = []
    for row, loan in enumerate(loans):
        try:
            record = decider.decide(loan, strict=strict, verify=False)
        except InputError as error:
            expected = [(p.code, p.message, p.hint) for p in error.problems]
            problems = InputError(decided.rejected.get(row, ())).problems
            if [(p.code, p.message, p.hint) for p in problems] != expected:
                found.append(f"{row}: {problems} instead of {error.problems} for {dict(loan)}")
            continue
        if row in decided.rejected:
            found.append(f"{row}: {decided.rejected[row]} for {dict(loan)}")
            continue
        for name, answer in record.answers.items():
            possible: tuple[str, ...] = ()
            if answer.decision.type not in ORDERED:
                possible = tuple(
                    sorted(
                        show(p.outcome.value) if p.outcome.value is not None else p.outcome.kind
                        for p in answer.possible
                    )
                )
            right = (answer.status, answer.value, sorted(r.id for r in answer.rules), possible)
            ours = told(decided.answers[name], row)
            if ours != right:
                found.append(f"{row}: {name} is {ours} and should be {right} for {dict(loan)}")
    return found
