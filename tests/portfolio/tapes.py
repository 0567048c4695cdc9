"""Small tapes for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from engine.model import Value
from engine.portfolio.output import value_text

HEADER = "loan_id,loan_kind,property_state,outstanding_debt,sale_price,disposition\n"
ROWS = 'A,personal,,160000,,\nB,mortgage,OH,"$1,600.50",,judicial_foreclosure\nC,personal,,5000,,\n'


def texts(loan: Mapping[str, Value]) -> dict[str, str]:
    """A loan's facts as the cells of a text tape."""
    return {name: value_text(value) for name, value in loan.items()}


def table(loans: Sequence[Mapping[str, Value]]) -> pa.Table:
    """Loans as a table of texts and truth values, with a column `loan_id`."""
    names = list(dict.fromkeys(name for loan in loans for name in loan))
    columns = {"loan_id": pa.array([str(n) for n in range(len(loans))])}
    for name in names:
        values = [loan.get(name) for loan in loans]
        if any(isinstance(value, bool) for value in values):
            columns[name] = pa.array(values, pa.bool_())
        else:
            columns[name] = pa.array([texts(loan).get(name) for loan in loans], pa.string())
    return pa.table(columns)


def write(path: Path, text: str | bytes) -> str:
    """A file with some content; its path."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def read(path: Path) -> list[dict[str, object]]:
    """The rows of an output."""
    if path.suffix == ".csv":
        rows: list[dict[str, object]] = pyarrow.csv.read_csv(path).to_pylist()
        return rows
    return list(pyarrow.parquet.read_table(path).to_pylist())
