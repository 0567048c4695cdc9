"""What a loan tape is made of, whatever its format: files, batches of rows, and what goes wrong."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from engine.portfolio.arrays import Integers
from engine.portfolio.encoding import Coded
from engine.problems import InputError, Place, Problem

BATCH = 1 << 18
"""Rows in a batch."""
BLOCK = 16 * 1024 * 1024
"""Bytes of text that are read at a time; no line may be longer."""
STDIN = "<stdin>"


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


@dataclass(slots=True)
class Reader:
    """One tape open for reading. ``columns`` are the names of its columns; ``read`` gives some of
    them, batch by batch; ``share`` is how much of the file has been read, from 0 to 1."""

    tape: Tape
    columns: Sequence[str]
    read: Callable[[Sequence[str]], Iterator[TapeBatch]]
    share: Callable[[], float]


def unreadable(tape: Tape, error: Exception) -> InputError:
    """The error of a file that the library for its format can't read, or not further."""
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    if "straddling" in first:
        message = f"a line of this file is longer than {BLOCK // 1024**2} MiB"
        return refused("long-line", message, tape.name, "is it the right file?")
    what = {"parquet": "Parquet", "arrow": "Arrow", "csv": "CSV", "jsonl": "JSON Lines"}[tape.kind]
    return refused("bad-tape", f"this is no {what} file that can be read: {first[:200]}", tape.name)


def refused(code: str, message: str, name: str, hint: str = "") -> InputError:
    """The error of a file as a whole."""
    return InputError([Problem(code, message, Place(name), hint)])


@contextmanager
def opened(tape: Tape) -> Iterator[tuple[BinaryIO, Callable[[], float]]]:
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
