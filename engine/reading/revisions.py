"""An earlier state of a pack: from a git revision, a folder, an archive, or the shipped packs.

Nothing is checked out or extracted over anything: the pack's files are written into a temporary
folder of our own and read from there; messages name them as the user would.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from engine.model import Rulebase
from engine.problems import InputError, Place, Problem, likely, listing
from engine.reading.pack import load_pack
from engine.reading.packs import SUFFIXES, shipped_packs
from engine.reading.source import MAX_BYTES

MAX_FILES = 5_000
MAX_TOTAL = 128 * 1024 * 1024
"""The most that is read from an archive, in bytes, once unpacked."""
_SECONDS = 60

Files = Mapping[str, bytes]
"""The YAML files of a pack by their path within it."""


def open_base(text: str, pack: Path) -> Rulebase:
    """The rulebase that ``text`` names: a folder, else a packed pack (``.zip``, ``.tar.gz``), else
    the folder ``pack`` as it was in a git revision, else a shipped pack by its name.

    Raises ``InputError`` where there is no such thing, and with all problems of that pack.
    """
    path = Path(text)
    if _exists(path):
        return load_pack(path) if path.is_dir() else _load(_archived(path), f"{text}:")
    try:
        top, commit = _commit(text, pack)
    except InputError:
        if text in shipped_packs():
            return load_pack(text)
        raise
    folder = pack.resolve().relative_to(top).as_posix()
    prefix = f"{text}:{'' if folder == '.' else folder + '/'}"
    return _load(_committed(top, commit, folder, text), prefix)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _refused(code: str, message: str, where: str, hint: str = "") -> InputError:
    return InputError([Problem(code, message, Place(where), hint)])


def _load(files: Files, prefix: str) -> Rulebase:
    """The pack in some files; messages name a file by ``prefix`` and its path within the pack."""
    with tempfile.TemporaryDirectory(prefix="recourse-") as folder:
        root = Path(folder).resolve()
        for name, data in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        rulebase = load_pack(root, called=lambda path: prefix + path.relative_to(root).as_posix())
    return replace(rulebase, root=prefix.removesuffix("/").removesuffix(":"))


def _wanted(path: PurePosixPath) -> bool:
    return path.suffix in SUFFIXES


# ---- git --------------------------------------------------------------------------------------


def _commit(revision: str, pack: Path) -> tuple[Path, str]:
    """The top folder of the pack's repository, and the commit that a revision names."""
    try:
        top = _git(pack, "rev-parse", "--show-toplevel").decode().removesuffix("\n")
    except subprocess.CalledProcessError:
        known = shipped_packs()
        raise _refused(
            "no-base",
            f"`{revision}` is no folder, no file and no shipped pack, and `{pack}` is in no git "
            f"repository, so it can't be a revision",
            revision,
            likely(revision, known) or f"shipped packs: {listing(known)}",
        ) from None
    try:
        found = _git(pack, "rev-parse", "--verify", "--quiet", "--end-of-options",
                     f"{revision}^{{commit}}")  # fmt: skip
    except subprocess.CalledProcessError:
        names = _git(pack, "for-each-ref", "--format=%(refname:short)").decode().split()
        raise _refused(
            "no-base",
            f"there is no folder, file, git revision or shipped pack `{revision}`",
            revision,
            likely(revision, [*names, *shipped_packs()])
            or "name a branch, a tag or a commit, as `HEAD~1`",
        ) from None
    return Path(top).resolve(), found.decode().strip()


