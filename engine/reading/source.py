"""A text as it was read, with its name and its lines, and every way in which reading can fail."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from engine.problems import InputError, Place, Problem

MAX_BYTES = 8 * 1024 * 1024
"""The largest file that is read, in bytes."""

_LINE_BREAK = re.compile("\r\n|\r|\n")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SAVE_AS_UTF8 = "save the file as UTF-8 text"


@dataclass(frozen=True, slots=True)
class Source:
    """A text and the name under which the user knows it."""

    name: str
    text: str

    def line(self, number: int) -> str:
        """Line ``number``, counted from 1, without its line end; empty where there is none."""
        lines = _lines(self.text)
        return lines[number - 1] if 1 <= number <= len(lines) else ""

    def place(self, offset: int) -> Place:
        """The place of the character at ``offset``, counted from 0."""
        line, start = 1, 0
        for found in _LINE_BREAK.finditer(self.text, 0, offset):
            line, start = line + 1, found.end()
        return Place(self.name, line, offset - start + 1)

    def problem(self, code: str, message: str, where: Place, hint: str = "") -> Problem:
        """A problem in this text, together with the line it is about."""
        return Problem(code, message, where, hint, line_text=self.line(where.line))


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    """The lines as editors count them: not cut at the rarer Unicode line ends."""
    return _LINE_BREAK.split(text)


@contextmanager
def open_bytes(path: str | Path, *, name: str | None = None) -> Iterator[BinaryIO]:
    """A file open for reading, with every way in which that can fail as an ``InputError``.

    Raises:
        InputError: the file is missing, is a folder, or may not be read.
    """
    shown = str(path) if name is None else name
    try:
        if stat.S_ISDIR(Path(path).stat().st_mode):
            raise _refused(shown, "not-a-file", "this is a folder, not a file")
        with Path(path).open("rb") as file:
            yield file
    except FileNotFoundError:
        raise _refused(shown, "missing-file", "there is no such file") from None
    except PermissionError:
        raise _refused(shown, "unreadable-file", "no permission to read this file") from None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise _refused(shown, "unreadable-file", f"can't read this file: {reason}") from None
    except InputError:
        raise
    except ValueError:  # a NUL or a lone surrogate in the path itself
        raise _refused(_printable(shown), "missing-file", "this is no file name") from None


def read_text(path: str | Path, *, name: str | None = None, limit: int = MAX_BYTES) -> Source:
    """The text of a file of at most ``limit`` bytes; ``name`` is how messages call it.

    Raises:
        InputError: the file is missing, is a folder, may not be read, is too big, or is no text.
    """
    shown = str(path) if name is None else name
    with open_bytes(path, name=name) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise _too_big(shown, size, limit)
        data = file.read(limit + 1)  # a pipe or a device has no size to ask for beforehand
    return source_of(shown, data, limit=limit)


def source_of(name: str, data: bytes, *, limit: int = MAX_BYTES) -> Source:
    """The text in ``data``, for bytes that come from elsewhere than a file.

    Raises:
        InputError: more than ``limit`` bytes, not UTF-8, or binary data.
    """
    if len(data) > limit:
        raise _too_big(name, len(data), limit)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _refused(name, "not-utf8", "this file is UTF-16, not UTF-8", _SAVE_AS_UTF8)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8-sig", errors="replace")
        where = Source(name, good).place(len(good))
        message = f"byte {error.start + 1} of this file (0x{data[error.start]:02x}) is not UTF-8"
        raise InputError([Problem("not-utf8", message, where, _SAVE_AS_UTF8)]) from None
    source = Source(name, text)
    check_characters(source)
    return source


def check_characters(source: Source) -> None:
    """Refuse control characters and halves of surrogate pairs: nobody sees them in an editor,
    and a terminal may obey them.

    Raises:
        InputError: at the first such character.
    """
    found = _CONTROL.search(source.text) or _SURROGATE.search(source.text)
    if found is None:
        return
    where = source.place(found.start())
    what = hidden_character(found.group())
    line_text = _printable(source.line(where.line))
    hint = "delete it" if found.group() > "\x00" else "is this the right file?"
    raise InputError(
        [Problem("not-text", f"the text holds {what}", where, hint, line_text=line_text)]
    )


def hidden_character(text: str) -> str:
    """Says what the first character of ``text`` is that can't be shown; empty if there is none.

    >>> hidden_character("a\x07")
    'a control character (U+0007)'
    """
    found = _CONTROL.search(text) or _SURROGATE.search(text)
    if found is None:
        return ""
    code_point = ord(found.group())
    kind = "half a surrogate pair" if 0xD800 <= code_point <= 0xDFFF else "a control character"
    return f"{kind} (U+{code_point:04X})"


def _printable(text: str) -> str:
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _CONTROL.sub(" ", text))


def _too_big(name: str, size: int, limit: int) -> InputError:
    allowed = f"{limit // 1024**2} MiB" if limit >= 1024**2 else f"{limit:,} bytes"
    actual = f"{size / 1024**2:.1f} MiB" if size >= 1024**2 else f"{size:,} bytes"
    message = f"this file is too big: {actual}, and at most {allowed} are read"
    return _refused(name, "file-too-big", message, "split it into several files")


def _refused(name: str, code: str, message: str, hint: str = "") -> InputError:
    return InputError([Problem(code, message, Place(_printable(name)), hint)])
