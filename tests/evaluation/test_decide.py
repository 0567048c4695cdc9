"""What a rule means (docs/how-it-works.md), construct by construct, by both evaluators."""

from __future__ import annotations

import datetime
import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from engine import Decider, Disagreement, InputError
from engine.evaluation.rete import Rete, Verdict
from tests.small import pack

RECOURSE = """
recourse:
  type: enum
  label: Recourse
  values: {none: None, capped: Capped, full: Full}
"""


def test_no_rule_applies_and_no_otherwise_is_open(tmp_path: Path) -> None:
    decider = pack(tmp_path, RECOURSE, "a | recourse | {state: CA} | none")
    answer = decider.decide({"state": "WA"}).answers["recourse"]
    assert (answer.status, answer.value, answer.rules) == ("open", None, ())


def test_otherwise_answers_where_no_rule_applies(tmp_path: Path) -> None:
    decisions = RECOURSE.rstrip() + "\n  otherwise: full\n  otherwise_because: A debt is owed.\n"
    decider = pack(tmp_path, decisions, "a | recourse | {state: CA} | none")
    answer = decider.decide({"state": "WA"}).answers["recourse"]
    assert (answer.status, answer.value, answer.by_default) == ("decided", "full", True)
    assert not decider.decide({"state": "CA"}).answers["recourse"].by_default


def test_an_exception_overrides_even_where_it_is_overridden_itself(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        RECOURSE,
        """
        general | recourse |                           | full
        bar     | recourse | {state: CA}               | none   | exception_to: general
        fraud   | recourse | {state: CA, fraud: true}  | capped | exception_to: bar
        """,
    )
    answer = decider.decide({"state": "CA", "fraud": True}).answers["recourse"]
    assert answer.value == "capped"
    assert [rule.id for rule in answer.rules] == ["fraud"]
    assert [(o.rule.id, [r.id for r in o.by]) for o in answer.overridden] == [
        ("bar", ["fraud"]),
        ("general", ["bar"]),
    ]


def test_unique_rules_that_differ_are_in_conflict_and_so_is_what_needs_them(tmp_path: Path) -> None:
    decisions = RECOURSE + "owed: {type: boolean, label: Owed}\n"
    decider = pack(
        tmp_path,
        decisions,
        """
        a | recourse | {state: CA} | none
        b | recourse | {kind: home} | full
        c | owed | {recourse: full} | true
        """,
    )
    record = decider.decide({"state": "CA", "kind": "home"})
    assert record.answers["recourse"].status == "conflict"
    assert {rule.id for rule in record.answers["recourse"].rules} == {"a", "b"}
    assert record.answers["owed"].status == "conflict"
    assert decider.decide({"state": "WA", "kind": "home"}).value("owed") is True


def test_unique_rules_that_agree_decide_together(tmp_path: Path) -> None:
    rules = "a | recourse | {state: CA} | none\nb | recourse | {kind: home} | none"
    answer = pack(tmp_path, RECOURSE, rules).decide({"state": "CA", "kind": "home"})
    assert [rule.id for rule in answer.answers["recourse"].rules] == ["a", "b"]


def test_amounts_that_should_agree_conflict_where_they_differ(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "cap: {type: money, label: Cap}\nhigh: {type: boolean, label: High}",
        """
        a | cap | | {amount: debt - price}
        b | cap | | {amount: debt - value}
        c | high | {cap: {more_than: 100}} | true
        """,
    )
    same = decider.decide({"debt": 500, "price": 200, "value": 200})
    assert (same.value("cap"), same.value("high")) == (Decimal("300.00"), True)
    unlike = decider.decide({"debt": 500, "price": 200, "value": 201})
    assert [a.status for a in unlike.answers.values()] == ["conflict", "conflict"]


@pytest.mark.parametrize(
    ("facts", "value", "by"),
    [
        ({"state": "CA", "kind": "home"}, "none", ["a"]),
        ({"state": "WA", "kind": "home"}, "full", ["b"]),
    ],
)
def test_priority_takes_the_strongest_value(
    tmp_path: Path, facts: dict[str, object], value: str, by: list[str]
) -> None:
    decisions = RECOURSE.rstrip() + "\n  hit_policy: {priority: [none, capped, full]}\n"
    rules = "a | recourse | {state: CA} | none\nb | recourse | {kind: home} | full"
    answer = pack(tmp_path, decisions, rules).decide(facts).answers["recourse"]
    assert answer.value == value
    assert [rule.id for rule in answer.rules] == by
    if value == "none":
        assert [(o.rule.id, o.by[0].id) for o in answer.overridden] == [("b", "a")]


