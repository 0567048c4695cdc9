"""How far a long run is, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TypeVar

import click

LONG = 200
"""A run over more items than this is long."""

Item = TypeVar("Item")


def with_progress(items: Iterable[Item], label: str) -> Iterator[Item]:
    """The items, with a bar on standard error where the run is long, somebody looks on, and nothing
    else moves on the screen."""
    if sys.stdout.isatty() or not sys.stderr.isatty():
        yield from items
        return
    waiting = iter(items)
    first = list(islice(waiting, LONG + 1))
    if len(first) <= LONG:
        yield from first
        return
    every = chain(first, waiting)
    with click.progressbar(every, label=label, show_pos=True, file=sys.stderr) as bar:
        yield from bar
