"""The page in a real browser: with a mouse, with the keyboard alone, on a phone, on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from tests.browser import axe_source, barriers, chromium
from tests.service.running import Running

HOME = "property_state=CA&loan_kind=mortgage&loan_purpose=purchase&occupancy=primary"
OHIO = "property_state=OH&loan_kind=mortgage&loan_purpose=purchase&occupancy=primary"
SOLD = f"{HOME}&disposition=judicial_foreclosure&dwelling_units=1"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def page(browser: Any, law: Running) -> Iterator[Any]:
    yield from opened(browser, law, viewport={"width": 1000, "height": 900})


@pytest.fixture
def phone(browser: Any, law: Running) -> Iterator[Any]:
    yield from opened(browser, law, viewport={"width": 360, "height": 740}, has_touch=True)


def opened(browser: Any, law: Running, **options: Any) -> Iterator[Any]:
    """A page that fails the test where the browser complains or goes anywhere else."""
    context = browser.new_context(base_url=law.address, **options)
    page = context.new_page()
    page.set_default_timeout(30_000)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if "violates" in m.text else None)
    elsewhere: list[str] = []
    page.on("request", lambda r: None if r.url.startswith(law.address) else elsewhere.append(r.url))
    yield page
    context.close()
    assert complaints == []
    assert elsewhere == []


def settled(page: Any) -> None:
    """Wait until the page has worked an answer in."""
    page.wait_for_selector("#question button, #question p")
    page.wait_for_selector("body:not([aria-busy])")


def go(page: Any, facts: str = "") -> None:
    """Open the page with some facts in its address."""
    page.goto("about:blank")
    page.goto(f"/#us?{facts}" if facts else "/")
    settled(page)


def proceed(page: Any, button: str = "#question button[type=submit]") -> None:
    """Send the answer, and wait for what follows from it."""
    asked = page.inner_html("#question")
    page.click(button)
    page.wait_for_function(
        "asked => document.querySelector('#question').innerHTML !== asked", arg=asked
    )
    settled(page)


def test_an_interview_from_the_first_question_to_the_last(page: Any) -> None:
    go(page)
    assert "In which state" in page.inner_text("#question")
    page.select_option("#question select", "OH")
    proceed(page)
    assert "OH" in page.url
    for _ in range(20):
        if page.query_selector("#question button") is None:
            break
        before = page.url
        if page.query_selector("#question input[type=radio]"):
            page.check("#question input[type=radio] >> nth=0")
        elif page.query_selector("#question select"):
            page.select_option("#question select", index=1)
        elif page.query_selector("#question input[type=date]"):
            page.fill("#question input", "2012-05-01")
        else:
            page.fill("#question input", "100000")
        proceed(page)
        assert page.url != before
    assert page.inner_text("#verdict-title") == "The answer"
    assert "Still open" not in page.inner_text("#answers")
    assert page.query_selector("#reasons .rule a[href^=https]") is not None


def test_a_reason_tells_what_was_given_apart_from_what_is_presumed(page: Any) -> None:
    go(page, SOLD)
    lines = page.inner_text("#reasons").splitlines()
    given = next(line for line in lines if line.startswith("It rests on: "))
    presumed = next(line for line in lines if line.startswith("Presumed: "))
    assert "State of the property: " in given and "Who is asked to pay" not in given
    assert "Who is asked to pay" in presumed and "State of the property" not in presumed


def test_the_verdict_follows_an_answer_that_is_changed(page: Any) -> None:
    go(page, SOLD)
    protected = page.inner_text("#answers")
    page.focus("#fact-loan_purpose")
    page.select_option("#fact-loan_purpose", "cash_out_refinance")
    page.wait_for_function(
        "was => document.querySelector('#answers').innerText !== was", arg=protected
    )
    assert "loan_purpose=cash_out_refinance" in page.url
    assert page.evaluate("document.activeElement.id") == "fact-loan_purpose"


def test_what_is_presumed_can_be_denied(page: Any) -> None:
    go(page, SOLD)
    page.click("#presumed summary")
    page.click("#presumed button >> nth=0")
    asked = page.inner_text("#question")
    assert page.evaluate("document.activeElement.closest('#question') !== null")
    page.check("#question input[type=radio] >> nth=0")
    proceed(page)
    assert page.inner_text("#question") != asked


def test_an_answer_that_does_not_fit_is_told_and_not_kept(page: Any) -> None:
    go(page, f"{OHIO}&disposition=judicial_foreclosure")
    while page.query_selector("#question input[type=text]") is None:
        proceed(page, "#question button[type=button]")
    before = page.url
    page.fill("#question input", "much")
    page.click("#question button[type=submit]")
    page.wait_for_selector("#problem:not(:empty)")
    assert "not `much`" in page.inner_text("#problem")
    assert page.url == before
    page.fill("#question input", "")
    page.click("#question button[type=submit]")
    assert "say that you don't know" in page.inner_text("#problem")


def test_only_what_goes_together_with_the_facts_is_offered(page: Any) -> None:
    go(page, "property_state=GA&loan_kind=auto")
    offered = page.inner_text("#question")
    assert "Repossession" in offered
    assert "Foreclosure" not in offered


def test_a_question_that_can_not_be_done_without_says_why(page: Any) -> None:
    def too_slow(route: Any) -> None:
        said = route.fetch(post_data={"facts": {}}).json()
        said["next"]["because"] = "Without it nothing can be said."
        route.fulfill(json=said)

    page.route("**/v1/possible*", too_slow)
    go(page, "property_state=")
    assert "Without it nothing can be said." in page.inner_text("#question")
    assert page.locator("#question button").all_inner_texts() == ["Continue"]
    page.click("#question button")
    assert page.inner_text("#problem") == "Choose or write an answer."


def test_the_facts_of_a_link_are_not_sent_in_an_address(page: Any, law: Running) -> None:
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    go(page, f"{SOLD}&no_such_fact=1")
    assert page.input_value("#fact-loan_purpose") == "purchase"
    assert "no_such_fact" in page.inner_text("#problem")
    assert not any("purchase" in re.sub("#.*", "", address) for address in addresses)
    assert "purchase" not in str(law.log())


def test_every_decision_can_be_shown(page: Any) -> None:
    go(page, SOLD)
    page.click("#all")
    page.wait_for_selector("#others summary")
    assert "single action" not in page.inner_text("#others")
    page.click("#others summary >> text=The state")
    assert "single action" in page.inner_text("#others")


def test_a_further_decision_can_be_asked_about(page: Any) -> None:
    go(page, SOLD)
    page.click("#all")
    page.wait_for_selector("#others summary")
    page.click("#others summary >> text=Credit report")
    before = page.inner_text("#answers")
    page.click("#others details[open] button >> nth=0")
    page.wait_for_selector(".answer >> nth=2")
    settled(page)
    assert page.inner_text("#answers").startswith(before.splitlines()[0])
    also = page.inner_text(".answer >> nth=2 >> h3")
    assert also not in before
    assert page.query_selector("#others details") is None  # it is asked anew
    page.reload()
    page.wait_for_selector(".answer >> nth=2")
    assert page.inner_text(".answer >> nth=2 >> h3") == also
    page.click("#again")
    settled(page)
    assert page.query_selector(".answer >> nth=2") is None


def open_map(page: Any) -> None:
    """Ask for the map by the keyboard, and wait until it is drawn."""
    page.focus("#maps summary")
    page.keyboard.press("Enter")
    page.wait_for_selector("#drawn .choices:visible")


def test_a_tile_of_the_map_answers_with_its_state(page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    go(page, HOME)
    assert not any("/maps" in url for url in asked)  # until somebody wants to see it
    open_map(page)
    assert page.get_attribute('.tile[data-label="California"]', "aria-current") == "true"
    before = page.inner_text("#answers")
    page.click('.tile[data-label="Texas"]')
    page.wait_for_selector('.tile[data-label="Texas"][aria-current]')
    settled(page)
    assert "property_state=TX" in page.url and "occupancy=primary" in page.url
    assert page.input_value("#fact-property_state") == "TX"
    assert page.inner_text("#answers") != before
    assert page.get_attribute('.tile[data-label="California"]', "aria-current") is None
    assert len([url for url in asked if "/maps" in url]) == 1
    assert not any("CA" in url for url in asked if "/maps" in url)


def test_the_map_by_keyboard(page: Any) -> None:
    go(page)
    open_map(page)
    page.focus("#drawn input[name=situation]")
    words = page.inner_text("#drawn .chosen")
    tile = page.locator('.tile[data-label="California"]')
    seen = {tile.get_attribute("aria-label")}
    for _ in range(page.locator("#drawn input[name=situation]").count() - 1):
        page.keyboard.press("ArrowDown")
        assert page.inner_text("#drawn .chosen") != words
        seen.add(tile.get_attribute("aria-label"))
    assert len(seen) > 1 and all(label.startswith("California: ") for label in seen)
    tile.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.hash.includes('property_state=CA')")
    settled(page)
    assert page.evaluate("document.activeElement.closest('#question') !== null")


def test_the_map_says_what_is_presumed(page: Any) -> None:
    go(page)
    open_map(page)
    page.check("#drawn label:has-text('short sale') input")
    assert "Deficiency waived: no" in page.inner_text("#drawn .assumed:visible")


def test_rules_without_a_map_show_none(page: Any) -> None:
    go(page)
    assert page.is_visible("#glance")
    open_map(page)
    page.select_option("#pack", "primer")
    page.wait_for_selector("#glance", state="hidden")
    page.select_option("#pack", "us")
    page.wait_for_selector("#drawn .choices:visible")


def test_the_keyboard_is_enough(page: Any) -> None:
    go(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "ask-property_state"
    page.keyboard.type("Ohio")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("#question input[type=radio]")
    settled(page)
    assert "property_state=OH" in page.url
    assert page.evaluate("document.activeElement.type") == "radio"
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    before = page.url
    page.keyboard.press("Enter")
    page.wait_for_function("was => location.href !== was", arg=before)
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) != "none"


def test_a_phone_needs_no_sideways_scrolling(phone: Any) -> None:
    for facts in ("", HOME, SOLD):
        go(phone, facts)
        open_map(phone)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360
    small = """[...document.querySelectorAll('button, select, input:not([type=radio]), .choice')]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 24).length"""
    assert phone.evaluate(small) == 0


def test_on_paper_are_answers_and_reasons_and_no_buttons(page: Any) -> None:
    go(page, SOLD)
    page.emulate_media(media="print")
    assert page.is_visible("#answers")
    assert page.is_visible("#reasons")
    assert not page.is_visible("#question")
    assert not page.is_visible("#share")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_barriers_are_found(
    browser: Any, law: Running, axe: str, colours: Literal["light", "dark"]
) -> None:
    for page in opened(browser, law, color_scheme=colours):
        for facts in ("", HOME, SOLD):
            go(page, facts)
            if facts == SOLD:
                page.click("#all")
                page.wait_for_selector("#others summary")
                page.click("#presumed summary")
                open_map(page)
            assert barriers(page, axe) == []


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return axe_source(tmp_path_factory.mktemp("axe"))
