"""The pictures of the documents, made by the tool itself.

    python -m tests.pictures

What commands print is drawn as SVG; a test holds these to what the commands print now. Pages are
photographed in Chromium (the extra `browser`) as PNG: they change with the fonts and the browser
of the machine, so nothing compares them, and they are made anew when a page has changed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import pytest

from engine import load
from engine.presentation.site.pages import site
from engine.reading.loans import Loan, read_loans
from tests.browser import chromium
from tests.documents import ROOT
from tests.service.running import service
from tests.terminal import on_terminal, svg

FOLDER = ROOT / "docs" / "pictures"
LARGEST = 150_000
"""No picture is larger than this, in bytes."""
MARGIN = 12
"""What stands above and below what is photographed, in pixels."""

COMMANDS = {
    "check": "recourse check tests/packs/bad/unknown-fact",
    "diff": "recourse diff tests/packs/changed/before tests/packs/changed/after",
    "decide": "recourse decide examples/car-loan.yaml --only recourse --only deficiency",
    "ask": "printf '?\\nOhio\\n' | recourse ask examples/incomplete.yaml --about recourse",
}
"""The commands of the pictures of a terminal, by the names of the pictures."""


def terminal_pictures() -> Iterator[tuple[str, str]]:
    """The pictures of a terminal: their names and their texts."""
    for name, command in COMMANDS.items():
        yield f"{name}.svg", svg(command, on_terminal(command))


@dataclass(frozen=True, slots=True)
class Photograph:
    """What is photographed of a page: from one element to another, once ``until`` can be seen.
    ``click`` and ``choose`` are done before."""

    name: str
    address: str
    until: str
    first: str
    last: str
    click: str = ""
    choose: tuple[str, ...] = ()
    width: int = 800


def _answers(example: str) -> str:
    """The fragment of the page's address that states the loan of an example."""
    (loan,) = read_loans(str(ROOT / "examples" / example))
    assert isinstance(loan, Loan)
    return urlencode(
        {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in loan.data.items()
        }
    )


def photographs() -> Iterator[tuple[str, bytes]]:
    """The pictures of pages: their names and their bytes."""
    with TemporaryDirectory() as folder, chromium() as browser, service() as running:
        for path, text in site(load("us").rulebase, "0"):
            target = Path(folder) / path
            target.parent.mkdir(exist_ok=True)
            target.write_text(text, encoding="utf-8")
        answers = _answers("us/purchase-california.yaml")
        for each in (
            Photograph(
                "page", f"{running.address}/#us?{answers}", "#reasons .rule a", "h1", "#asked"
            ),
            Photograph(
                "reasons",
                f"{running.address}/#us?{answers}",
                "#reasons .rule a",
                "#why",
                "#reasons > div",
            ),
            Photograph(
                "map",
                f"{running.address}/#us?property_state=OH",
                "#drawn .choices",
                "#drawn .choices",
                "#drawn .legend",
                "#maps summary",
                ("#drawn input[name=situation] >> nth=1", "#drawn input[name=way] >> nth=1"),
            ),
            Photograph(
                "site", f"file://{folder}/places/WA.html", "h1", "header", "table.glance", width=900
            ),
        ):
            yield f"{each.name}.png", _taken(browser, each)


def _taken(browser: Any, photograph: Photograph) -> bytes:
    context = browser.new_context(viewport={"width": photograph.width, "height": 900})
    page = context.new_page()
    page.goto(photograph.address)
    if photograph.click:
        page.click(photograph.click)
    page.wait_for_selector(photograph.until)
    for chosen in photograph.choose:
        page.check(chosen)
    page.wait_for_selector("body:not([aria-busy])")
    page.evaluate("() => scrollTo(0, 0)")
    page.mouse.move(0, 0)
    begin = page.locator(photograph.first).first.bounding_box()
    end = page.locator(photograph.last).first.bounding_box()
    top, bottom = max(begin["y"] - MARGIN, 0), end["y"] + end["height"] + MARGIN
    clip = {"x": 0, "y": top, "width": photograph.width, "height": bottom - top}
    taken: bytes = page.screenshot(full_page=True, clip=clip, animations="disabled")
    context.close()
    return taken


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    for name, text in terminal_pictures():
        (FOLDER / name).write_text(text, encoding="utf-8")
    try:
        for name, content in photographs():
            (FOLDER / name).write_bytes(content)
            print(f"{name}: {len(content):,} bytes")
    except pytest.skip.Exception as reason:  # a test would be skipped for want of it
        print(f"the pictures of pages are as they were: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
