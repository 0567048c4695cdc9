"""The folder where this engine keeps what it need not work out twice.

It is the user's cache folder, or the one that ``RECOURSE_CACHE`` names; ``off`` keeps nothing. All
of it is keyed by content, so it is never stale, and it can be deleted at any time; what is a month
old is deleted here.
"""

from __future__ import annotations

import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path

_DAY = 24 * 60 * 60
_DIGEST = re.compile(r"[0-9a-f]{64}(\.json)?")


def folder() -> Path | None:
    """The folder, which need not exist; None where nothing is to be kept."""
    chosen = os.environ.get("RECOURSE_CACHE", "")
    if chosen == "off":
        return None
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(home) / "recourse-engine"


def write(place: Path, content: str | bytes) -> None:
    """Write all of a file or nothing of it, whoever else is writing. Raises ``OSError``."""
    import tempfile  # most processes find what they need

    place.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=place.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        Path(name).replace(place)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    if (where := folder()) is not None:
        with suppress(OSError):  # others may be sweeping as well
            _sweep(where)


def keep_json(place: Path, data: object) -> None:
    """Write data as JSON for later processes; what can't be kept is worked out again."""
    with suppress(OSError):
        write(place, json.dumps(data, separators=(",", ":")))


def _sweep(where: Path) -> None:
    """Once a day, delete what is a month old and bears a name that is given here alone: the folder
    may hold other things."""
    now, swept = time.time(), where / "swept"
    if swept.exists() and swept.stat().st_mtime > now - _DAY:
        return
    swept.touch()
    for path in (*where.glob("*"), *where.glob("*/*")):
        if _DIGEST.fullmatch(path.name) and path.stat().st_mtime < now - 30 * _DAY:
            path.unlink(missing_ok=True)


def is_noted(digest: str) -> bool:
    """Whether ``note`` has noted a digest before."""
    where = folder()
    return where is not None and (where / "noted" / digest).exists()


def note(digest: str) -> None:
    """Remember a digest for later processes, if anything is to be kept."""
    where = folder()
    if where is not None:
        with suppress(OSError):  # what can't be kept is worked out again
            (where / "noted").mkdir(parents=True, exist_ok=True)
            (where / "noted" / digest).touch()
