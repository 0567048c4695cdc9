"""Which pack a file belongs to, and what kind of file it is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.reading.packs import SUFFIXES


@dataclass(frozen=True, slots=True)
class Belonging:
    """The folder of a file's pack, and its kind: ``pack``, ``vocabulary``, ``rules``, ``cases`` or
    ``overview``."""

    root: Path
    kind: str


def belonging(path: Path) -> Belonging | None:
    """Where a file belongs, whether or not it is there already; None where it is no part of any
    pack."""
    if path.suffix not in SUFFIXES:
        return None
    for root in path.parents:
        if (root / "pack.yaml").is_file():
            kind = kind_in(root, path)
            return Belonging(root, kind) if kind else None
    return None


_KINDS = {"vocabulary": "vocabulary", "overviews": "overview"}


def kind_in(root: Path, path: Path) -> str:
    """The kind of a file below the folder of a pack; empty where the pack does not read it."""
    *folders, name = path.relative_to(root).parts
    if "cases" in folders:
        return "cases" if folders[0] == "cases" else ""
    if folders:
        return _KINDS.get(folders[0], "rules")
    return {"pack.yaml": "pack", "vocabulary.yaml": "vocabulary"}.get(name, "rules")
