"""The commands for changing rules: diff, replay, and what the cases are worth."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import cli
from tests.small import write

ROOT = Path(__file__).resolve().parent.parent
BEFORE, AFTER = (str(ROOT / "tests/packs/changed" / name) for name in ("before", "after"))
DECISIONS = "answer: {type: boolean, label: A?, otherwise: false, otherwise_because: So.}"
RULE = "one | answer | {kind: home, units: {at_most: 4}} | true"
CASES = """\
- case: A home
  given: {kind: home, units: 4}
  expect: {answer: true}
- case: A large home
  given: {kind: home, units: 5}
  expect: {answer: false}
"""

Captured = pytest.CaptureFixture[str]


def call(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def tried(tmp_path: Path) -> str:
    return str(write(tmp_path / "tried", DECISIONS, RULE, cases=CASES))


def test_diff_of_a_pack_with_itself_is_a_proof(capsys: Captured) -> None:
    code, out, err = call(capsys, "diff", BEFORE, BEFORE)
    assert (code, err) == (0, "")
    assert "No decision changes: proven for every loan, not sampled." in out


def test_diff_tells_the_loans_and_ends_with_1(capsys: Captured) -> None:
    code, out, _ = call(capsys, "diff", BEFORE, AFTER)
    assert code == 1
    assert "Texas, HELOC, originated before 1998-01-01" in out


def test_diff_as_json_follows_its_schema(capsys: Captured) -> None:
    code, out, _ = call(capsys, "diff", BEFORE, AFTER, "--format", "json")
    schema = json.loads((ROOT / "schema/diff.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads(out))
    assert code == 1


def test_diff_for_a_pull_request_and_as_annotations(capsys: Captured) -> None:
    assert (
        "originated before 1998-01-01"
        in call(capsys, "diff", BEFORE, AFTER, "--format", "markdown")[1]
    )
    assert call(capsys, "diff", BEFORE, AFTER, "--format", "github")[1].startswith("::")


def test_diff_counts_the_loans_of_a_table(capsys: Captured, tmp_path: Path) -> None:
    table = tmp_path / "book.csv"
    table.write_text(
        "property_state,loan_purpose,origination_date\n"
        "TX,heloc,1997-06-30\nTX,heloc,1999-06-30\nTX,heloc,someday\n"
    )
    code, out, err = call(capsys, "diff", BEFORE, AFTER, "--loans", str(table))
    assert code == 1
    assert "1 of 2 loans" in out
    assert "`origination_date` is a date, not `someday`" in err


def test_diff_of_something_that_is_not_there(capsys: Captured) -> None:
    code, _, err = call(capsys, "diff", "no-such-revision", "--pack", BEFORE)
    assert code == 2
    assert "no-such-revision" in err
    assert "Traceback" not in err


def test_diff_of_one_pack_asks_for_the_other(capsys: Captured) -> None:
    code, _, err = call(capsys, "diff", BEFORE)
    assert code == 2
    assert "is the pack `changed`: name what to compare it with, HEAD or --pack" in err


def test_replay_of_unchanged_and_of_changed_rules(capsys: Captured, tmp_path: Path) -> None:
    loans = tmp_path / "loans.jsonl"
    loan = '{"property_state": "TX", "loan_purpose": "heloc", "origination_date": "%s"}\n'
    loans.write_text(loan % "1997-06-30" + loan % "1999-06-30")
    records = tmp_path / "records.jsonl"
    records.write_text(call(capsys, "decide", str(loans), "--pack", BEFORE, "--format", "json")[1])
    assert call(capsys, "replay", str(records), "--pack", BEFORE)[0] == 0
    code, out, _ = call(capsys, "replay", str(records), "--pack", AFTER)
    assert code == 1
    assert "1 with another outcome" in " ".join(out.split())
    records.write_text(records.read_text() + '{"record": 1, "fa')
    code, out, err = call(capsys, "replay", str(records), "--pack", BEFORE)
    assert code == 2
    assert f"{records}:3" in err


def test_replay_takes_the_pack_that_the_records_name(capsys: Captured, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    settings = ("--set", "loan_kind=auto", "--only", "recourse", "--format", "json")
    record.write_text(call(capsys, "decide", "--pack", "primer", *settings)[1])
    code, out, err = call(capsys, "replay", str(record))
    assert (code, err) == (0, "")
    assert out.startswith("1 record by the rules of primer ")
    assert out.endswith("\n")
    record.write_text(record.read_text().replace('"primer"', '"mine"'))
    code, out, err = call(capsys, "replay", str(record))
    assert (code, out) == (2, "")
    assert "the records are of the pack `mine`: name its folder with --pack" in err


def test_a_file_of_no_records_is_told_once(capsys: Captured, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("nonsense\n" * 60)
    code, out, err = call(capsys, "replay", str(file))
    assert code == 2
    assert out.endswith("60 lines set aside; these are the first 50\n")
    assert err.count("json-syntax") == 50


def test_coverage_names_what_no_case_tries(capsys: Captured, tried: str) -> None:
    code, out, _ = call(capsys, "test", tried, "--coverage")
    assert code == 0
    assert "kind" in out.split("Not covered")[1]
    data = json.loads(call(capsys, "test", tried, "--coverage", "--format", "json")[1])
    assert isinstance(data, list)


def test_suggested_cases_are_written_without_an_outcome(capsys: Captured, tried: str) -> None:
    out = call(capsys, "test", tried, "--suggest")[1]
    assert "kind: car" in out
    assert "Confirm against the law" in out


def test_a_mutant_that_survives_is_a_finding(capsys: Captured, tried: str) -> None:
    code, out, _ = call(capsys, "test", tried, "--mutate", "--jobs", "1")
    assert code == 1
    assert "no case notices" in out


def test_lcov(capsys: Captured, tried: str) -> None:
    lcov = call(capsys, "test", tried, "--format", "lcov")[1]
    assert lcov.rstrip().endswith("end_of_record")