def _committed(top: Path, commit: str, folder: str, revision: str) -> Files:
    """The pack's files as they are in a commit; links and anything but YAML are left out."""
    tree = commit if folder == "." else f"{commit}:{folder}"
    try:
        listed = _git(top, "ls-tree", "-r", "-z", "--full-tree", tree).split(b"\0")
    except subprocess.CalledProcessError:
        listed = []
    wanted: dict[str, str] = {}
    for entry in filter(None, listed):
        about, _, name = entry.partition(b"\t")
        mode, kind, blob = about.decode().split()
        path = PurePosixPath(name.decode("utf-8", "surrogateescape"))
        if kind == "blob" and mode != "120000" and _wanted(path):
            wanted[str(path)] = blob
    if "pack.yaml" not in wanted:
        raise _refused(
            "no-pack",
            f"there is no pack in `{folder}` in revision `{revision}`",
            f"{revision}:{folder}",
            "was the folder called otherwise then, or is the pack new?",
        )
    request = "".join(f"{blob}\n" for blob in wanted.values()).encode()
    answer = io.BytesIO(_git(top, "cat-file", "--batch", given=request))
    files: dict[str, bytes] = {}
    for path_in_pack in wanted:
        size = int(answer.readline().split()[2])
        files[path_in_pack] = answer.read(size)
        answer.read(1)  # each ends with a line break of its own
    return files


def _git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What git says. Raises ``CalledProcessError`` where it refuses."""
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            input=given,
            capture_output=True,
            check=True,
            timeout=_SECONDS,
        ).stdout
    except FileNotFoundError:
        message = "git is not installed, so that no revision can be read"
        raise _refused("no-git", message, str(folder)) from None
    except subprocess.TimeoutExpired:
        raise _refused("no-git", "git gave no answer", str(folder)) from None


# ---- archives ---------------------------------------------------------------------------------


def _archived(path: Path) -> Files:
    """The files of the one pack in an archive, by their path within the pack."""
    try:
        if zipfile.is_zipfile(path):
            found = dict(_unzipped(path))
        elif tarfile.is_tarfile(path):
            found = dict(_untarred(path))
        else:
            hint = "a packed rulebase ends in .zip or .tar.gz"
            raise _refused("no-pack", "this file is no packed rulebase", str(path), hint)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError,
            NotImplementedError, RuntimeError) as error:  # fmt: skip
        message = f"this archive can't be read: {error}"
        raise _refused("bad-archive", message, str(path)) from None
    heads = sorted((p for p in found if p.name == "pack.yaml"), key=lambda p: len(p.parts))
    if not heads:
        raise _refused("no-pack", "there is no pack.yaml in this archive", str(path))
    root = heads[0].parent
    if len(heads) > 1 and len(heads[1].parts) == len(heads[0].parts):
        message = f"there are several packs in this archive: {listing(map(str, heads))}"
        raise _refused("no-pack", message, str(path), "pack one folder alone")
    return {str(p.relative_to(root)): data for p, data in found.items() if p.is_relative_to(root)}


def _unzipped(path: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    with zipfile.ZipFile(path) as archive:
        budget = _Budget(path)
        for info in archive.infolist():
            inner = budget.path(info.filename)
            if info.is_dir() or (info.external_attr >> 16) & 0o170000 == 0o120000:
                continue
            if _wanted(inner):
                with archive.open(info) as file:
                    yield inner, budget.read(file, inner)


def _untarred(path: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    with tarfile.open(path) as archive:
        budget = _Budget(path)
        for info in archive:
            inner = budget.path(info.name)
            file = archive.extractfile(info) if info.isreg() and _wanted(inner) else None
            if file is not None:
                yield inner, budget.read(file, inner)


class _Budget:
    """What an archive may still ask of us."""

    def __init__(self, archive: Path) -> None:
        self._archive = str(archive)
        self._files = MAX_FILES
        self._bytes = MAX_TOTAL

    def path(self, name: str) -> PurePosixPath:
        """A member's path, if it stays within the archive."""
        self._files -= 1
        if self._files < 0:
            message = f"this archive holds more than {MAX_FILES:,} files"
            raise _refused("bad-archive", message, self._archive)
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
            message = f"a file in this archive would lie outside of it: {name!r}"
            raise _refused("bad-archive", message, self._archive)
        return path

    def read(self, file: object, inner: PurePosixPath) -> bytes:
        """A member's content, of bounded size."""
        limit = min(MAX_BYTES, self._bytes)
        data: bytes = file.read(limit + 1)  # type: ignore[attr-defined]
        self._bytes -= len(data)
        if len(data) > limit:
            message = f"`{inner}` in this archive is too big"
            raise _refused("bad-archive", message, self._archive)
        return data