def test_collect_unites_the_sets(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "reach: {type: set, label: Reach, hit_policy: collect, values: {wages: W, house: H}}",
        "a | reach | {state: CA} | [wages]\nb | reach | {kind: home} | house",
    )
    record = decider.decide({"state": "CA", "kind": "home"})
    assert record.value("reach") == frozenset({"wages", "house"})


@pytest.mark.parametrize(
    ("policy", "cents"), [("min", "50.00"), ("max", "70.01"), ("sum", "120.01")]
)
def test_the_least_the_greatest_and_the_sum_of_amounts(
    tmp_path: Path, policy: str, cents: str
) -> None:
    decider = pack(
        tmp_path,
        f"cap: {{type: money, label: Cap, hit_policy: {policy}}}",
        "a | cap | {state: CA} | 50\nb | cap | | {amount: debt * 0.7}",
    )
    answer = decider.decide({"state": "CA", "debt": "100.01"}).answers["cap"]
    assert answer.value == Decimal(cents)


def test_an_amount_is_never_below_at_least_and_is_rounded_half_up_once(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "short: {type: money, label: Short, at_least: 0}\nhalf: {type: money, label: Half}",
        "a | short | | {amount: debt - price}\nb | half | | {amount: debt / 3 + debt / 6}",
    )
    record = decider.decide({"debt": "10.01", "price": 20})
    assert record.value("short") == Decimal("0.00")
    assert record.value("half") == Decimal("5.01")  # 5.005, not 3.34 + 1.67


def test_a_month_after_the_31st_ends_on_the_last_day(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "until: {type: date, label: Until}",
        "a | until | | {date: sold, plus: 1 month}",
    )
    record = decider.decide({"sold": "2024-01-31"})
    assert record.value("until") == datetime.date(2024, 2, 29)


def test_an_effective_range_includes_both_its_days(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        RECOURSE,
        "a | recourse | | none | effective: {from: 2009-10-01, to: 2013-12-31, measured_by: made}",
    )
    days = ["2009-09-30", "2009-10-01", "2013-12-31", "2014-01-01"]
    statuses = [decider.decide({"made": day}).answers["recourse"].status for day in days]
    assert statuses == ["open", "decided", "decided", "open"]
    assert decider.decide({}).answers["recourse"].status == "undetermined"


def test_a_negated_test_needs_a_value_but_a_negated_condition_does_not(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        RECOURSE + "x: {type: boolean, label: X}\ny: {type: boolean, label: Y}\n",
        """
        a | recourse | {state: CA} | none
        b | x | {recourse: {not: none}} | true
        c | y | {not: {recourse: none}} | true
        """,
    )
    record = decider.decide({"state": "WA"})
    assert record.answers["x"].status == "open"
    assert record.value("y") is True


def test_a_formula_over_an_open_decision_or_a_zero_has_no_value(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "cap: {type: money, label: Cap}\nowed: {type: money, label: Owed}\npart: {type: decimal, label: Part}",
        """
        a | cap | {state: CA} | 5
        b | owed | | {amount: cap + debt}
        c | part | | {amount: debt / price}
        """,
    )
    record = decider.decide({"state": "WA", "debt": 5, "price": 0})
    assert [a.status for a in record.answers.values()] == ["open", "open", "open"]
    assert decider.decide({"state": "CA", "debt": 5, "price": 2}).value("part") == Decimal("2.5")


def test_incomplete_facts_that_cannot_change_the_answer_do_not_matter(tmp_path: Path) -> None:
    rules = """
    a | recourse | {state: CA, fraud: false} | none
    b | recourse | {state: CA, fraud: true} | none
    c | recourse | {state: WA} | full
    """
    answer = pack(tmp_path, RECOURSE, rules).decide({"state": "CA"}).answers["recourse"]
    assert (answer.status, answer.value) == ("decided", "none")
    assert {rule.id for rule in answer.rules} == {"a", "b"}


def test_undetermined_shows_what_is_possible_and_what_to_ask(tmp_path: Path) -> None:
    rules = """
    a | recourse | {state: CA, fraud: false} | none
    b | recourse | {state: CA, fraud: true}  | full
    c | recourse | {state: [WA, TX]}         | capped
    """
    answer = pack(tmp_path, RECOURSE, rules).decide({"state": "CA"}).answers["recourse"]
    assert answer.status == "undetermined"
    assert {p.outcome.value: [r.id for r in p.rules] for p in answer.possible} == {
        "none": ["a"],
        "full": ["b"],
    }
    assert answer.ask == ("fraud",)


