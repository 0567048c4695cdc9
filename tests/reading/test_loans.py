"""Fact files: YAML, JSON, JSON Lines, standard input, and settings from the command line."""

from __future__ import annotations

import io
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from engine.presentation.problems import as_text
from engine.problems import InputError
from engine.reading.loans import Loan, apply_sets, read_loans

ROWS = '{"state": "WA", "debt": 1000}\n{"state": "CA" "debt": 5}\n\n{"state": "CA", "debt": 0.10}\n'


def read(folder: Path, name: str, text: str | bytes) -> list[Loan | InputError]:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_loans(str(path)))


def data(found: list[Loan | InputError]) -> list[dict[str, object] | None]:
    """The facts of each loan; None for one that can't be read."""
    return [loan.data if isinstance(loan, Loan) else None for loan in found]


def said(found: list[Loan | InputError], folder: Path | None = None) -> str:
    problems = [p for loan in found if isinstance(loan, InputError) for p in loan.problems]
    text = as_text(problems, colour=False)
    return text.replace(f"{folder}/", "") if folder else text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "state: WA\ndebt: 1000\n"),
        ("a.yml", "{state: WA, debt: 1000}"),
        ("a.yaml", '{"state": "WA", "debt": 1000}'),
        ("a.json", '{"state": "WA", "debt": 1000}'),
        ("a.JSON", '\ufeff {"state": "WA", "debt": 1000}\n'),
        ("a.jsonl", '{"state": "WA", "debt": 1000}\n'),
        ("a.ndjson", '\n{"state": "WA", "debt": 1000}\r\n\n'),
        ("a.txt", "state: WA\ndebt: 1000\n"),
        ("a.txt", '{"state": "WA",\t"debt": 1000}'),
        ("a", "{state: WA, debt: 1000}"),
    ],
)
def test_one_loan(name: str, text: str, tmp_path: Path) -> None:
    found = read(tmp_path, name, text)
    assert data(found) == [{"state": "WA", "debt": 1000}]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "- state: WA\n- {debt: 5}\n"),
        ("a.json", '[{"state": "WA"}, {"debt": 5}]'),
        ("a.txt", '[{"state": "WA"}, {"debt": 5}]'),
        ("a.txt", "[{state: WA}, {debt: 5}]"),
        ("a.jsonl", '{"state": "WA"}\n{"debt": 5}\n'),
    ],
)
def test_several_loans(name: str, text: str, tmp_path: Path) -> None:
    found = read(tmp_path, name, text)
    assert data(found) == [{"state": "WA"}, {"debt": 5}]
    separator = ":" if name.endswith("jsonl") else "#"
    names = [loan.name for loan in found if isinstance(loan, Loan)]
    assert names == [f"{tmp_path / name}{separator}{number}" for number in (1, 2)]


def test_a_bad_row_does_not_stop_the_others(tmp_path: Path) -> None:
    found = read(tmp_path, "a.jsonl", ROWS)
    assert data(found) == [
        {"state": "WA", "debt": 1000},
        None,
        {"state": "CA", "debt": Decimal("0.10")},
    ]
    assert said(found, tmp_path) == (
        'a.jsonl:2:16: json-syntax: expected `,` or `}`, found `"debt"`\n'
        '    {"state": "CA" "debt": 5}\n'
        "                   ^\n"
        "1 problem in 1 file"
    )


