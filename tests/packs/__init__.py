"""Tiny packs. Those under ``good`` are read and their cases hold; each under ``bad`` has one fault
(or says so), and beside it, in ``expected.txt``, exactly what a user is told."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

from engine.analysis.cases import read_cases
from engine.presentation.problems import as_text
from engine.problems import InputError
from engine.reading.pack import load_pack

FOLDER = Path(__file__).parent


def folders(kind: str) -> list[str]:
    """The names of the packs that are ``good`` or ``bad``."""
    return sorted(path.name for path in (FOLDER / kind).iterdir())


def what_is_said(folder: Path) -> str:
    """All problems of a pack and its cases as a user reads them, from within its folder."""
    with chdir(folder):
        try:
            read_cases(load_pack("."))
        except InputError as error:
            return as_text(error.problems, colour=False) + "\n"
    return ""
