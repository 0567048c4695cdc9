"""An audit trail: a file to which decision records are appended, one a line.

Any number of processes may append to one file. Each line is written whole, under a lock. A process
that is killed leaves at most one line that breaks off, its own last; the next line that anybody
appends begins on a line of its own, so nothing else is lost.
"""

from __future__ import annotations

import datetime
import fcntl
import os
import stat
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from engine.problems import InputError, Place, Problem

SYNC_EVERY = 0.05
"""In seconds: what ``append_soon`` has written may wait so long for the disk."""


def now() -> str:
    """The time in UTC, to the millisecond, as a record states it."""
    time_ = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    return time_.replace("+00:00", "Z")


class Trail:
    """A file open for appending. Safe to use from several threads and processes at once; a file
    that is moved away (by a rotation of logs) is begun anew.

    Raises ``InputError`` where the file can't be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._guard = threading.Lock()
        self._waiting_since: float | None = None
        with self._told():
            self._file = self._opened()

    def __enter__(self) -> Trail:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def append(self, lines: Iterable[str]) -> None:
        """Write lines, which hold no line break, and wait until the disk has them.

        Raises ``InputError``; what is in the file then ends with a whole line.
        """
        with self._guard, self._told():
            self._write(lines)
            self._sync()

    def append_soon(self, line: str) -> None:
        """Write a line, which outlives the process from now on; the disk has it within
        ``SYNC_EVERY``, as long as lines keep coming, and at the latest when the file is closed."""
        with self._guard, self._told():
            self._write([line])
            if self._waiting_since is None:
                self._waiting_since = time.monotonic()
            elif time.monotonic() - self._waiting_since >= SYNC_EVERY:
                self._sync()

    def close(self) -> None:
        """Wait until the disk has everything, and close the file."""
        with self._guard, self._told():
            if self._waiting_since is not None:
                self._sync()
            os.close(self._file)

    def _sync(self) -> None:
        os.fsync(self._file)
        self._waiting_since = None

    def _write(self, lines: Iterable[str]) -> None:
        data = b"".join(line.encode("utf-8", "replace") + b"\n" for line in lines)
        with self._locked() as size:
            if size and os.pread(self._file, 1, size - 1) != b"\n":
                data = b"\n" + data  # somebody was killed while writing
            try:
                left = memoryview(data)
                while left:
                    left = left[os.write(self._file, left) :]
            except OSError:
                os.ftruncate(self._file, size)  # a full disk: half a line helps nobody
                raise

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Nobody else appends meanwhile; gives the size of the file."""
        while True:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            if self._is_at_its_path():
                break
            fcntl.flock(self._file, fcntl.LOCK_UN)
            fresh = self._opened()
            self._sync()
            os.close(self._file)
            self._file = fresh
        try:
            yield os.fstat(self._file).st_size
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _is_at_its_path(self) -> bool:
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._file))  # noqa: PTH116
        except FileNotFoundError:
            return False

    def _opened(self) -> int:
        file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise _refused(self.path, "this is no file that records can be kept in")
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # or a file just made may be gone after a power cut
        finally:
            os.close(folder)
        return file

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Every way in which the file can fail, as an ``InputError``."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or "unknown reason"
            raise _refused(self.path, f"can't write this file: {reason}") from None


def _refused(path: Path, message: str) -> InputError:
    return InputError([Problem("cannot-write", message, Place(str(path)))])
