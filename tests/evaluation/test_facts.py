"""Facts of a loan: what is accepted, and exactly what is said of the rest."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from engine import Decider, InputError
from engine.evaluation.facts import contradictions, presume, read_facts
from engine.model import Constraint, OneOf, Term, TermHolds, Value
from engine.presentation.problems import as_text
from engine.reading.loans import Loan, read_loans
from engine.reading.pack import load_pack
from tests.evaluation.small_books import book, fact
from tests.packs import FOLDER

PACK = load_pack(FOLDER / "good" / "everything")
DECIDER = Decider(PACK)


def said(facts: dict[str, object]) -> list[str]:
    """What is said of facts from Python, which have no place."""
    with pytest.raises(InputError) as caught:
        read_facts(PACK, facts)
    return [str(problem).removeprefix("<input>: ") for problem in caught.value.problems]


ISO = "(write it as 2009-10-31: year, month, day)"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("dept", 1, "unknown-fact: no fact is called `dept` (did you mean `debt`?)"),
        ("colour", 1, "unknown-fact: no fact is called `colour` (`recourse facts` lists them)"),
        (
            "recourse",
            "full",
            (
                "unknown-fact: `recourse` is a decision: the engine answers it "
                "(leave it out of the facts)"
            ),
        ),
        (
            "home",
            True,
            (
                "unknown-fact: `home` is a term: it follows from other facts "
                "(leave it out of the facts)"
            ),
        ),
        ("state", 5, "wrong-type: `state` is one of `CA`, `NO`, `WA`, not `5`"),
        ("state", True, "wrong-type: `state` is one of `CA`, `NO`, `WA`, not true"),
        ("state", ["CA"], "wrong-type: `state` is one of `CA`, `NO`, `WA`, not a list"),
        ("state", "wa", "unknown-value: `state` can't be `wa` (did you mean `WA`?)"),
        ("state", "Oregon", "unknown-value: `state` can't be `Oregon` (one of `CA`, `NO`, `WA`)"),
        ("state", "", "unknown-value: `state` can't be `` (one of `CA`, `NO`, `WA`)"),
        ("fraud", "maybe", "wrong-type: `fraud` is true or false, not `maybe`"),
        (
            "fraud",
            "yes",
            "wrong-type: `fraud` is true or false, not `yes` (write `true` or `false`)",
        ),
        ("fraud", 1, "wrong-type: `fraud` is true or false, not `1` (write `true` or `false`)"),
        ("units", "two", "wrong-type: `units` is a whole number, not `two`"),
        ("units", 2.5, "wrong-type: `units` is a whole number, not `2.5`"),
        ("units", True, "wrong-type: `units` is a whole number, not true"),
        ("units", 0, "out-of-range: `units` is at least 1, not 0"),
        ("units", 101, "out-of-range: `units` is at most 100, not 101"),
        (
            "units",
            10**13,
            (
                "out-of-range: `units`: `10000000000000` is too large; "
                "1,000,000,000,000 is the most that is read"
            ),
        ),
        ("rate", "5%", "wrong-type: `rate` is a number, not `5%`"),
        ("rate", float("nan"), "wrong-type: `rate` is a number, not `nan`"),
        ("rate", Decimal("Infinity"), "wrong-type: `rate` is a number, not `Infinity`"),
        ("rate", Fraction(1, 3), "wrong-type: `rate` is a number, not `1/3`"),
        ("rate", Decimal("0.7"), "out-of-range: `rate` is at most 0.5, not 0.7"),
        ("rate", -0.1, "out-of-range: `rate` is at least 0, not -0.1"),
        (
            "rate",
            "0.1234567",
            "wrong-type: `rate` has at most 6 digits after the point, not `0.1234567`",
        ),
        (
            "price",
            "lots",
            (
                "wrong-type: `price` is an amount in dollars, not `lots` "
                "(write digits alone, as 150000.00)"
            ),
        ),
        (
            "price",
            "1,00",
            (
                "wrong-type: `price` is an amount in dollars, not `1,00` "
                "(write digits alone, as 150000.00)"
            ),
        ),
        (
            "price",
            "\u0663",
            (
                "wrong-type: `price` is an amount in dollars, not `\u0663` "
                "(write digits alone, as 150000.00)"
            ),
        ),
        ("price", -1, "negative-money: `price` can't be negative, as -$1.00 is"),
        ("price", "-0.01", "negative-money: `price` can't be negative, as -$0.01 is"),
        ("price", "10.005", "wrong-type: `price` is given to the cent, not `10.005`"),
        (
            "price",
            "1000000000000",
            (
                "out-of-range: `price`: `1000000000000` is too large; "
                "999,999,999,999.99 is the most that is read"
            ),
        ),
        ("debt", 2_000_000, "out-of-range: `debt` is at most $1,000,000.00, not $2,000,000.00"),
        ("sold", 2009, f"wrong-type: `sold` is a date, not `2009` {ISO}"),
        ("sold", "10/31/2009", f"wrong-type: `sold` is a date, not `10/31/2009` {ISO}"),
        ("sold", "2009-1-1", f"wrong-type: `sold` is a date, not `2009-1-1` {ISO}"),
        ("sold", "2009-02-29", "no-such-date: `sold`: there is no date `2009-02-29`"),
        ("sold", "0000-00-00", "no-such-date: `sold`: there is no date `0000-00-00`"),
        (
            "sold",
            "2200-01-01",
            "out-of-range: `sold`: 2200-01-01 is not between 1800-01-01 and 2199-12-31",
        ),
        ("made", "1949-12-31", "out-of-range: `made` is at least 1950-01-01, not 1949-12-31"),
        (
            "sold",
            datetime.datetime(2009, 10, 31, 12),
            "wrong-type: `sold` is a date without a time, not `2009-10-31 12:00:00`",
        ),
    ],
)
def test_a_bad_fact(name: str, value: object, expected: str) -> None:
    assert said({name: value}) == [expected]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("price", 1000, Decimal("1000.00")),
        ("price", "1_000", Decimal("1000.00")),
        ("price", "1,000.00", Decimal("1000.00")),
        ("price", "$1,000", Decimal("1000.00")),
        ("price", "$ 1,000.50 USD", Decimal("1000.50")),
        ("price", " 1000 ", Decimal("1000.00")),
        ("price", 0.1, Decimal("0.10")),
        ("price", 1e3, Decimal("1000.00")),
        ("price", Decimal("1E+3"), Decimal("1000.00")),
        ("price", "+5", Decimal("5.00")),
        ("price", "999999999999.99", Decimal("999999999999.99")),
        ("units", 12, 12),
        ("units", "12", 12),
        ("units", "012", 12),
        ("units", 12.0, 12),
        ("units", Decimal("12.000"), 12),
        ("rate", 0.1, Decimal("0.1")),
        ("rate", "1e-3", Decimal("0.001")),
        ("rate", 0, Decimal(0)),
        ("sold", "2009-10-31", datetime.date(2009, 10, 31)),
        ("sold", " 2009-10-31 ", datetime.date(2009, 10, 31)),
        ("sold", datetime.date(2009, 10, 31), datetime.date(2009, 10, 31)),
        ("state", "NO", "NO"),
        ("fraud", False, False),
    ],
)
def test_a_good_fact(name: str, value: object, expected: Value) -> None:
    found = read_facts(PACK, {name: value})[name]
    assert (found, type(found)) == (expected, type(expected))


def test_a_number_that_python_refuses_to_write_out() -> None:
    assert said({"units": 10**5000}) == [
        (
            "out-of-range: `units`: a huge number is too large; "
            "1,000,000,000,000 is the most that is read"
        )
    ]


def test_nothing_is_not_given() -> None:
    assert read_facts(PACK, {"price": None, "state": None, "fraud": None}) == {}


def test_every_bad_fact_is_named() -> None:
    assert [line.split(":")[0] for line in said({"dept": 1, "price": -1, "state": "OR"})] == [
        "negative-money",
        "unknown-fact",
        "unknown-value",
    ]


def test_names_that_are_no_texts() -> None:
    facts: dict[object, object] = {5: 1, ("a", "b"): 2}
    with pytest.raises(InputError) as caught:
        read_facts(PACK, facts)  # type: ignore[arg-type]
    assert [problem.code for problem in caught.value.problems] == ["unknown-fact"] * 2


def test_facts_that_contradict_one_another() -> None:
    assert said({"sold": "2009-10-31", "made": "2010-01-01"}) == [
        (
            "contradictory-facts: `sold` and `made` can't go together: A loan is made before the "
            "home is sold. (constraint `sold_after_it_was_made`)"
        )
    ]
    assert said({"occupancy": "rented", "rented_out": False}) == [
        (
            "contradictory-facts: `occupancy` and `rented_out` can't go together: A tenant pays "
            "rent. (constraint `rented_by_a_tenant`)"
        )
    ]


def test_a_bad_fact_contradicts_nothing() -> None:
    assert len(said({"occupancy": "rented", "rented_out": "no"})) == 1


JOINT = """
constraints:
  here: {must: {any: [{state: CA}, {fraud: true}]}, because: One of the two.}
  there: {must: {any: [{state: WA}, {fraud: true}]}, because: One of the two.}