def test_the_first_question_is_the_one_that_narrows_best(tmp_path: Path) -> None:
    rules = """
    a | recourse | {kind: car} | full
    b | recourse | {kind: home, state: CA} | none
    c | recourse | {kind: home, state: [WA, TX]} | capped
    """
    answer = pack(tmp_path, RECOURSE, rules).decide({}).answers["recourse"]
    assert answer.ask[0] == "kind"


def test_an_amount_without_a_fact_shows_its_formula(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "short: {type: money, label: Short}\nowed: {type: money, label: Owed}",
        "a | short | | {amount: debt - price}\nb | owed | | {amount: short * 0.5}",
    )
    answer = decider.decide({"debt": 5}).answers["owed"]
    assert answer.status == "undetermined"
    assert answer.possible[0].outcome.missing == ("price",)
    assert answer.ask == ("price",)


def test_constraints_rule_out_completions(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        RECOURSE,
        "a | recourse | {kind: car} | full\nb | recourse | {kind: home} | none",
        """
        constraints:
          cars_are_not_sold_in_texas: {when: {state: TX}, must: {kind: home}, because: No cars.}
        """,
    )
    assert decider.decide({"state": "TX"}).value("recourse") == "none"
    assert decider.decide({"state": "CA"}).answers["recourse"].status == "undetermined"


def test_comparisons_of_facts_hang_together(tmp_path: Path) -> None:
    """debt > price and price > value rule out value > debt, though none of them is known."""
    decider = pack(
        tmp_path,
        RECOURSE,
        """
        a | recourse | {value: {more_than: debt}} | none
        b | recourse | {value: {at_most: debt}}   | full
        """,
        """
        constraints:
          one: {must: {debt: {more_than: price}}, because: One.}
          two: {must: {price: {more_than: value}}, because: Two.}
        """,
    )
    assert decider.decide({}).value("recourse") == "full"
    with pytest.raises(InputError, match="no real loan has these facts"):
        decider.decide({"value": 10, "debt": "10.01"})


def test_a_day_is_compared_with_a_deadline_that_another_decision_sets(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "deadline: {type: date, label: Deadline}\nlate: {type: boolean, label: Late, otherwise: false,"
        " otherwise_because: In time.}",
        """
        a | deadline | {state: CA} | {date: made, plus: 3 months}
        b | late | {sold: {after: deadline}} | true
        """,
    )
    facts = {"state": "CA", "made": "2020-01-31"}
    assert decider.decide(facts | {"sold": "2020-04-30"}).value("late") is False
    assert decider.decide(facts | {"sold": "2020-05-01"}).value("late") is True
    assert decider.decide({"state": "WA"}).value("late") is False
    assert decider.decide(facts).answers["late"].status == "undetermined"


def test_an_integer_decision_is_rounded_before_it_is_tested(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "n: {type: integer, label: N}\nmore: {type: boolean, label: More, otherwise: false,"
        " otherwise_because: No.}",
        "a | n | | {amount: rate}\nb | more | {n: {more_than: units}} | true",
    )
    assert decider.decide({"rate": "1.2", "units": 1}).value("more") is False
    assert decider.decide({"rate": "1.5", "units": 1}).value("more") is True


def test_presumptions_stand_until_the_contrary_is_given(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        RECOURSE,
        "a | recourse | {fraud: false} | none\nb | recourse | {fraud: true} | full",
        "presumptions:\n  - {presume: {fraud: false}, because: Nobody is presumed a fraud.}\n",
    )
    record = decider.decide({})
    assert (record.value("recourse"), list(record.presumed_used)) == ("none", ["fraud"])
    assert decider.decide({"fraud": True}).value("recourse") == "full"
    assert decider.decide({}, strict=True).answers["recourse"].status == "undetermined"


def test_a_presumption_needs_its_condition_for_certain_and_breaks_no_constraint(
    tmp_path: Path,
) -> None:
    vocabulary = """
    constraints:
      cars_are_honest: {when: {kind: car}, must: {fraud: false}, because: Cars are honest.}
    presumptions:
      - {presume: {fraud: true}, when: {state: CA}, because: California.}
    """
    rules = "a | recourse | {fraud: true} | full\nb | recourse | {fraud: false} | none"
    decider = pack(tmp_path, RECOURSE, rules, vocabulary)
    assert decider.decide({}).presumed == {}
    assert list(decider.decide({"state": "CA"}).presumed) == ["fraud"]
    assert decider.decide({"state": "CA", "kind": "car"}).presumed == {}


