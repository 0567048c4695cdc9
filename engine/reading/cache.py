"""A pack that has been read and checked, kept for the next process.

Reading and checking a pack takes longer than deciding a loan. What was read is kept as JSON under
the user's cache folder (see ``kept``), keyed by everything it depends on: the bytes of the pack's
files and of the engine's own sources and schemas. So it is never stale, and it can't run code.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

from engine import model, problems
from engine.model import Rulebase
from engine.reading.kept import folder as kept_folder
from engine.reading.kept import write
from engine.reading.packs import find_pack, pack_files, shown
from engine.resources import schema_dir

_CLASSES: Mapping[str, Any] = {
    name: thing
    for module in (model, problems)
    for name, thing in vars(module).items()
    if dataclasses.is_dataclass(thing) and thing.__module__ == module.__name__
}


def load_cached(name: str | Path, read: Callable[[Path], Rulebase]) -> Rulebase:
    """The pack from the cache, or as ``read`` reads it, which is then kept.

    Raises ``InputError`` as ``read`` does; nothing is kept of a pack with problems.
    """
    root = find_pack(name)
    folder = kept_folder()
    if folder is None:
        return read(root)
    prefix = inside_of(root)
    place = folder / f"{_key(root)}.json"
    with suppress(OSError, ValueError, LookupError, TypeError):
        kept = json.loads(place.read_bytes())
        return dataclasses.replace(cast(Rulebase, _Decoder(prefix).decode(kept)), root=str(root))
    rulebase = read(root)
    with suppress(OSError):  # a cache that can't be written is no reason not to answer
        write(place, json.dumps(_encode(rulebase, prefix), separators=(",", ":")))
    return rulebase


def inside_of(root: Path) -> str:
    """What the names of a pack's files begin with, as they are told from the working folder."""
    return "" if shown(root) == "." else f"{shown(root)}/"


def _key(root: Path) -> str:
    """The digest of everything that the reading of a pack depends on."""
    digest = _engine()
    _add(digest, root, pack_files(root))
    return digest.hexdigest()


def engine_digest() -> str:
    """The digest of this engine's own sources and schemas."""
    return str(_engine().hexdigest())


def _engine() -> hashlib._Hash:
    digest = hashlib.sha256()
    own = Path(__file__).parents[1]
    _add(digest, own, sorted(own.rglob("*.py")))
    _add(digest, schema_dir(), sorted(schema_dir().glob("*.json")))
    return digest


def _add(digest: Any, base: Path, files: Iterable[Path]) -> None:
    for path in files:
        try:
            content = path.read_bytes()
        except OSError:
            content = b"\0unreadable"
        for part in (path.relative_to(base).as_posix().encode(), content):
            digest.update(len(part).to_bytes(8, "big") + part)


# ---- the rulebase as JSON ---------------------------------------------------------------------


def digest_of(value: object, prefix: str = "") -> str:
    """The digest of a rulebase or of a part of one. Places count without the ``prefix`` of their
    files' names."""
    text = json.dumps(_encode(value, prefix), separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# A scalar stands for itself; everything else is a list that begins with what it is.


def _encode(value: object, prefix: str) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return ["decimal", str(value)]
        case datetime.date():
            return ["date", value.toordinal()]
        case tuple():
            return ["tuple", *(_encode(item, prefix) for item in value)]
        case frozenset():
            return ["set", *sorted(value)]
        case dict():
            pairs = ((_encode(k, prefix), _encode(v, prefix)) for k, v in value.items())
            return ["dict", *(part for pair in pairs for part in pair)]
        case problems.Place(file, line, column):
            inside = file.removeprefix(prefix) if file.startswith(prefix) else None
            return ["place", inside, file if inside is None else None, line, column]
    assert dataclasses.is_dataclass(value), value
    fields = (getattr(value, field.name) for field in dataclasses.fields(value))
    return [type(value).__name__, *(_encode(item, prefix) for item in fields)]


class _Decoder:
    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def decode(self, value: Any) -> Any:
        """The value that ``_encode`` wrote. Raises for anything else."""
        if not isinstance(value, list):
            return value
        kind, *rest = value
        match kind:
            case "decimal":
                return Decimal(rest[0])
            case "date":
                return datetime.date.fromordinal(rest[0])
            case "tuple":
                return tuple(map(self.decode, rest))
            case "set":
                return frozenset(rest)
            case "dict":
                parts = list(map(self.decode, rest))
                return dict(zip(parts[::2], parts[1::2], strict=True))
            case "place":
                inside, file, line, column = rest
                name = file if inside is None else f"{self._prefix}{inside}"
                return problems.Place(name, line, column)
        return _CLASSES[kind](*map(self.decode, rest))
