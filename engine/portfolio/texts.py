"""Tapes that are text: CSV and JSON Lines, a block of lines at a time."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv

from engine.portfolio import tapes
from engine.portfolio.arrays import Integers
from engine.portfolio.encoding import Coded
from engine.portfolio.tapes import (
    BATCH,
    Layout,
    Reader,
    Tape,
    TapeBatch,
    opened,
    refused,
    unreadable,
)
from engine.problems import Place, Problem, likely
from engine.values import describe

# ---- CSV --------------------------------------------------------------------------------------


@contextmanager
def open_csv(tape: Tape, layouts: Sequence[Layout]) -> Iterator[Reader]:
    """A CSV file open for reading; ``layouts`` are those that it may have."""
    with opened(tape) as (file, share):
        head = _first_line(file, tape)
        layout = _layout(head, layouts)
        for _ in range(layout.skip_lines):
            head = file.readline(tapes.BLOCK)
        names = _header(head, layout, tape)
        rest = io.BufferedReader(_Rest(head if layout.columns else b"", file), 1 << 20)

        def read(wanted: Sequence[str]) -> Iterator[TapeBatch]:
            return _csv_batches(tape, rest, layout, names, wanted)

        yield Reader(tape, names, read, share)


class _Rest(io.RawIOBase):
    """A file after its first line, which is put back."""

    def __init__(self, head: bytes, file: BinaryIO) -> None:
        self._head = head
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._head[: len(buffer)] or self._file.read(len(buffer))
        self._head = self._head[len(data) :] if self._head else b""
        buffer[: len(data)] = data
        return len(data)


def _first_line(file: BinaryIO, tape: Tape) -> bytes:
    head = file.readline(tapes.BLOCK)
    if not head.strip():
        if not head:
            raise refused("empty-file", "the file is empty", tape.name)
        raise refused("bad-header", "the first line is empty", tape.name)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        message, hint = "this file is UTF-16, not UTF-8", "save the file as UTF-8 text"
        raise refused("not-utf8", message, tape.name, hint)
    if len(head) >= tapes.BLOCK:
        raise unreadable(tape, ValueError("straddling"))
    return head.removeprefix(codecs.BOM_UTF8)


def _layout(head: bytes, layouts: Sequence[Layout]) -> Layout:
    """The layout whose delimiter the first line uses most; by itself a tape has commas."""
    if not layouts:
        return Layout()
    return max(layouts, key=lambda layout: head.count(layout.delimiter.encode()))


def _header(head: bytes, layout: Layout, tape: Tape) -> list[str]:
    """The names of the columns: those of the header, or of the layout (further columns of the first
    row have numbers)."""
    try:
        text = head.decode("utf-8", "replace" if layout.columns else "strict").rstrip("\r\n")
        cells = next(csv.reader([text], delimiter=layout.delimiter), [])
    except (UnicodeDecodeError, csv.Error):
        raise refused("bad-header", "the first line can't be read", tape.name) from None
    if layout.columns:
        if cells and len(cells) < len(layout.columns):
            message = f"the first row has {len(cells)} cells, not {len(layout.columns)}"
            raise refused(
                "wrong-mapping", message, tape.name, "is this the mapping's kind of tape?"
            )
        more = range(len(layout.columns) + 1, len(cells) + 1)
        return [*layout.columns, *(f"column {number}" for number in more)]
    names = [name.strip() for name in cells]
    twice = [name for name, times in Counter(names).items() if times > 1 and name]
    if "" in names or twice:
        what = "a column has no name" if "" in names else f"the column `{twice[0]}` is there twice"
        raise refused("bad-header", what, tape.name, "the first line names the columns")
    return names


def _csv_batches(
    tape: Tape, file: Any, layout: Layout, names: Sequence[str], wanted: Sequence[str]
) -> Iterator[TapeBatch]:
    lost: dict[int, Problem] = {}
    seen = 0

    def refuse(row: Any) -> str:
        message = f"this row has {row.actual_columns} cells, and there are {len(names)} columns"
        number = int(row.number)
        where = Place(f"{tape.name}#{number}")
        lost[number] = Problem(
            "bad-row", message, where, "is a delimiter missing, or one too many?"
        )
        return "skip"

    some = list(wanted) or [names[0]]
    try:
        reader = pyarrow.csv.open_csv(
            pa.PythonFile(file, "r"),
            read_options=pyarrow.csv.ReadOptions(
                column_names=list(names), block_size=tapes.BLOCK, use_threads=False
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(some, pa.binary()),
                include_columns=some,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" in str(error):
            return  # a header and no rows
        raise
    while True:
        try:
            batch = reader.read_next_batch()
        except StopIteration:
            break
        for start in range(0, batch.num_rows, BATCH):
            part = batch.slice(start, BATCH)
            numbers = _numbered(seen, part.num_rows, lost)
            own = {n: lost.pop(n) for n in sorted(lost) if n <= numbers[-1]}
            seen = int(numbers[-1])
            columns = {name: part.column(i) for i, name in enumerate(some) if name in wanted}
            yield TapeBatch(columns, numbers, own, True)
    if lost:
        yield TapeBatch({}, np.empty(0, dtype=np.int64), lost, True)


def _numbered(before: int, rows: int, lost: dict[int, Problem]) -> Integers:
    """The numbers of the next rows, those of lost rows left out."""
    skipped = np.array(sorted(n for n in lost if n > before), dtype=np.int64)
    numbers = np.arange(before + 1, before + 1 + rows + len(skipped))
    return numbers[~np.isin(numbers, skipped)][:rows]


# ---- JSON Lines -------------------------------------------------------------------------------

# Rows are read one by one: Arrow's own reader makes doubles of amounts and times of days, and stops
# at the first line that it can't read without saying which.
_JSON = json.JSONDecoder(parse_float=Decimal)


@contextmanager
def open_jsonl(tape: Tape, layouts: Sequence[Layout]) -> Iterator[Reader]:
    """A JSON Lines file open for reading; it has but one layout."""
    with opened(tape) as (file, share):
        first = file.readline(tapes.BLOCK)
        if not first:
            raise refused("empty-file", "the file is empty", tape.name)
        names = list(_json_row(first, tape.name, 1)[0] or {})

        def read(wanted: Sequence[str]) -> Iterator[TapeBatch]:
            return _json_batches(tape, first, file, wanted)

        yield Reader(tape, names, read, share)


def _json_batches(
    tape: Tape, first: bytes, file: BinaryIO, wanted: Sequence[str]
) -> Iterator[TapeBatch]:
    known = {*wanted, *(_json_row(first, tape.name, 1)[0] or {})}
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    lost: dict[int, Problem] = {}
    for number, line in enumerate(_lines(first, file, tape), 1):
        if not line.strip():
            continue
        row, problem = _json_row(line, tape.name, number)
        if row is None:
            assert problem is not None
            lost[number] = problem
        elif strange := [name for name in row if name not in known]:
            message = f"`{strange[0]}` is neither a fact nor in the first line"
            where = Place(tape.name, number)
            lost[number] = Problem("unknown-fact", message, where, likely(strange[0], wanted))
        else:
            rows.append(row)
            numbers.append(number)
        if len(rows) == BATCH:
            yield _of_rows(rows, numbers, lost, wanted)
            rows, numbers, lost = [], [], {}
    if rows or lost:
        yield _of_rows(rows, numbers, lost, wanted)


def _lines(first: bytes, file: BinaryIO, tape: Tape) -> Iterator[bytes]:
    line = first
    while line:
        if len(line) >= tapes.BLOCK:
            raise unreadable(tape, ValueError("straddling"))
        yield line
        line = file.readline(tapes.BLOCK)


def _json_row(line: bytes, name: str, number: int) -> tuple[dict[str, Any] | None, Problem | None]:
    where = Place(name, number)
    try:
        row = _JSON.decode(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        return None, Problem("not-utf8", "this line is not UTF-8", where)
    except (ValueError, RecursionError) as error:
        return None, Problem("bad-row", f"this line is no JSON: {error}", where)
    if not isinstance(row, dict):
        message = f"a loan is a mapping of facts to values, not {describe(row)}"
        return None, Problem("wrong-type", message, where)
    return row, None


def _of_rows(
    rows: Sequence[dict[str, Any]],
    numbers: Sequence[int],
    lost: dict[int, Problem],
    wanted: Sequence[str],
) -> TapeBatch:
    columns = {name: Coded.of([row.get(name) for row in rows]) for name in wanted}
    return TapeBatch(columns, np.array(numbers, dtype=np.int64), lost)
