"""Where packs are, and which files make one."""

from __future__ import annotations

from pathlib import Path

from engine.problems import InputError, Place, Problem, likely, listing
from engine.resources import rules_dir

SUFFIXES = (".yaml", ".yml")


def find_pack(name: str | Path) -> Path:
    """The folder of a pack: a folder as it is, or a shipped pack by its name.

    Raises ``InputError`` when there is no such pack.
    """
    folder = Path(name)
    if (folder / "pack.yaml").is_file():
        return folder
    shipped = rules_dir() / str(name)
    if "/" not in str(name) and (shipped / "pack.yaml").is_file():
        return shipped
    where = Place(str(name))
    if folder.is_dir():
        raise InputError([Problem("no-pack", "the folder holds no pack.yaml", where)])
    known = shipped_packs()
    raise InputError(
        [
            Problem(
                "no-pack",
                f"there is no pack `{name}`",
                where,
                likely(str(name), known) or f"shipped packs: {listing(known)}",
            )
        ]
    )


def shipped_packs() -> list[str]:
    """The names of the packs that come with the engine."""
    return sorted(path.parent.name for path in rules_dir().glob("*/pack.yaml"))


def pack_files(root: Path) -> list[Path]:
    """The YAML files of a pack that can change a decision: all but the cases, in path order."""
    found = (path for suffix in SUFFIXES for path in root.rglob(f"*{suffix}"))
    return sorted(path for path in found if "cases" not in path.relative_to(root).parts[:-1])


def case_files(root: Path) -> list[Path]:
    """The case files of a pack, in path order."""
    return sorted(path for suffix in SUFFIXES for path in (root / "cases").rglob(f"*{suffix}"))


def shown(path: Path) -> str:
    """A path as the user would write it: relative to the working folder when it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