presumptions: []
"""


def test_facts_that_are_impossible_together(tmp_path: Path) -> None:
    """No constraint is broken for certain, yet no loan has these facts."""
    for path in sorted((FOLDER / "good" / "everything").rglob("*.yaml")):
        copy = tmp_path / path.name
        if "cases" not in path.parts:
            copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    vocabulary = tmp_path / "vocabulary.yaml"
    text = vocabulary.read_text(encoding="utf-8")
    vocabulary.write_text(text[: text.index("constraints:")] + JOINT, encoding="utf-8")
    decider = Decider(load_pack(tmp_path))
    assert decider.decide({"fraud": True}).answers
    with pytest.raises(InputError) as caught:
        decider.decide({"fraud": False})
    assert str(caught.value) == (
        "<input>: contradictory-facts: no real loan has these facts: together they break the "
        "pack's constraints (look at `fraud`)"
    )


def test_presumptions_stand_back() -> None:
    given = read_facts(PACK, {"occupancy": "primary", "units": 3})
    assert {name: p.value for name, p in presume(PACK, given).items()} == {
        "fraud": False,
        "rented_out": False,
    }


# ---- from a file ------------------------------------------------------------------------------


def loan(folder: Path, text: str) -> Loan:
    path = folder / "loan.yaml"
    path.write_text(text, encoding="utf-8")
    (found,) = read_loans(str(path))
    assert isinstance(found, Loan)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "state: WA\ndept: 5\n",
            """\
