"""A statement as steps: each a common table expression that adds columns to the one before.

Steps are written as if every column were at hand everywhere. :func:`query` then hands on from each
step only what later ones use, and leaves out what nobody does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlglot import exp

LONGEST_NAME = 60
"""PostgreSQL cuts names after 63 bytes without an error."""


@dataclass(frozen=True, slots=True)
class Column:
    """A new column; it hides one of the same name of an earlier step. ``comment`` is shown."""

    name: str
    value: exp.Expr
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Some columns, reckoned from those of earlier steps."""

    name: str
    columns: tuple[Column, ...]


class Names:
    """Column names that every database takes, one for each thing that needs one."""

    def __init__(self, reserved: Iterable[str]) -> None:
        self._taken = {name.lower() for name in reserved}
        self._names: dict[tuple[str, ...], str] = {}

    def of(self, *parts: str) -> str:
        """The name of a thing that is known by these words, the same at each call."""
        if parts not in self._names:
            stem = re.sub(r"[^a-z0-9]+", "_", "_".join(parts).lower()).strip("_")[:LONGEST_NAME]
            name, number = stem, 2
            while name in self._taken:
                name = f"{stem[: LONGEST_NAME - 4]}_{number}"
                number += 1
            self._taken.add(name)
            self._names[parts] = name
        return self._names[parts]


def column(name: str) -> exp.Column:
    """A reference to a column."""
    return exp.column(name, quoted=True)


def query(
    steps: Sequence[Step], table: exp.Table, outputs: Sequence[str], materialized: bool
) -> exp.Select:
    """The statement that selects ``outputs``. The first step's columns speak of ``table``; with
    ``materialized`` no step is merged into the next."""
    kept = _kept(steps, outputs)
    tables: list[tuple[exp.Identifier, exp.Select]] = []
    source = table
    for step, new, passed in kept:
        columns: dict[str, exp.Expr] = {name: column(name) for name in passed}
        columns |= {one.name: _aliased(one) for one in new}
        if len(tables) == len(kept) - 1:
            columns = {name: columns[name] for name in outputs}
        selected = exp.select(*columns.values(), copy=False).from_(source, copy=False)
        tables.append((exp.to_identifier(step.name, quoted=True), selected))
        source = exp.table_(step.name, quoted=True)
    *earlier, (_, statement) = tables
    for name, selected in earlier:
        statement = statement.with_(name, selected, materialized=materialized or None, copy=False)
    return statement


def _kept(
    steps: Sequence[Step], outputs: Sequence[str]
) -> list[tuple[Step, list[Column], list[str]]]:
    """The steps that have a use, each with its columns of use and those it hands on."""
    every = dict.fromkeys(one.name for step in steps for one in step.columns)
    order = {name: place for place, name in enumerate(every)}
    wanted = dict.fromkeys(outputs)
    found = []
    for number in range(len(steps) - 1, -1, -1):
        step = steps[number]
        last = number == len(steps) - 1
        new = [one for one in step.columns if one.name in wanted]
        made = {one.name for one in new}
        passed = [name for name in wanted if name not in made] if number else []
        if not new and not last:
            continue
        found.append((step, new, passed))
        used = {reference.name for one in new for reference in one.value.find_all(exp.Column)}
        wanted = dict.fromkeys(sorted({*passed, *used}, key=lambda name: order.get(name, 0)))
    return found[::-1]


def _aliased(one: Column) -> exp.Expr:
    alias = exp.alias_(one.value, one.name, quoted=True, copy=True)
    if one.comment:
        alias.add_comments([" ".join(one.comment.split())])
    return alias
