"""How long the proofs take: a decision table of 1,500 rules over 7 columns, and the shipped packs.

python -m tests.benchmarks.analysis [PACK ...]
"""

from __future__ import annotations

import itertools
import random
import sys
import time
from collections.abc import Iterator

from engine import Decider, load
from engine.analysis.verify import verify
from engine.model import (
    All,
    Authority,
    Compare,
    Condition,
    Constant,
    Decision,
    Fact,
    OneOf,
    Rule,
    Rulebase,
)
from engine.problems import Place

COLUMNS = (5, 5, 5, 4, 3)
"""The values of the five enum columns; the other two columns are ranges of whole numbers."""


def table(rows: int = 1500, faults: int = 6, seed: int = 1) -> Rulebase:
    """A table whose rows are distinct but for a few faults: conflicting rows and missing ones."""
    rng = random.Random(seed)
    facts = {
        f"column_{i}": Fact(
            f"column_{i}", "enum", f"Column {i}", "?", {f"v{v}": f"V{v}" for v in range(n)}
        )
        for i, n in enumerate(COLUMNS)
    }
    facts |= {name: Fact(name, "integer", name, "?", at_least=0) for name in ("low", "high")}
    keys = list(itertools.islice(_keys(), rows))
    rules = []
    for number, key in enumerate(keys):
        copied = keys[number - 1] if number and number % (rows // faults) == 0 else key
        rules.append(
            Rule(
                f"row-{number}",
                f"Row {number}",
                "outcome",
                All(tuple(_tests(copied, number))),
                Constant(rng.choice(("a", "b", "c"))),
                "so",
                Authority("table", "row"),
                place=Place("table.yaml", number + 1, 1),
            )
        )
    decision = Decision("outcome", "enum", "Outcome", {"a": "A", "b": "B", "c": "C"})
    return Rulebase(
        "table", "1", "Table", "0" * 64, "", facts, {}, (), (), {"outcome": decision}, tuple(rules)
    )


def _keys() -> Iterator[tuple[int, ...]]:
    yield from itertools.product(*map(range, COLUMNS), range(2), range(2))


def _tests(key: tuple[int, ...], line: int) -> Iterator[Condition]:
    place = Place("table.yaml", line + 1, 5)
    for i, value in enumerate(key[: len(COLUMNS)]):
        yield OneOf(f"column_{i}", (f"v{value}",), place=place)
    for name, half in zip(("low", "high"), key[len(COLUMNS) :], strict=True):
        yield Compare(name, "at_least" if half else "less_than", limit=100, place=place)


def measure(name: str, decider: Decider) -> str:
    """One line: sizes, building, proofs."""
    start = time.perf_counter()
    compiled = decider.compiled
    built = time.perf_counter()
    found = verify(decider)
    done = time.perf_counter()
    return (
        f"{name:10} {len(decider.rulebase.rules):5,} rules  {compiled.node_count:7,} nodes  "
        f"built {built - start:6.2f} s  proofs {done - built:6.2f} s  {len(found):4} findings"
    )


if __name__ == "__main__":
    print(measure("table", Decider(table())))
    for pack in sys.argv[1:] or ["primer"]:
        print(measure(pack, load(pack)))
