"""What a change of the rules does to the loans of a tape."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from engine import Decider, InputError
from engine.analysis.tally import Standing, Tally, count_loans
from engine.reading.tables import read_table
from tests.small import pack

DECISIONS = """
recourse: {type: enum, label: Recourse?, values: {none: No, full: Full}, otherwise: full, otherwise_because: So it is.}
owed: {type: money, label: Owed, at_least: 0}
"""
RULES = """
owed.rest | owed | {recourse: full} | {amount: debt - price}
owed.none | owed | {recourse: none} | 0
"""
TX = "tx | recourse | {state: TX, kind: home} | none"
TAPE = """\
state,kind,debt,price,fraud
TX,home,100,40,
TX,home,100.50,40,false
WA,home,100,40,
TX,,100,40,
NV,home,1,1,
TX,home
TX,home,10,20,TRUE
"""


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Decider, Decider]:
    return pack(tmp_path / "a", DECISIONS, RULES), pack(tmp_path / "b", DECISIONS, RULES + TX)


def tally(sides: tuple[Decider, Decider], folder: Path, text: str, **options: str) -> Tally:
    path = folder / "tape.csv"
    path.write_text(text)
    return count_loans(*sides, read_table(str(path)), **options)  # type: ignore[arg-type]


def test_loans_are_counted_with_their_money(sides: tuple[Decider, Decider], tmp_path: Path) -> None:
    found = tally(sides, tmp_path, TAPE, money_fact="debt")
    assert (found.loans, found.moved, found.aside) == (5, 4, 2)
    assert found.money == Decimal("410.50")
    full, none = Standing("decided", "full"), Standing("decided", "none")
    assert found.moves["recourse", full, none].loans == 3
    assert found.moves["recourse", full, Standing("undetermined")].loans == 1
    owed = found.moves["owed", Standing("decided"), Standing("decided")]
    assert (owed.loans, owed.change, owed.money) == (2, Decimal("-120.50"), Decimal("200.50"))
    assert owed.first.endswith("tape.csv:2")
    assert {p.code for p in found.problems} == {"unknown-value", "bad-row"}


def test_a_money_fact_must_be_one(sides: tuple[Decider, Decider], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no money fact is called `dept`"):
        tally(sides, tmp_path, TAPE, money_fact="dept")


def test_only_the_decisions_wanted_are_compared(
    sides: tuple[Decider, Decider], tmp_path: Path
) -> None:
    found = count_loans(*sides, _rows(tmp_path), only=["owed"])
    assert {name for name, _, _ in found.moves} == {"owed"}


def _rows(folder: Path):  # type: ignore[no-untyped-def]
    path = folder / "rows.csv"
    path.write_text(TAPE)
    return read_table(str(path))


def test_a_loan_that_one_side_refuses_is_counted(tmp_path: Path) -> None:
    constraint = """
    constraints:
      homes_only:
        when: {state: TX}
        must: {kind: home}
        because: Texas has homes alone.
    """
    sides = (
        pack(tmp_path / "a", DECISIONS, RULES),
        pack(tmp_path / "b", DECISIONS, RULES, constraint.replace("\n    ", "\n")),
    )
    found = tally(sides, tmp_path, "state,kind\nTX,car\nTX,home\n")
    assert (found.loans, found.moved) == (2, 1)
    assert found.moves["", Standing("accepted"), Standing("refused")].loans == 1


def test_renamed_and_one_sided_facts_are_told_to_the_side_that_knows_them(tmp_path: Path) -> None:
    base = pack(tmp_path / "a", DECISIONS, RULES + TX)
    folder = tmp_path / "b"
    pack(folder, DECISIONS, RULES + TX)
    for path in folder.glob("*.yaml"):
        text = (
            path.read_text()
            .replace("kind: {type", "sort: {type")
            .replace("kind: home", "sort: home")
        )
        path.write_text(text.replace("  rate:", "  share:").replace("label: Rate", "label: Share"))
    from engine import load

    sides = base, load(folder)
    for column in ("kind", "sort"):
        found = tally(sides, tmp_path, f"state,{column},share,rate\nTX,home,1,2\n")
        assert (found.loans, found.moved, found.aside) == (1, 0, 0), found.problems
