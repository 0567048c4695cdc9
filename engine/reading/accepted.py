"""``accepted:`` in ``pack.yaml``: the findings that a pack lives with, and why."""

from __future__ import annotations

from engine.model import Acceptance
from engine.reading.report import Report
from engine.reading.vocabulary import day, text
from engine.reading.yaml import ListNode, MapNode, ScalarNode


def read_accepted(head: MapNode, report: Report) -> tuple[Acceptance, ...]:
    """The accepted findings, in the order of the file."""
    listed = head.get("accepted")
    nodes = listed.items if isinstance(listed, ListNode) else ()
    return tuple(_accepted(node, report) for node in nodes if isinstance(node, MapNode))


def _accepted(node: MapNode, report: Report) -> Acceptance:
    about = node.get("about")
    names = about.items if isinstance(about, ListNode) else (about,)
    return Acceptance(
        finding=text(node, "finding"),
        about=tuple(name.text for name in names if isinstance(name, ScalarNode)),
        because=text(node, "because"),
        date=day(node, "date", report),
        place=node.place,
    )
