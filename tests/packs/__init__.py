"""Tiny packs. Those under ``good`` are read and their cases hold; each under ``bad`` has one fault
(or says so), and beside it, in ``expected.txt``, exactly what a user is told. Under ``findings``
are packs that can be read: of the good ones nothing is found, of each bad one just one thing."""

from __future__ import annotations

from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path

import cli
from engine.analysis.case_files import read_cases
from engine.presentation.problems import as_text
from engine.problems import InputError
from engine.reading.pack import load_pack

FOLDER = Path(__file__).parent


def folders(kind: str) -> list[str]:
    """The names of the packs that are ``good`` or ``bad``, ``findings/good`` or ``findings/bad``."""
    return sorted(path.name for path in (FOLDER / kind).iterdir())


def what_is_said(folder: Path) -> str:
    """All problems of a pack and its cases as a user reads them, from within its folder."""
    with chdir(folder):
        try:
            read_cases(load_pack("."))
        except InputError as error:
            return as_text(error.problems, colour=False) + "\n"
    return ""


def what_is_found(folder: Path) -> str:
    """What ``recourse check`` prints of a pack, from within its folder."""
    with chdir(folder), redirect_stdout(StringIO()) as printed:
        cli.main(["check"])
    return printed.getvalue()
