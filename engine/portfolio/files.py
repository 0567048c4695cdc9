"""Tapes: Parquet, CSV, JSON Lines and Arrow files (also compressed), as a stream of batches."""

from __future__ import annotations

import glob
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet

from engine.portfolio.tapes import (
    BATCH,
    STDIN,
    Layout,
    Reader,
    Tape,
    TapeBatch,
    opened,
    refused,
    unreadable,
)
from engine.portfolio.texts import open_csv, open_jsonl
from engine.problems import InputError, Place, Problem, listing

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
READ = 1 << 20
"""Bytes of a column that are read at a time."""
COMPRESSED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}


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
        raise refused("not-parquet", "Parquet can't be read from a pipe", STDIN, hint)
    compression = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd"}.get(start[:2])
    kind = "csv"
    if start.startswith((b"\xff\xff\xff\xff", b"ARROW1")):
        kind = "arrow"
    elif start.lstrip().startswith(b"{"):
        kind = "jsonl"
    return Tape(STDIN, kind, compression, 0)


# ---- reading ----------------------------------------------------------------------------------


@contextmanager
def open_tape(tape: Tape, layouts: Sequence[Layout] = ()) -> Iterator[Reader]:
    """A tape open for reading; ``layouts`` are those that a text tape may have.

    Raises ``InputError`` for a file that can't be read, at once or on the way.
    """
    try:
        with _OPEN[tape.kind](tape, layouts) as reader:
            yield reader
    except FileNotFoundError:
        raise refused("missing-file", "there is no such file", tape.name) from None
    except PermissionError:
        raise refused("unreadable-file", "no permission to read this file", tape.name) from None
    except InputError:
        raise
    except (pa.ArrowException, EOFError) as error:
        raise unreadable(tape, error) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise unreadable(tape, error) from None


# ---- Parquet and Arrow ------------------------------------------------------------------------


@contextmanager
def _parquet(tape: Tape, layouts: Sequence[Layout]) -> Iterator[Reader]:
    if not tape.length:
        raise refused("empty-file", "the file is empty", tape.name)
    with pyarrow.parquet.ParquetFile(tape.name) as plain:
        schema = plain.schema_arrow
        texts = [
            f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)
        ]
    done = [0]
    # Neither mapped (every page that has been read would count as memory) nor read ahead (Arrow
    # keeps what it has read so until the file is closed); a row group may be the whole file.
    with pyarrow.parquet.ParquetFile(
        tape.name, read_dictionary=texts, pre_buffer=False, buffer_size=READ
    ) as file:
        total = max(file.metadata.num_rows, 1)

        def read(wanted: Sequence[str]) -> Iterator[TapeBatch]:
            for batch in file.iter_batches(BATCH, columns=list(wanted), use_threads=True):
                numbers = np.arange(done[0] + 1, done[0] + batch.num_rows + 1)
                done[0] += batch.num_rows
                yield TapeBatch(dict(zip(batch.schema.names, batch.columns, strict=True)), numbers)

        yield Reader(tape, _once(schema.names, tape), read, lambda: done[0] / total)


@contextmanager
def _arrow(tape: Tape, layouts: Sequence[Layout]) -> Iterator[Reader]:
    with opened(tape) as (file, share):
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
                batch.validate(full=True)  # what it says of itself is relied on from here
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
        raise refused("bad-header", f"the column `{twice[0]}` is there twice", tape.name)
    return list(names)


_OPEN = {"csv": open_csv, "jsonl": open_jsonl, "parquet": _parquet, "arrow": _arrow}
