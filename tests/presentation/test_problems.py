"""Problems as text, as JSON and as annotations."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.presentation.problems import WIDTH, as_github, as_json, as_text
from engine.problems import Place, Problem

FIRST = Problem(
    "unknown-value",
    "`kind` can't be `statue`",
    Place("rules/wa.yaml", 6, 11),
    "did you mean `statute`?",
    line_text="    kind: statue",
)
SECOND = Problem("empty-file", "the file is empty", Place("rules/or.yaml"))
THIRD = Problem("old", "not checked lately", Place("rules/wa.yaml", 9), severity="warning")


def test_text() -> None:
    assert as_text([FIRST, THIRD, SECOND], colour=False) == (
        "rules/or.yaml: empty-file: the file is empty\n"
        "rules/wa.yaml:6:11: unknown-value: `kind` can't be `statue` (did you mean `statute`?)\n"
        "        kind: statue\n"
        "              ^\n"
        "rules/wa.yaml:9: warning: old: not checked lately\n"
        "3 problems in 2 files, 1 warning among them"
    )
    assert as_text([FIRST], colour=False).endswith("\n1 problem in 1 file")
    assert as_text([], colour=True) == ""


def test_colour_adds_nothing_but_colour() -> None:
    import re

    coloured = as_text([FIRST, SECOND, THIRD], colour=True)
    assert "\x1b[31munknown-value\x1b[0m" in coloured
    assert re.sub("\x1b\\[[0-9]+m", "", coloured) == as_text([FIRST, SECOND, THIRD], colour=False)


def caret(line: str, column: int) -> tuple[str, int]:
    """The line as it is shown and the place of the caret, counted from 0."""
    problem = Problem("c", "m", Place("f", 1, column), line_text=line)
    shown, below = as_text([problem], colour=False).split("\n")[1:3]
    assert below.strip() == "^"
    return shown[4:], below.index("^") - 4


def test_the_caret_stands_under_the_character() -> None:
    assert caret("a: b", 4) == ("a: b", 3)
    assert caret("\ta: b", 2) == ("    a: b", 4)
    assert caret("a\tb", 3) == ("a    b", 5)
    assert caret("住所: b", 5) == ("住所: b", 6)  # two columns each
    assert caret("e\u0301: b", 5) == ("e\u0301: b", 3)  # a combining accent takes none
    assert caret("a:", 4) == ("a:", 3)  # after the end
    assert caret("a\x1b[2Jb", 1) == ("a\N{REPLACEMENT CHARACTER}[2Jb", 0)


def test_a_long_line_is_cut_around_the_caret() -> None:
    line = "x" * 50_000 + "!" + "y" * 50_000
    shown, column = caret(line, 50_001)
    assert len(shown) == WIDTH + 2
    assert shown[column] == "!"
    assert shown.startswith("…x") and shown.endswith("y…")
    assert caret(line, 1)[1] == 0
    shown, column = caret(line, 100_002)
    assert column == len(shown)


def test_what_a_terminal_would_obey_is_not_shown() -> None:
    bad = Problem("c", "a\x1b[2J\nb", Place("f\r", 1, 1), "\x07", line_text="x")
    text = as_text([bad], colour=False)
    assert text.startswith("f�:1:1: c: a�[2J�b (�)\n")


def test_json() -> None:
    assert json.loads(as_json([THIRD, FIRST])) == [
        {
            "code": "unknown-value",
            "severity": "error",
            "message": "`kind` can't be `statue`",
            "hint": "did you mean `statute`?",
            "file": "rules/wa.yaml",
            "line": 6,
            "column": 11,
        },
        {
            "code": "old",
            "severity": "warning",
            "message": "not checked lately",
            "hint": "",
            "file": "rules/wa.yaml",
            "line": 9,
            "column": 0,
        },
    ]
    assert as_json([]) == "[]"


def test_github() -> None:
    odd = Problem("c", "100 %:\nnext, line", Place("a,b:c%.yaml", 1, 2))
    assert as_github([FIRST, SECOND, THIRD, odd]).split("\n") == [
        "::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,title=c::100 %25:%0Anext, line",
        "::error file=rules/or.yaml,title=empty-file::the file is empty",
        (
            "::error file=rules/wa.yaml,line=6,col=11,title=unknown-value::"
            "`kind` can't be `statue` (did you mean `statute`?)"
        ),
        "::warning file=rules/wa.yaml,line=9,title=old::not checked lately",
    ]
    assert as_github([]) == ""


problems = st.builds(
    Problem,
    code=st.just("c"),
    message=st.text(),
    where=st.builds(Place, st.text(), st.integers(0, 9), st.integers(0, 400)),
    hint=st.text(),
    line_text=st.text(max_size=300),
)


@given(st.lists(problems, max_size=4))
def test_any_problem_can_be_shown(found: list[Problem]) -> None:
    as_text(found, colour=True).encode()
    assert len(json.loads(as_json(found))) == len(found)
    github = as_github(found)
    github.encode()
    assert len(github.splitlines() if "\x0b" not in github else found) >= len(found)
