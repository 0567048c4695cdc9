"""Values of the model as plain JSON and back, for what is kept between processes.

A scalar stands for itself; everything else is a list that begins with what it is. Nothing that is
read can run code.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from engine import model, problems

_CLASSES: Mapping[str, Any] = {
    name: thing
    for module in (model, problems)
    for name, thing in vars(module).items()
    if dataclasses.is_dataclass(thing) and thing.__module__ == module.__name__
}


def encode(value: object, prefix: str = "") -> object:
    """A value as JSON has it. The names of files lose the ``prefix`` that they begin with."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return ["decimal", str(value)]
        case datetime.date():
            return ["date", value.toordinal()]
        case tuple():
            return ["tuple", *(encode(item, prefix) for item in value)]
        case frozenset():
            return ["set", *sorted(value)]
        case dict():
            pairs = ((encode(k, prefix), encode(v, prefix)) for k, v in value.items())
            return ["dict", *(part for pair in pairs for part in pair)]
        case problems.Place(file, line, column):
            inside = file.removeprefix(prefix) if file.startswith(prefix) else None
            return ["place", inside, file if inside is None else None, line, column]
    assert dataclasses.is_dataclass(value), value
    fields = (getattr(value, field.name) for field in dataclasses.fields(value))
    return [type(value).__name__, *(encode(item, prefix) for item in fields)]


_WORDS = frozenset(
    {
        "authority",
        "because",
        "checked",
        "description",
        "group",
        "label",
        "note",
        "otherwise_because",
        "question",
        "title",
    }
)
"""The fields that people read, and on which no outcome rests."""


@cache
def _telling(name: str) -> tuple[str, ...]:
    """The other fields of a class."""
    every = dataclasses.fields(_CLASSES[name])
    return tuple(field.name for field in every if field.name not in _WORDS)


def meaning(value: object) -> object:
    """What outcomes rest on in a part of a rulebase, as JSON has it: without what is only read, and
    without places, but for whether a thing stands in a file at all."""
    match value:
        case problems.Place(_, line):
            return line > 0
        case tuple():
            return ["tuple", *map(meaning, value)]
        case dict():  # values with their labels
            return ["dict", *map(encode, value)]
    if dataclasses.is_dataclass(value):
        name = type(value).__name__
        return [name, *(meaning(getattr(value, field)) for field in _telling(name))]
    return encode(value)


def decode(value: Any, prefix: str = "") -> Any:
    """The value that ``encode`` wrote. Raises ``LookupError``, ``TypeError`` or ``ValueError`` for
    anything else."""

    def own(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        kind = value[0]
        if kind == "place":
            _, inside, file, line, column = value
            return problems.Place(file if inside is None else prefix + inside, line, column)
        rest = value[1:]
        if kind == "tuple":
            return tuple([own(each) for each in rest])
        known = _CLASSES.get(kind)
        if known is not None:
            return known(*[own(each) for each in rest])
        match kind:
            case "decimal":
                return Decimal(rest[0])
            case "date":
                return datetime.date.fromordinal(rest[0])
            case "set":
                return frozenset(rest)
            case "dict":
                parts = [own(each) for each in rest]
                return dict(zip(parts[::2], parts[1::2], strict=True))
        raise LookupError(kind)

    return own(value)
