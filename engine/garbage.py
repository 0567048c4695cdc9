"""Building what stays for long, without a search for garbage that would find none.

Diagrams are made of millions of small objects. While many come to be, Python looks through all of
them again and again for garbage, which takes several times as long as the building, and whoever
waits for an answer waits for that too.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_lock = threading.Lock()


@dataclass
class _Pause:
    """How many are at it, in all threads; whether to search again once the last ends, and whether
    to pass over what is there then."""

    at_it: int = 0
    resume: bool = False
    freeze: bool = False


_pause = _Pause()  # the search for garbage is the whole process's


@contextmanager
def unsearched(for_good: bool = False) -> Iterator[None]:
    """No search for garbage while this lasts, in any thread; what is there when the last ends is
    never looked through again if it is to stay ``for_good``."""
    with _lock:
        if not _pause.at_it:
            _pause.resume, _pause.freeze = gc.isenabled(), False
        _pause.at_it += 1
        _pause.freeze |= for_good
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _pause.at_it -= 1
            if not _pause.at_it:
                if _pause.freeze:
                    gc.freeze()
                if _pause.resume:
                    gc.enable()
