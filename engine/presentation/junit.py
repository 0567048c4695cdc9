"""What was tried and what came of it, as JUnit XML, which every CI server shows."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from xml.etree import ElementTree

from engine.problems import Place, Problem


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was tried: the suite it belongs to, its name there, and what came of it.

    ``message`` says in one line why it did not pass; ``details`` may say more.
    """

    suite: str
    name: str
    place: Place
    verdict: Literal["passed", "failure", "error", "skipped"] = "passed"
    message: str = ""
    details: str = ""


def error_item(suite: str, problem: Problem) -> Item:
    """An error for a problem because of which something could not be tried."""
    name = f"{problem.code} at {problem.where}"
    return Item(suite, name, problem.where, "error", problem.message, str(problem))


def as_junit(items: Sequence[Item], seconds: float = 0.0, name: str = "recourse") -> str:
    """The items as an XML document, a test case each. ``seconds`` is how long the whole run took;
    it is shared out evenly, since one alone takes less than a clock can tell."""
    each = seconds / len(items) if items else 0.0
    root = ElementTree.Element("testsuites", _counts(name, items, each))
    suites: dict[str, list[Item]] = {}
    for item in _told_apart(items):
        suites.setdefault(item.suite, []).append(item)
    for suite_name, own in suites.items():
        suite = ElementTree.SubElement(root, "testsuite", _counts(suite_name, own, each))
        for item in own:
            suite.append(_test_case(item, each))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _told_apart(items: Iterable[Item]) -> Iterator[Item]:
    """The items, those with a name that their suite has already with a number behind it."""
    seen: Counter[tuple[str, str]] = Counter()
    for item in items:
        seen[item.suite, item.name] += 1
        number = seen[item.suite, item.name]
        yield item if number == 1 else replace(item, name=f"{item.name} ({number})")


def _counts(name: str, items: Sequence[Item], each: float) -> dict[str, str]:
    verdicts = Counter(item.verdict for item in items)
    return {
        "name": _allowed(name),
        "tests": str(len(items)),
        "failures": str(verdicts["failure"]),
        "errors": str(verdicts["error"]),
        "skipped": str(verdicts["skipped"]),
        "time": f"{each * len(items):.6f}",
    }


def _test_case(item: Item, each: float) -> ElementTree.Element:
    attributes = {
        "name": _allowed(item.name),
        "classname": _allowed(item.suite),
        "file": _allowed(item.place.file),
        "time": f"{each:.6f}",
    }
    if item.place.line:
        attributes["line"] = str(item.place.line)
    element = ElementTree.Element("testcase", attributes)
    if item.verdict != "passed":
        about = {"message": _allowed(item.message)}
        if item.verdict != "skipped":
            about["type"] = item.verdict
        inner = ElementTree.SubElement(element, item.verdict, about)
        inner.text = _allowed(item.details) or None
    return element


def _allowed(text: str) -> str:
    """A text without the characters that XML can't hold, however they are escaped."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if (unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r") or c in "\ufffe\uffff"
        else c
        for c in text
    )
