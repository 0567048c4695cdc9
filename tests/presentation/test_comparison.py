"""The popular view beside a decision."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine import Decider
from engine.presentation.deciding import Deciding
from engine.problems import NOWHERE
from engine.reading.loans import Loan
from tests.small import pack

DECISIONS = (
    "recourse: {type: enum, label: R, values: {none: N, full: F}}\nheld: {type: boolean, label: H}"
)


def packs(folder: Path) -> tuple[Decider, Decider]:
    constraint = (
        "constraints:\n  no_car: {when: {kind: car}, must: {state: {not: TX}}, because: B.}\n"
    )
    view = pack(folder / "view", DECISIONS, "all | recourse | | none", constraint)
    law = pack(folder / "law", DECISIONS, "all | recourse | | full\nheld | held | | true")
    rulebase = replace(law.rulebase, compare_with="view", main=("recourse",))
    return view, Decider(rulebase)


def pages(law: Decider, view: Decider, *loans: dict[str, object], full: bool = False) -> list[str]:
    run = Deciding(law, "1", view=lambda: view, full=full)
    each = [Loan("x", dict(loan), lambda name, key: (NOWHERE, "")) for loan in loans]
    return list(run.outputs(each))


def test_a_page_says_it_in_one_sentence(tmp_path: Path) -> None:
    view, law = packs(tmp_path)
    (text,) = pages(law, view, {"state": "CA"})
    line = "The popular view differs. Of recourse it says: \u201cN.\u201d So says all."
    assert line in text
    assert text.index(line) < text.index("Why")


def test_a_loan_that_the_view_refuses_is_decided_without_it(tmp_path: Path) -> None:
    view, law = packs(tmp_path)
    (text,) = pages(law, view, {"state": "TX", "kind": "car"})
    assert "Recourse   F" in text
    assert "popular view" not in text


def test_lines_of_many_loans_are_not_compared_but_pages_are(tmp_path: Path) -> None:
    view, law = packs(tmp_path)
    loan: dict[str, object] = {"state": "CA"}
    assert "popular view" not in "".join(pages(law, view, loan, loan))
    assert "".join(pages(law, view, loan, loan, full=True)).count("popular view") == 2
