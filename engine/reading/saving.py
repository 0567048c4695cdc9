"""Writing a text file: all of it or nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from engine.problems import InputError, Place, Problem


def save_text(path: Path, text: str) -> None:
    """Put a text in place of a file, or make the file and its folders, with the line ends as given.

    Raises:
        InputError: the file can't be written; it is then as it was before.
    """
    path = path.resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
            if path.exists():
                shutil.copymode(path, name)
            else:
                Path(name).chmod(0o644)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        message = f"can't write this file: {error.strerror or 'unknown reason'}"
        raise InputError([Problem("cannot-write", message, Place(str(path)))]) from None
