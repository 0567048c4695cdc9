"""Case files: what is read of them, what is kept of it, and what is said of those with faults."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine import load
from engine.analysis import case_files
from engine.analysis.case_files import read_ahead, read_cases, sound_cases, unread
from engine.analysis.cases import Case
from engine.problems import InputError, Problem
from engine.reading.pack import load_pack
from engine.reading.yaml import Source
from tests.small import write

DECISIONS = """
answer: {type: enum, label: A?, values: {all: Y, none: N}, otherwise: none, otherwise_because: So.}
sum: {type: money, label: S?}
"""
RULES = """
one | answer | {kind: home} | all
two | sum | {kind: home} | {amount: debt + 1}
"""
GOOD = """
- case: Whole
  given: {kind: home, debt: 10.50, made: 2024-02-29, units: null}
  expect: {answer: all, sum: 11.50, by: [one, two]}
- {case: Open, strict: true, given: {}, expect: {answer: {undetermined: [all, none]}, sum: {open: true}}}
- {case: Some, given: {kind: car}, expect: {sum: {undetermined: true}, answer: none}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack with good cases, and an empty cache folder."""
    monkeypatch.setenv("RECOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "small", DECISIONS, RULES, cases=GOOD)


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, and not found among what is kept."""
    seen: list[str] = []
    read = case_files._Files._fresh

    def counting(self: case_files._Files, source: Source) -> tuple[list[Case], list[Problem]]:
        seen.append(source.name)
        return read(self, source)

    monkeypatch.setattr(case_files._Files, "_fresh", counting)
    return seen


def test_what_a_case_says(folder: Path) -> None:
    whole, opened, some = read_cases(load_pack(folder))
    assert whole.given == {"kind": "home", "debt": Decimal("10.50"), "made": date(2024, 2, 29)}
    assert [(e.decision.name, e.status, e.value) for e in whole.expected] == [
        ("answer", "decided", "all"),
        ("sum", "decided", Decimal("11.50")),
    ]
    assert (whole.by, whole.strict, opened.strict) == (("one", "two"), False, True)
    assert [(e.status, e.possible) for e in opened.expected] == [
        ("undetermined", frozenset({"all", "none"})),
        ("open", None),
    ]
    assert some.expected[0].possible is None
    assert str(some.place) == "small/cases/cases.yaml:6:10"


def test_what_is_kept_is_what_was_read(folder: Path, fresh: list[str]) -> None:
    book = load_pack(folder)
    first = read_cases(book)
    assert read_cases(book) == first
    assert fresh == ["small/cases/cases.yaml"]


@pytest.mark.parametrize("pack", ["primer", "us"])
def test_the_shipped_packs_are_kept_whole(folder: Path, fresh: list[str], pack: str) -> None:
    book = load(pack).rulebase
    first = read_cases(book)
    count = len(fresh)
    assert read_cases(book) == first and len(fresh) == count > 0


def test_a_file_that_moved_has_its_new_name(folder: Path, fresh: list[str]) -> None:
    read_cases(load_pack(folder))
    moved = folder / "cases" / "others.yaml"
    (folder / "cases" / "cases.yaml").rename(moved)
    [case, *_] = read_cases(load_pack(folder))
    assert case.place.file == "small/cases/others.yaml"
    assert fresh == ["small/cases/cases.yaml"]


@pytest.mark.parametrize(
    ("file", "before", "after", "times"),
    [
        ("cases/cases.yaml", "Whole", "All", 2),
        ("vocabulary.yaml", "label: Debt,", "label: Debt, at_least: 1,", 2),
        ("rules.yaml", "two", "three", 2),
        ("vocabulary.yaml", "label: Debt,", "label: Owed,", 1),
        ("rules.yaml", "rules:", "# a remark\nrules:", 1),
        ("rules.yaml", "title: ", "title: Another ", 1),
    ],
)
def test_what_changed_is_read_anew_and_what_only_reads_otherwise_is_not(
    folder: Path, fresh: list[str], file: str, before: str, after: str, times: int
) -> None:
    sound_cases(load_pack(folder))
    path = folder / file
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))
    sound_cases(load_pack(folder))
    assert len(fresh) == times


