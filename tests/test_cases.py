"""Every case of the shipped packs, each an item of its own."""

from __future__ import annotations

from functools import cache

import pytest

from engine import Decider
from engine.analysis.case_files import read_cases
from engine.analysis.cases import Case, run_case
from engine.reading.pack import load_pack
from engine.reading.packs import shipped_packs


@cache
def decider(pack: str) -> Decider:
    return Decider(load_pack(pack))


CASES = [
    pytest.param(pack, case, id=f"{pack}: {case.name}")
    for pack in shipped_packs()
    for case in read_cases(decider(pack).rulebase)
]


@pytest.mark.parametrize(("pack", "case"), CASES)
def test_case(pack: str, case: Case) -> None:
    assert run_case(decider(pack), case).failures == ()
