"""What tests ask of a difference: which loans lie in it, and whether its witnesses are true."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine import Decider
from engine.analysis.diff import Difference, OutcomeChange
from engine.analysis.regions import Cube, as_part
from engine.evaluation.reach import Walk
from engine.model import Value


def lies_in(difference: Difference, cube: Cube, loan: Mapping[str, Value]) -> bool:
    joint = difference.joint
    return Walk(joint, loan).settle(as_part(joint, cube)) == joint.forest.true


def inside(difference: Difference, change: OutcomeChange, loan: Mapping[str, Value]) -> bool:
    return any(lies_in(difference, region.cube, loan) for region in change.regions)


def reproduces(difference: Difference) -> int:
    """Decide every witness on both sides; how many there were."""
    base, head = Decider(difference.base), Decider(difference.head)
    back = {new: old for old, new in difference.renames.items()}
    count = 0
    for change in difference.outcomes:
        for region in change.regions:
            if region.loan is None:
                continue
            count += 1
            name = change.decision
            old_name = back.get(name, name)
            before = base.decide(region.loan.base, strict=True, only=[old_name]).answers[old_name]
            after = head.decide(region.loan.head, strict=True, only=[name]).answers[name]
            assert before.value == region.value_before
            assert after.value == region.value_after
            assert (before.status, before.value) != (after.status, after.value)
            for answer, outcome in ((before, change.old), (after, change.new)):
                if outcome.kind in ("open", "conflict"):
                    assert answer.status == outcome.kind
            assert {rule.id for rule in before.rules} <= set(region.rules_before)
            assert {rule.id for rule in after.rules} <= set(region.rules_after)
    for refusal in difference.acceptance:
        taking, refusing = (base, head) if refusal.kind == "no longer accepted" else (head, base)
        for region in refusal.regions:
            if region.loan is not None:
                count += 1
                told = {base: region.loan.base, head: region.loan.head}
                taking.decide(told[taking], strict=True)
                with pytest.raises(ValueError, match=r"\w"):
                    refusing.decide(told[refusing], strict=True)
    return count
