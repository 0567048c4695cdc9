"""The benchmarks in miniature: every engine gives the same outcomes. No speed is asserted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.benchmarks import ours, single
from tests.benchmarks.cold import run
from tests.benchmarks.peers import PEERS, Peer
from tests.benchmarks.synthetic import FACTS, OPEN, STATES, expected, loans, rules, write_pack

SAMPLE = loans(50, 3)
RIGHT = [expected(loan) for loan in SAMPLE]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packs") / "synthetic"
    write_pack(path)
    return path


def test_there_are_408_rules_of_five_conditions() -> None:
    assert len(rules()) == 408
    assert {len(rule.tests) for rule in rules()} == {5}
    assert all(len({test.fact for test in rule.tests}) == 5 for rule in rules())
    assert Counter(rule.state for rule in rules()) == dict.fromkeys(STATES, 8)


def test_every_outcome_occurs() -> None:
    assert {expected(loan) for loan in loans(500, 1)} == {"none", "capped", "full", "open"}


def test_the_same_seed_gives_the_same_loans() -> None:
    assert loans(20, 5) == loans(20, 5) != loans(20, 6)
    assert all(set(loan) == set(FACTS) for loan in loans(20, 5))
    assert any(len(loan) < len(FACTS) for loan in loans(20, 5, missing=0.3))


def test_the_pack_has_a_file_for_each_state(folder: Path) -> None:
    assert len(list(folder.glob("states/*.yaml"))) == 51
    assert (folder / "pack.yaml").exists() and (folder / "vocabulary.yaml").exists()


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: f"{peer.name}, {peer.use}")
def test_a_peer_gives_the_right_outcomes(peer: Peer) -> None:
    if not peer.installed:
        pytest.skip(f"{peer.name} is not installed: pip install {peer.package}")
    decide = peer.build()
    assert [decide(peer.own(loan)) for loan in SAMPLE] == RIGHT


def test_ours_gives_the_right_outcomes(folder: Path) -> None:
    decide = ours.one_value(folder)
    assert [decide(loan) or OPEN for loan in SAMPLE] == RIGHT


def test_ours_verified_gives_the_right_outcomes(folder: Path) -> None:
    decide = ours.verified(folder)
    for loan, right in zip(SAMPLE[:10], RIGHT, strict=False):
        assert (decide(loan).value("recourse") or OPEN) == right


def test_a_peer_that_is_not_installed_is_reported() -> None:
    contestants = [
        single.Entry("this engine", "whole", "", problem="not built"),
        single.Entry("CLIPS", "whole", "", problem="not installed (pip install clipspy)"),
    ]
    assert any("CLIPS" in line and "not installed" in line for line in single.table(contestants))


def test_wrong_outcomes_are_reported() -> None:
    entry = single.Entry("one", "whole", "", decide=str, own=[1, 2], outcomes=["full", "none"])
    assert single.wrong([entry], ["full", "none", "full"]) == []
    assert "one (whole)" in single.wrong([entry], ["full", "full", "full"])[0]


def test_a_process_that_fails_is_no_measurement() -> None:
    with pytest.raises(RuntimeError, match="exit 1"):
        run(["false"])