loan.yaml:2:1: unknown-fact: no fact is called `dept` (did you mean `debt`?)
    dept: 5
    ^
1 problem in 1 file""",
        ),
        (
            "# Who knows\nstate:  Washington  # the state\nprice: -1\n",
            """\
loan.yaml:2:9: unknown-value: `state` can't be `Washington` (did you mean `WA`?)
    state:  Washington  # the state
            ^
loan.yaml:3:8: negative-money: `price` can't be negative, as -$1.00 is
    price: -1
           ^
2 problems in 1 file""",
        ),
        (
            "{state: WA, price: 150,000}",
            """\
loan.yaml:1:24: unknown-fact: no fact is called `000` (write 150,000 as 150000 or 150_000, or in \
quotes)
    {state: WA, price: 150,000}
                           ^
1 problem in 1 file""",
        ),
        (
            "{made: 2010-01-01, sold: 2009-10-31}",
            """\
loan.yaml:1:8: contradictory-facts: `sold` and `made` can't go together: A loan is made before the \
home is sold. (constraint `sold_after_it_was_made`)
    {made: 2010-01-01, sold: 2009-10-31}
           ^
1 problem in 1 file""",
        ),
    ],
)
def test_a_bad_fact_of_a_file_has_its_place(
    text: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = loan(tmp_path, text)
    with pytest.raises(InputError) as caught:
        DECIDER.decide(found.data, locate=found.locate)
    shown = as_text(caught.value.problems, colour=False)
    assert shown.replace(f"{tmp_path}/", "") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price: 1_000", Decimal("1000.00")),
        ('price: "1,000.00"', Decimal("1000.00")),
        ("price: 1,000.00", Decimal("1000.00")),
        ('price: "$1,000"', Decimal("1000.00")),
        ("price: $1,000", Decimal("1000.00")),
        ("price: 0.1", Decimal("0.10")),
        ("price: 1e3", Decimal("1000.00")),
        ("units: 012", 12),
        ("units: 0x10", 16),
        ("sold: 2009-10-31", datetime.date(2009, 10, 31)),
        ('sold: "2009-10-31"', datetime.date(2009, 10, 31)),
        ("state: NO", "NO"),
        ("fraud: False", False),
    ],
)
def test_spellings_of_a_file(text: str, expected: Value, tmp_path: Path) -> None:
    facts = read_facts(PACK, loan(tmp_path, text).data)
    assert list(facts.values()) == [expected]


@pytest.mark.parametrize("text", ["price:", "price: null", "price: ~"])
def test_nothing_in_a_file_is_not_given(text: str, tmp_path: Path) -> None:
    assert read_facts(PACK, loan(tmp_path, text).data) == {}


def test_the_same_constraints_with_other_terms() -> None:
    facts = [fact("a"), fact("b")]
    one = replace(
        book(facts, [], [], terms=[Term("t", "", OneOf("a", (True,)))]),
        constraints=(Constraint("c", "it is so", TermHolds("t")),),
    )
    other = replace(one, terms={"t": Term("t", "", OneOf("b", (True,)))})
    for rulebase, broken in ((one, "a"), (other, "b"), (one, "a")):
        for name in "ab":
            found = contradictions(rulebase, {name: False})
            assert bool(found) == (name == broken)
