"""Tapes: Parquet, CSV, JSON Lines and Arrow files (also compressed), as a stream of batches."""

from __future__ import annotations

import codecs
import csv
import glob
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from engine.portfolio.arrays import Integers
from engine.portfolio.encoding import Coded
from engine.problems import InputError, Place, Problem, likely, listing
from engine.values import describe

BATCH = 1 << 17
"""Rows in a batch."""
BLOCK = 16 * 1024 * 1024
"""Bytes of text that are read at a time; no line may be longer."""
STDIN = "<stdin>"

SUFFIXES = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}


@dataclass(frozen=True, slots=True)
class Layout:
    """How the lines of a text tape are written: a mapping may say so. Without ``columns`` the first
    line names them."""

    delimiter: str = ","
    skip_lines: int = 0
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TapeBatch:
    """Some rows of a tape. ``numbers`` are the rows' numbers in the file, counted from 1 without a
    header. ``lost`` are the rows that could not be read at all, by number, with the reason."""

    columns: dict[str, pa.Array | Coded]
    numbers: Integers
    lost: dict[int, Problem] = field(default_factory=dict)
    text: bool = False

    @property
    def rows(self) -> int:
        """How many rows could be read."""
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class Tape:
    """One file of a tape. ``length`` is its size in bytes (0 where nobody knows)."""

    name: str
    kind: str
    compression: str | None
    length: int


def find_tapes(names: Sequence[str]) -> list[Tape]:
    """The files that some names stand for: files, folders, patterns, ``-`` for standard input.

    Raises ``InputError`` where there is none, or where the kind of a file can't be told.
    """
    problems: list[Problem] = []
    found: list[Tape] = []
    for name in names:
        if name == "-":
            found.append(_stdin())
            continue
        path = Path(name)
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and _kind(p)[0])
            paths = [str(p) for p in inside]
        else:
            paths = [name] if path.exists() else sorted(glob.glob(name, recursive=True))  # noqa: PTH207
        if not paths:
            what = "this folder holds no tape" if path.is_dir() else "there is no such file"
            problems.append(Problem("missing-file", what, Place(name)))
        for each in paths:
            kind, compression = _kind(Path(each))
            if not kind:
                hint = f"a tape's name ends in one of {listing(SUFFIXES, 12)}, perhaps with .gz"
                problems.append(Problem("bad-tape", "what is in this file?", Place(each), hint))
                continue
            found.append(Tape(each, kind, compression, Path(each).stat().st_size))
    if problems:
        raise InputError(problems)
    return found


def _kind(path: PurePath) -> tuple[str, str | None]:
    suffix = path.suffix.lower()
    compression = COMPRESSED.get(suffix)
    if compression:
        suffix = PurePath(path.stem).suffix.lower()
    return SUFFIXES.get(suffix, ""), compression


def _stdin() -> Tape:
    buffer: Any = sys.stdin.buffer
    start: bytes = buffer.peek(8)[:8]
    if start.startswith(b"PAR1"):
        hint = "save it as a file, or pipe Arrow, CSV or JSON Lines"
        raise _refused("not-parquet", "Parquet can't be read from a pipe", STDIN, hint)
    compression = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd"}.get(start[:2])
    kind = "csv"
    if start.startswith((b"\xff\xff\xff\xff", b"ARROW1")):
        kind = "arrow"
    elif start.lstrip().startswith(b"{"):
        kind = "jsonl"
    return Tape(STDIN, kind, compression, 0)


# ---- reading ----------------------------------------------------------------------------------


@dataclass(slots=True)
class Reader:
    """One tape open for reading. ``columns`` are the names of its columns; ``read`` gives some of
    them, batch by batch; ``share`` is how much of the file has been read, from 0 to 1."""

    tape: Tape
    columns: Sequence[str]
    read: Callable[[Sequence[str]], Iterator[TapeBatch]]
    share: Callable[[], float]


@contextmanager
def open_tape(tape: Tape, layouts: Sequence[Layout] = ()) -> Iterator[Reader]:
    """A tape open for reading; ``layouts`` are those that a text tape may have.

    Raises ``InputError`` for a file that can't be read, at once or on the way.
    """
    try:
        with _OPEN[tape.kind](tape, layouts) as reader:
            yield reader
    except FileNotFoundError:
        raise _refused("missing-file", "there is no such file", tape.name) from None
    except PermissionError:
        raise _refused("unreadable-file", "no permission to read this file", tape.name) from None
    except InputError:
        raise
    except (pa.ArrowException, EOFError) as error:
        raise _unreadable(tape, error) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise _unreadable(tape, error) from None


def _unreadable(tape: Tape, error: Exception) -> InputError:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "straddling" in first:
        message = f"a line of this file is longer than {BLOCK // 1024**2} MiB"
        return _refused("long-line", message, tape.name, "is it the right file?")
    what = {"parquet": "Parquet", "arrow": "Arrow", "csv": "CSV", "jsonl": "JSON Lines"}[tape.kind]
    return _refused(
        "bad-tape", f"this is no {what} file that can be read: {first[:200]}", tape.name
    )


def _refused(code: str, message: str, name: str, hint: str = "") -> InputError:
    return InputError([Problem(code, message, Place(name), hint)])


