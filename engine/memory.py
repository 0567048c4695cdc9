"""A memory of a bounded size."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")
Of = TypeVar("Of")

MANY_PACKS = 16
"""Of so many packs at least it is remembered what was made of their parts."""


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


class Made(Generic[Of, Thing]):
    """What was made of things, once of each of the latest of them: by identity, as they take long
    to compare. Each is kept as long as what was made of it, so that no other gets its identity."""

    __slots__ = ("_memory",)

    def __init__(self, room: int) -> None:
        self._memory = Memory[tuple[Of, Thing]](room)

    def of(self, thing: Of, make: Callable[[Of], Thing]) -> Thing:
        """What ``make`` makes of a thing."""
        found = self._memory.find(id(thing))
        if found is None:
            found = self._memory.keep(id(thing), (thing, make(thing)))
        return found[1]
