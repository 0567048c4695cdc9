"""The tiny packs of ``tests/packs``: the good ones hold, and of each bad one exactly what is said.

After a change of a message: ``python -m tests.regenerate``, then read every difference.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from engine import Decider, InputError
from engine.analysis.case_files import read_cases
from engine.analysis.cases import run_cases
from engine.presentation.problems import as_text
from engine.reading.pack import load_pack
from engine.reading.packs import find_pack, shipped_packs
from tests.packs import FOLDER, folders, what_is_said

GOOD, BAD = folders("good"), folders("bad")
CODES = """
    bad-form circle-of-decisions circle-of-exceptions circle-of-terms duplicate-case duplicate-id
    duplicate-key duplicate-name empty-file empty-range formula formula-type missing-key
    negative-money no-file no-pack no-such-date other-language out-of-range period repeated-item
    reserved-word too-few unknown-decision unknown-fact unknown-key unknown-rule unknown-test
    unknown-value wrong-exception wrong-policy wrong-test wrong-type yaml-alias yaml-merge-key
    yaml-syntax yaml-tab yaml-tag
"""


@pytest.mark.parametrize("name", GOOD)
def test_good(name: str) -> None:
    decider = Decider(load_pack(FOLDER / "good" / name))
    results = run_cases(decider, read_cases(decider.rulebase))
    assert [result.failures for result in results if not result.passed] == []


@pytest.mark.parametrize("name", BAD)
def test_bad(name: str) -> None:
    folder = FOLDER / "bad" / name
    assert what_is_said(folder) == (folder / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted({*GOOD} & {*BAD}))
def test_the_twins_differ_in_the_fault_alone(name: str) -> None:
    changed = 0
    for path in (FOLDER / "bad" / name).rglob("*.yaml"):
        twin = FOLDER / "good" / name / path.relative_to(FOLDER / "bad" / name)
        before, after = (p.read_text(encoding="utf-8").splitlines() for p in (twin, path))
        changed += sum(line[:2] in ("- ", "+ ") for line in difflib.ndiff(before, after))
    assert 0 < changed <= 4


def test_there_is_a_pack_for_every_code() -> None:
    said = "".join((FOLDER / "bad" / name / "expected.txt").read_text() for name in BAD)
    assert [code for code in CODES.split() if f": {code}: " not in said] == []


def test_each_pack_but_the_ones_that_say_so_has_one_problem() -> None:
    for name in BAD:
        said = (FOLDER / "bad" / name / "expected.txt").read_text(encoding="utf-8")
        several = name.startswith(("several", "reserved-word", "follow-up", "bad-form-names"))
        assert several or said.endswith("\n1 problem in 1 file\n"), name


def test_the_examples_of_several_faults_are_ordered_by_place() -> None:
    with pytest.raises(InputError) as caught:
        load_pack(FOLDER / "bad" / "several")
    places = [problem.where for problem in caught.value.problems]
    assert len({place.file for place in places}) == 4
    assert places == sorted(places)


def test_packs_are_found_by_name_and_by_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "primer" in shipped_packs()
    assert find_pack("primer").name == "primer"
    assert find_pack(FOLDER / "good" / "tiny") == FOLDER / "good" / "tiny"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("primmer", "primmer: no-pack: there is no pack `primmer` (did you mean `primer`?)"),
        ("a/b", "a/b: no-pack: there is no pack `a/b` (shipped packs: "),
        ("folder", "folder: no-pack: the folder holds no pack.yaml"),
        ("\x00", "\N{REPLACEMENT CHARACTER}: no-pack: there is no pack"),
        ("../primer", "../primer: no-pack: there is no pack `../primer`"),
        ("list.yaml", "list.yaml: no-pack: this is a file; a pack is a folder\n"),
        ("own/a.yaml", "own/a.yaml: no-pack: this is a file; a pack is a folder (name the pack's "),
    ],
)
def test_packs_that_are_not_there(
    name: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "own").mkdir()
    for file in ("list.yaml", "own/a.yaml", "own/pack.yaml"):
        (tmp_path / file).touch()
    with pytest.raises(InputError) as caught:
        find_pack(name)
    assert as_text(caught.value.problems, colour=False).startswith(expected)


def test_the_digest_is_that_of_all_that_decides(tmp_path: Path) -> None:
    source = FOLDER / "good" / "tiny"
    for path in sorted(source.rglob("*.yaml")):
        copy = tmp_path / path.relative_to(source)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8", newline="\r\n")
    digest = load_pack(source).digest
    assert load_pack(tmp_path).digest == digest
    (tmp_path / "cases" / "cases.yaml").unlink()
    assert load_pack(tmp_path).digest == digest
    rules = tmp_path / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8") + "# a remark\n", encoding="utf-8")
    assert load_pack(tmp_path).digest != digest


def test_what_its_files_say_of_themselves() -> None:
    rulebase = load_pack("us")
    files = {file.title: file for file in rulebase.files}
    assert files["Washington"].jurisdiction == "WA"
    assert files["Everywhere"].jurisdiction == ""
    assert files["Everywhere"].description.startswith("Waivers are general")
    assert {rule.place.file for rule in rulebase.rules} <= {
        f.place.file for f in rulebase.files
    } | {each.place.file for each in rulebase.decisions.values() if each.parameter}
