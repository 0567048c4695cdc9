"""The edge of durable-rules: what the library can't hold must never reach it."""

from __future__ import annotations

import gc
import itertools
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.evaluation import rete_network
from engine.evaluation.rete_network import (
    ALWAYS,
    LARGEST,
    NEVER,
    Network,
    Node,
    both,
    compare,
    either,
    equal,
    exists,
    relate,
)

ROOT = Path(__file__).parents[2]


def told(**properties: int) -> Mapping[str, str]:
    return {name: f',"{name}":{value}' for name, value in properties.items()}


def matches(condition: Node, **properties: int) -> bool:
    return Network([("rule", condition)]).matching(told(**properties)) == {"rule"}


def test_always_and_never() -> None:
    assert matches(ALWAYS)
    assert matches(ALWAYS, a=1)
    assert not matches(NEVER, a=1)
    assert not matches(both([equal("a", 1), NEVER]), a=1)


def test_an_absent_property_meets_no_test() -> None:
    for test in (
        equal("a", 0),
        exists("a"),
        compare("a", "$neq", 5),
        compare("a", "$lt", 5),
        compare("a", "$gte", -5),
    ):
        assert not matches(test, b=1)
        assert matches(test, a=0, b=1)


@pytest.mark.parametrize("operator", ["$lt", "$lte", "$gt", "$gte"])
def test_comparing_two_properties(operator: str) -> None:
    expected = {"$lt": int.__lt__, "$lte": int.__le__, "$gt": int.__gt__, "$gte": int.__ge__}
    condition = relate("a", operator, "b")  # type: ignore[arg-type]
    for a, b in itertools.product((-1, 0, 1, LARGEST, -LARGEST), repeat=2):
        assert matches(condition, a=a, b=b) == expected[operator](a, b)


def test_comparing_with_an_absent_property_reads_nothing_stale() -> None:
    # Bare, `{"$lt": {"a": {"$m": "b"}}}` gives the result of whatever was tested before.
    network = Network([("true", equal("c", 1)), ("joined", relate("a", "$lt", "b"))])
    for _ in range(50):
        assert network.matching(told(c=1, a=1)) == {"true"}
        assert network.matching(told(c=1, b=1)) == {"true"}
        assert network.matching(told(c=1, a=1, b=2)) == {"true", "joined"}


@pytest.mark.parametrize("before", [0, 1])
def test_a_comparison_stays_whole_where_a_condition_is_cut(before: int) -> None:
    pairs = [relate(f"a{n}", "$lt", f"b{n}") for n in range(200)]
    condition = both([*[equal("c", 1)] * before, *pairs])
    assert not condition.load.fits
    network = Network([("rule", condition)])
    values = {"c": 1, **{f"a{n}": 1 for n in range(200)}, **{f"b{n}": 2 for n in range(200)}}
    assert network.matching(told(**values)) == {"rule"}
    for n in range(200):
        assert not network.matching(told(**{**values, f"b{n}": 1}))
        assert not network.matching(told(**{k: v for k, v in values.items() if k != f"b{n}"}))


def test_integers_keep_all_their_digits() -> None:
    assert matches(equal("a", LARGEST), a=LARGEST)
    assert not matches(equal("a", LARGEST), a=LARGEST - 1)
    assert matches(compare("a", "$lt", 2**53 + 1), a=2**53)
    assert matches(equal("a", -(2**53) - 1), a=-(2**53) - 1)


def test_nested_conditions_against_python() -> None:
    names = "abcd"
    a, b, c, d = (equal(name, 1) for name in names)
    condition = both([either([a, both([b, c])]), either([b, both([c, d]), both([a, d])])])
    network = Network([("rule", condition)])
    for bits in itertools.product((0, 1), repeat=4):
        va, vb, vc, vd = bits
        expected = (va or (vb and vc)) and (vb or (vc and vd) or (va and vd))
        assert bool(network.matching(told(**dict(zip(names, bits, strict=True))))) == bool(expected)


def test_many_disjunctions_that_all_hold_match_once_each() -> None:
    # As one pattern this would be passed 2 ** 12 times.
    parts = [either([equal(f"a{n}", 1), equal(f"b{n}", 1)]) for n in range(12)]
    everything = {f"{letter}{n}": 1 for n in range(12) for letter in "ab"}
    network = Network([("rule", both(parts))])
    assert network.matching(told(**everything)) == {"rule"}
    assert network.matching(told(**{**everything, "a3": 0})) == {"rule"}
    assert network.matching(told(**{**everything, "a3": 0, "b3": 0})) == set()


def test_more_gates_than_one_pattern_takes() -> None:
    parts = [either([equal(f"a{n}", 1), equal(f"a{n}", 2)], exclusive=True) for n in range(60)]
    values = {f"a{n}": 1 + n % 2 for n in range(60)}
    assert matches(both(parts), **values)
    assert not matches(both(parts), **{**values, "a59": 3})


