"""A memory of a bounded size."""

from __future__ import annotations

from engine.memory import Made, Memory


def test_what_nobody_asks_for_is_forgotten() -> None:
    known = Memory[int](3)
    for n in range(20):
        known.keep((n,), n)
        assert known.find((0,)) == 0, "it is asked for all the time"
        assert known.find((n,)) == n
    assert not any(known.find((n,)) for n in range(1, 14))
    assert [known.find((n,)) for n in (0, 18, 19)] == [0, 18, 19]


def test_of_each_thing_it_is_made_once() -> None:
    made = Made[list[int], int](2)
    things, asked = [[n] for n in range(8)], []

    def make(thing: list[int]) -> int:
        asked.append(thing)
        return thing[0]

    for thing in things:
        assert made.of(thing, make) == made.of(thing, make) == thing[0]
        assert made.of([thing[0]], make) == thing[0], "an equal one is another"
    assert len(asked) == 2 * len(things)
