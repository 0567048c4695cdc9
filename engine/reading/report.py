"""Collecting the problems of one file while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.problems import Place, Problem
from engine.reading.yaml import ListNode, MapNode, Node, Source


@dataclass(frozen=True, slots=True)
class Report:
    """Where a reader puts what is wrong: problems of one source, in a list that sources share.

    ``faulty`` are the places where the schema check has found a fault already; nothing more is
    said of them.
    """

    source: Source
    problems: list[Problem] = field(default_factory=list)
    faulty: frozenset[Place] = frozenset()

    def error(self, code: str, message: str, place: Place, hint: str = "") -> None:
        """Note one problem, with the text of its line."""
        if place not in self.faulty:
            self.problems.append(self.source.problem(code, message, place, hint))

    def is_faulty(self, node: Node) -> bool:
        """Whether the schema check has found a fault at a node or inside it."""
        if not self.faulty:
            return False
        if node.place in self.faulty:
            return True
        if isinstance(node, ListNode):
            return any(map(self.is_faulty, node.items))
        if isinstance(node, MapNode):
            entries = node.entries
            return any(e.key.place in self.faulty or self.is_faulty(e.value) for e in entries)
        return False
