"""Loan tapes: good rows as loans, bad rows set aside."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from engine.problems import InputError
from engine.reading.loans import Loan
from engine.reading.tables import read_table


def read(folder: Path, data: bytes, name: str = "tape.csv") -> list[Loan | InputError]:
    path = folder / name
    path.write_bytes(data)
    return list(read_table(str(path)))


def codes(found: list[Loan | InputError]) -> list[str]:
    return [
        str(each.data) if isinstance(each, Loan) else
        f"{each.problems[0].code}:{each.problems[0].where.line}"
        for each in found
    ]  # fmt: skip


def test_a_row_is_a_loan(tmp_path: Path) -> None:
    data = (
        b'\xef\xbb\xbfstate, fraud ,debt\r\nTX,TRUE,"1,000.50"\r\n\r\n"a\nb",false,\r\nNO, ,1\r\n'
    )
    assert codes(read(tmp_path, data)) == [
        "{'state': 'TX', 'fraud': True, 'debt': '1,000.50'}",
        r"{'state': 'a\nb', 'fraud': False}",
        "{'state': 'NO', 'debt': '1'}",
    ]
    loans = read(tmp_path, data)
    assert [loan.name.rpartition(":")[2] for loan in loans if isinstance(loan, Loan)] == [
        "2",
        "4",
        "6",
    ]


def test_bad_rows_are_set_aside_and_the_reading_goes_on(tmp_path: Path) -> None:
    data = b"a,b\n1,2\n1\n1,2,3\n\xff,2\n\x07,2\n" + b"x" * 20_000 + b",2\n" + b'"x"y,1\n3,4\n'
    assert codes(read(tmp_path, data)) == [
        "{'a': '1', 'b': '2'}",
        "bad-row:3",
        "bad-row:4",
        "not-text:5",
        "not-text:6",
        "bad-row:7",
        "bad-row:8",
        "{'a': '3', 'b': '4'}",
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty-file:0"), (b"a,a\n1,2\n", "bad-header:1"), (b"a,\n1,2\n", "bad-header:1")],
)
def test_a_tape_without_a_header_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    assert codes(read(tmp_path, data)) == [code]


def test_a_missing_file(tmp_path: Path) -> None:
    assert codes(list(read_table(str(tmp_path / "no.csv")))) == ["missing-file:0"]


def test_json_lines_are_read_as_ever(tmp_path: Path) -> None:
    found = read(tmp_path, b'{"a": 1}\n[\n{"a": 2}\n', "tape.jsonl")
    assert [isinstance(each, Loan) for each in found] == [True, False, True]


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is not None, reason="pyarrow is there")
def test_parquet_needs_pyarrow(tmp_path: Path) -> None:
    (found,) = read(tmp_path, b"PAR1", "tape.parquet")
    assert isinstance(found, InputError)
    assert found.problems[0].code == "no-parquet"


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="no pyarrow")
def test_parquet_with_pyarrow(tmp_path: Path) -> None:
    (found,) = read(tmp_path, b"PAR1", "tape.parquet")
    assert isinstance(found, InputError)
    assert found.problems[0].code == "not-parquet"
