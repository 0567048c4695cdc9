"""The benchmark of whole tapes in miniature: everyone counts the same. No speed is asserted."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.portfolio import entries, measure
from tests.benchmarks.synthetic import write_pack


def test_everyone_counts_the_same(tmp_path: Path) -> None:
    write_pack(tmp_path / "synthetic")
    contestants = list(entries(tmp_path / "synthetic", 2))
    for entry in contestants:
        entry.share = 1.0
    measure(contestants, tmp_path, 3_000, 1)
    ours, scan, *others = contestants
    assert sum(ours.totals.values()) == 3_000 and len(ours.totals) == 4
    assert scan.totals == {"rows": 3_000}
    assert {entry.name: entry.totals for entry in others} == {e.name: ours.totals for e in others}
