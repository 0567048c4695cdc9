"""A PostgreSQL of the test's own: in a temporary folder, on a socket there, gone afterwards."""

from __future__ import annotations

import datetime
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from csv import reader
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.portfolio.sql_rows import Row

Run = Callable[[str], str]
"""Runs a script and returns what its queries give, as CSV."""


def server() -> Path | None:
    """The folder of the server's programs, if they are installed."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


@contextmanager
def running(programs: Path) -> Iterator[Run]:
    """A server; its programs refuse to run as root, who lends them another user's name."""
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="recourse-postgres-"))
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    try:
        data = folder / "data"
        _call(user, programs / "initdb", "-D", data, "-A", "trust", "-U", "loans", "-E", "UTF8")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        log = folder / "log"
        _call(user, programs / "pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start")
        try:
            yield lambda script: _psql(programs, folder, script)
        finally:
            _call(user, programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _call(user: str | None, *command: object) -> None:
    # Its output goes to a file: a server that has started would keep a pipe open.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(part) for part in command], stdout=output, stderr=output, user=user, cwd="/"
        )
        output.seek(0)
        assert done.returncode == 0, output.read().decode()


def _psql(programs: Path, folder: Path, script: str) -> str:
    psql = shutil.which("psql", path=f"{programs}{os.pathsep}{os.environ['PATH']}") or "psql"
    settings = ("-v", "ON_ERROR_STOP=1", "-P", "null=<NULL>")
    done = subprocess.run(
        [psql, "-h", str(folder), "-U", "loans", "-d", "postgres", "-Xqt", "--csv", *settings],
        input=script,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(text: str, kind: str) -> list[Row]:
    """The rows of a statement for a decision of a type, typed."""
    found = []
    for line in reader(text.splitlines()):
        key, value, status, rules, rejected = (None if one == "<NULL>" else one for one in line)
        assert key is not None and status is not None
        found.append((int(key), _typed(value, kind), status, rules, rejected))
    return found


def _typed(value: str | None, kind: str) -> Any:
    if value is None or kind in ("enum", "set"):
        return value
    if kind == "boolean":
        return value == "t"
    return datetime.date.fromisoformat(value) if kind == "date" else Decimal(value)
