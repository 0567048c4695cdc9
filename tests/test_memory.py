"""A memory of a bounded size."""

from __future__ import annotations

from engine.memory import Memory


def test_what_nobody_asks_for_is_forgotten() -> None:
    known = Memory[int](3)
    for n in range(20):
        known.keep((n,), n)
        assert known.find((0,)) == 0, "it is asked for all the time"
        assert known.find((n,)) == n
    assert not any(known.find((n,)) for n in range(1, 14))
    assert [known.find((n,)) for n in (0, 18, 19)] == [0, 18, 19]
