"""``accepted:`` in ``pack.yaml``: the findings that a pack lives with, and why."""

from __future__ import annotations

import datetime

from engine.model import Acceptance
from engine.reading.report import Report
from engine.reading.vocabulary import text
from engine.reading.yaml import ListNode, MapNode, ScalarNode, plain
from engine.values import ValueFault, read_value


def read_accepted(head: MapNode, report: Report) -> tuple[Acceptance, ...]:
    """The accepted findings, in the order of the file."""
    listed = head.get("accepted")
    nodes = listed.items if isinstance(listed, ListNode) else ()
    return tuple(_accepted(node, report) for node in nodes if isinstance(node, MapNode))


def _accepted(node: MapNode, report: Report) -> Acceptance:
    about = node.get("about")
    names = about.items if isinstance(about, ListNode) else (about,)
    date = node.get("date")
    day: datetime.date | None = None
    if date is not None:
        try:
            value = read_value("date", "date", {}, plain(date))
            day = value if isinstance(value, datetime.date) else None
        except ValueFault as fault:
            report.error(fault.code, fault.message, date.place, fault.hint)
    return Acceptance(
        finding=text(node, "finding"),
        about=tuple(name.text for name in names if isinstance(name, ScalarNode)),
        because=text(node, "because"),
        date=day,
        place=node.place,
    )
