"""The maps of a pack alone, as another page shows them: what a tile is and where it leads, and what
is told of what was presumed."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.presentation.site.maps import maps_html, with_maps
from engine.reading.overviews import read_overviews
from engine.values import show
from tests.presentation.site.pages import Page
from tests.small import pack

pytest.importorskip("jinja2", reason="the site needs Jinja")

DECISIONS = """
recourse: {type: enum, label: R, values: {none: N, full: F}, otherwise: full, otherwise_because: So it is.}
cap: {type: money, label: C, otherwise: {amount: debt}, otherwise_because: So it is.}
"""
RULES = """
wa.home | recourse | {state: WA, kind: home, fraud: false} | none
ca.home | recourse | {state: CA, kind: home, fraud: false} | none
tx.car  | recourse | {state: TX, kind: car} | none
"""
VOCABULARY = "presumptions: [{presume: {fraud: false}, because: Fraud is not presumed.}]\n"
OVERVIEW = """
title: 'Where <it> is how'
rows: state
map:
  decision: recourse
  scale: [none, full]
  tiles: [WA ., CA TX]
columns:
  - {label: Home, decision: recourse, given: {kind: home}}
  - {label: Most, decision: cap, given: {kind: home}}
  - {label: Car, decision: recourse, given: {kind: car}}
"""


@dataclass
class Map:
    """What a map shows: its text, its tiles by label, and what it says is presumed, by choice."""

    text: str

    @property
    def tiles(self) -> dict[str, tuple[str, str]]:
        """Each tile's address and its outcomes."""
        found = re.findall(
            r'<a class="tile" href="(.*?)" data-label="(.*?)" data-outcomes="(.*?)"', self.text
        )
        return {label: (html.unescape(address), coded) for address, label, coded in found}

    @property
    def presumed(self) -> dict[str, str]:
        """What is presumed, by the numbers of the choices."""
        found = re.findall(
            r'<p class="assumed" data-choices="(.*?)".*?>.*?: (.*?)\.</p>', self.text
        )
        return {choices: html.unescape(words) for choices, words in found}


def drawn(folder: Path, overview: str = OVERVIEW) -> Map:
    decider = pack(folder, DECISIONS, RULES, VOCABULARY)
    (folder / "overviews").mkdir()
    (folder / "overviews" / "o.yaml").write_text(overview)
    overviews = with_maps(read_overviews(decider.rulebase))
    return Map(maps_html(decider, overviews, lambda f, v: f"#{f.name}={show(v, f.type)}&x"))


def test_a_tile_leads_where_the_page_says(tmp_path: Path) -> None:
    shown = drawn(tmp_path)
    assert shown.tiles == {
        "California": ("#state=CA&x", "0 1"),
        "Washington": ("#state=WA&x", "0 1"),
        "Texas": ("#state=TX&x", "1 0"),
    }
    assert Page(f"<!doctype html>{shown.text}").faults == []
    assert "<it>" not in shown.text


def test_what_is_presumed_is_told_where_it_matters_in_most(tmp_path: Path) -> None:
    # The fraud that nobody mentions matters for homes in two of three states, for cars in none.
    assert drawn(tmp_path).presumed == {"0": "Fraud: no"}


def test_what_is_given_is_not_presumed(tmp_path: Path) -> None:
    given = OVERVIEW.replace("rows: state", "rows: state\ngiven: {fraud: false}")
    assert drawn(tmp_path, given).presumed == {}


def test_an_overview_without_a_map_is_not_drawn(tmp_path: Path) -> None:
    without = re.sub(r"map:\n(  .*\n)+", "", OVERVIEW)
    assert "map" not in without
    assert drawn(tmp_path, without).text.strip() == ""
