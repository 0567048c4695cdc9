"""``recourse ask`` as a process whose standard input is a pipe, and on a terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.analysis.interview import Question
from engine.model import Fact
from engine.presentation.interview import is_unknown, question_lines, read_reply
from engine.values import ValueFault
from tests.test_cli import ROOT, Result, completed, environment, run

CAR = ["2", "$14,000", "12000"]


def ask(*arguments: str, replies: list[str], cwd: Path = ROOT) -> Result:
    given = "".join(f"{reply}\n" for reply in replies)
    return run("ask", "--pack", "primer", *arguments, cwd=cwd, stdin=given)


def told(done: Result) -> list[str]:
    """The questions that were asked, by the names of their facts, which stand at the line's end."""
    conversation = re.split(r"\([0-9a-f]{8}\)$", done.stdout, flags=re.M)[0]
    return re.findall(r"^(?=.{80}$).*  ([a-z_]+)$", conversation, flags=re.M)


def test_an_interview_ends_with_the_decision() -> None:
    about = ("--about", "recourse", "--about", "borrower_owes")
    done = ask(*about, replies=["auto", "$14,000", "12000"])
    assert (done.returncode, done.stderr) == (0, "")
    assert told(done) == ["loan_kind", "outstanding_debt", "sale_price"]
    assert "   Car loan\n" in done.stdout
    assert "   Recourse: Yes, you answer for the whole debt" in done.stdout
    page = done.stdout[done.stdout.index("your answers  ") :]
    assert "  Borrower owes   $2,000.00" in page
    assert "Why" in page


def test_what_the_file_says_is_not_asked() -> None:
    done = ask("examples/incomplete.yaml", "--about", "recourse", replies=["OH"])
    assert (done.returncode, done.stderr) == (0, "")
    assert told(done) == ["property_state"]
    settled = ask("examples/priya.yaml", "--about", "recourse", replies=[])
    assert (settled.returncode, told(settled)) == (0, [])


def test_not_knowing_going_back_and_asking_why() -> None:
    replies = ["?", "", "<", "OH"]
    done = ask("examples/incomplete.yaml", "--about", "recourse", replies=replies)
    assert done.returncode == 0
    assert told(done) == ["property_state"] * 2
    assert "It can still change recourse." in done.stdout
    assert "     - Recourse is undetermined: none or full" in done.stdout
    unknown = ask("examples/incomplete.yaml", "--about", "recourse", replies=["don't know"])
    assert unknown.returncode == 3
    assert "Recourse   undetermined: none or full" in unknown.stdout


def test_why_says_what_follows_from_each_answer() -> None:
    done = ask("--pack", "us", "--set", "property_state=GA", replies=["1", "3", "1", "?", "q"])
    text = " ".join(done.stdout.split())
    assert "- No, the lender has to be content with what it has, if it is: no" in text
    assert "- Yes, all of it, if it is: yes" in text


def test_the_first_question_has_nothing_before_it() -> None:
    done = ask("--about", "recourse", replies=["<", "q"])
    assert "this is the first question" in done.stdout


def test_a_reply_that_does_not_fit_is_asked_again() -> None:
    facts = ("--set", "property_state=TX", "--set", "disposition=nonjudicial_foreclosure")
    about = ("--about", "borrower_owes", "--about", "deficiency_deadline")
    replies = ["xyz", "pur", "many", "250000", "1", "31.12.2019", "2019-02-30", "2019-12-31"]
    done = ask("--pack", "us", *facts, *about, replies=replies)
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    assert "write it as 2009-10-31: year, month, day" in text
    assert "there is no date `2019-02-30`" in text
    assert "`xyz` is none of the choices (write a number from 1 to 8)" in text
    assert "`outstanding_debt` is an amount in dollars, not `many`" in text
    assert "$249,999.00" in text


def test_answers_that_contradict_one_another_are_refused() -> None:
    facts = ("--set", "disposition=judicial_foreclosure", "--about", "recourse")
    done = ask(*facts, replies=["Ohoi", "OH", "auto", "1", "1"])
    assert "can't go together: Only a loan on land or a home" in " ".join(done.stdout.split())
    assert (done.returncode, told(done)) == (0, ["property_state", "loan_kind", "loan_purpose"])


def test_the_facts_are_saved_and_decide_the_same(tmp_path: Path) -> None:
    target = tmp_path / "loan.yaml"
    done = ask("--about", "borrower_owes", "--save", str(target), replies=CAR)
    assert done.returncode == 0
    assert target.read_text().splitlines()[1:] == [
        "loan_kind: auto",
        "outstanding_debt: 14000",
        "sale_price: 12000",
    ]
    again = run("decide", "--pack", "primer", str(target), "--only", "borrower_owes")
    assert "Borrower owes   $2,000.00" in again.stdout


