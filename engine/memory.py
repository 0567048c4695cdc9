"""A memory of a bounded size."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class Memory(Generic[Thing]):
    """The latest things that were asked for, at most twice as many as ``room``. Safe to use from
    several threads; None can't be remembered."""

    __slots__ = ("_old", "_room", "_young")

    def __init__(self, room: int) -> None:
        self._room = room
        self._young: dict[Hashable, Thing] = {}
        self._old: dict[Hashable, Thing] = {}

    def find(self, key: Hashable) -> Thing | None:
        """What is remembered under a key."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            self.keep(key, found)
        return found

    def keep(self, key: Hashable, thing: Thing) -> Thing:
        """Remember a thing, and give it back. What was not asked for since as many others came is
        forgotten."""
        if len(self._young) >= self._room:
            self._old, self._young = self._young, {}
        self._young[key] = thing
        return thing