def test_a_rule_that_a_case_names_must_be_there(folder: Path, fresh: list[str]) -> None:
    sound_cases(load_pack(folder))
    path = folder / "rules.yaml"
    text = path.read_text()
    path.write_text(text.replace("id: two", "id: three", 1))
    cases, (problem,) = sound_cases(load_pack(folder))
    assert (problem.code, problem.message) == ("unknown-rule", "no rule is called `two`")
    assert [case.name for case in cases] == ["Open", "Some"]
    path.write_text(text)
    assert len(sound_cases(load_pack(folder))[0]) == 3
    assert len(fresh) == 2


@pytest.mark.parametrize("damage", ["", "[]x", "[1]", '["tuple",["tuple",1]]', "null"])
def test_what_is_damaged_is_read_anew(folder: Path, fresh: list[str], damage: str) -> None:
    book = load_pack(folder)
    first = read_cases(book)
    [kept] = (folder.parent / "cache" / "cases").iterdir()
    kept.write_text(damage)
    assert read_cases(book) == first
    assert len(fresh) == 2


FAULTS = """
- {case: Whole, given: {kind: car}, expect: {answer: none}}
- {case: Name, given: {kindd: home}, expect: {answer: all}}
- {case: Value, given: {debt: much}, expect: {answer: all}}
- {case: Rule, given: {kind: home}, expect: {answer: all, by: onne}}
- {case: Decision, given: {kind: home}, expect: {anser: yes}}
- {case: Names, given: {kind: home}, expect: {bye: one}}
- {case: Good, given: {kind: home}, expect: {answer: all}}
"""


def test_the_cases_beside_those_with_faults_are_kept_apart(folder: Path, fresh: list[str]) -> None:
    (folder / "cases" / "more.yaml").write_text(FAULTS)
    book = load_pack(folder)
    for _ in range(2):  # nothing is kept of a file with faults
        cases, problems = sound_cases(book)
        assert [case.name for case in cases] == ["Whole", "Open", "Some", "Good"]
        assert [(p.code, p.where.line, p.where.column) for p in problems] == [
            ("unknown-fact", 3, 24),
            ("wrong-type", 4, 31),
            ("unknown-rule", 5, 63),
            ("unknown-decision", 6, 50),
            ("unknown-decision", 7, 47),
            ("duplicate-case", 2, 10),
        ]
        assert all(p.line_text for p in problems)
        likely = ("did you mean `answer`?", "did you mean `by`?")
        assert tuple(p.hint for p in problems if p.code == "unknown-decision") == likely
    assert [Path(name).name for name in fresh].count("more.yaml") == 2
    with pytest.raises(InputError, match="did you mean `kind`"):
        read_cases(book)


def test_what_others_read_ahead_is_not_read_again(folder: Path, fresh: list[str]) -> None:
    bad = folder / "cases" / "bad.yaml"
    bad.write_text("- {case: Bad, given: {knd: home}, expect: {answer: none}}\n")
    book = load_pack(folder)
    waiting = unread(book)
    assert [path.name for path in waiting] == ["cases.yaml", "bad.yaml"]  # the longest first
    read_ahead(book, waiting)
    assert len(fresh) == 2
    assert unread(book) == [bad], "of what is wrong nothing is kept"
    cases, problems = sound_cases(book)
    assert [case.name for case in cases] == ["Whole", "Open", "Some"]
    assert [problem.code for problem in problems] == ["unknown-fact"]
    assert len(fresh) == 3


def test_nothing_is_read_ahead_where_nothing_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECOURSE_CACHE", "off")
    assert unread(load_pack(folder)) == []