def test_the_facts_that_mattered_settle_the_answer_alone(tmp_path: Path) -> None:
    rules = """
    a | recourse | {state: CA} | none
    b | recourse | {state: WA, kind: car}  | full
    c | recourse | {state: WA, kind: home} | full
    """
    decider = pack(tmp_path, RECOURSE, rules)
    california = decider.decide({"state": "CA", "kind": "car", "fraud": True})
    assert california.answers["recourse"].facts_used == {"state": "CA"}
    washington = decider.decide({"state": "WA", "kind": "car", "fraud": True})
    assert washington.answers["recourse"].facts_used == {"state": "WA", "kind": "car"}


def test_a_fact_is_asked_for_where_its_amount_matters_within_its_class(tmp_path: Path) -> None:
    """Constraints leave the facts one class each, and yet the answer hangs on them."""
    decisions = "until: {type: date, label: U}\nrecourse: {type: enum, label: R, values: {none: N, full: F}}"
    rules = """
    old    | until    | {sold: {before: 2000-01-01}}   | {date: sold, plus: 1 year}
    new    | until    | {sold: {on_or_after: 2000-01-01}} | {date: sold, plus: 2 years}
    poor   | recourse | {price: {less_than: value}, value: {less_than: 500}} | none
    rich   | recourse | {price: {at_least: value}, value: {less_than: 500}}  | full
    """
    constraints = """
    constraints:
      later: {must: {sold: {on_or_after: 2010-01-01}}, because: B.}
      small: {must: {value: {at_most: 400}}, because: B.}
    """
    decider = pack(tmp_path, decisions, rules, constraints)
    record = decider.decide({})
    assert record.answers["until"].ask == ("sold",)
    assert set(record.answers["recourse"].ask) == {"price", "value"}


def test_only_decides_what_is_asked_and_refuses_what_does_not_exist(tmp_path: Path) -> None:
    decisions = RECOURSE + "owed: {type: boolean, label: Owed}\n"
    rules = "a | recourse | {state: CA} | none\nc | owed | {recourse: none} | false"
    decider = pack(tmp_path, decisions, rules)
    assert list(decider.decide({"state": "CA"}, only=["owed"]).answers) == ["owed"]
    with pytest.raises(InputError, match="did you mean `owed`"):
        decider.decide({}, only=["owd"])


def test_a_disagreement_is_an_error_and_never_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decider = pack(tmp_path, RECOURSE, "a | recourse | {state: CA} | none")
    honest = Rete.decide

    def lying(self: Rete, *args: object, **options: object) -> dict[str, Verdict]:
        verdicts = honest(self, *args, **options)  # type: ignore[arg-type]
        return {name: replace(v, value="full") for name, v in verdicts.items()}

    monkeypatch.setattr(Rete, "decide", lying)
    with pytest.raises(Disagreement) as caught:
        decider.decide({"state": "CA"})
    text = str(caught.value)
    assert "decision: recourse" in text
    assert "the diagram says 'none', the network 'full'" in text
    assert "state: CA" in text
    assert decider.rulebase.digest in text


def test_threads_share_a_decider(tmp_path: Path) -> None:
    decider = pack(
        tmp_path,
        "short: {type: money, label: Short}",
        "a | short | {state: CA} | {amount: debt - price}\nb | short | {state: [WA, TX]} | 1",
    )
    wrong: list[object] = []

    def work(start: int) -> None:
        for debt in range(start, start + 60):
            found = decider.decide({"state": "CA", "debt": debt, "price": 1}).value("short")
            if found != Decimal(debt - 1):
                wrong.append((debt, found))

    threads = [threading.Thread(target=work, args=(1000 * n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_compiled_function_gives_the_same_value(tmp_path: Path) -> None:
    rules = """
    a | recourse | {state: CA, units: {at_most: 4}} | none
    b | recourse | {state: CA, units: {more_than: 4}} | full
    c | recourse | {state: WA, price: {less_than: value}} | capped
    """
    decider: Decider = pack(tmp_path, RECOURSE, rules)
    quick = decider.compile("recourse")
    assert quick({"state": "CA", "units": 4}) == "none"
    assert quick({"state": "CA", "units": 5}) == "full"
    assert quick({"state": "CA"}) is None
    assert quick({"state": "WA", "price": Decimal(1), "value": Decimal(2)}) == "capped"
    assert quick({"state": "WA", "price": Decimal(2), "value": Decimal(2)}) is None
    with pytest.raises(KeyError):
        decider.compile("nothing")
