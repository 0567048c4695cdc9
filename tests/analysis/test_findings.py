"""The tiny packs of ``tests/packs/findings``: of the good ones nothing is found, of each bad one
exactly what is said, and the loan that is shown has the fault.

After a change of a message: ``python -m tests.regenerate``, then read every difference.
"""

from __future__ import annotations

import difflib

import pytest

from engine import load
from engine.analysis.findings import AGEING, KINDS
from engine.analysis.verify import verify
from tests.packs import FOLDER, folders, what_is_found

FINDINGS = FOLDER / "findings"
GOOD, BAD = folders("findings/good"), folders("findings/bad")


def code_of(name: str) -> str:
    """The code that the name of a pack begins with."""
    return max((code for code in KINDS if name.startswith(code)), key=len)


@pytest.mark.parametrize("name", GOOD)
def test_good(name: str) -> None:
    accepted = " (1 accepted)" if name == "stale-acceptance" else ""
    (line,) = what_is_found(FINDINGS / "good" / name).splitlines()
    assert line.endswith(f"; no findings{accepted}")


@pytest.mark.parametrize("name", BAD)
def test_bad(name: str) -> None:
    folder = FINDINGS / "bad" / name
    found = what_is_found(folder)
    assert found == (folder / "expected.txt").read_text(encoding="utf-8")
    assert f": {code_of(name)}: " in found
    ending = "no findings" if code_of(name) in AGEING else "1 finding"
    assert found.endswith(f"; {ending}\n")


@pytest.mark.parametrize("name", sorted({*GOOD} & {*BAD}))
def test_the_twins_differ_in_the_fault_alone(name: str) -> None:
    changed = 0
    for path in (FINDINGS / "bad" / name).rglob("*.yaml"):
        twin = FINDINGS / "good" / name / path.relative_to(FINDINGS / "bad" / name)
        before, after = (p.read_text(encoding="utf-8").splitlines() for p in (twin, path))
        changed += sum(line[:2] in ("- ", "+ ") for line in difflib.ndiff(before, after))
    assert 0 < changed <= 4


def test_there_is_a_good_and_a_bad_pack_for_every_code() -> None:
    for names in (GOOD, BAD):
        assert {code_of(name) for name in names} == set(KINDS)


@pytest.mark.parametrize("name", [name for name in BAD if name.startswith(("conflict", "hole"))])
def test_the_loan_that_is_shown_has_no_outcome(name: str) -> None:
    decider = load(FINDINGS / "bad" / name)
    (finding,) = verify(decider)
    answer = decider.decide(finding.loan, strict=True).answers[finding.decision]
    assert answer.status == {"conflict": "conflict", "hole": "open"}[finding.code]
    if finding.code == "conflict":
        assert {rule.id for rule in answer.rules} == set(finding.about)


@pytest.mark.parametrize("name", [name for name in BAD if name.startswith("never-decides")])
def test_the_loan_that_is_shown_meets_the_rule_that_never_decides(name: str) -> None:
    decider = load(FINDINGS / "bad" / name)
    (finding,) = verify(decider)
    answer = decider.decide(finding.loan, strict=True).answers[finding.decision]
    applying = {*(rule.id for rule in answer.rules), *(o.rule.id for o in answer.overridden)}
    assert answer.status == "decided"
    assert finding.about[0] not in {rule.id for rule in answer.rules}
    assert name != "never-decides" or finding.about[0] in applying
