"""Loan tapes: one loan a row, read as a stream. Bad rows are set aside with the reason.

CSV (the header holds the facts' names, an empty cell is an unknown fact), JSON Lines, and Parquet
where ``pyarrow`` is installed.
"""

from __future__ import annotations

import csv
import importlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath
from typing import Any

from engine.problems import InputError, Place, Problem
from engine.reading.loans import Loan, read_loans
from engine.reading.source import hidden_character, open_bytes

CSV = (".csv",)
PARQUET = (".parquet", ".pq")
MAX_CELL = 10_000
"""The longest cell that is read, in characters."""
_TRUTH = {"true": True, "false": False}


def read_table(path: str) -> Iterator[Loan | InputError]:
    """The loans of a tape. The kind follows from the end of its name; what is neither CSV nor
    Parquet is read as ``read_loans`` reads it. A row that can't be read is yielded as an
    ``InputError`` in its place, and the reading goes on."""
    suffix = PurePath(path).suffix.lower()
    try:
        if suffix in CSV:
            yield from _csv(path)
        elif suffix in PARQUET:
            yield from _parquet(path)
        else:
            yield from read_loans(path)
    except InputError as error:
        yield error


def _refused(code: str, message: str, where: Place, hint: str = "") -> InputError:
    return InputError([Problem(code, message, where, hint)])


def _locator(where: Place) -> Callable[[str, bool], tuple[Place, str]]:
    return lambda fact, key: (where, "")


# ---- CSV --------------------------------------------------------------------------------------


def _csv(path: str) -> Iterator[Loan | InputError]:
    with open_bytes(path) as file:
        text = (line.decode("utf-8-sig" if not n else "utf-8", "surrogateescape")
                for n, line in enumerate(file))  # fmt: skip
        rows = csv.reader(text, strict=True)
        csv.field_size_limit(MAX_CELL)
        header: list[str] | None = None
        while True:
            first = rows.line_num + 1
            where = Place(path, first)
            try:
                row = next(rows)
            except StopIteration:
                break
            except csv.Error as error:
                problem = _refused("bad-row", f"this row can't be read: {error}", where)
                if header is None:
                    raise problem from None
                yield problem
                continue
            if header is None:
                header = _header(row, where)
            elif row:
                yield _row(header, row, where)
        if header is None:
            raise _refused("empty-file", "the file is empty", Place(path))


def _header(row: Sequence[str], where: Place) -> list[str]:
    names = [name.strip() for name in row]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if "" in names or twice:
        what = "a column has no name" if "" in names else f"the column `{twice[0]}` is there twice"
        raise _refused("bad-header", what, where, "the first row holds the names of the facts")
    return names


def _row(header: Sequence[str], row: Sequence[str], where: Place) -> Loan | InputError:
    if len(row) != len(header):
        message = f"this row has {len(row)} cells, and the header has {len(header)}"
        return _refused("bad-row", message, where, "is a comma missing, or one too many?")
    if hidden := next(filter(None, map(hidden_character, row)), ""):
        return _refused("not-text", f"this row holds {hidden}, or is not UTF-8", where)
    data: dict[str, object] = {
        name: _TRUTH.get(cell.lower(), cell)
        for name, cell in zip(header, map(str.strip, row), strict=True)
        if cell
    }
    return Loan(f"{where.file}:{where.line}", data, _locator(where))


# ---- Parquet ----------------------------------------------------------------------------------


def _parquet(path: str) -> Iterator[Loan | InputError]:
    try:
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise _refused(
            "no-parquet",
            "Parquet files are read with pyarrow, which is not installed",
            Place(path),
            "install pyarrow, or write the tape as CSV",
        ) from None
    with open_bytes(path) as file:
        try:
            number = 0
            for batch in parquet.ParquetFile(file).iter_batches():
                for row in batch.to_pylist():
                    number += 1
                    where = Place(f"{path}#{number}")
                    data = {name: value for name, value in row.items() if value is not None}
                    yield Loan(where.file, data, _locator(where))
        except (ValueError, OSError) as error:  # pyarrow's own errors are among these
            message = f"this is no Parquet file that can be read: {error}"
            raise _refused("not-parquet", message, Place(path)) from None