def test_deep_nesting() -> None:
    condition: Node = equal("a0", 1)
    for n in range(1, 40):
        pair = [equal(f"a{n}", 1), condition]
        condition = both(pair) if n % 2 else either(pair)
    assert not matches(condition, **{f"a{n}": 0 for n in range(40)})
    assert matches(condition, **{f"a{n}": 1 for n in range(40)})
    assert matches(condition, **{f"a{n}": int(n >= 38) for n in range(40)})


def test_more_tests_than_may_wait_at_once() -> None:
    rules = [(str(n), compare("a", "$gt", n)) for n in range(300)]
    assert Network(rules).matching(told(a=1000)) == {name for name, _ in rules}
    wide = either([compare("a", "$gt", n) for n in range(300)])
    assert matches(wide, a=1000)
    assert matches(wide, a=1)
    assert not matches(wide, a=0)


def test_many_disjunctions_behind_one_test() -> None:
    # The library links each to its options in lists of 128 whose end it does not guard.
    rules = [
        (str(n), both([equal("s", 1), either([equal("u", 1), equal("v", n)], exclusive=True)]))
        for n in range(400)
    ]
    network = Network(rules)
    assert network.matching(told(s=1, u=1)) == {name for name, _ in rules}
    assert network.matching(told(s=1, v=399)) == {"399"}


def test_more_values_than_one_ruleset_takes() -> None:
    values = [equal("a", n) for n in range(1500)]
    network = Network([("odd", either(values[1::2], exclusive=True)), ("one", equal("a", 7))])
    assert network.matching(told(a=7)) == {"odd", "one"}
    assert network.matching(told(a=1499)) == {"odd"}
    assert network.matching(told(a=1498)) == set()
    none = both([compare("a", "$neq", n) for n in range(1500)])
    assert matches(none, a=1500)
    assert not matches(none, a=1499)


def test_more_properties_than_one_message_takes() -> None:
    rules = [(str(n), equal(f"a{n}", 1)) for n in range(700)]
    values = told(**{f"a{n}": n % 2 for n in range(700)})
    assert Network(rules).matching(values) == {str(n) for n in range(1, 700, 2)}


def test_a_pattern_that_would_be_passed_too_often_is_cut() -> None:
    often = [either([equal(f"a{n}", 1), equal(f"b{n}", 1)]) for n in range(3)]
    assert both(often).load.passes == 8
    assert not both(often).load.fits
    assert both(often[:2]).load.fits
    exclusive = [either([equal(f"a{n}", 1), equal(f"a{n}", 2)], exclusive=True) for n in range(9)]
    assert both(exclusive).load.fits


def test_short_property_names_have_different_hashes() -> None:
    def fnv(text: str) -> int:
        value = 0x811C9DC5
        for byte in text.encode():
            value = (value ^ byte) * 16777619 % 2**32
        return value

    names = [f"p{n}" for n in range(20_000)] + ["id", "sid", "k", "$s", "$m", "$forward"]
    assert len({fnv(name) for name in names}) == len(names)


def test_a_ruleset_is_made_anew_after_an_error() -> None:
    network = Network([("rule", equal("a", 1))])
    assert network.matching(told(a=1)) == {"rule"}
    with pytest.raises(Exception, match="error code"):
        network.matching({"a": ',"a":}'})
    assert network.matching(told(a=1)) == {"rule"}


def test_an_interruption_leaves_no_message_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network([("one", equal("a", 1)), ("two", equal("b", 1))])
    with monkeypatch.context() as patch:

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(f"{rete_network.__name__}.library.complete_and_start_action", interrupt)
        with pytest.raises(KeyboardInterrupt):
            network.matching(told(a=1, b=1))
    assert network.matching(told(b=1)) == {"two"}


def test_memory_stays_flat() -> None:
    def used() -> int:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    network = Network([(str(n), equal("a", n % 7)) for n in range(50)])

    def work() -> None:
        for n in range(3_000):
            network.matching(told(a=n % 9))
        for n in range(60):
            # One that fires, one that never does, one that is never used.
            Network([("rule", equal("a", 1))]).matching(told(a=1))
            Network([(str(m), equal("a", m)) for m in range(40)]).matching(told(a=n % 40))
            Network([("rule", equal("a", 1))])
        gc.collect()

    work()
    before = used()
    work()
    assert used() - before < 8_000  # kB


def test_it_loads_quickly_and_without_threads() -> None:
    code = (
        "import threading, engine.evaluation.rete_network as n\n"
        "n.Network([('r', n.equal('a', 1))]).matching({'a': ',\"a\":1'})\n"
        "assert threading.active_count() == 1"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