def test_saving_is_offered_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "there.yaml").write_text("keep: me\n")
    replies = [*CAR, "there.yaml", "new.yaml"]
    done = ask("--about", "borrower_owes", replies=replies, cwd=tmp_path)
    assert done.returncode == 0
    assert "there.yaml is there already" in done.stdout
    assert (tmp_path / "there.yaml").read_text() == "keep: me\n"
    assert "sale_price: 12000" in (tmp_path / "new.yaml").read_text()


def test_an_interview_goes_on_where_its_file_ends(tmp_path: Path) -> None:
    target = tmp_path / "loan.yaml"
    half = ask("--about", "borrower_owes", "--save", str(target), replies=[*CAR[:2], "q"])
    assert half.returncode == 3
    other = ask("--save", str(target), replies=[])
    assert other.returncode == 2
    assert "is there already" in other.stderr
    path = str(target)
    done = ask(path, "--about", "borrower_owes", "--save", path, replies=CAR[2:])
    assert (done.returncode, told(done)) == (0, ["sale_price"])
    assert "sale_price: 12000" in target.read_text()


def test_standard_input_may_end_anywhere() -> None:
    done = ask("--about", "borrower_owes", replies=CAR[:1])
    assert (done.returncode, done.stderr) == (3, "")
    assert "undetermined" in done.stdout


def test_replies_of_strange_bytes_do_no_harm() -> None:
    done = run("ask", "--pack", "primer", "--about", "recourse", stdin=b"\xff\xfe\x00\n\x1b[2J\n")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stdout


def test_wrong_usage() -> None:
    for arguments, expected in [
        (["--about", "recours"], "did you mean `recourse`?"),
        (["nowhere.yaml"], "nowhere.yaml"),
        (["examples/loans.jsonl"], "this file holds several loans, and this is about one"),
        (["-"], "the replies come from standard input"),
        (["--set", "loan_kind=boat"], "`loan_kind` can't be `boat`"),
    ]:
        done = ask(*arguments, replies=[])
        assert (done.returncode, done.stdout) == (2, "")
        assert expected in done.stderr


def test_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "cli", "ask", "--pack", "primer", "--about", "borrower_owes"]
    process = subprocess.Popen(
        arguments, stdin=theirs, stdout=subprocess.PIPE, cwd=ROOT, env=environment(TERM="dumb")
    )
    os.close(theirs)
    os.write(ours, "".join(f"{reply}\n" for reply in [*CAR, ""]).encode())
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0
    assert "Borrower owes   $2,000.00" in out.decode()


def test_names_are_completed() -> None:
    assert completed("recourse ask --about borrower_o", 3) == ["borrower_owes"]


# ---- what a reply means -----------------------------------------------------------------------

KIND = Fact("kind", "enum", "Kind", "Which?", {"home": "A home", "house": "House boat", "car": ""})
HONEST = Fact("honest", "boolean", "Honest", "Is it?")


@pytest.mark.parametrize(
    ("fact", "reply", "expected"),
    [
        (KIND, "home", "home"),
        (KIND, "HOME", "home"),
        (KIND, " 3 ", "car"),
        (KIND, "house b", "house"),
        (KIND, "hom", "home"),
        (KIND, "a h", "home"),
        (HONEST, "Y", True),
        (HONEST, "no", False),
        (HONEST, "2", False),
    ],
)
def test_replies(fact: Fact, reply: str, expected: object) -> None:
    assert read_reply(Question(fact, (), values=tuple(fact.values)), reply) == expected


@pytest.mark.parametrize(
    ("fact", "reply", "message"),
    [
        (KIND, "h", "`h` may mean A home or House boat"),
        (KIND, "4", "`4` is none of the choices"),
        (HONEST, "maybe", "neither yes nor no"),
    ],
)
def test_unclear_replies(fact: Fact, reply: str, message: str) -> None:
    with pytest.raises(ValueFault, match=message):
        read_reply(Question(fact, (), values=tuple(fact.values)), reply)


def test_not_knowing_has_many_words() -> None:
    assert all(is_unknown(word) for word in ("", " ", "-", "Don't know", "unknown"))
    assert not is_unknown("0")


def test_choices_are_numbered() -> None:
    assert question_lines(Question(KIND, (), values=tuple(KIND.values)), 2) == [
        "2. Which?                                                                   kind",
        "    1  A home",
        "    2  House boat",
        "    3  car",
    ]


def test_what_is_ruled_out_has_no_number() -> None:
    question = Question(KIND, (), values=("house", "car"))
    assert question_lines(question, 2)[1:] == ["    1  House boat", "    2  car"]
    assert [read_reply(question, reply) for reply in ("1", "2", "h")] == ["house", "car", "house"]
    assert read_reply(question, "home") == "home"  # the reason why not is told
    with pytest.raises(ValueFault, match="`3` is none of the choices"):
        read_reply(question, "3")
