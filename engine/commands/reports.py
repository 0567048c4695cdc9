"""How the commands that find something print it for other programs: as annotations of a change on
GitHub, as SARIF and as JUnit XML."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import click

import engine
from engine.presentation.junit import Item, as_junit, error_item
from engine.presentation.problems import as_github
from engine.presentation.sarif import as_sarif
from engine.problems import InputError, Place, Problem
from engine.reading.packs import in_repository

REPORTS = ("github", "sarif", "junit")
"""The formats beside text and JSON that ``check``, ``test`` and ``diff`` share."""


def show_github(found: Iterable[Problem]) -> None:
    """Print an annotation for each problem."""
    text = as_github(_from_top(problem) for problem in found)
    click.echo(text, nl=bool(text))


def show_sarif(
    found: Iterable[Problem], related: Mapping[Problem, Sequence[Place]] | None = None
) -> None:
    """Print a SARIF log of the problems; ``related`` names further places of some."""
    further = {
        _from_top(problem): [in_repository(place) for place in places]
        for problem, places in (related or {}).items()
    }
    click.echo(as_sarif(map(_from_top, found), engine.__version__, further))


def show_junit(items: Iterable[Item], start: float) -> None:
    """Print JUnit XML. ``start`` is when the run began, by ``time.perf_counter``, in seconds."""
    shown = [replace(item, place=in_repository(item.place)) for item in items]
    click.echo(as_junit(shown, time.perf_counter() - start), nl=False)


@contextmanager
def reported(form: str, start: float) -> Iterator[None]:
    """What makes a run impossible is told in the report too, for those who read that alone."""
    try:
        yield
    except InputError as error:
        if form == "github":
            show_github(error.problems)
        elif form == "sarif":
            show_sarif(error.problems)
        elif form == "junit":
            show_junit([error_item(p.where.file, p) for p in error.problems], start)
        raise


def _from_top(problem: Problem) -> Problem:
    return replace(problem, where=in_repository(problem.where))