@contextmanager
def _bytes(tape: Tape) -> Iterator[tuple[BinaryIO, Callable[[], float]]]:
    """The bytes of a tape, unpacked, and how far they have been read."""
    raw: Any = sys.stdin.buffer if tape.name == STDIN else Path(tape.name).open("rb")  # noqa: SIM115
    try:
        if tape.compression:
            stream = pa.CompressedInputStream(pa.PythonFile(raw, "r"), tape.compression)
            unpacked = io.BufferedReader(_Unpacked(stream), 1 << 20)
        else:
            unpacked = raw
        yield unpacked, lambda: raw.tell() / tape.length if tape.length else 0.0
    finally:
        if tape.name != STDIN:
            raw.close()


class _Unpacked(io.RawIOBase):
    """An unpacked stream as Python's own kind of file."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


# ---- CSV --------------------------------------------------------------------------------------


@contextmanager
def _csv(tape: Tape, layouts: Sequence[Layout]) -> Iterator[Reader]:
    with _bytes(tape) as (file, share):
        head = _first_line(file, tape)
        layout = _layout(head, layouts)
        for _ in range(layout.skip_lines):
            head = file.readline(BLOCK)
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
    head = file.readline(BLOCK)
    if not head.strip():
        if not head:
            raise _refused("empty-file", "the file is empty", tape.name)
        raise _refused("bad-header", "the first line is empty", tape.name)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        message, hint = "this file is UTF-16, not UTF-8", "save the file as UTF-8 text"
        raise _refused("not-utf8", message, tape.name, hint)
    if len(head) >= BLOCK:
        raise _unreadable(tape, ValueError("straddling"))
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
        raise _refused("bad-header", "the first line can't be read", tape.name) from None
    if layout.columns:
        if cells and len(cells) < len(layout.columns):
            message = f"the first row has {len(cells)} cells, not {len(layout.columns)}"
            raise _refused(
                "wrong-mapping", message, tape.name, "is this the mapping's kind of tape?"
            )
        more = range(len(layout.columns) + 1, len(cells) + 1)
        return [*layout.columns, *(f"column {number}" for number in more)]
    names = [name.strip() for name in cells]
    twice = [name for name, times in Counter(names).items() if times > 1 and name]
    if "" in names or twice:
        what = "a column has no name" if "" in names else f"the column `{twice[0]}` is there twice"
        raise _refused("bad-header", what, tape.name, "the first line names the columns")
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
                column_names=list(names), block_size=BLOCK, use_threads=False
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


@contextmanager
def _jsonl(tape: Tape, layouts: Sequence[Layout]) -> Iterator[Reader]:
    with _bytes(tape) as (file, share):
        first = file.readline(BLOCK)
        if not first:
            raise _refused("empty-file", "the file is empty", tape.name)
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
        if len(line) >= BLOCK:
            raise _unreadable(tape, ValueError("straddling"))
        yield line
        line = file.readline(BLOCK)


def _json_row(line: bytes, name: str, number: int) -> tuple[dict[str, Any] | None, Problem | None]:
    where = Place(name, number)
    try:
        row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"), parse_float=Decimal)
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


# ---- Parquet and Arrow ------------------------------------------------------------------------


@contextmanager
def _parquet(tape: Tape, layouts: Sequence[Layout]) -> Iterator[Reader]:
    if not tape.length:
        raise _refused("empty-file", "the file is empty", tape.name)
    with pyarrow.parquet.ParquetFile(tape.name, memory_map=True) as plain:
        schema = plain.schema_arrow
        texts = [
            f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)
        ]
    done = [0]
    with pyarrow.parquet.ParquetFile(tape.name, memory_map=True, read_dictionary=texts) as file:
        total = max(file.metadata.num_rows, 1)

        def read(wanted: Sequence[str]) -> Iterator[TapeBatch]:
            for batch in file.iter_batches(BATCH, columns=list(wanted), use_threads=True):
                numbers = np.arange(done[0] + 1, done[0] + batch.num_rows + 1)
                done[0] += batch.num_rows
                yield TapeBatch(dict(zip(batch.schema.names, batch.columns, strict=True)), numbers)

        yield Reader(tape, _once(schema.names, tape), read, lambda: done[0] / total)


@contextmanager
def _arrow(tape: Tape, layouts: Sequence[Layout]) -> Iterator[Reader]:
    with _bytes(tape) as (file, share):
        source = pa.PythonFile(file, "r")
        stream: Any
        if tape.name != STDIN and not tape.compression:
            with Path(tape.name).open("rb") as start:
                whole = start.read(6) == b"ARROW1"
            stream = _whole_file(tape) if whole else pa.ipc.open_stream(source)
        else:
            stream = pa.ipc.open_stream(source)

        def read(wanted: Sequence[str]) -> Iterator[TapeBatch]:
            seen = 0
            for batch in stream:
                for start in range(0, batch.num_rows, BATCH):
                    part = batch.slice(start, BATCH).select(list(wanted))
                    numbers = np.arange(seen + 1, seen + part.num_rows + 1)
                    seen += part.num_rows
                    yield TapeBatch(
                        dict(zip(part.schema.names, part.columns, strict=True)), numbers
                    )

        yield Reader(tape, _once(stream.schema.names, tape), read, share)


def _whole_file(tape: Tape) -> Any:
    """The batches of an Arrow file as those of a stream."""
    reader = pa.ipc.open_file(pa.memory_map(tape.name))
    batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
    return pa.RecordBatchReader.from_batches(reader.schema, batches)


def _once(names: Sequence[str], tape: Tape) -> list[str]:
    """The names, if each is there once."""
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise _refused("bad-header", f"the column `{twice[0]}` is there twice", tape.name)
    return list(names)


_OPEN = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet, "arrow": _arrow}
