"""Diagrams that were saved and read back answer as those that were built."""

from __future__ import annotations

import gc
import json
import random
import weakref
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from engine import Decider, load
from engine.evaluation.compiling import compile_rulebase
from engine.evaluation.saved import as_bytes, from_bytes
from engine.evaluation.slices import places
from engine.model import Value
from engine.reading.cache import KeptDiagrams
from tests import random_packs
from tests.evaluation.test_slices import spread

SEEDS = range(300, 316)


@dataclass
class Shelf:
    """Bytes in memory."""

    kept: dict[str, bytes] = field(default_factory=dict)

    def load(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def keep(self, name: str, saved: bytes) -> None:
        self.kept[name] = saved


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
    assert shelf.kept


@pytest.mark.parametrize("kind", ["mortgage", "auto", None])
def test_nothing_is_lost_and_only_what_is_needed_is_saved(kind: str | None) -> None:
    book = load("primer").rulebase
    built = compile_rulebase(book, kind)
    back = from_bytes(book, kind, as_bytes(built))
    assert back.variables == built.variables
    assert back.node_count == built.node_count
    assert (back.kinds, back.by_kind, back.built) == (built.kinds, built.by_kind, built.built)
    assert len(back.forest.level) < len(built.forest.level)
    assert back.applies.keys() == built.applies.keys() == {rule.id for rule in book.rules}
    assert from_bytes(book, kind, as_bytes(back)).roots == back.roots


def apart(saved: bytes) -> tuple[str, bytes]:
    """The line of JSON and the children after it."""
    head, _, children = saved.partition(b"\n")
    return head.decode(), children


def replaced(saved: bytes, old: str, new: str) -> bytes:
    head, children = apart(saved)
    return head.replace(old, new).encode() + b"\n" + children


def without(saved: bytes, name: str, last: int = -1) -> bytes:
    head, children = apart(saved)
    data = json.loads(head)
    data[name] = data[name][:last]
    return json.dumps(data).encode() + b"\n" + children


def with_child(saved: bytes, number: int) -> bytes:
    return saved[:-4] + number.to_bytes(4, "little")


@pytest.mark.parametrize(
    "damage",
    [
        lambda saved: saved[:100],
        lambda saved: saved[:-1],
        lambda saved: saved[:-4],
        lambda saved: saved + saved[-4:],
        lambda saved: b"[]",
        lambda saved: b"{}",
        lambda saved: b"\xff" + saved,
        lambda saved: without(saved, "nodes"),
        lambda saved: without(saved, "leaves", 3),
        lambda saved: without(saved, "parts", 0),
        lambda saved: replaced(saved, '"nodes":[[', '"nodes":[[100000'),
        lambda saved: replaced(saved, '"nodes":[', '"nodes":[[0,1],'),
        lambda saved: with_child(saved, 99999999),
        lambda saved: replaced(saved, '"bare":"[', '"bare":"[0, '),
        lambda saved: replaced(saved, '"signs":[', '"signs":[[["os.system","true"],1],'),
    ],
)
def test_what_is_damaged_is_built_anew(damage) -> None:  # type: ignore[no-untyped-def]
    book, shelf = load("primer").rulebase, Shelf()
    facts = {"loan_kind": "mortgage", "outstanding_debt": 5000}
    expected = Decider(book, store=shelf).decide(facts).answers
    ((name, saved),) = shelf.kept.items()
    shelf.kept[name] = damage(saved)
    assert shelf.kept[name] != saved
    assert Decider(book, store=shelf).decide(facts).answers == expected
    assert shelf.kept[name] == saved


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
    store.keep("a", b"text")
    assert store.load("a") is None
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RECOURSE_CACHE", str(tmp_path / "file"))
    store.keep("a", b"text")
    assert store.load("a") is None


@pytest.mark.parametrize("complete", [True, False])
def test_diagrams_that_were_replaced_are_gone(complete: bool) -> None:
    """Without a search for garbage, which a service puts off."""
    decider = Decider(load("primer").rulebase, store=Shelf())
    facts: dict[str, Value] = {"loan_kind": "mortgage", "outstanding_debt": Decimal(5000)}
    gc.collect()
    gc.disable()
    try:
        before = weakref.ref(decider.compiled_for(facts, decider.needed(["recourse"])).forest)
        decider.decide(facts, only=["recourse"])
        decider.decide(facts, only=None if complete else ["recourse", "credit_report"])
        assert before() is None
    finally:
        gc.enable()
