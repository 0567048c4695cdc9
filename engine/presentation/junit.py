"""The results of the cases as JUnit XML, which every CI server shows."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from xml.etree import ElementTree

from engine.analysis.cases import CaseResult


def as_junit(
    results: Sequence[CaseResult],
    seconds: float = 0.0,
    name: str = "recourse",
) -> str:
    """The results as an XML document: a test suite for each case file, a test case for each case.
    ``seconds`` is how long the whole run took; it is shared out evenly, since one case alone takes
    less than a clock can tell."""
    each = seconds / len(results) if results else 0.0
    root = ElementTree.Element("testsuites", _counts(name, results, each))
    files: dict[str, list[CaseResult]] = {}
    for result in results:
        files.setdefault(result.case.place.file, []).append(result)
    for file, own in files.items():
        suite = ElementTree.SubElement(root, "testsuite", _counts(file, own, each))
        for result in own:
            suite.append(_case(result, file, each))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _counts(name: str, results: Sequence[CaseResult], each: float) -> dict[str, str]:
    return {
        "name": _allowed(name),
        "tests": str(len(results)),
        "failures": str(sum(not result.passed and result.record is not None for result in results)),
        "errors": str(sum(result.record is None for result in results)),
        "skipped": "0",
        "time": f"{each * len(results):.6f}",
    }


def _case(result: CaseResult, file: str, each: float) -> ElementTree.Element:
    place = result.case.place
    attributes = {
        "name": _allowed(result.case.name),
        "classname": _allowed(file),
        "file": _allowed(file),
        "line": str(place.line),
        "time": f"{each:.6f}",
    }
    element = ElementTree.Element("testcase", attributes)
    if not result.passed:
        kind = "error" if result.record is None else "failure"
        first = _allowed(result.failures[0])
        inner = ElementTree.SubElement(element, kind, {"message": first, "type": kind})
        inner.text = _allowed("\n".join([str(place), *result.failures]))
    return element


def _allowed(text: str) -> str:
    """A text without the characters that XML can't hold, however they are escaped."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if (unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r") or c in "\ufffe\uffff"
        else c
        for c in text
    )
