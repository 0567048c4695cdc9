"""Diagrams that were saved and read back answer as those that were built."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine import Decider, load
from engine.evaluation.compiling import compile_rulebase
from engine.evaluation.saved import as_text, from_text
from engine.evaluation.slices import places
from engine.reading.cache import KeptDiagrams
from tests import random_packs
from tests.evaluation.test_slices import spread

SEEDS = range(300, 316)


@dataclass
class Shelf:
    """Texts in memory."""

    texts: dict[str, str] = field(default_factory=dict)

    def load(self, name: str) -> str | None:
        return self.texts.get(name)

    def keep(self, name: str, text: str) -> None:
        self.texts[name] = text


@pytest.mark.parametrize("seed", SEEDS)
def test_another_process_answers_alike(seed: int) -> None:
    book, rng, shelf = spread(seed) or random_packs.rulebase(seed), random.Random(seed), Shelf()
    plain, first, second = (Decider(book, store=each) for each in (None, shelf, shelf))
    some = list(book.decisions)[: len(book.decisions) // 2] or None
    for number in range(24):
        facts = random_packs.facts(book, rng, missing=0.3)
        only = some if number % 3 == 0 else None  # what was saved of some decisions grows
        expected = plain.decide(facts, strict=True, verify=False, only=only).answers
        for decider in (first, second):
            assert decider.decide(facts, strict=True, only=only).answers == expected, facts
    assert shelf.texts


@pytest.mark.parametrize("kind", ["mortgage", "auto", None])
def test_nothing_is_lost_and_only_what_is_needed_is_saved(kind: str | None) -> None:
    book = load("primer").rulebase
    built = compile_rulebase(book, kind)
    back = from_text(book, kind, as_text(built))
    assert back.variables == built.variables
    assert back.node_count == built.node_count
    assert (back.kinds, back.by_kind, back.built) == (built.kinds, built.by_kind, built.built)
    assert len(back.forest.level) < len(built.forest.level)
    assert back.applies.keys() == built.applies.keys() == {rule.id for rule in book.rules}
    assert from_text(book, kind, as_text(back)).roots == back.roots


def without(text: str, name: str, last: int = -1) -> str:
    data = json.loads(text)
    data[name] = data[name][:last]
    return json.dumps(data)


def with_child(text: str, number: int) -> str:
    data = json.loads(text)
    data["nodes"][-1][1][0] = number
    return json.dumps(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: "{}",
        lambda text: without(text, "nodes"),
        lambda text: without(text, "leaves", 3),
        lambda text: without(text, "parts", 0),
        lambda text: text.replace('"nodes":[[', '"nodes":[[100000'),
        lambda text: text.replace('"nodes":[', '"nodes":[[0,[0]],'),
        lambda text: with_child(text, 99999999),
        lambda text: with_child(text, -1),
        lambda text: text.replace('"bare":"[', '"bare":"[0, '),
        lambda text: text.replace('"signs":[', '"signs":[[["os.system","true"],1],'),
    ],
)
def test_a_damaged_text_is_built_anew(damage) -> None:  # type: ignore[no-untyped-def]
    book, shelf = load("primer").rulebase, Shelf()
    facts = {"loan_kind": "mortgage", "outstanding_debt": 5000}
    expected = Decider(book, store=shelf).decide(facts).answers
    ((name, text),) = shelf.texts.items()
    shelf.texts[name] = damage(text)
    assert shelf.texts[name] != text
    assert Decider(book, store=shelf).decide(facts).answers == expected
    assert json.loads(shelf.texts[name]) == json.loads(text)


def test_they_are_kept_in_the_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOURSE_CACHE", str(tmp_path))
    facts = {"property_state": "OH", "loan_kind": "mortgage"}
    decider = load("us")
    assert "OH" in places(decider.rulebase)
    answers = decider.decide(facts, only=["recourse"]).answers
    (kept,) = (tmp_path / "diagrams").iterdir()
    before = kept.stat().st_mtime_ns
    assert load("us").decide(facts, only=["recourse"]).answers == answers
    assert kept.stat().st_mtime_ns == before
    load("us").decide(facts, only=["recourse", "credit_report"])
    assert kept.stat().st_mtime_ns > before  # it has grown
    kept.write_bytes(b"damaged")
    assert load("us").decide(facts, only=["recourse"]).answers == answers


def test_without_a_folder_nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = KeptDiagrams(load("primer").rulebase)
    monkeypatch.setenv("RECOURSE_CACHE", "off")
    store.keep("a", "text")
    assert store.load("a") is None
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RECOURSE_CACHE", str(tmp_path / "file"))
    store.keep("a", "text")
    assert store.load("a") is None
