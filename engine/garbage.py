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
    stays: bool = False
    """Whether all that is built stays for good."""


_pause = _Pause()  # the search for garbage is the whole process's


@contextmanager
def all_for_good() -> Iterator[None]:
    """While this lasts, whatever is built without a search stays for good: for a process that does
    one thing and ends."""
    before, _pause.stays = _pause.stays, True
    try:
        yield
    finally:
        _pause.stays = before


@contextmanager
def searched_young(after: int, times: int) -> Iterator[None]:
    """While this lasts, garbage is looked for among new objects alone, whenever so many have come,
    and after so many times among those that these searches left; what lives on then is passed over
    for good. (For who remembers much: to look through all of it takes half a second, and finds
    nothing. A circle that becomes garbage later stays; all else goes as ever.)"""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(after, times)
    gc.callbacks.append(_pass_over)
    try:
        yield
    finally:
        gc.callbacks.remove(_pass_over)
        gc.set_threshold(*before)


def _pass_over(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"]:
        gc.freeze()


@contextmanager
def unsearched(for_good: bool = False) -> Iterator[None]:
    """No search for garbage while this lasts, in any thread; what is there when the last ends is
    never looked through again if it is to stay ``for_good``."""
    with _lock:
        if not _pause.at_it:
            _pause.resume, _pause.freeze = gc.isenabled(), False
        _pause.at_it += 1
        _pause.freeze |= for_good or _pause.stays
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