def test_what_is_no_loan_does_not_stop_the_others(tmp_path: Path) -> None:
    found = read(tmp_path, "a.yaml", "- state: WA\n- 5\n- [state]\n- state: CA\n")
    assert data(found) == [{"state": "WA"}, None, None, {"state": "CA"}]
    assert said(found, tmp_path) == (
        "a.yaml:2:3: wrong-type: a loan is a mapping of facts to values, not `5` "
        "(write one fact a line, as `property_state: CA`)\n"
        "    - 5\n"
        "      ^\n"
        "a.yaml:3:3: wrong-type: a loan is a mapping of facts to values, not a list "
        "(write one fact a line, as `property_state: CA`)\n"
        "    - [state]\n"
        "      ^\n"
        "2 problems in 1 file"
    )


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.yaml",
            "",
            (
                "a.yaml: empty-file: the file holds no facts "
                "(write one fact a line, as `property_state: CA`)"
            ),
        ),
        (
            "a.json",
            " \n",
            (
                "a.json: empty-file: the file holds no facts "
                "(write one fact a line, as `property_state: CA`)"
            ),
        ),
        ("a.jsonl", "", "a.jsonl: empty-file: the file is empty"),
        (
            "a.jsonl",
            "5\n",
            (
                "a.jsonl:1:1: wrong-type: a loan is a mapping of facts to values, not `5` "
                "(write one fact a line, as `property_state: CA`)"
            ),
        ),
        (
            "a.json",
            "{state: WA}",
            "a.json:1:2: json-syntax: expected a key in double quotes or `}`, found `state`",
        ),
        (
            "a.json",
            '{"sold": 2009-10-31}',
            (
                "a.json:1:10: json-syntax: expected a value, found `2009-10-31` "
                "(JSON writes numbers like `1200`, `-3` or `0.5`; put a date in quotes)"
            ),
        ),
        ("a.yaml", "state: WA\nstate: CA\n", "a.yaml:2:1: duplicate-key: "),
        ("a.yaml", b"\xff\xfes\x00", "a.yaml: not-utf8: this file is UTF-16, not UTF-8"),
        ("a.jsonl", b'{"a": 1}\n{"b": "\xff"}\n', "a.jsonl:2:8: not-utf8: byte 8 of this "),
    ],
)
def test_what_is_no_fact_file(name: str, text: str | bytes, expected: str, tmp_path: Path) -> None:
    assert said(read(tmp_path, name, text), tmp_path).startswith(expected)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for name in ("nothing.yaml", "nothing.jsonl"):
        (error,) = read_loans(str(tmp_path / name))
        assert str(error) == f"{tmp_path / name}: missing-file: there is no such file"
    (error,) = read_loans(str(tmp_path))
    assert str(error) == f"{tmp_path}: not-a-file: this is a folder, not a file"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"state: WA\n", [{"state": "WA"}]),
        (b'{"state": "WA"}', [{"state": "WA"}]),
        (b"{state: WA}\n", [{"state": "WA"}]),
        (b'{"state": "WA"}\n{"state": "CA"}\n', [{"state": "WA"}, {"state": "CA"}]),
        (b'{"state": "WA"}\n{"state": CA}\n', [{"state": "WA"}, None]),
        (b'[{"state": "WA"},\n {"state": "CA"}]', [{"state": "WA"}, {"state": "CA"}]),
        (b"", [None]),
    ],
)
def test_standard_input(
    text: bytes, expected: list[dict[str, object] | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    assert data(list(read_loans("-"))) == expected


def test_problems_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"state: [WA\n")))
    assert said(list(read_loans("-"))).startswith("<stdin>:1:11: yaml-syntax: ")


def only(found: list[Loan | InputError]) -> Loan:
    (loan,) = found
    assert isinstance(loan, Loan)
    return loan


def test_places(tmp_path: Path) -> None:
    loan = only(read(tmp_path, "a.yaml", "# a loan\nstate: WA\ndebt:   5\n"))
    place, line = loan.locate("debt", False)
    assert (place.line, place.column, line) == (3, 9, "debt:   5")
    place, line = loan.locate("debt", True)
    assert (place.line, place.column) == (3, 1)
    place, line = loan.locate("price", False)
    assert (place.file, place.line, line) == (str(tmp_path / "a.yaml"), 0, "")


def test_places_of_a_row(tmp_path: Path) -> None:
    loan = read(tmp_path, "a.jsonl", ROWS)[2]
    assert isinstance(loan, Loan)
    place, line = loan.locate("debt", False)
    assert (place.line, place.column, line) == (4, 25, '{"state": "CA", "debt": 0.10}')


def test_settings(tmp_path: Path) -> None:
    loan = only(read(tmp_path, "a.yaml", "state: WA\ndebt: 5\nfraud: true\n"))
    changed = apply_sets(loan, ["state=CA", "debt = 1_000", "fraud=", "sold=2009-10-31"])
    assert changed.name == loan.name
    assert changed.data == {"state": "CA", "debt": "1_000", "fraud": None, "sold": "2009-10-31"}
    assert loan.data["state"] == "WA"
    place, line = changed.locate("debt", False)
    assert (str(place), line) == ("--set", "debt = 1_000")
    assert apply_sets(loan, ["state=CA", "state=OR"]).data["state"] == "OR"
    assert apply_sets(loan, ["note=a=b"]).data["note"] == "a=b"


def test_untouched_facts_keep_their_places(tmp_path: Path) -> None:
    loan = apply_sets(only(read(tmp_path, "a.yaml", "state: WA\ndebt: 5\n")), ["state=CA"])
    assert loan.locate("debt", False)[0].line == 2


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("state", "--set: bad-setting: `state` is not of the form fact=value"),
        ("=WA", "--set: bad-setting: `=WA` is not of the form fact=value"),
        ("", "--set: bad-setting: `` is not of the form fact=value"),
        ("state=[WA", "--set:1:4: yaml-syntax: expected a comma or the closing `]`"),
        (
            "state=\x07",
            "--set:1:1: not-text: the text holds a control character (U+0007) (delete it)",
        ),
    ],
)
def test_what_is_no_setting(setting: str, expected: str, tmp_path: Path) -> None:
    loan = only(read(tmp_path, "a.yaml", "state: WA\n"))
    with pytest.raises(InputError) as caught:
        apply_sets(loan, [setting])
    assert str(caught.value) == expected


def test_all_that_is_no_setting_is_told_at_once(tmp_path: Path) -> None:
    loan = only(read(tmp_path, "a.yaml", "state: WA\n"))
    with pytest.raises(InputError) as caught:
        apply_sets(loan, ["state", "price=[", "debt=1", "units"])
    assert len(caught.value.problems) == 3
