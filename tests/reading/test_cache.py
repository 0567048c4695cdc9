"""What is kept of a pack between processes: equal to what is read, never stale, never trusted blindly."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engine.model import Rulebase
from engine.problems import InputError
from engine.reading import schema
from engine.reading.cache import load_cached
from engine.reading.kept import write as write_kept
from engine.reading.pack import load_pack
from engine.reading.packs import find_pack
from engine.reading.schema import validate
from engine.reading.yaml import Source, parse
from tests.small import write

DECISIONS = "owed: {type: money, label: Owed, otherwise: 0, otherwise_because: So.}"
RULE = "a | owed | {state: CA, made: {after: 2009-01-31}} | {amount: debt * 0.5 - price}"


class Reader:
    """Reads packs, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, root: Path) -> Rulebase:
        self.times += 1
        return load_pack(root)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("RECOURSE_CACHE", str(folder))
    return folder


@pytest.mark.parametrize("pack", ["primer", "us"])
def test_what_is_kept_is_what_was_read(cache: Path, pack: str) -> None:
    reader = Reader()
    first = load_cached(pack, reader)
    kept = load_cached(pack, reader)
    assert reader.times == 1
    assert first == kept == load_pack(find_pack(pack))
    assert [rule.place for rule in kept.rules] == [rule.place for rule in first.rules]


def test_a_changed_file_is_read_anew(cache: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", DECISIONS, RULE)
    reader = Reader()
    load_cached(folder, reader)
    path = folder / "rules.yaml"
    path.write_text(path.read_text().replace("0.5", "0.6"))
    assert load_cached(folder, reader) == load_pack(folder)
    assert reader.times == 2


def test_nothing_is_kept_of_a_pack_with_problems(cache: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", DECISIONS, RULE.replace("debt", "dept"))
    for _ in range(2):
        with pytest.raises(InputError, match="did you mean `debt`"):
            load_cached(folder, load_pack)
    assert list(cache.glob("*.json")) == []


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '["Rulebase"]', '["os.system", "true"]', "[1, 2]"]
)
def test_a_damaged_file_is_read_anew(cache: Path, tmp_path: Path, damage: str) -> None:
    folder = write(tmp_path / "mine", DECISIONS, RULE)
    load_cached(folder, load_pack)
    (kept,) = cache.glob("*.json")
    kept.write_text(damage)
    assert load_cached(folder, load_pack) == load_pack(folder)


def test_it_can_be_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECOURSE_CACHE", "off")
    folder = write(tmp_path / "mine", DECISIONS, RULE)
    reader = Reader()
    load_cached(folder, reader)
    load_cached(folder, reader)
    assert reader.times == 2


def test_a_folder_that_cannot_be_written_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RECOURSE_CACHE", str(tmp_path / "file" / "cache"))
    folder = write(tmp_path / "mine", DECISIONS, RULE)
    assert load_cached(folder, load_pack) == load_pack(folder)


def test_a_text_without_fault_is_not_looked_at_twice(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = (
        parse(Source("cases.yaml", text))
        for text in ("- {case: A, given: {}, expect: {a: 1}}", "- {case: A}")
    )
    assert validate(good, "cases") == []
    faults = validate(bad, "cases")
    assert faults and validate(bad, "cases") == faults
    monkeypatch.setattr(schema, "_validator", None)
    assert validate(good, "cases") == []
    monkeypatch.setenv("RECOURSE_CACHE", "off")
    with pytest.raises(TypeError):
        validate(good, "cases")


def test_places_are_named_from_where_one_stands(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "mine", DECISIONS, RULE)
    for where, name in ((folder, "rules.yaml"), (tmp_path, "mine/rules.yaml")):
        monkeypatch.chdir(where)
        assert load_cached(folder, load_pack).rules[0].place.file == name


def test_what_is_a_month_old_is_swept_away_once_a_day(cache: Path, tmp_path: Path) -> None:
    old, young, other = (cache / "diagrams" / f"{name * 64}.json" for name in "012")
    foreign = cache / "letters" / "love.json"

    def put(path: Path, days: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
        then = time.time() - days * 24 * 60 * 60
        os.utime(path, (then, then))

    put(old, 31)
    put(foreign, 99)
    put(young, 29)
    write_kept(cache / "new.json", "{}")
    assert not old.exists() and young.exists() and (cache / "new.json").exists()
    put(other, 31)
    write_kept(cache / "newer.json", "{}")
    assert other.exists(), "it has been swept today"
    os.utime(cache / "swept", (0, 0))
    write_kept(cache / "newest.json", "{}")
    assert not other.exists() and young.exists() and foreign.exists()
