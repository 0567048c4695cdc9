"""Mappings: what the shipped ones make of real and of written rows, and what is wrong with bad ones.

``data/hmda-register.txt`` is the head of a test file that the Consumer Financial Protection Bureau
publishes with its HMDA platform, made up of invented loans (CC0).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import InputError, load
from engine.portfolio.columns import facts_at
from engine.portfolio.files import find_tapes, open_tape
from engine.portfolio.intake import prepare
from engine.portfolio.mapping import read_mapping, shipped_mappings
from engine.problems import Problem
from tests.portfolio.tapes import write

DATA = Path(__file__).resolve().parent / "data"
REGISTER = str(DATA / "hmda-register.txt")


def facts_of(
    tape: str, mapping: str
) -> tuple[list[dict[str, object]], dict[int, tuple[Problem, ...]]]:
    """The facts of each row of a tape of the us pack, and the problems of its rows."""
    rulebase = load("us").rulebase
    mapped = read_mapping(mapping, rulebase)
    rows: list[dict[str, object]] = []
    faults: dict[int, tuple[Problem, ...]] = {}
    with open_tape(find_tapes([tape])[0], mapped.layouts) as reader:
        intake = prepare(rulebase, reader.columns, mapped, (), tape)
        for batch in reader.read(intake.reads):
            columns, own = intake.facts_of(batch)
            faults |= {len(rows) + row: problems for row, problems in own.items()}
            rows += [dict(facts_at(columns, rulebase.facts, n)) for n in range(batch.rows)]
    assert not intake.unmapped
    return rows, faults


@pytest.mark.parametrize("name", shipped_mappings())
def test_a_shipped_mapping_fits_the_us_pack(name: str) -> None:
    mapping = read_mapping(name, load("us").rulebase)
    assert mapping.facts and mapping.layouts


def test_the_register() -> None:
    rows, faults = facts_of(REGISTER, "hmda-lar")
    lines = [line.split("|") for line in Path(REGISTER).read_text().splitlines()[1:]]
    assert len(rows) == len(lines) == 40
    purposes = {
        "1": "purchase",
        "2": "home_improvement",
        "31": "refinance",
        "32": "cash_out_refinance",
    }
    for row, (facts, cells) in enumerate(zip(rows, lines, strict=True)):
        if cells[10] not in ("1", "6"):
            assert (
                faults[row][0].message
                == f"no loan was made or bought (`action_taken` is `{cells[10]}`)"
            )
            continue
        assert facts["loan_kind"] == "mortgage"
        heloc = "heloc" if cells[108] == "1" else None
        assert facts.get("loan_purpose") == purposes.get(cells[5], heloc)
        program = {"1": "conventional", "2": "fha", "3": "va", "4": "usda_guaranteed"}[cells[4]]
        assert facts["loan_program"] == (
            "hecm" if (cells[4], cells[107]) == ("2", "1") else program
        )
        assert facts["lien_position"] == {"1": "first", "2": "junior"}[cells[60]]
        assert (
            facts["occupancy"] == {"1": "primary", "2": "second_home", "3": "investment"}[cells[8]]
        )
        assert facts["dwelling_units"] == int(cells[90])
        assert facts.get("commercial_loan") == {"1": True, "2": False}.get(cells[109])
        assert facts.get("property_type") == ("residential" if int(cells[90]) <= 4 else None)
        assert facts["original_principal"] == int(cells[9])
        day = str(facts["origination_date"]).replace("-", "") if cells[10] == "1" else None
        assert (day or "origination_date" not in facts) == (cells[11] if day else True)
        if cells[14] not in ("PR", "GU", "MP", "VI", "AS"):
            assert facts.get("property_state") == {"NA": None, "Exempt": None}.get(
                cells[14], cells[14]
            )


def test_the_public_data(tmp_path: Path) -> None:
    tape = write(
        tmp_path / "public.csv",
        "activity_year,lei,state_code,action_taken,loan_type,loan_purpose,lien_status,reverse_mortgage,"
        "open-end_line_of_credit,business_or_commercial_purpose,loan_amount,occupancy_type,total_units\n"
        "2022,X,OH,1,1,1,1,2,2,2,105000,1,1\n"
        "2022,X,NA,1,2,4,2,1,1,1111,105000,2,5-24\n",
    )
    rows, faults = facts_of(tape, "hmda-lar")
    assert rows[0] == {
        "property_state": "OH",
        "property_type": "residential",
        "dwelling_units": 1,
        "occupancy": "primary",
        "loan_kind": "mortgage",
        "loan_purpose": "purchase",
        "loan_program": "conventional",
        "lien_position": "first",
        "commercial_loan": False,
    }
    assert rows[1] == {
        "occupancy": "second_home",
        "loan_kind": "mortgage",
        "loan_purpose": "heloc",
        "loan_program": "hecm",
        "lien_position": "junior",
    }
    assert not faults


def test_fannie_mae(tmp_path: Path) -> None:
    cells = [""] * 110
    cells[26:31] = ["C", "SF", "2", "I", "TX"]
    cells[43] = "03"
    other = [*cells]
    other[26], other[43] = "U", "09"
    tape = write(tmp_path / "2010Q1.csv", "|".join(cells) + "\n" + "|".join(other) + "\n")
    rows, faults = facts_of(tape, "fannie-mae")
    assert rows[0] == {
        "property_state": "TX",
        "property_type": "residential",
        "dwelling_units": 2,
        "occupancy": "investment",
        "loan_kind": "mortgage",
        "loan_purpose": "cash_out_refinance",
        "loan_program": "conventional",
        "disposition": "short_sale",
    }
    assert {"loan_purpose", "disposition"}.isdisjoint(rows[1])
    assert not faults


def test_codes_that_are_not_mapped_are_told(tmp_path: Path) -> None:
    rulebase = load("us").rulebase
    mapping = read_mapping("hmda-lar", rulebase)
    tape = write(
        tmp_path / "a.csv", "state_code,action_taken,lien_status\nOH,1,1\nOH,1,7\nOH,1,7\n"
    )
    with open_tape(find_tapes([tape])[0], mapping.layouts) as reader:
        intake = prepare(rulebase, reader.columns, mapping, (), tape)
        (batch,) = reader.read(intake.reads)
        columns, _ = intake.facts_of(batch)
    assert intake.unmapped == {("lien_status", "7"): 2}
    assert columns["lien_position"].known().tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("facts: {}", "the file lacks the key `title`"),
        (
            "title: T\nfacts: {loan_kind: {columns: a}}",
            "`loan_kind` has no key `columns` (did you mean `column`?)",
        ),
        (
            "title: T\nfacts:\n  loan_knd: {column: a}",
            "mine.yaml:3:3: unknown-fact: the pack `us` has no fact `loan_knd` (did you mean `loan_kind`?)",
        ),
        (
            "title: T\nfacts:\n  loan_kind: {column: a, codes: {1: boat}}",
            "mine.yaml:3:37: unknown-value: `loan_kind` can't be `boat`",
        ),
        ("title: T\nfacts:\n  sale_date: {column: a, dates: DD.MM.YY}", "`dates` must be one of"),
        (
            "title: T\nalways: {loan_kind: boat}\nfacts: {loan_kind: {column: a}}",
            "mine.yaml:2:21: unknown-value",
        ),
        ("", "the file is empty"),
    ],
)
def test_what_is_wrong_with_a_mapping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("mine.yaml"), text)
    with pytest.raises(InputError) as caught:
        read_mapping("mine.yaml", load("us").rulebase)
    assert told in str(caught.value)


def test_a_mapping_that_is_not_there() -> None:
    with pytest.raises(InputError, match="did you mean `hmda-lar`"):
        read_mapping("hmda-la", load("us").rulebase)


def test_a_tape_of_another_kind_is_refused(tmp_path: Path) -> None:
    rulebase = load("us").rulebase
    mapping = read_mapping("hmda-lar", rulebase)
    with pytest.raises(InputError, match="this is no tape for `HMDA"):
        prepare(rulebase, ["a", "b"], mapping, (), "a.csv")
    tape = find_tapes([write(tmp_path / "short.txt", "1|a|b\n2|a|b\n")])[0]
    with (
        pytest.raises(InputError, match="the first row has 3 cells, not 110"),
        open_tape(tape, mapping.layouts),
    ):
        pass
