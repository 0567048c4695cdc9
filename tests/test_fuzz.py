"""The fuzz test in miniature; the long one is ``python -m tests.fuzz``."""

from __future__ import annotations

from tests import fuzz


def test_only_input_errors_come_out() -> None:
    tally = fuzz.run_all(range(500), seed=2)
    assert tally.failures == []
    assert tally.slowest < fuzz.LIMIT
    assert tally.counts["packs that are read"] > 30
    assert tally.counts["loans that are read"] > 50
    assert tally.counts["decisions"] > 100
