"""The order of the variables, and what they count."""

from __future__ import annotations

from pathlib import Path

from engine.evaluation.variables import WIDE, FactVariable
from tests.small import pack

DECISION = "owed: {type: money, label: O, hit_policy: min}"


def variables(folder: Path, rules: str) -> dict[str, FactVariable]:
    """The variables of a pack's facts in the order of its diagrams."""
    found = pack(folder, DECISION, rules).compiled.variables
    return {v.name: v for v in found if isinstance(v, FactVariable)}


def test_the_jurisdiction_comes_first(tmp_path: Path) -> None:
    rules = """
    a | owed | {fraud: true, kind: home}  | 1
    b | owed | {fraud: true, state: CA}   | 2
    c | owed | {fraud: false, units: 1}   | 3
    """
    found = variables(tmp_path, rules)
    assert next(iter(found)) == "state"
    assert {name: variable.uses for name, variable in found.items()} == {
        "state": 1,
        "fraud": 3,
        "kind": 1,
        "units": 1,
    }


def test_a_fact_stands_beside_those_that_it_is_tested_with(tmp_path: Path) -> None:
    often = [
        f"{name}{n} | owed | {{{name}: {n}}} | {n}"
        for n in range(2, 8)
        for name in ["units", "rate"]
    ]
    rules = "\n".join(["x | owed | {fraud: true} | 1", *often])
    far = list(variables(tmp_path / "far", rules))
    assert far.index("fraud") > max(far.index("units"), far.index("rate"))
    qualified = rules.replace("{fraud: true}", "{fraud: true, units: 1}")
    near = list(variables(tmp_path / "near", qualified))
    assert abs(near.index("fraud") - near.index("units")) == 1


def test_amounts_of_very_many_classes_come_last(tmp_path: Path) -> None:
    many = [
        f"r{n} | owed | {{debt: {{less_than: {n}}}, kind: home}} | {n}" for n in range(1, WIDE + 2)
    ]
    found = variables(tmp_path, "\n".join([*many, "x | owed | {fraud: true} | 1"]))
    assert list(found)[-1] == "debt" and found["debt"].size > WIDE
