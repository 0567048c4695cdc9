"""The site in a real browser, opened from its files: by keyboard, on a phone, without a script,
on paper, and without barriers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import load
from engine.presentation.site.pages import site
from tests.browser import axe_source, barriers, chromium

pytest.importorskip("jinja2", reason="the site needs Jinja")

PAGES = [
    "index.html",
    "places/WA.html",
    "places/NC.html",
    "decisions/index.html",
    "decisions/recourse.html",
    "facts/index.html",
    "facts/property_state.html",
    "facts/occupancy.html",
    "rules/index.html",
    "rules/general.html",
    "terms.html",
    "search.html?q=trustee",
]
EACH_KIND = [
    "places/VA.html",
    "decisions/index.html",
    "decisions/time_barred.html",
    "facts/index.html",
    "facts/occupancy.html",
    "rules/general.html",
    "terms.html",
]
"""A page of each kind that is not too long for axe-core, which takes its time."""
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def axe(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    return axe_source(tmp_path_factory.mktemp("axe"))


@pytest.fixture(scope="module")
def root(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("site")
    for path, text in site(load("us").rulebase, "0"):
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder.as_uri() + "/"


class Tab:
    """A page of the browser; ``said`` is what its console says, ``asked`` what it asks for."""

    def __init__(self, browser: Any, root: str, **options: Any) -> None:
        self.root = root
        self.context = browser.new_context(**({"viewport": WIDE} | options))
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path: str) -> Any:
        self.page.goto(self.root + path)
        return self.page

    def __enter__(self) -> Tab:
        return self

    def __exit__(self, *of: object) -> None:
        self.context.close()


def test_no_barriers(browser: Any, root: str, axe: str) -> None:
    with Tab(browser, root) as tab:
        for path in EACH_KIND:
            assert found(tab, path, axe) == [], path


def test_no_barriers_in_the_dark(browser: Any, root: str, axe: str) -> None:
    with Tab(browser, root, color_scheme="dark") as tab:
        for path in ("index.html", "places/VA.html", "search.html?q=trustee"):
            assert found(tab, path, axe) == [], path


def test_no_barriers_on_a_phone(browser: Any, root: str, axe: str) -> None:
    with Tab(browser, root, viewport=PHONE) as tab:
        for path in ("index.html", "places/VA.html", "decisions/index.html"):
            assert found(tab, path, axe) == [], path


def found(tab: Tab, path: str, axe: str) -> list[str]:
    page = tab.open(path)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    return barriers(page, axe)


def test_nothing_is_fetched_and_nothing_complains(browser: Any, root: str) -> None:
    with Tab(browser, root) as tab:
        for path in PAGES:
            tab.open(path)
        assert tab.said == []
        assert [url for url in tab.asked if not url.startswith((root, "data:"))] == []


def test_no_page_is_wider_than_a_phone(browser: Any, root: str) -> None:
    with Tab(browser, root, viewport=PHONE) as tab:
        for path in PAGES:
            page = tab.open(path)
            assert page.evaluate("document.documentElement.scrollWidth") == 360, path


def test_the_map_by_keyboard(browser: Any, root: str) -> None:
    with Tab(browser, root) as tab:
        page = tab.open("index.html")
        tile = page.locator('.tile[data-label="Washington"]')
        assert tile.get_attribute("aria-label") == "Washington: full"
        page.locator('input[name="situation"]').first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        page.keyboard.press("ArrowDown")
        chosen = "Loan that bought the owner's home, foreclosed without a court"
        assert page.locator(".chosen").inner_text() == chosen
        assert tile.get_attribute("aria-label") == "Washington: none"
        assert tile.locator(".mark").text_content() == "\N{WHITE CIRCLE}"
        assert tile.locator("rect").get_attribute("class") == "scale0"
        counts = page.locator(".legend li:not([hidden]) .number").all_inner_texts()
        assert sum(map(int, counts)) >= 51
        tile.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/places/WA.html")
        assert page.locator("h1").inner_text() == "Washington"


def test_the_first_tab_stop_skips_to_the_content(browser: Any, root: str) -> None:
    with Tab(browser, root) as tab:
        page = tab.open("places/WA.html")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.url.endswith("#_content")
        page.keyboard.press("Tab")
        inside = "document.querySelector('main').contains(document.activeElement)"
        assert page.evaluate(inside)


def test_every_stop_of_the_keyboard_can_be_seen(browser: Any, root: str) -> None:
    with Tab(browser, root) as tab:
        page = tab.open("places/WA.html")
        for _ in range(40):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                "() => {const e = document.activeElement, s = getComputedStyle(e);"
                "return e.matches(':focus-visible') && parseFloat(s.outlineWidth) >= 2}"
            )
            assert seen, page.evaluate("document.activeElement.outerHTML")


def test_searching(browser: Any, root: str) -> None:
    with Tab(browser, root) as tab:
        page = tab.open("places/WA.html")
        page.fill("#_find", "580d")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=580d")
        assert page.locator("#_number").inner_text().endswith("found")
        first = page.locator("#_results a").first
        assert "California" in page.locator("#_results li").first.inner_text()
        page.fill("#_words", "nothing is called like this")
        assert page.locator("#_number").inner_text() == "0 found"
        page.fill("#_words", "wa.trustee-sale")
        first = page.locator("#_results a").first
        first.click()
        page.wait_for_url("**/places/WA.html#wa.trustee-sale")
        assert page.locator(":target h3").inner_text().startswith("Nothing is owed")


def test_a_link_to_a_case_opens_it(browser: Any, root: str) -> None:
    with Tab(browser, root) as tab:
        page = tab.open("places/WA.html")
        page.locator(".rule dd a[href*='_case-']").first.click()
        page.locator("details:target[open]").wait_for()


def test_without_a_script(browser: Any, root: str) -> None:
    with Tab(browser, root, java_script_enabled=False) as tab:
        page = tab.open("index.html")
        assert not page.locator(".choices").is_visible()
        assert page.locator(".tile").count() == 51
        assert page.locator(".legend li:visible").count() >= 3
        page = tab.open("search.html")
        assert page.locator("noscript a").count() == 3


def test_on_paper(browser: Any, root: str, tmp_path: Path) -> None:
    with Tab(browser, root) as tab:
        page = tab.open("places/WA.html")
        page.emulate_media(media="print")
        assert not page.locator(".top nav").is_visible()
        assert page.locator("details.case dl").first.is_visible()
        assert page.pdf(path=tmp_path / "wa.pdf")
