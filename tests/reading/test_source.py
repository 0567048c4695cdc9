"""Files and bytes to text: what is read, and what is refused before anything parses it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engine.problems import InputError
from engine.reading.source import Source, read_text, source_of


def refused(path: object) -> str:
    with pytest.raises(InputError) as caught:
        read_text(str(path), name="f")
    (problem,) = caught.value.problems
    return str(problem)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert refused(tmp_path / "none") == "f: missing-file: there is no such file"
    assert refused(tmp_path) == "f: not-a-file: this is a folder, not a file"
    assert refused("a\0b") == "f: missing-file: this is no file name"
    assert refused("x" * 5000).startswith("f: unreadable-file: can't read this file: ")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("a: 1")
    path.chmod(0)
    assert refused(path) == "f: unreadable-file: no permission to read this file"


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    started = time.perf_counter()
    assert refused(path) == (
        "f: file-too-big: this file is too big: 100.0 MiB, and at most 8 MiB are read "
        "(split it into several files)"
    )
    assert time.perf_counter() - started < 0.1


def test_an_endless_device_is_refused() -> None:
    if Path("/dev/zero").exists():
        assert "file-too-big" in refused("/dev/zero")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"a: 1\nb: \xff\n",
            (
                "f:2:4: not-utf8: byte 9 of this file (0xff) is not UTF-8 "
                "(save the file as UTF-8 text)"
            ),
        ),
        (
            "a: 1".encode("utf-16"),
            "f: not-utf8: this file is UTF-16, not UTF-8 (save the file as UTF-8 text)",
        ),
        (
            b"PK\x03\x04",
            "f:1:3: not-text: the text holds a control character (U+0003) (delete it)",
        ),
        (
            b"a\n\0",
            (
                "f:2:1: not-text: the text holds a control character (U+0000) "
                "(is this the right file?)"
            ),
        ),
    ],
)
def test_what_is_no_text(content: bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(content)
    assert refused(path) == expected


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    source = source_of("f", b"\xef\xbb\xbfa: 1")
    assert source == Source("f", "a: 1")


def test_the_limit_can_be_set() -> None:
    with pytest.raises(InputError, match="11 bytes, and at most 10 bytes are read"):
        source_of("f", b"x" * 11, limit=10)
