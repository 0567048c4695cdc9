"""How far a long run is, on a terminal."""

from __future__ import annotations

import sys
import time
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


class TapeProgress:
    """A line on standard error, where that is a terminal: rows done, their rate, the time left."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._shown = sys.stderr is not None and sys.stderr.isatty()
        self._start = self._last = time.monotonic()

    def __enter__(self) -> TapeProgress:
        return self

    def __exit__(self, *of: object) -> None:
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)

    def show(self, rows: int, share: float) -> None:
        """Show that so many rows are done, which are ``share`` (0 to 1; 0 is unknown) of all."""
        now = time.monotonic()
        if not self._shown or now - self._last < 0.2:
            return
        self._last = now
        text = progress_text(rows, share, now - self._start)
        click.echo(f"\r\x1b[K{self._label}  {text}", err=True, nl=False)


def progress_text(rows: int, share: float, seconds: float) -> str:
    """How far a run is after so many seconds.

    >>> progress_text(1_000_000, 0.25, 2.0)
    '1,000,000 rows  25 %  500,000 rows/s  6 s left'
    """
    text = f"{rows:,} rows"
    if 0 < share <= 1:
        text += f"  {share * 100:.0f} %"
    text += f"  {rows / max(seconds, 1e-3):,.0f} rows/s"
    if 0 < share < 1:
        text += f"  {seconds / share - seconds:,.0f} s left"
    return text
