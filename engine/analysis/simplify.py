"""A part of the space of loans said more shortly: what is so of no loan anyway needs no saying.

(Coudert and Madre's "restrict", ICCAD 1990, for variables of many values.)
"""

from __future__ import annotations

from engine.evaluation.diagram import Forest


def simplified(forest: Forest, part: int, care: int) -> int:
    """A diagram that is ``part`` wherever ``care`` holds, and elsewhere whatever is short."""
    return _Simplifying(forest).run(part, care)


class _Simplifying:
    def __init__(self, forest: Forest) -> None:
        self._forest = forest
        self._memo: dict[tuple[int, int], int] = {}

    def run(self, part: int, care: int) -> int:
        forest = self._forest
        if care in (forest.true, forest.false) or not forest.children[part]:
            return part
        key = (part, care)
        if key not in self._memo:
            self._memo[key] = self._step(part, care)
        return self._memo[key]

    def _step(self, part: int, care: int) -> int:
        forest = self._forest
        level, asked = forest.level[part], forest.level[care]
        if asked < level:  # the part does not ask for this: all of its classes count
            return self.run(part, forest.any_of(dict.fromkeys(forest.children[care])))
        cares = forest.children[care] if asked == level else (care,) * len(forest.children[part])
        found = [
            None if cared == forest.false else self.run(child, cared)
            for child, cared in zip(forest.children[part], cares, strict=True)
        ]
        return forest.node(level, _filled(found))


def _filled(found: list[int | None]) -> list[int]:
    """Every gap filled with what its neighbour has, so that classes fall together."""
    last = next(child for child in found if child is not None)
    filled = []
    for child in found:
        last = last if child is None else child
        filled.append(last)
    return filled
