"""Loans and tests in the plain form that other engines take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from engine.model import Value
from tests.benchmarks.synthetic import FACTS, Test

Decide = Callable[[Any], str]

STATE = "property_state"


def plain(loan: Mapping[str, Value]) -> dict[str, str | int]:
    """A loan as strings and whole numbers: days for a date, cents for money."""
    return {name: number(name, value) for name, value in loan.items()}


def number(fact: str, value: object) -> str | int:
    """One value in its plain form."""
    if FACTS[fact] == "date":
        return value.toordinal()  # type: ignore[attr-defined, no-any-return]
    if FACTS[fact] == "money":
        assert isinstance(value, Decimal)
        return int(value * 100)
    assert isinstance(value, str | int)
    return value


def plain_values(test: Test) -> list[str | int]:
    """A test's values in their plain form."""
    return [number(test.fact, value) for value in test.values]


SYMBOL = {"at_least": ">=", "at_most": "<="}
