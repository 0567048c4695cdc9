"""The decision page and the table of many loans."""

from __future__ import annotations

import re

import pytest

from engine import Decider
from engine.presentation.layout import WIDTH, Style, columns, ends, wrapped
from engine.presentation.summary import Summary
from engine.presentation.text import page
from engine.reading.loans import Loan
from tests.golden import FOLDER, PAGES, decided, loans, page_of, primer
from tests.small import pack

DECISIONS = """
answer: {type: enum, label: What follows?, values: {no: Nothing, yes: Something}}
after: {type: enum, label: And then?, values: {end: The end}}
"""
RULES = """
one   | answer  | {kind: home}  | no
two   | answer  | {kind: car}   | yes
three | answer  | {fraud: true} | yes
later | after   | {answer: no}  | end
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Decider:
    return pack(tmp_path_factory.mktemp("small"), DECISIONS, RULES)


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str) -> None:
    """If a difference is wanted: ``python -m tests.golden``, and read ``git diff tests/golden``."""
    assert page_of(name) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*PAGES, "va-loan", "heloc-california"])
def test_no_line_is_too_wide_and_none_ends_in_a_space(name: str) -> None:
    for line in page_of(name).splitlines():
        assert len(line) <= WIDTH
        assert line == line.rstrip()


def test_colour_changes_no_word() -> None:
    (loan,) = loans("incomplete.yaml")
    record = decided(loan)
    coloured = page(record, "x", Style(colour=True))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == page(record, "x")


def test_a_conflict_shows_both_rules(small: Decider) -> None:
    text = page(small.decide({"kind": "home", "fraud": True}), "x")
    assert "Answer   in conflict: rules disagree" in text
    assert "    no: So says one." in text
    assert "    yes: So says three." in text
    assert "It rests on `answer`, where rules disagree." in text


def test_what_no_rule_speaks_to_is_named_once(small: Decider) -> None:
    text = page(small.decide({"kind": "car", "fraud": False}), "x")
    assert "Not in play: after." in text
    assert "And then?" not in text


def test_undetermined(small: Decider) -> None:
    text = page(small.decide({"fraud": False}, only=["answer"]), "x")
    assert "Answer   undetermined: no or yes" in text
    assert "    either     Nothing (by one)" in text
    assert (
        "  Which kind?                                                               kind" in text
    )


def test_a_strict_page_says_so(small: Decider) -> None:
    assert "nothing presumed" in page(small.decide({}, strict=True), "x").splitlines()[0]


def test_a_name_cannot_steer_the_terminal(small: Decider) -> None:
    assert "\x1b" not in page(small.decide({}), "a\x1b[2Jb")


# ---- many loans -------------------------------------------------------------------------------


def test_the_table() -> None:
    summary = Summary(primer().rulebase)
    rows = [summary.row(f"loans.jsonl:{n}", decided(loan)) for n, loan in _numbered()]
    text = "\n".join([summary.header(), *rows, summary.footer()])
    assert (
        text
        == """\
                                                 Deficiency       Borrower
Loan                    Recourse     Deficiency  bearer               owes
loans.jsonl:1           none         $10,000.00  lender              $0.00
loans.jsonl:2           full          $2,000.00  borrower        $2,000.00
loans.jsonl:3           full         $50,000.00  lender              $0.00
loans.jsonl:4           depends      $15,000.00  negotiated     $15,000.00
loans.jsonl:5           none         $14,999.50  lender              $0.00
loans.jsonl:6           full          $4,200.00  borrower        $1,500.00
Not shown: nonrecourse_state, upside_down, lender_absorbs, lender_may_sue and 9
others. Choose with --only; --full shows all.
"""
    )


def _numbered() -> list[tuple[int, Loan]]:
    return list(enumerate(loans("loans.jsonl"), 1))


def test_the_table_marks_what_is_not_decided(small: Decider) -> None:
    summary = Summary(small.rulebase)
    rows = [
        summary.row("a" * 30, small.decide({"kind": "car", "fraud": False})),
        summary.row("b", small.decide({})),
        summary.row("c", small.decide({"kind": "home", "fraud": True})),
    ]
    assert rows == [
        "…aaaaaaaaaaaaaaaaaaaaa  yes     -",
        "b                       ?       ?",
        "c                       !       !",
    ]
    assert summary.footer() == "! in conflict   - not in play   ? undetermined\n"


def test_no_row_is_too_wide() -> None:
    decisions = primer().rulebase.decisions
    for only in ([name] for name in decisions):
        summary = Summary(primer().rulebase, only)
        lines = summary.header().splitlines()
        lines += [summary.row("x", decided(loan)) for loan in loans("loans.jsonl")]
        assert max(map(len, lines)) <= WIDTH


# ---- layout -----------------------------------------------------------------------------------


def test_layout() -> None:
    assert wrapped("", 4) == [""]
    assert wrapped("word " * 30, 4)[1].startswith("    word")
    assert columns([("name", "text")], 2, 8) == ["  name    text"]
    assert columns([("a long name", "text")], 2, 8) == ["  a long name", "          text"]
    assert len(ends("left", "right")) == WIDTH
    assert ends("l" * 60, "r" * 30).splitlines() == ["l" * 60, " " * 50 + "r" * 30]
