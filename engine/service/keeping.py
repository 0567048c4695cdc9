"""Building what stays for good, without a search for garbage that would find none.

Diagrams are made of millions of small objects. While many come to be, Python looks through all of
them again and again for garbage, which takes several times as long as the building, and whoever
waits for an answer waits for that too.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_at_it = 0


@contextmanager
def keeping() -> Iterator[None]:
    """No search for garbage while this lasts, in any thread; what is there when the last ends is
    never looked through again."""
    global _at_it  # as the search for garbage it is the whole process's
    with _lock:
        _at_it += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _at_it -= 1
            if not _at_it:
                gc.freeze()
                gc.enable()
