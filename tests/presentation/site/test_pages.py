"""The site as a whole: every link leads somewhere, every rule has its place, and nothing is
fetched from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit

import pytest

from engine import Decider, load
from engine.presentation.record import NOTICE
from engine.presentation.site.pages import site
from tests.packs import FOLDER, folders
from tests.presentation.site.pages import Page
from tests.small import pack, write

pytest.importorskip("jinja2", reason="the site needs Jinja")

NASTY = '<script>alert("&")</script>'


class Site:
    """A site, made and read."""

    def __init__(self, decider: Decider) -> None:
        self.rulebase = decider.rulebase
        self.files = dict(site(decider.rulebase, "0"))
        self.pages = {
            path: Page(text) for path, text in self.files.items() if path.endswith("html")
        }

    def words(self, path: str) -> str:
        """The text of a page, spaces made one."""
        return " ".join(" ".join(self.pages[path].words).split())

    def index(self) -> list[list[str]]:
        """What the search looks into."""
        text = self.files["search-index.js"].removeprefix("var searchIndex = ").rstrip(";\n")
        found: list[list[str]] = json.loads(text)
        return found

    def leads_somewhere(self, start: str, link: str) -> bool:
        """Whether a link of a page ends at a file of the site, and at a place in it."""
        parts = urlsplit(link)
        path = normpath(join(dirname(start), unquote(parts.path))) if parts.path else start
        if path not in self.files:
            return False
        return not parts.fragment or unquote(parts.fragment) in self.pages[path].ids


def made(name: str) -> Site:
    return Site(load(name))


@pytest.fixture(scope="module", params=["primer", "us"])
def shipped(request: pytest.FixtureRequest) -> Site:
    return made(request.param)


@pytest.fixture(scope="module")
def us() -> Site:
    return made("us")


# ---- every page -------------------------------------------------------------------------------


def test_every_page_is_whole(shipped: Site) -> None:
    for path, page in shipped.pages.items():
        assert page.faults == [], path
        assert [each for each, number in page.ids.items() if number > 1] == [], path
        assert page.headings[0] == 1 and page.headings.count(1) == 1, path
        steps = zip(page.headings, page.headings[1:], strict=False)
        assert all(after <= before + 1 for before, after in steps), path


def test_every_link_leads_somewhere(shipped: Site) -> None:
    for path, page in shipped.pages.items():
        inner = [link for link in page.links if not urlsplit(link).scheme]
        assert inner
        assert [link for link in inner if not shipped.leads_somewhere(path, link)] == [], path


def test_nothing_comes_from_elsewhere(shipped: Site) -> None:
    for path, page in shipped.pages.items():
        for load_ in page.loads:
            assert load_ == "data:," or shipped.leads_somewhere(path, load_), (path, load_)
    for path, text in shipped.files.items():
        if path.endswith(".css"):
            assert "url(" not in text and "@import" not in text, path
        elif path.endswith(".js") and path != "search-index.js":
            assert "http" not in text and "fetch(" not in text, path


def test_it_says_once_that_it_is_no_advice(shipped: Site) -> None:
    for path in shipped.pages:
        assert shipped.words(path).count(NOTICE) == 1, path


def test_every_page_can_be_reached(shipped: Site) -> None:
    seen: set[str] = set()
    waiting = ["index.html"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for link in shipped.pages[path].links:
            parts = urlsplit(link)
            if not parts.scheme and parts.path:
                waiting.append(normpath(join(dirname(path), unquote(parts.path))))
    assert seen == set(shipped.pages)


def test_the_same_rules_make_the_same_site() -> None:
    assert made("primer").files == made("primer").files


# ---- what it says -----------------------------------------------------------------------------


def places(site: Site) -> Iterator[tuple[str, str]]:
    for page, read in site.pages.items():
        yield from ((id_, page) for id_ in read.ids)


def test_every_rule_has_one_place(shipped: Site) -> None:
    found: dict[str, list[str]] = {}
    for id_, page in places(shipped):
        found.setdefault(id_, []).append(page)
    index = {entry[3] for entry in shipped.index() if entry[0] == "rule"}
    for rule in shipped.rulebase.rules:
        (page,) = found[rule.id]
        words = shipped.words(page)
        for text in (rule.title, rule.authority.cite):
            assert " ".join(text.split()) in words, rule.id
        assert f"{page}#{rule.id}" in index
    assert len(index) == len(shipped.rulebase.rules)


def test_every_fact_and_decision_has_its_page(shipped: Site) -> None:
    for fact in shipped.rulebase.facts.values():
        assert fact.question in shipped.words(f"facts/{fact.name}.html")
    for decision in shipped.rulebase.decisions.values():
        assert decision.label in shipped.words(f"decisions/{decision.name}.html")


def test_every_case_is_shown_once(us: Site) -> None:
    from engine.analysis.case_files import read_cases

    cases = read_cases(us.rulebase)
    shown = [id_ for id_, _ in places(us) if id_.startswith("_case-")]
    assert len(shown) == len(cases)
    texts = {path: us.words(path) for path in us.pages}
    assert all(any(case.name in text for text in texts.values()) for case in cases[:50])


def test_a_state_says_what_its_rules_say(us: Site) -> None:
    words = us.words("places/WA.html")
    rule = next(rule for rule in us.rulebase.rules if rule.id == "wa.trustee-sale")
    assert rule.title in words and rule.because in words
    assert "What became of the collateral: Foreclosure without a court (trustee's sale)" in words
    assert f"{rule.authority.confidence} confidence" in words
    assert f"checked {rule.authority.checked}" in words
    assert rule.authority.url in us.pages["places/WA.html"].links
    for other in us.rulebase.rules:
        if rule.id in other.exception_to:
            assert f"../places/WA.html#{other.id}" in us.pages["places/WA.html"].links


def test_the_map_colours_what_the_rules_decide(us: Site) -> None:
    text = us.files["index.html"]
    assert text.count('class="tile"') == 51
    washington = text[text.index('data-label="Washington"') :]
    outcomes = washington.split('data-outcomes="')[1].split('"')[0].split(" ")
    assert len(outcomes) == 5 * 4  # kinds of loan, ways in which it ended
    values = list(us.rulebase.decisions["recourse"].values)
    by_hand = load("us").decide(
        {
            "property_state": "WA",
            "loan_kind": "mortgage",
            "loan_purpose": "purchase",
            "lien_position": "first",
            "occupancy": "primary",
            "dwelling_units": 1,
            "origination_date": "2020-03-02",
            "disposition": "nonjudicial_foreclosure",
        },
        only=["recourse"],
    )
    assert values[int(outcomes[1 * 4 + 1])] == by_hand.value("recourse") == "none"


# ---- packs of all kinds -----------------------------------------------------------------------

DECISIONS = """
recourse: {type: enum, label: 'Is it <b>owed</b>?', values: {none: N, full: 'F & G'}}
cap: {type: money, label: How much?, hit_policy: min}
until: {type: date, label: Until when?, hit_policy: min}
"""
RULES = f"""
a.full | recourse | {{kind: home}} | full | note: '{NASTY}'
a.none | recourse | {{state: WA, fraud: false}} | none | exception_to: a.full
b.cap  | cap      | {{debt: {{more_than: price}}}} | {{amount: 'debt - max(price, value)'}}
c.day  | until    | {{made: {{on_or_after: 2020-01-01}}}} | {{date: sold, plus: 3 months}} | effective: {{from: 2009-10-01, to: 2013-12-31, measured_by: made}}
"""


def small(folder: Path) -> Site:
    return Site(load(write(folder, DECISIONS, RULES)))


@pytest.mark.parametrize("name", folders("good"))
def test_packs_of_every_kind(name: str) -> None:
    made_ = made(str(FOLDER / "good" / name))
    for path, page in made_.pages.items():
        assert page.faults == [], path
        inner = [link for link in page.links if not urlsplit(link).scheme]
        assert [link for link in inner if not made_.leads_somewhere(path, link)] == [], path
    ids = {id_ for id_, _ in places(made_)}
    assert {rule.id for rule in made_.rulebase.rules} <= ids


def test_a_pack_without_overviews_or_cases(tmp_path: Path) -> None:
    made_ = small(tmp_path)
    for path, page in made_.pages.items():
        assert page.faults == [], path
        assert all(
            made_.leads_somewhere(path, link) for link in page.links if not urlsplit(link).scheme
        )
    assert 'class="tile"' not in made_.files["index.html"]
    words = made_.words("rules/rules.html")
    assert "Debt \N{MINUS SIGN} the larger of ( Price , Value )" in words
    assert "Sold plus 3 months" in words
    assert "from 2009-10-01 to 2013-12-31, by Made" in words
    assert "2013-12-31 ends" in words


def test_what_comes_from_a_pack_is_escaped(tmp_path: Path) -> None:
    made_ = small(tmp_path)
    for text in made_.files.values():
        assert NASTY not in text
        assert "<b>owed</b>" not in text or text.startswith("var")
    assert NASTY in made_.words("rules/rules.html")


def test_names_in_texts_become_links(tmp_path: Path) -> None:
    root = write(
        tmp_path, DECISIONS, "a | recourse | {kind: home} | full | note: See `kind` and `x`."
    )
    page = Site(load(root)).files["rules/rules.html"]
    assert '<a class="code" href="../facts/kind.html">kind</a>' in page
    assert '<span class="code">x</span>' in page


def test_places_whose_names_are_odd(tmp_path: Path) -> None:
    root = write(tmp_path, DECISIONS, "a | recourse | {kind: home} | full")
    vocabulary = root / "vocabulary.yaml"
    text = vocabulary.read_text().replace("{CA: California,", "{ca: Lower, CA: California,")
    vocabulary.write_text(text)
    for name in ("ca", "CA"):
        rules = (root / "rules.yaml").read_text().replace("id: a", f"id: {name.lower()}{len(name)}")
        rules = rules.replace("ca2", "x.y" if name == "ca" else "x.z")
        (root / f"{name}-{ord(name[0])}.yaml").write_text(f"jurisdiction: {name}\n{rules}")
    pages = {path for path in Site(load(root)).pages if path.startswith("places/")}
    assert len({page.casefold() for page in pages}) == len(pages) == 2


def test_one_decision_alone(tmp_path: Path) -> None:
    decider = pack(tmp_path, "recourse: {type: boolean, label: R}", "a | recourse | | true")
    assert "always" in Site(decider).words("rules/rules.html")
