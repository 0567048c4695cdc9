"""Beginnings that are valid as they stand, and that overwrite nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import main
from engine.analysis.case_files import read_cases
from engine.editing.appending import with_item
from engine.problems import InputError
from engine.reading.pack import load_pack
from engine.reading.source import Source
from tests.small import write

DECISIONS = """
    recourse: {type: enum, label: Who pays?, values: {none: Nobody, full: The borrower}, otherwise: full, otherwise_because: So.}
    reach: {type: set, label: What?, values: {wages: Wages, car: Car}, otherwise: [], otherwise_because: So.}
    loss: {type: money, label: How much?, otherwise: 0, otherwise_because: So.}
    last: {type: date, label: When?}
    sued: {type: boolean, label: Sued?, otherwise: false, otherwise_because: So.}
"""
RULES = "a.home | recourse | {kind: home} | none"


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new pack, in the working folder."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "pack", "my-rules"]) == 0
    return tmp_path / "my-rules"


def files(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in folder.rglob("*") if path.is_file()}


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err


def test_a_new_pack_passes_and_is_in_order(pack: Path) -> None:
    assert main(["check", "my-rules"]) == 0
    assert main(["fmt", "--check", "my-rules"]) == 0
    assert len((pack / "README.md").read_text().splitlines()) == 3
    assert "TO DO" in (pack / "rules.yaml").read_text()


def test_its_files_point_to_schemas_that_are_there(pack: Path) -> None:
    found = [*pack.rglob("*.yaml")]
    assert len(found) == 4
    for path in found:
        line = path.read_text().splitlines()[0]
        assert (path.parent / line.partition("$schema=")[2]).is_file(), line


def test_the_schemas_are_where_the_command_writes_them(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(pack)
    monkeypatch.chdir(pack)
    assert main(["schema", ".", "--out", "schema"]) == 0
    assert files(pack) == before


def test_nothing_is_overwritten(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(pack)
    assert main(["new", "pack", "my-rules"]) == 2
    assert "exists: this is there already" in said(capsys)
    assert files(pack) == before


@pytest.mark.parametrize("name", ["My", "9", "a_b", "../a", "a/b", ""])
def test_a_name_that_no_pack_can_have(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "pack", name]) == 2
    assert "bad-name" in said(capsys)
    assert files(tmp_path) == {}


def test_a_new_rule_passes_and_keeps_comments(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = pack / "rules.yaml"
    before = rules.read_text() + "# The end.\n"
    rules.write_text(before)
    monkeypatch.chdir(pack)
    assert main(["new", "rule", "wa.one", "--decides", "recourse"]) == 0
    assert main(["new", "rule", "wa.two", "--decides", "recourse"]) == 0
    assert rules.read_text().startswith(before)
    assert [rule.id for rule in load_pack(".").rules] == [
        "contract.nonrecourse",
        "wa.one",
        "wa.two",
    ]
    assert main(["check"]) == 0
    assert main(["fmt", "--check"]) == 0


@pytest.mark.parametrize("decision", ["recourse", "reach", "loss", "last", "sued"])
def test_a_rule_for_every_type_of_decision(decision: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "pack", DECISIONS, RULES)
    options = ["--pack", str(folder), "--decides", decision]
    assert main(["new", "rule", "b.new", *options]) == 0
    assert main(["new", "rule", "b.other", *options, "--file", "states/wa.yaml"]) == 0
    assert {rule.id for rule in load_pack(folder).rules} == {"a.home", "b.new", "b.other"}
    assert "b.other" in (folder / "states" / "wa.yaml").read_text()


def test_a_rule_joins_those_that_begin_alike(pack: Path) -> None:
    options = ["--pack", "my-rules", "--decides", "recourse"]
    assert main(["new", "rule", "wa.one", *options, "--file", "states/wa.yaml"]) == 0
    assert main(["new", "rule", "wa.two", *options]) == 0
    assert main(["new", "rule", "contract.two", *options]) == 0
    assert "wa.two" in (pack / "states" / "wa.yaml").read_text()
    assert "contract.two" in (pack / "rules.yaml").read_text()


def test_a_rule_in_a_new_file_names_its_schema(pack: Path) -> None:
    options = ["--pack", "my-rules", "--decides", "recourse", "--file", "my-rules/states/wa.yaml"]
    assert main(["new", "rule", "wa.one", *options]) == 0
    line = (pack / "states" / "wa.yaml").read_text().splitlines()[0]
    assert line.endswith("$schema=../schema/my-rules/rules.schema.json")
    assert main(["check", "my-rules"]) == 0


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["rule", "contract.nonrecourse", "--decides", "recourse"], "exists"),
        (["rule", "wa.new", "--decides", "recurse"], "did you mean `recourse`?"),
        (["rule", "Wa New", "--decides", "recourse"], "bad-id"),
        (["rule", "wa.new", "--decides", "recourse", "--file", "../out.yaml"], "wrong-file"),
        (["rule", "wa.new", "--decides", "recourse", "--file", "cases/a.yaml"], "wrong-file"),
        (["rule", "wa.new", "--decides", "recourse", "--file", "pack.yaml"], "wrong-file"),
        (["rule", "wa.new", "--decides", "recourse", "--file", "notes.txt"], "wrong-file"),
        (["case", "A nonrecourse loan is paid by the collateral alone"], "exists"),
        (["case", " "], "bad-name"),
        (["case", "a\x07", "--file", "cases/new.yaml"], "control character"),
        (["case", "A", "--file", "rules.yaml"], "wrong-file"),
    ],
)
def test_what_cannot_be_begun(
    arguments: list[str], wanted: str, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(pack)
    assert main(["new", *arguments, "--pack", "my-rules"]) == 2
    assert wanted in said(capsys)
    assert files(pack) == before


def test_the_pack_must_be_named_elsewhere(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "case", "A"]) == 2
    assert "--pack" in said(capsys)


@pytest.mark.parametrize("name", ["Plain", "It's: one", '"Quoted"', "#1", "- a", "no", "12", "é 𝄞"])
def test_a_new_case_passes_whatever_its_name(name: str, pack: Path) -> None:
    assert main(["new", "case", "--pack", "my-rules", "--", name]) == 0
    assert [case.name for case in read_cases(load_pack(pack))][1:] == [name]
    assert main(["check", "my-rules"]) == 0
    assert main(["new", "case", "--pack", "my-rules", "--", name]) == 2


def test_the_first_case_begins_a_file(tmp_path: Path) -> None:
    folder = write(tmp_path / "pack", DECISIONS, RULES)
    assert main(["new", "case", "A", "--pack", str(folder)]) == 0
    assert main(["test", str(folder)]) == 0
    assert (folder / "cases" / "cases.yaml").is_file()


# ---- adding to a list -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a:\n  - 1 # one\n", "a:\n  - 1 # one\n  - 2\n"),
        ("a:\n- 1", "a:\n- 1\n- 2\n"),
        ("a:\n  - 1\n\n# b\nb: 3\n", "a:\n  - 1\n  - 2\n\n# b\nb: 3\n"),
        ("b: 3\n", "b: 3\na:\n  - 2\n"),
        ("# c\n", "# c\na:\n  - 2\n"),
        ("", "a:\n  - 2\n"),
        ("a:\r\n  - 1\r\n", "a:\r\n  - 1\r\n  - 2\r\n"),
        ("a:\n  - |\n    x\n    # y\n\nb: 3\n", "a:\n  - |\n    x\n    # y\n  - 2\n\nb: 3\n"),
    ],
)
def test_an_item_comes_last(text: str, wanted: str) -> None:
    assert with_item(Source("x", text), "a", "- 2\n") == wanted


def test_a_list_is_begun_above_a_key() -> None:
    text = "c: 1\n\n# b\nb: 3\n"
    assert (
        with_item(Source("x", text), "a", "- 2\n", above="b") == "c: 1\n\na:\n  - 2\n\n# b\nb: 3\n"
    )


@pytest.mark.parametrize(
    ("text", "key"),
    [("a: [1]", "a"), ("a: {b: 1}", "a"), ("a: 1", "a"), ("a: 1", ""), ("- 1", "a"), ("a", "a")],
)
def test_what_cannot_be_added_to(text: str, key: str) -> None:
    with pytest.raises(InputError) as caught:
        with_item(Source("x", text), key, "- 2\n")
    assert [problem.code for problem in caught.value.problems] == ["not-appended"]
