"""Where packs are, and which files make one."""

from __future__ import annotations

from dataclasses import replace
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
    if folder.is_file():
        message = "this is a file; a pack is a folder"
        whole = next((f for f in folder.parents if (f / "pack.yaml").is_file()), None)
        hint = f"name the pack's folder, `{whole}`" if whole else ""
        raise InputError([Problem("no-pack", message, where, hint)])
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
    """The YAML files of a pack that can change a decision: all but the cases and the overviews, in
    path order."""
    return [path for path in _yaml_in(root) if not _decides_nothing(path.relative_to(root))]


def _decides_nothing(path: Path) -> bool:
    folders = path.parts[:-1]
    return "cases" in folders or folders[:1] == ("overviews",)


def case_files(root: Path) -> list[Path]:
    """The case files of a pack, in path order."""
    return _yaml_in(root / "cases")


def overview_files(root: Path) -> list[Path]:
    """The files of a pack's overviews, in path order."""
    return _yaml_in(root / "overviews")


def _yaml_in(folder: Path) -> list[Path]:
    return sorted(path for suffix in SUFFIXES for path in folder.rglob(f"*{suffix}"))


def shown(path: Path) -> str:
    """A path as the user would write it: relative to the working folder when it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def in_repository(place: Place) -> Place:
    """A place whose file is named from the top of its git repository, as code hosts name it; the
    same place where there is no repository."""
    path = Path(place.file)
    if not path.exists():  # perhaps in a revision, and then named from the top already
        revision, _, file = place.file.partition(":")
        return place if not file or Path(revision).exists() else replace(place, file=file)
    whole = path.resolve()
    for folder in whole.parents:
        if (folder / ".git").exists():
            return replace(place, file=whole.relative_to(folder).as_posix())
    return place
