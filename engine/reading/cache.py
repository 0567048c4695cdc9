"""A pack that has been read and checked, kept for the next process.

Reading and checking a pack takes longer than deciding a loan. What was read is kept as JSON under
the user's cache folder (see ``kept``), keyed by everything it depends on: the bytes of the pack's
files and of the engine's own sources and schemas. So it is never stale, and it can't run code.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, cast

from engine.codec import decode, encode, meaning
from engine.garbage import unsearched
from engine.model import Rulebase
from engine.reading.kept import folder as kept_folder
from engine.reading.kept import keep_json, write
from engine.reading.packs import find_pack, pack_files, shown
from engine.resources import schema_dir

FAST = 1
"""Of zlib's levels the one that takes the least time."""


def load_cached(name: str | Path, read: Callable[[Path], Rulebase]) -> Rulebase:
    """The pack from the cache, or as ``read`` reads it, which is then kept.

    Raises ``InputError`` as ``read`` does; nothing is kept of a pack with problems.
    """
    root = find_pack(name)
    folder = kept_folder()
    if folder is None:
        return read(root)
    prefix = _inside_of(root)
    place = folder / f"{_key(root)}.json"
    with suppress(OSError, ValueError, LookupError, TypeError), unsearched():
        kept = json.loads(place.read_bytes())
        return dataclasses.replace(cast(Rulebase, decode(kept, prefix)), root=str(root))
    rulebase = read(root)
    keep_json(place, encode(rulebase, prefix))
    return rulebase


class KeptDiagrams:
    """The diagrams of a pack's decisions in the cache folder: an ``engine.evaluation.saved.Store``.
    They depend on the pack and the engine alone."""

    def __init__(self, rulebase: Rulebase) -> None:
        self._rulebase = rulebase

    def load(self, name: str) -> bytes | None:
        """What was kept under a name; None where there is nothing."""
        if place := self._place(name):
            with suppress(OSError, zlib.error):
                return zlib.decompress(place.read_bytes())
        return None

    def keep(self, name: str, saved: bytes) -> None:
        """Keep some bytes for other processes."""
        if place := self._place(name):
            with suppress(OSError):  # what can't be kept is built again
                write(place, zlib.compress(saved, FAST))

    def _place(self, name: str) -> Path | None:
        return place_of("diagrams", self._rulebase.digest, name)


def place_of(kind: str, *depends: str) -> Path | None:
    """Where a thing of some kind is kept that depends on some texts and on the engine; None where
    nothing is to be kept."""
    folder = kept_folder()
    if folder is None:
        return None
    digest = hashlib.sha256(engine_digest().encode())
    for text in depends:
        _feed(digest, text.encode())
    return folder / kind / digest.hexdigest()


def _inside_of(root: Path) -> str:
    """What the names of a pack's files begin with, as they are told from the working folder."""
    return "" if shown(root) == "." else f"{shown(root)}/"


def _key(root: Path) -> str:
    """The digest of everything that the reading of a pack depends on."""
    digest = hashlib.sha256(engine_digest().encode())
    _add(digest, root, pack_files(root))
    return digest.hexdigest()


@cache
def engine_digest() -> str:
    """The digest of this engine's own sources and schemas."""
    digest = hashlib.sha256()
    own = Path(__file__).parents[1]
    _add(digest, own, sorted((*own.rglob("*.py"), *own.rglob("*.pyx"))))
    _add(digest, schema_dir(), sorted(schema_dir().glob("*.json")))
    return digest.hexdigest()


def _add(digest: Any, base: Path, files: Iterable[Path]) -> None:
    for path in files:
        try:
            content = path.read_bytes()
        except OSError:
            content = b"\0unreadable"
        _feed(digest, path.relative_to(base).as_posix().encode())
        _feed(digest, content)


def _feed(digest: Any, part: bytes) -> None:
    """Add a part with its length, so that no two rows of parts look alike."""
    digest.update(len(part).to_bytes(8, "big") + part)


def digest_of(value: object) -> str:
    """The digest of what outcomes rest on in a part of a rulebase (``meaning``)."""
    text = json.dumps(meaning(value), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
