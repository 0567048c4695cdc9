"""The kernel says of every row what ``decide`` says of that loan alone."""

from __future__ import annotations

import datetime
import pickle
import random
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from engine import Decider, InputError, load
from engine.evaluation import numbers
from engine.model import Value
from engine.portfolio.kernel import Kernel
from tests.benchmarks.synthetic import OPEN, expected, loans, write_pack
from tests.portfolio.alike import columns_of, differences
from tests.random_packs import Sampler, rulebase
from tests.small import pack

SEED = 6


@pytest.fixture(autouse=True)
def _no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its limit the walker gives up exactness, depending on what was asked before."""
    monkeypatch.setattr(numbers, "MAX_SOLVED", 100_000)


def drawn(decider: Decider, count: int, missing: float, **always: Value) -> list[dict[str, Value]]:
    rng = random.Random(SEED)
    sampler = Sampler(decider.rulebase)
    return [{**sampler.draw(rng, missing), **always} for _ in range(count)]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("missing", [0.0, 0.1, 0.4])
def test_the_primer(missing: float, strict: bool) -> None:
    decider = load("primer")
    assert differences(decider, drawn(decider, 25, missing), strict=strict) == []


@pytest.mark.parametrize("state", ["CA", "AZ", "TX"])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_us_pack(state: str, missing: float) -> None:
    decider = load("us")
    some = [{**loan, "property_state": state} for loan in drawn(decider, 8, missing)]
    assert differences(decider, some) == []


@pytest.mark.parametrize("seed", range(12))
def test_random_packs(seed: int) -> None:
    decider = Decider(rulebase(seed))
    for missing in (0.0, 0.3):
        assert differences(decider, drawn(decider, 10, missing), strict=seed % 2 == 0) == []


def test_facts_that_contradict_one_another_are_rejected_by_name() -> None:
    decider = load("primer")
    rng = random.Random(SEED)
    mixed = [
        {name: rng.choice([first, second])[name] for name in first if name in second}
        for first, second in zip(drawn(decider, 40, 0.0), drawn(decider, 80, 0.0)[40:], strict=True)
    ]
    kernel = Kernel(decider)
    assert kernel.decide(columns_of(decider, mixed), len(mixed)).rejected
    assert differences(decider, mixed, kernel=kernel) == []


def test_the_synthetic_pack(tmp_path: Path) -> None:
    write_pack(tmp_path)
    decider = load(tmp_path)
    some = loans(2_000, SEED)
    answers = Kernel(decider).decide(columns_of(decider, some), len(some)).answers["recourse"]
    values = [answers.shared[code].value or OPEN for code in answers.codes]
    assert values == [expected(loan) for loan in some]


AMOUNTS = """
    owed: {type: money, label: Owed, at_least: 0, hit_policy: min}
    rest: {type: money, label: Rest}
    until: {type: date, label: Until, hit_policy: min}
    late: {type: boolean, label: Late, otherwise: false, otherwise_because: In time.}
"""
AMOUNT_RULES = """
    owed.all | owed | {} | {amount: debt} |
    owed.less | owed | {state: CA} | {amount: "debt - max(price, value)"} |
    owed.third | owed | {fraud: true} | {amount: debt * 2 / 3} |
    rest.all | rest | {} | {amount: debt - owed} |
    until.month | until | {state: WA} | {date: made, plus: 1 month} |
    until.year | until | {fraud: true} | {date: made, plus: 1 year} |
    late.all | late | {sold: {after: until}} | true |
"""


def test_amounts_and_days_of_known_and_missing_facts(tmp_path: Path) -> None:
    decider = pack(tmp_path, AMOUNTS, AMOUNT_RULES)
    rng = random.Random(SEED)
    day = datetime.date(2019, 1, 29)
    some: list[dict[str, Value]] = []
    for _ in range(150):
        loan: dict[str, Value] = {
            "state": rng.choice(["CA", "WA", "TX"]),
            "fraud": rng.random() < 0.5,
            "debt": Decimal(rng.choice([0, 1, 10_001, 99_999_999])) / 100,
            "price": Decimal(rng.choice([0, 1, 10_001, 50])) / 100,
            "value": Decimal(rng.choice([0, 1, 10_001, 50])) / 100,
            "made": day + datetime.timedelta(days=rng.choice([0, 1, 2, 400])),
            "sold": day + datetime.timedelta(days=rng.choice([0, 30, 31, 366, 800])),
        }
        some.append({name: value for name, value in loan.items() if rng.random() < 0.8})
    assert differences(decider, some) == []


def test_a_missing_fact_that_cancels_out_leaves_the_answer_decided(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "base: {type: money, label: Base}\ngap: {type: money, label: Gap}",
        """
        base.zero | base | {state: CA} | 0 |
        base.some | base | {state: WA} | {amount: price} |
        gap.all | gap | {} | {amount: debt + base - debt} |
        """,
    )
    some: list[dict[str, Value]] = [
        {"state": "CA"},
        {"state": "WA", "price": Decimal("0.00")},
        {"state": "WA", "price": Decimal("5.00")},
        {"state": "WA"},
    ]
    assert differences(decider, some) == []


def test_division_by_a_missing_fact_is_settled_row_by_row(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "share: {type: decimal, label: Share}",
        "share.all | share | {} | {amount: debt / price} |\n"
        "        share.other | share | {fraud: true} | {amount: value / price} | exception_to: share.all",
    )
    some: list[dict[str, Value]] = [
        {"debt": Decimal(debt), **({} if price is None else {"price": Decimal(price)})}
        for debt in (0, 1, 7)
        for price in (None, 0, 3)
    ]
    assert differences(decider, some) == []


def test_later_batches_of_other_shape() -> None:
    decider = load("primer")
    kernel = Kernel(decider)
    whole = drawn(decider, 12, 0.0)
    for part in (whole[:1], whole[1:6], drawn(decider, 6, 0.3), whole[6:]):
        assert differences(decider, part, kernel=kernel) == []


def test_only_the_wanted_decisions() -> None:
    decider = load("primer")
    some = drawn(decider, 5, 0.2)
    kernel = Kernel(decider, ["recourse", "borrower_owes"])
    decided = kernel.decide(columns_of(decider, some), len(some))
    assert list(decided.answers) == ["recourse", "borrower_owes"]
    with pytest.raises(InputError, match="did you mean `recourse`"):
        Kernel(decider, ["recours"])


def test_no_rows() -> None:
    decided = Kernel(load("primer")).decide({}, 0)
    assert all(len(answers.codes) == 0 for answers in decided.answers.values())


def test_a_kernel_can_be_sent_to_another_process() -> None:
    decider = load("primer")
    some = drawn(decider, 5, 0.2)
    kernel = Kernel(decider, ["recourse"])
    sent = pickle.loads(pickle.dumps(kernel))
    columns = columns_of(decider, some)
    ours, theirs = (each.decide(columns, 5).answers["recourse"] for each in (kernel, sent))
    assert [ours.shared[c] for c in ours.codes] == [theirs.shared[c] for c in theirs.codes]
    assert isinstance(theirs.codes, np.ndarray)
